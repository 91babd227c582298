package guard_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/guard/guardtest"
)

// house is a guard with what it stands between.
type house struct {
	*guard.Guard
	archive  *guardtest.Archive
	recorder *guardtest.Recorder
	decider  *guardtest.Decider
	trace    *guardtest.Trace
}

var begun = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// build makes a house with three patients: P1 has studies 1.1 and, hidden, 1.2; P2
// has 2.1; P3 has 3.1, hidden. Each study has two series of two instances.
func build(lim guard.Limits) *house {
	h := &house{trace: new(guardtest.Trace)}
	h.archive = &guardtest.Archive{Trace: h.trace}
	h.recorder = &guardtest.Recorder{Trace: h.trace}
	h.decider = &guardtest.Decider{Trace: h.trace, Func: secret}
	h.Guard = guard.New(guard.Config{
		Archive: h.archive, Decider: h.decider, Recorder: h.recorder, Limits: lim,
		Now: func() time.Time { return begun.Add(time.Minute) },
	})
	for _, study := range []string{"1.1", "1.2", "2.1", "3.1"} {
		h.archive.Add(instances(study, study == "1.2" || study == "3.1")...)
	}
	return h
}

func instances(study string, hidden bool) []*guardtest.Object {
	p := dicom.PatientID("P" + study[:1])
	s := &leadglass.Study{
		UID: dicom.UID(study), Patient: p, Issuer: "site", Accession: "A" + study, Date: "20261124", Modalities: []string{"CT"},
		BodyParts: []string{"HEAD"}, Series: 2, Instances: 4, Bytes: 4 * 100,
	}
	if hidden {
		s.Labels = []string{"V"}
	}
	var all []*guardtest.Object
	for i := range 4 {
		series := fmt.Sprintf("%s.%d", study, i/2+1)
		instance := fmt.Sprintf("%s.%d", series, i%2+1)
		d := new(dicom.Dataset)
		d.SetString(dict.PatientID, string(p))
		d.SetString(dict.StudyInstanceUID, study)
		all = append(all, &guardtest.Object{
			Ref:   leadglass.Ref{Patient: p, Study: s.UID, Series: dicom.UID(series), Instance: dicom.UID(instance)},
			Study: s, Class: dict.CTImageStorage, Attributes: d, File: make([]byte, 100),
		})
	}
	return all
}

// secret permits what has a purpose, and nothing that is labelled.
func secret(rq *leadglass.Request, s *leadglass.Study) leadglass.Decision {
	switch {
	case rq.Purpose == leadglass.NoPurposeGiven:
		return leadglass.Decision{Reason: leadglass.NoPurpose, Rules: []string{"purpose"}}
	case s != nil && len(s.Labels) > 0:
		return leadglass.Decision{Reason: leadglass.Forbidden, Rules: []string{"secret"}}
	}
	return leadglass.Decision{Effect: leadglass.Permit, Rules: []string{"rest"}, Obligations: []leadglass.Obligation{leadglass.Notify}}
}

func request(v leadglass.Verb, refs ...leadglass.Ref) *leadglass.Request {
	return &leadglass.Request{
		ID: "r1", Time: begun, Verb: v, Route: leadglass.WADO, Purpose: leadglass.Treatment, DeclaredBy: leadglass.ByRequest,
		Peer: &leadglass.Peer{Kind: leadglass.Person, ID: "ann"}, Refs: refs, Query: "Q", Correlation: "c",
	}
}

func of(study string) leadglass.Ref { return leadglass.Ref{Study: dicom.UID(study)} }

// first is where a call stands in a trace, -1 if it does not.
func first(calls []string, prefix string) int {
	return slices.IndexFunc(calls, func(c string) bool { return strings.HasPrefix(c, prefix) })
}

func check(t *testing.T, err error, code leadglass.Code, reason leadglass.Reason) {
	t.Helper()
	if leadglass.CodeOf(err) != code || leadglass.ReasonOf(err) != reason {
		t.Errorf("error %v: code %q, reason %q; want %q, %q", err, leadglass.CodeOf(err), leadglass.ReasonOf(err), code, reason)
	}
}

