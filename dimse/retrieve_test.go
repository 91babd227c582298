package dimse_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// object makes a small CT image of a study, the data set in a syntax.
func object(t testing.TB, study, instance string, ts *dicom.TransferSyntax) []byte {
	d := new(dicom.Dataset)
	d.SetString(0x00080016, string(ctImage))
	d.SetString(0x00080018, instance)
	d.SetString(0x00080060, "CT")
	d.SetString(0x00100010, "Doe^Jane")
	d.SetString(0x00100020, "ID1")
	d.SetString(studyUID, study)
	d.SetString(0x0020000E, study+".1")
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: bytes.Repeat([]byte{1, 2}, 100_000)})
	b, err := dicom.Append(nil, d, ts)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// all are the contexts of an association that does everything.
func all() []dimsetest.Context {
	return dimsetest.Classes(dimse.Verification, dimse.PatientRootFind, dimse.StudyRootFind, dimse.StudyRootGet,
		dimse.StudyRootMove, dimse.StorageCommitment, ctImage)
}

// stored dials an archive that holds n images of study 1.2.1 and two of 1.2.2.
func stored(t *testing.T, n int) (*dimsetest.Archive, *dimse.Client) {
	archive := &dimsetest.Archive{AETitle: "ARCHIVE"}
	rq := dimsetest.Request("ME", "ARCHIVE", all()...)
	rq.User.Roles = []ul.RoleSelection{{SOPClass: ctImage, SCU: true, SCP: true}}
	c := dimsetest.Dial(t, dimsetest.Serve(t, archive, dimse.Limits{}), rq)
	for i := range n + 2 {
		study := "1.2.1"
		if i >= n {
			study = "1.2.2"
		}
		uid := study + "." + string(rune('1'+i/10)) + "." + string(rune('1'+i%10))
		rsp, err := c.Send(within(t), &dimse.StoreRequest{
			SOPClass: ctImage, SOPInstance: dicom.UID(uid),
			Data: bytes.NewReader(object(t, study, uid, dicom.ExplicitVRLittleEndian)),
		})
		if err != nil || rsp.Status != dimse.Success {
			t.Fatalf("storing: %+v, %v", rsp, err)
		}
	}
	return archive, c
}

// level asks for one study on a level.
func level(model dicom.UID, lv, study string) *dimse.Query {
	d := new(dicom.Dataset)
	d.SetString(queryLevel, lv)
	d.SetString(studyUID, study)
	return &dimse.Query{Model: model, Identifier: d}
}

func TestArchive_StoreAndFind(t *testing.T) {
	archive, c := stored(t, 3)
	objects := archive.Objects()
	if len(objects) != 5 || !bytes.Equal(objects[0].Data, object(t, "1.2.1", string(objects[0].SOPInstance), dicom.ExplicitVRLittleEndian)) {
		t.Fatalf("%d objects; the first is not as it was sent", len(objects))
	}
	var got []string
	q := studies()
	q.Identifier.SetString(patientName, "doe*")
	rsp, err := c.Find(within(t), q, func(b []byte, ts *dicom.TransferSyntax) error {
		d, err := dicom.DecodeBytes(bytes.Clone(b), ts, dicom.Options{})
		if err == nil {
			got = append(got, d.String(studyUID)+" "+d.String(studyImages)+" "+d.String(patientName))
		}
		return err
	})
	if want := []string{"1.2.1 3 Doe^Jane", "1.2.2 2 Doe^Jane"}; err != nil || rsp.Status != dimse.Success || !slices.Equal(got, want) {
		t.Errorf("found %q, %+v, %v; want %q", got, rsp, err, want)
	}
}

