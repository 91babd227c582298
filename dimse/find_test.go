package dimse_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
)

// finder answers C-FIND by a function.
type finder func(ctx context.Context, q *dimse.Query, m dimse.Matches) (dimse.Status, error)

func (f finder) Find(ctx context.Context, q *dimse.Query, m dimse.Matches) (dimse.Status, error) {
	return f(ctx, q, m)
}

const (
	queryLevel  dicom.Tag = 0x00080052
	studyUID    dicom.Tag = 0x0020000D
	studyImages dicom.Tag = 0x00201208
	patientName dicom.Tag = 0x00100010
)

// studies asks for the studies, as a count does.
func studies() *dimse.Query {
	d := new(dicom.Dataset)
	d.SetString(queryLevel, "STUDY")
	d.SetString(studyUID)
	d.SetString(studyImages)
	return &dimse.Query{Model: dimse.StudyRootFind, Identifier: d}
}

// study is the answer to it.
func study(n int) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(queryLevel, "STUDY")
	d.SetString(studyUID, fmt.Sprintf("2.25.1234567890123456789012345678901%06d", n))
	d.SetString(studyImages, fmt.Sprint(n))
	return d
}

// within is a context that ends before a test that hangs does.
func within(tb testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

// findClient dials a session that answers C-FIND.
func findClient(tb testing.TB, s dimse.Session) *dimse.Client {
	address := dimsetest.Serve(tb, s, dimse.Limits{})
	return dimsetest.Dial(tb, address, dimsetest.Request("ME", "YOU", dimsetest.Classes(dimse.StudyRootFind)...))
}

func TestFind_Answers(t *testing.T) {
	c := findClient(t, finder(func(_ context.Context, q *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		if got := q.Identifier.String(queryLevel); got != "STUDY" || q.Model != dimse.StudyRootFind || q.Priority != dimse.Low {
			t.Errorf("asked for %q of %q with priority %d", got, q.Model, q.Priority)
		}
		for i := range 1000 {
			if err := m.Send(study(i)); err != nil {
				return dimse.UnableToProcess, err
			}
		}
		return dimse.Success, nil
	}))
	q, n := studies(), 0
	q.Priority = dimse.Low
	rsp, err := c.Find(within(t), q, func(b []byte, ts *dicom.TransferSyntax) error {
		d, err := dicom.DecodeBytes(b, ts, dicom.Options{})
		if err != nil {
			return err
		}
		if got, _ := d.Int(studyImages); got != int64(n) {
			return fmt.Errorf("answer %d says %d", n, got)
		}
		n++
		return nil
	})
	if err != nil || rsp.Status != dimse.Success || n != 1000 {
		t.Errorf("%d answers, response %+v, error %v; want 1000 and success", n, rsp, err)
	}
}

// TestFind_Statuses: what a handler returns reaches the peer.
func TestFind_Statuses(t *testing.T) {
	for _, tc := range []struct {
		name    string
		status  dimse.Status
		err     error
		want    dimse.Status
		comment string
	}{
		{"success", dimse.Success, nil, dimse.Success, ""},
		{"refused", dimse.OutOfResources, nil, dimse.OutOfResources, ""},
		{"pending_is_no_end", dimse.Pending, nil, dimse.UnableToProcess, ""},
		{"status_error", dimse.Success, &dimse.StatusError{Status: dimse.NotAuthorised, Comment: "no purpose"}, dimse.NotAuthorised, "no purpose"},
		{"other_error", dimse.Success, errors.New("secret"), dimse.UnableToProcess, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := findClient(t, finder(func(context.Context, *dimse.Query, dimse.Matches) (dimse.Status, error) {
				return tc.status, tc.err
			}))
			rsp, err := c.Find(within(t), studies(), nil)
			if err != nil || rsp.Status != tc.want || rsp.Comment != tc.comment {
				t.Errorf("response %+v, error %v; want %v and comment %q", rsp, err, tc.want, tc.comment)
			}
		})
	}
}