func TestDenied_IsRecordedAndAsksNothing(t *testing.T) {
	for _, c := range []struct {
		verb  leadglass.Verb
		event leadglass.Event
		do    func(*house, *leadglass.Request) error
	}{
		{leadglass.Echo, leadglass.SecurityAlert, func(h *house, rq *leadglass.Request) error { return h.Echo(t.Context(), rq) }},
		{leadglass.Manage, leadglass.SecurityAlert, func(h *house, rq *leadglass.Request) error { return h.Allow(t.Context(), rq) }},
		{leadglass.ReadLog, leadglass.AuditLogUsed, func(h *house, rq *leadglass.Request) error { return h.Allow(t.Context(), rq) }},
		{leadglass.Find, leadglass.QueryEvent, func(h *house, rq *leadglass.Request) error {
			for _, err := range h.Find(t.Context(), rq, &leadglass.Query{}, guard.Page{}) {
				return err
			}
			return nil
		}},
		{leadglass.Get, leadglass.BeginTransferring, func(h *house, rq *leadglass.Request) error {
			_, err := h.Retrieve(t.Context(), rq)
			return err
		}},
		{leadglass.Store, leadglass.BeginTransferring, func(h *house, rq *leadglass.Request) error {
			_, err := h.Store(t.Context(), rq)
			return err
		}},
		{leadglass.Delete, leadglass.StudyDeleted, func(h *house, rq *leadglass.Request) error {
			_, err := h.Delete(t.Context(), rq)
			return err
		}},
		{leadglass.Commit, leadglass.InstancesAccessed, func(h *house, rq *leadglass.Request) error {
			_, err := h.Commit(t.Context(), rq)
			return err
		}},
	} {
		t.Run(string(c.verb), func(t *testing.T) {
			h := build(guard.Limits{})
			rq := request(c.verb, of("1.1"))
			rq.Purpose = ""
			check(t, c.do(h, rq), leadglass.Denied, leadglass.NoPurpose)
			if got := h.trace.Calls(); !slices.Equal(got, []string{"decide", "record 1"}) {
				t.Errorf("calls %v", got)
			}
			r := h.recorder.Records()[0]
			if r.Event != c.event || r.Outcome != leadglass.MinorFailure || r.Reason != leadglass.NoPurpose || r.Peer != rq.Peer ||
				r.Subject != "" || len(r.Refs) != 1 || r.Policy != "sha256:guardtest" || !slices.Equal(r.Rules, []string{"purpose"}) {
				t.Errorf("record %+v", r)
			}
			// A request without a peer is nobody's, and does no harm.
			rq.Peer = nil
			check(t, c.do(h, rq), leadglass.Denied, leadglass.NoPurpose)
		})
	}
}