func TestArchive_Get(t *testing.T) {
	archive, c := stored(t, 12)
	got := map[dicom.UID][]byte{}
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		b, err := io.ReadAll(rq.Data)
		if err != nil {
			return dimse.OutOfResources
		}
		got[rq.SOPInstance] = b
		return dimse.Success
	}
	var progress []int
	rsp, err := c.Get(within(t), level(dimse.StudyRootGet, "STUDY", "1.2.1"), func(r *dimse.Response) {
		progress = append(progress, r.Remaining)
	})
	if err != nil || rsp.Status != dimse.Success || rsp.Completed != 12 || rsp.Failed != 0 || rsp.Warning != 0 || rsp.Remaining != -1 {
		t.Fatalf("%+v, %v", rsp, err)
	}
	for _, o := range archive.Objects()[:12] {
		if !bytes.Equal(got[o.SOPInstance], o.Data) {
			t.Errorf("%s did not come as it is held", o.SOPInstance)
		}
	}
	if want := []int{11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0}; len(got) != 12 || !slices.Equal(progress, want) {
		t.Errorf("%d objects, remaining %v, want %v", len(got), progress, want)
	}
	if rsp, err := c.Echo(within(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("afterwards: %+v, %v", rsp, err)
	}
}

// TestArchive_GetFailures: who refuses objects is told which they were.
func TestArchive_GetFailures(t *testing.T) {
	archive, c := stored(t, 3)
	n := 0
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		n++
		return []dimse.Status{dimse.Success, dimse.OutOfResources, dimse.ElementsDiscarded}[n-1]
	}
	rsp, err := c.Get(within(t), level(dimse.StudyRootGet, "STUDY", "1.2.1"), nil)
	if err != nil || rsp.Status != dimse.SomeFailed || rsp.Completed != 1 || rsp.Failed != 1 || rsp.Warning != 1 ||
		!slices.Equal(rsp.FailedInstances, []dicom.UID{archive.Objects()[1].SOPInstance}) {
		t.Errorf("%+v, %v", rsp, err)
	}
	c.Store = nil
	rsp, err = c.Get(within(t), level(dimse.StudyRootGet, "STUDY", "1.2.1"), nil)
	if err != nil || rsp.Status != dimse.CannotPerform || rsp.Failed != 3 || len(rsp.FailedInstances) != 3 {
		t.Errorf("all refused: %+v, %v", rsp, err)
	}
}

// TestArchive_GetCancel: C-CANCEL between two objects ends the retrieval.
func TestArchive_GetCancel(t *testing.T) {
	_, c := stored(t, 15)
	n := 0
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		if n++; n == 3 {
			if err := c.Cancel(); err != nil {
				t.Error(err)
			}
		}
		_, _ = io.Copy(io.Discard, rq.Data)
		return dimse.Success
	}
	rsp, err := c.Get(within(t), level(dimse.StudyRootGet, "STUDY", "1.2.1"), nil)
	if err != nil || rsp.Status != dimse.Cancel || rsp.Completed+rsp.Remaining != 15 || rsp.Completed < 3 || rsp.Remaining == 0 {
		t.Errorf("%d objects came, %+v, %v", n, rsp, err)
	}
}

// TestArchive_GetWithoutRole: who did not say that it takes objects gets none.
func TestArchive_GetWithoutRole(t *testing.T) {
	archive, _ := stored(t, 2)
	c := dimsetest.Dial(t, dimsetest.Serve(t, archive, dimse.Limits{}), dimsetest.Request("ME", "ARCHIVE", all()...))
	c.Store = func(context.Context, *dimse.StoreRequest) dimse.Status {
		t.Error("an object came")
		return dimse.Success
	}
	rsp, err := c.Get(within(t), level(dimse.StudyRootGet, "STUDY", "1.2.1"), nil)
	if err != nil || rsp.Status != dimse.CannotPerform || rsp.Failed != 2 {
		t.Errorf("%+v, %v", rsp, err)
	}
}

