package probe_test

import (
	"context"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
)

// ask asks every question and returns the facts and the questions that were not
// answered.
func ask(t *testing.T, at netip.AddrPort) (*probe.DICOM, []string) {
	t.Helper()
	f, not, _ := askThrough(t, at)
	return f, not
}

func askThrough(t *testing.T, at netip.AddrPort) (*probe.DICOM, []string, *probetest.Network) {
	t.Helper()
	return askWithin(t, at, probetest.Timeout)
}

func askWithin(t *testing.T, at netip.AddrPort, timeout time.Duration) (*probe.DICOM, []string, *probetest.Network) {
	t.Helper()
	ctx := limited(t)
	n := probetest.NewNetwork()
	n.Timeout = timeout
	d, err := probetest.NewAsker(n).Associate(ctx, target(at))
	if err != nil {
		t.Fatalf("Associate: %v", err)
	}
	var not []string
	d.AskAll(ctx, func(q string, err error) {
		t.Logf("%s: %v", q, err)
		not = append(not, q)
	})
	d.Close(ctx)
	return d.Facts, not, n
}

func open() *probetest.Archive {
	return &probetest.Archive{
		Offers:   append(probetest.Everything(), dimse.WorklistFind),
		Studies:  probetest.Studies(50),
		Patients: probetest.Patients(50),
		Worklist: probetest.Patients(3),
	}
}

func TestAskAll_Open(t *testing.T) {
	a := open()
	f, not := ask(t, a.Serve(t))
	if len(not) > 0 {
		t.Errorf("not answered: %q", not)
	}
	if !f.AnyAETitle || !f.Echo || !f.Patient.Open || !f.Study.Open || !f.Worklist.Open || !f.Retrieve || !f.Store {
		t.Errorf("facts of an open archive: %+v", f)
	}
	if len(f.Honeypot) > 0 {
		t.Errorf("signs of a honeypot: %q", f.Honeypot)
	}
	want := []string{"PatientBirthDate", "PatientID", "PatientName", "ReferringPhysicianName", "StudyDate", "StudyDescription"}
	if got := (&probe.Facts{DICOM: f}).Attributes(); !slices.Equal(got, want) {
		t.Errorf("attributes %q, want %q", got, want)
	}
	if got := f.Study.Sample.Answers; got != 20 {
		t.Errorf("looked at %d answers, want 20", got)
	}
	if got := f.Worklist.Sample.Answers; got != 3 {
		t.Errorf("looked at %d worklist entries, want 3", got)
	}
}

func TestAskAll_Outcomes(t *testing.T) {
	type want struct {
		any, echo, patient, study, worklist, retrieve, store bool
		attributes                                           int
	}
	only := func(classes ...dicom.UID) []dicom.UID { return classes }
	for _, tt := range []struct {
		name string
		a    *probetest.Archive
		want want
	}{
		{"empty", &probetest.Archive{}, want{any: true, echo: true, patient: true, study: true, retrieve: true, store: true}},
		{"echo_only", &probetest.Archive{Offers: only(dimse.Verification)}, want{any: true, echo: true}},
		{"nothing_at_all", &probetest.Archive{Offers: only("1.2.3")}, want{any: true}},
		{"store_only", &probetest.Archive{Offers: only(dict.CTImageStorage)}, want{any: true, store: true}},
		{"binds_titles", &probetest.Archive{Only: "LEADGLASS", Studies: probetest.Studies(2)},
			want{echo: true, patient: true, study: true, retrieve: true, store: true, attributes: 6}},
		{"find_refused", &probetest.Archive{Find: dimse.NotAuthorised, Get: dimse.NotAuthorised, Move: dimse.NotAuthorised, Studies: probetest.Studies(2)},
			want{any: true, echo: true, store: true}},
		{"find_out_of_resources", &probetest.Archive{Find: dimse.OutOfResources, Get: dimse.UnableToProcess, Move: dimse.MoveDestinationUnknown},
			want{any: true, echo: true, store: true}},
		{"no_attributes", &probetest.Archive{Studies: probetest.Empty(3), Patients: probetest.Empty(3)},
			want{any: true, echo: true, patient: true, study: true, retrieve: true, store: true}},
		{"move_only", &probetest.Archive{Offers: only(dimse.Verification, dimse.StudyRootMove)}, want{any: true, echo: true, retrieve: true}},
		{"move_unknown", &probetest.Archive{Offers: only(dimse.Verification, dimse.StudyRootMove), Move: dimse.MoveDestinationUnknown}, want{any: true, echo: true}},
		{"get_refused_move_open", &probetest.Archive{Get: dimse.NotAuthorised}, want{any: true, echo: true, patient: true, study: true, retrieve: true, store: true}},
		{"get_with_warning", &probetest.Archive{Offers: only(dimse.Verification, dimse.PatientRootGet), Get: 0xB000}, want{any: true, echo: true, retrieve: true}},
		{"echo_refused", &probetest.Archive{Offers: only(dimse.Verification), EchoStatus: dimse.RefusedSOPClass}, want{any: true}},
		{"worklist_only", &probetest.Archive{Offers: only(dimse.WorklistFind), Worklist: probetest.Patients(1)}, want{any: true, worklist: true, attributes: 3}},
		{"worklist_refused", &probetest.Archive{Offers: only(dimse.WorklistFind), Worklist: probetest.Patients(1), Find: dimse.NotAuthorised}, want{any: true}},
		{"study_root", &probetest.Archive{Offers: only(dimse.StudyRootFind), Studies: probetest.Studies(1)}, want{any: true, study: true, attributes: 6}},
		{"move_claims_to_have_moved", &probetest.Archive{Offers: only(dimse.StudyRootMove), Completed: 1}, want{any: true}},
		{"get_success", &probetest.Archive{Offers: only(dimse.StudyRootGet)}, want{any: true, retrieve: true}},
		{"patient_root", &probetest.Archive{Offers: only(dimse.Verification, dimse.PatientRootFind), Patients: probetest.Patients(1)},
			want{any: true, echo: true, patient: true, attributes: 3}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f, _ := ask(t, tt.a.Serve(t))
			got := want{f.AnyAETitle, f.Echo, f.Patient.Open, f.Study.Open, f.Worklist.Open, f.Retrieve, f.Store,
				len((&probe.Facts{DICOM: f}).Attributes())}
			if got != tt.want {
				t.Errorf("got  %+v\nwant %+v", got, tt.want)
			}
		})
	}
}