// TestFind_Cancel: match's ErrCancel ends the handler, and the association is
// as good as before.
func TestFind_Cancel(t *testing.T) {
	sent, cause := 0, error(nil)
	c := findClient(t, finder(func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		for sent = 0; ; sent++ {
			if err := m.Send(study(sent)); err != nil {
				cause = context.Cause(ctx)
				return dimse.Success, err
			}
		}
	}))
	for range 3 {
		seen := 0
		rsp, err := c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error {
			if seen++; seen == 20 {
				return dimse.ErrCancel
			}
			return nil
		})
		if err != nil || rsp.Status != dimse.Cancel || seen != 20 {
			t.Fatalf("saw %d, response %+v, error %v; want 20 and FE00", seen, rsp, err)
		}
		if !errors.Is(cause, dimse.ErrCancel) {
			t.Errorf("the handler's context ended with %v", cause)
		}
	}
}

// TestFind_CancelWhileWaiting: C-CANCEL reaches a handler that sends nothing.
func TestFind_CancelWhileWaiting(t *testing.T) {
	c := findClient(t, finder(func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		if err := m.Send(study(1)); err != nil {
			return dimse.UnableToProcess, err
		}
		<-ctx.Done()
		return dimse.Success, context.Cause(ctx)
	}))
	rsp, err := c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error { return dimse.ErrCancel })
	if err != nil || rsp.Status != dimse.Cancel {
		t.Errorf("response %+v, error %v; want FE00", rsp, err)
	}
}

// TestFind_SlowProducer: an answer does not wait for the next one.
func TestFind_SlowProducer(t *testing.T) {
	next := make(chan struct{})
	c := findClient(t, finder(func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		for i := range 5 {
			if err := m.Send(study(i)); err != nil {
				return dimse.UnableToProcess, err
			}
			select {
			case <-next: // the peer has seen this one
			case <-ctx.Done():
				return dimse.UnableToProcess, nil
			}
		}
		return dimse.Success, nil
	}))
	start := time.Now()
	rsp, err := c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error {
		next <- struct{}{}
		return nil
	})
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("response %+v, error %v", rsp, err)
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("5 answers took %v", d)
	}
}

// TestFind_MatchError: any other error of match ends the association.
func TestFind_MatchError(t *testing.T) {
	c := findClient(t, finder(func(_ context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		for i := 0; ; i++ {
			if err := m.Send(study(i)); err != nil {
				return dimse.UnableToProcess, err
			}
		}
	}))
	mine := errors.New("mine")
	if _, err := c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error { return mine }); !errors.Is(err, mine) {
		t.Errorf("error %v, want that of match", err)
	}
	if _, err := c.Find(within(t), studies(), nil); err == nil {
		t.Error("the association goes on")
	}
}

func TestFind_NotNegotiated(t *testing.T) {
	c := findClient(t, finder(nil))
	q := studies()
	q.Model = dimse.PatientRootFind
	if _, err := c.Find(within(t), q, nil); !errors.Is(err, dimse.ErrNotNegotiated) {
		t.Errorf("error %v, want ErrNotNegotiated", err)
	}
}

// TestFind_ContextEnds: the operation ends with its context, although the peer
// goes on.
func TestFind_ContextEnds(t *testing.T) {
	ended := make(chan error, 1)
	c := findClient(t, finder(func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		<-ctx.Done()
		ended <- context.Cause(ctx)
		return dimse.Success, nil
	}))
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := c.Find(ctx, studies(), nil)
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	if d := time.Since(start); d > time.Second {
		t.Errorf("ended after %v", d)
	}
	if err := <-ended; err == nil {
		t.Error("the handler was not told")
	}
}

// BenchmarkFind measures small answers from handler to callback over a real
// TCP connection on loopback, both ends in this process.
func BenchmarkFind(b *testing.B) {
	identifier, err := dicom.Append(nil, study(1), dicom.ExplicitVRLittleEndian)
	if err != nil {
		b.Fatal(err)
	}
	n := 0
	c := findClient(b, finder(func(_ context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		for range n {
			if err := m.SendEncoded(identifier); err != nil {
				return dimse.UnableToProcess, err
			}
		}
		return dimse.Success, nil
	}))
	b.ReportAllocs()
	b.SetBytes(int64(len(identifier)))
	b.ResetTimer()
	n = b.N
	seen := 0
	rsp, err := c.Find(context.Background(), studies(), func([]byte, *dicom.TransferSyntax) error {
		seen++
		return nil
	})
	if err != nil || rsp.Status != dimse.Success || seen != b.N {
		b.Fatalf("%d answers of %d, %+v, %v", seen, b.N, rsp, err)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "answers/s")
}