func TestArchive_Move(t *testing.T) {
	archive, c := stored(t, 4)
	here := &dimsetest.Archive{}
	archive.Destinations = map[ul.AETitle]string{"HERE": dimsetest.Serve(t, here, dimse.Limits{}), "GONE": "127.0.0.1:1"}
	q := level(dimse.StudyRootMove, "STUDY", "1.2.1")
	q.Destination = "HERE"
	var remaining []int
	rsp, err := c.Move(within(t), q, func(r *dimse.Response) { remaining = append(remaining, r.Remaining) })
	if err != nil || rsp.Status != dimse.Success || rsp.Completed != 4 || !slices.Equal(remaining, []int{3, 2, 1, 0}) {
		t.Errorf("%+v, %v, remaining %v", rsp, err, remaining)
	}
	if got := here.Objects(); len(got) != 4 || !bytes.Equal(got[3].Data, archive.Objects()[3].Data) {
		t.Errorf("%d objects arrived", len(got))
	}
	for destination, want := range map[ul.AETitle]dimse.Status{"NOWHERE": dimse.MoveDestinationUnknown, "GONE": dimse.CannotPerform} {
		q.Destination = destination
		if rsp, err := c.Move(within(t), q, nil); err != nil || rsp.Status != want {
			t.Errorf("to %s: %+v, %v; want %v", destination, rsp, err, want)
		}
	}
	q = level(dimse.StudyRootMove, "STUDY", "9.9.9")
	q.Destination = "HERE"
	if rsp, err := c.Move(within(t), q, nil); err != nil || rsp.Status != dimse.Success || rsp.Completed != 0 {
		t.Errorf("of nothing: %+v, %v", rsp, err)
	}
}