// TestLog_Unavailable fails each call of the recorder in turn: nothing is released
// that is not recorded, and the error says why.
func TestLog_Unavailable(t *testing.T) {
	broken := errors.New("the disk is full")
	for name, c := range map[string]struct {
		calls int // of the recorder when all is well
		do    func(*house) error
	}{
		"find": {1, func(h *house) error {
			for m, err := range h.Find(t.Context(), request(leadglass.Find), &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{}) {
				if err != nil {
					return err
				}
				h.release(m.Ref)
			}
			return nil
		}},
		"get":  {2, func(h *house) error { return h.retrieve(t, leadglass.Get, of("1.1")) }},
		"move": {2, func(h *house) error { return h.retrieve(t, leadglass.Move, of("1.1")) }},
		"view": {1, func(h *house) error { return h.retrieve(t, leadglass.View, of("1.1")) }},
		"instance": {1, func(h *house) error {
			return h.retrieve(t, leadglass.Get, leadglass.Ref{Study: "1.1", Instance: "1.1.1.1"})
		}},
		"hidden":  {1, func(h *house) error { return h.retrieve(t, leadglass.Get, of("1.2")) }},
		"missing": {1, func(h *house) error { return h.retrieve(t, leadglass.Get, of("9")) }},
		"store": {2, func(h *house) error {
			i, err := h.Store(t.Context(), request(leadglass.Store))
			if err != nil {
				return err
			}
			if _, err := i.Put(t.Context(), &leadglass.Incoming{Data: strings.NewReader("5.1")}); err != nil {
				return err
			}
			return i.End(t.Context())
		}},
		"delete": {1, func(h *house) error {
			_, err := h.Delete(t.Context(), request(leadglass.Delete, of("1.1")))
			return err
		}},
		"commit": {1, func(h *house) error {
			kept, err := h.Commit(t.Context(), request(leadglass.Commit, leadglass.Ref{Instance: "1.1.1.1"}))
			for _, k := range kept {
				h.release(k.Ref)
			}
			return err
		}},
		"admit": {1, func(h *house) error { return h.Admit(t.Context(), guard.SignIn{}) }},
		"allow": {1, func(h *house) error { return h.Allow(t.Context(), request(leadglass.Manage)) }},
		"echo_denied": {1, func(h *house) error {
			rq := request(leadglass.Echo)
			rq.Purpose = ""
			return h.Echo(t.Context(), rq)
		}},
	} {
		for fail := 1; fail <= c.calls; fail++ {
			t.Run(fmt.Sprintf("%s_%d", name, fail), func(t *testing.T) {
				h := build(guard.Limits{})
				h.archive.Incoming = incoming
				h.recorder.Fail = func(_ context.Context, call int) error {
					if call == fail {
						return broken
					}
					return nil
				}
				err := c.do(h)
				check(t, err, leadglass.Unavailable, leadglass.LogUnavailable)
				if !errors.Is(err, broken) {
					t.Errorf("the cause is lost: %v", err)
				}
				calls := h.trace.Calls()
				for _, effect := range []string{"release", "open", "store", "delete"} {
					if fail == 1 && first(calls, effect) >= 0 {
						t.Errorf("%s although nothing is recorded: %v", effect, calls)
					}
				}
				if n := len(slices.DeleteFunc(calls, func(s string) bool { return !strings.HasPrefix(s, "record") })); n != fail {
					t.Errorf("%d calls of the recorder, want %d: the test knows too few or too many", n, fail)
				}
			})
		}
	}
}

// TestLimit_Record: a recorder that does not answer holds nobody for longer than the
// limit, and nothing is released.
func TestLimit_Record(t *testing.T) {
	h := build(guard.Limits{Record: 20 * time.Millisecond})
	h.recorder.Fail = func(ctx context.Context, _ int) error {
		<-ctx.Done()
		return ctx.Err()
	}
	start := time.Now()
	check(t, h.retrieve(t, leadglass.Get, of("1.1")), leadglass.Unavailable, leadglass.LogUnavailable)
	if d := time.Since(start); d < 20*time.Millisecond || d > 5*time.Second {
		t.Errorf("after %v", d)
	}
	if calls := h.trace.Calls(); first(calls, "open") >= 0 {
		t.Errorf("released: %v", calls)
	}
}

// release notes in the trace that a peer has something.
func (h *house) release(r leadglass.Ref) { h.archive.Trace.Note("release " + string(r.Study)) }

// retrieve takes all objects of a transfer, reads them and ends it.
func (h *house) retrieve(t testing.TB, v leadglass.Verb, refs ...leadglass.Ref) error {
	tr, err := h.Retrieve(t.Context(), request(v, refs...))
	if err != nil {
		return err
	}
	for o, err := range tr.Objects(t.Context()) {
		if err != nil {
			return err
		}
		c, err := o.Open(t.Context())
		if err != nil {
			return err
		}
		c.Close()
		h.release(o.Ref)
		tr.Sent(o, o.Size)
	}
	return tr.End(t.Context())
}

// incoming makes an object of the UID of a study.
func incoming(_ *leadglass.Incoming, file []byte) (*guardtest.Object, error) {
	if string(file) == "bad" {
		return nil, leadglass.Errorf(leadglass.Invalid, "archive: no object")
	}
	return instances(string(file), false)[0], nil
}