// TestAskAll_Slow: what was learned before the peer grew too slow stays.
func TestAskAll_Slow(t *testing.T) {
	a := open()
	at := a.Serve(t)
	ctx := limited(t)
	n := probetest.NewNetwork()
	d, err := probetest.NewAsker(n).Associate(ctx, target(at))
	if err != nil || !d.Accepted() {
		t.Fatalf("Associate: %v %+v", err, d)
	}
	a.Delay = 5 * time.Second
	start := time.Now()
	var not []string
	d.AskAll(ctx, func(q string, err error) { not = append(not, q) })
	d.Close(ctx)
	if d.Facts.Class != probe.AcceptsAnyone || !d.Facts.Store {
		t.Errorf("lost what was learned: %+v", d.Facts)
	}
	if took := time.Since(start); took > 15*time.Second {
		t.Errorf("a slow peer was waited for %v", took)
	}
	if !slices.Contains(not, "cecho") {
		t.Errorf("not answered %q, want cecho among them", not)
	}
}

// TestAskAll_Endless: a peer that neither ends its answers nor heeds a C-CANCEL
// is left, and is open all the same.
func TestAskAll_Endless(t *testing.T) {
	a := open()
	a.Endless = true
	f, _ := ask(t, a.Serve(t))
	if !f.Study.Open || f.Study.Sample.Answers != 20 {
		t.Errorf("study: %+v, want it open after 20 answers", f.Study)
	}
	if !f.AnyAETitle {
		t.Error("the questions after the endless one were not asked")
	}
}

func TestAskAll_SameAnswer(t *testing.T) {
	a := open()
	a.SameAnswer = true
	f, _ := ask(t, a.Serve(t))
	if want := []string{probe.SignSameAnswer}; !slices.Equal(f.Honeypot, want) {
		t.Errorf("signs %q, want %q", f.Honeypot, want)
	}
}

// TestAskAll_DoesNoHarm holds what the package promises.
func TestAskAll_DoesNoHarm(t *testing.T) {
	for _, tt := range []struct {
		name string
		a    *probetest.Archive
	}{
		{"open", open()},
		{"endless", func() *probetest.Archive { a := open(); a.Endless = true; return a }()},
		{"accepts_all", func() *probetest.Archive { a := open(); a.AcceptAll = true; return a }()},
		{"get_refused", func() *probetest.Archive { a := open(); a.Get = dimse.NotAuthorised; return a }()},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			held := map[dicom.UID]bool{}
			for _, s := range tt.a.Studies {
				held[dicom.UID(s.String(dict.StudyInstanceUID))] = true
			}
			_, _, n := askThrough(t, tt.a.Serve(t))
			requests := tt.a.Requests()
			for _, r := range requests {
				checkHarmless(t, r, held)
			}
			if got := n.Pauses.Load(); got < int64(len(requests)) {
				t.Errorf("%d requests and %d pauses: one did not wait", len(requests), got)
			}
			if got := tt.a.Connections(); got > 12 {
				t.Errorf("%d connections, want 12 at most", got)
			}
		})
	}
}

func checkHarmless(t *testing.T, r probetest.Request, held map[dicom.UID]bool) {
	t.Helper()
	switch r.Op {
	case "associate", "echo":
	case "find":
		if held[r.Study] {
			t.Errorf("a study that the peer holds was asked for: %+v", r)
		}
	case "get", "move":
		if held[r.Study] || len(r.Study) < len("2.25.1") || r.Study[:5] != "2.25." {
			t.Errorf("a retrieval of something that was not invented: %+v", r)
		}
		if r.Level != "STUDY" || r.Op == "move" && r.Destination != "LEADGLASS" {
			t.Errorf("a retrieval of more than one study, or to somebody else: %+v", r)
		}
	default:
		t.Errorf("the peer got %+v", r)
	}
}

// TestAskAll_Connections: a plain archive sees two.
func TestAskAll_Connections(t *testing.T) {
	a := open()
	_, _, n := askWithin(t, a.Serve(t), 10*time.Second) // it answers at once, and this machine may be busy
	if got := a.Connections(); got != 2 {
		t.Errorf("%d connections, want 2", got)
	}
	// The association and seven questions on it; the second pair of titles.
	if got := n.Pauses.Load(); got != 8 {
		t.Errorf("%d pauses, want 8", got)
	}
}

func TestCounting(t *testing.T) {
	a := open()
	ctx := limited(t)
	d := associate(t, a.Serve(t))
	c, err := d.Counting(ctx)
	if err != nil {
		t.Fatalf("Counting: %v", err)
	}
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.StudyInstanceUID)
	n := 0
	rsp, err := c.Find(context.WithoutCancel(ctx), &dimse.Query{Model: dimse.StudyRootFind, Identifier: id},
		func([]byte, *dicom.TransferSyntax) error { n++; return nil })
	c.Close()
	if err != nil || rsp.Status != dimse.Success || n != 50 {
		t.Errorf("Find: %v %+v, %d answers, want 50", err, rsp, n)
	}
}