// TestCommit_SameAssociation: the report follows on the association that asked.
func TestCommit_SameAssociation(t *testing.T) {
	archive, c := stored(t, 1)
	held := archive.Objects()[0].SOPInstance
	var got *dimse.CommitResult
	c.Event = func(_ context.Context, rq *dimse.EventRequest) *dimse.EventResponse {
		var err error
		if got, err = dimse.ParseCommitResult(rq); err != nil {
			t.Error(err)
		}
		if rq.Type != 2 {
			t.Errorf("event type %d, want 2: failures exist", rq.Type)
		}
		return &dimse.EventResponse{}
	}
	rsp, err := c.Commit(within(t), &dimse.CommitRequest{Transaction: "2.25.7", Objects: []dimse.ObjectRef{
		{ctImage, held}, {ctImage, "9.9"}, {"1.2.840.10008.5.1.4.1.1.4", held},
	}})
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
	if err := c.AwaitEvent(within(t)); err != nil {
		t.Fatal(err)
	}
	want := dimse.CommitResult{
		Transaction: "2.25.7", Committed: []dimse.ObjectRef{{ctImage, held}},
		Failed: []dimse.CommitFailure{
			{dimse.ObjectRef{SOPClass: ctImage, SOPInstance: "9.9"}, dimse.NoSuchInstance},
			{dimse.ObjectRef{SOPClass: "1.2.840.10008.5.1.4.1.1.4", SOPInstance: held}, dimse.ClassInstanceConflict},
		},
	}
	if got == nil || got.Transaction != want.Transaction || !slices.Equal(got.Committed, want.Committed) || !slices.Equal(got.Failed, want.Failed) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// reporter takes events.
type reporter struct{ events chan *dimse.EventRequest }

func (r reporter) EventReport(_ context.Context, rq *dimse.EventRequest) *dimse.EventResponse {
	r.events <- rq
	return &dimse.EventResponse{Status: dimse.Success}
}

// TestCommit_OtherAssociation: the archive calls back, as the SCP of the class
// although it asks for the association.
func TestCommit_OtherAssociation(t *testing.T) {
	me := reporter{make(chan *dimse.EventRequest, 1)}
	myAddress := dimsetest.Serve(t, me, dimse.Limits{})
	archive, c := stored(t, 1)
	reported := make(chan struct{})
	archive.Committed = func(_ context.Context, result *dimse.CommitResult) error {
		rq := dimsetest.Request("ARCHIVE", "ME", dimsetest.Classes(dimse.StorageCommitment)...)
		rq.User.Roles = []ul.RoleSelection{{SOPClass: dimse.StorageCommitment, SCP: true}}
		defer close(reported)
		back := dimsetest.Dial(t, myAddress, rq)
		rsp, err := back.EventReport(within(t), result.Event())
		if err != nil || rsp.Status != dimse.Success {
			t.Errorf("%+v, %v", rsp, err)
		}
		return err
	}
	held := archive.Objects()[0].SOPInstance
	if rsp, err := c.Commit(within(t), &dimse.CommitRequest{Transaction: "2.25.8", Objects: []dimse.ObjectRef{{ctImage, held}}}); err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
	result, err := dimse.ParseCommitResult(<-me.events)
	<-reported
	if err != nil || result.Transaction != "2.25.8" || len(result.Committed) != 1 || len(result.Failed) != 0 {
		t.Errorf("%+v, %v", result, err)
	}
}

// TestCommit_Malformed: what is no request for commitment is refused.
func TestCommit_Malformed(t *testing.T) {
	_, c := stored(t, 0)
	for name, d := range map[string]*dicom.Dataset{"no_data_set": nil, "empty": {}} {
		rsp, err := c.Action(within(t), &dimse.ActionRequest{SOPClass: dimse.StorageCommitment, SOPInstance: dimse.StorageCommitmentInstance, Type: 1, Information: d})
		if err != nil || rsp.Status != dimse.InvalidArgument {
			t.Errorf("%s: %+v, %v", name, rsp, err)
		}
	}
}

// TestSend_Sizes: objects around the sizes at which they are cut.
func TestSend_Sizes(t *testing.T) {
	arrived := make(chan []byte, 1)
	session := newEverything()
	session.store = func(rq *dimse.StoreRequest) dimse.Status {
		b, err := io.ReadAll(rq.Data)
		arrived <- b
		if err != nil {
			return dimse.OutOfResources
		}
		return dimse.Success
	}
	c := dimsetest.Dial(t, dimsetest.Serve(t, session, dimse.Limits{}), dimsetest.Request("ME", "YOU", all()...))
	for _, n := range []int{0, 1, 2, 65535, 65536, 65537, 65538, 131072, 131073, 1 << 20} {
		want := bytes.Repeat([]byte("0123456789abcde"), n/15+1)[:n]
		rsp, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "1.2", Data: onlyReader{bytes.NewReader(want)}})
		if err != nil || rsp.Status != dimse.Success {
			t.Fatalf("%d bytes: %+v, %v", n, rsp, err)
		}
		if got := <-arrived; !bytes.Equal(got, want) {
			t.Fatalf("%d bytes: %d arrived, or others", n, len(got))
		}
	}
}

// TestSend_PeerAborts: the sender learns that it is over.
func TestSend_PeerAborts(t *testing.T) {
	session := newEverything()
	session.store = func(rq *dimse.StoreRequest) dimse.Status {
		return dimse.Success
	}
	address := dimsetest.Serve(t, session, dimse.Limits{DrainBytes: 1000})
	c := dimsetest.Dial(t, address, dimsetest.Request("ME", "YOU", all()...))
	_, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "1.2", Data: io.LimitReader(zeros{}, 64<<20)})
	if err == nil {
		t.Error("no error")
	}
	var ae *ul.AbortError
	if !errors.As(err, &ae) {
		t.Logf("the abort shows as %v", err)
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// BenchmarkStore measures a CT slice of 512 KiB over loopback.
func BenchmarkStore(b *testing.B) {
	session := newEverything()
	c := dimsetest.Dial(b, dimsetest.Serve(b, session, dimse.Limits{}), dimsetest.Request("ME", "YOU", all()...))
	object := make([]byte, 512<<10)
	b.SetBytes(int64(len(object)))
	b.ReportAllocs()
	for b.Loop() {
		rsp, err := c.Send(context.Background(), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "1.2", Data: bytes.NewReader(object)})
		if err != nil || rsp.Status != dimse.Success {
			b.Fatal(rsp, err)
		}
	}
}
