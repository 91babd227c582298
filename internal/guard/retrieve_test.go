package guard_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/guard"
)

// TestRetrieve_RecordsFirst: what begins is durable before an object is looked at.
func TestRetrieve_RecordsFirst(t *testing.T) {
	for _, v := range []leadglass.Verb{leadglass.Describe, leadglass.View, leadglass.Get, leadglass.Move} {
		for _, ref := range []leadglass.Ref{{Patient: "P1"}, of("1.1"), {Study: "1.1", Series: "1.1.1"}, {Study: "1.1", Instance: "1.1.1.1"}} {
			h := build(guard.Limits{})
			if err := h.retrieve(t, v, ref); err != nil {
				t.Fatal(err)
			}
			calls := h.trace.Calls()
			if record := first(calls, "record"); record < 0 || record > first(calls, "open") || first(calls, "open") < 0 {
				t.Errorf("%s %v: %v", v, ref, calls)
			}
			if strings.Contains(strings.Join(calls, " "), "release 1.2") {
				t.Errorf("%s %v releases what is hidden: %v", v, ref, calls)
			}
		}
	}
}

func TestRetrieve_BeginAndEnd(t *testing.T) {
	h := build(guard.Limits{})
	tr, err := h.Retrieve(t.Context(), request(leadglass.Get, of("1.1"), of("2.1"), of("2.1"), of("1.2"), of("9")))
	if err != nil {
		t.Fatal(err)
	}
	if tr.Total() != 8 {
		t.Errorf("total %d", tr.Total())
	}
	if d := tr.Decision(); d.Effect != leadglass.Permit || !slices.Equal(d.Obligations, []leadglass.Obligation{leadglass.Notify}) {
		t.Errorf("decision %+v", d)
	}
	records := h.recorder.Records()
	if len(records) != 3 {
		t.Fatalf("%d records before, want two that begin and one of what is refused", len(records))
	}
	for i, patient := range []dicom.PatientID{"P1", "P2"} {
		r := records[i]
		study := string(patient[1:]) + ".1"
		if r.Event != leadglass.BeginTransferring || r.Action != leadglass.Execute || r.Subject != patient || r.Issuer != "site" ||
			r.Transfer == "" || !slices.Equal(r.Studies, []dicom.UID{dicom.UID(study)}) || r.Accession != "A"+study ||
			r.StudyDate != "20261124" || !slices.Equal(r.Modalities, []string{"CT"}) || !slices.Equal(r.BodyParts, []string{"HEAD"}) ||
			!slices.Equal(r.Rules, []string{"rest"}) || r.Instances != 0 || r.Outcome != leadglass.Succeeded {
			t.Errorf("record %+v", r)
		}
	}
	if no := records[2]; no.Outcome != leadglass.MinorFailure || no.Reason != leadglass.Forbidden || no.Subject != "" || len(no.Refs) != 2 {
		t.Errorf("record %+v", no)
	}
	n := 0
	for o, err := range tr.Objects(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		switch n++; {
		case o.Ref.Patient == "P1":
			tr.Sent(o, 90)
		case n%2 == 0:
			tr.Failed(o, 10)
		default:
			tr.Sent(o, 95)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the peer is gone
	for range 2 {
		if err := tr.End(ctx); err != nil {
			t.Fatal(err)
		}
	}
	ends := h.recorder.Records()[3:]
	if len(ends) != 2 {
		t.Fatalf("%d ends", len(ends))
	}
	for i, want := range []struct {
		n       int
		bytes   int64
		outcome leadglass.Outcome
	}{{4, 360, leadglass.Succeeded}, {2, 210, leadglass.MinorFailure}} {
		r := ends[i]
		if r.Event != leadglass.InstancesTransferred || r.Action != leadglass.ReadIt || r.Transfer != records[i].Transfer ||
			r.Subject != records[i].Subject || r.Instances != want.n || r.Bytes != want.bytes || r.Outcome != want.outcome ||
			!slices.Equal(r.Classes, []dicom.UID{dict.CTImageStorage}) || !r.Time.Equal(begun.Add(time.Minute)) {
			t.Errorf("record %+v", r)
		}
	}
}

// TestRetrieve_NothingSent: a transfer of which nothing arrived says so.
func TestRetrieve_NothingSent(t *testing.T) {
	h := build(guard.Limits{})
	tr, err := h.Retrieve(t.Context(), request(leadglass.Move, of("1.1")))
	if err != nil {
		t.Fatal(err)
	}
	if err := tr.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := h.recorder.Records()[1]; r.Outcome != leadglass.SeriousError || r.Instances != 0 || r.Bytes != 0 || len(r.Classes) != 0 {
		t.Errorf("record %+v", r)
	}
}

// TestRetrieve_OneRecordIsEnough for what is looked at and for one instance: with the
// most that it can be.
func TestRetrieve_OneRecordIsEnough(t *testing.T) {
	for name, c := range map[string]struct {
		verb  leadglass.Verb
		ref   leadglass.Ref
		n     int
		bytes int64
	}{
		"describe": {leadglass.Describe, of("1.1"), 4, 400},
		"view":     {leadglass.View, leadglass.Ref{Study: "1.1", Series: "1.1.2"}, 2, 200},
		"get":      {leadglass.Get, leadglass.Ref{Study: "1.1", Series: "1.1.2", Instance: "1.1.2.1"}, 1, 100},
	} {
		t.Run(name, func(t *testing.T) {
			h := build(guard.Limits{})
			if err := h.retrieve(t, c.verb, c.ref); err != nil {
				t.Fatal(err)
			}
			records := h.recorder.Records()
			if len(records) != 1 {
				t.Fatalf("%d records", len(records))
			}
			if r := records[0]; r.Event != leadglass.InstancesAccessed || r.Action != leadglass.ReadIt || r.Transfer != "" || r.Instances != c.n ||
				r.Bytes != c.bytes || r.Subject != "P1" {
				t.Errorf("record %+v", r)
			}
		})
	}
}

// TestRetrieve_NoMoreThanRecorded: what arrives after the record of what is looked at
// was made is not handed out; of what is got the end says it.
func TestRetrieve_NoMoreThanRecorded(t *testing.T) {
	for verb, want := range map[leadglass.Verb]int{leadglass.Describe: 4, leadglass.View: 4, leadglass.Get: 5} {
		h := build(guard.Limits{})
		tr, err := h.Retrieve(t.Context(), request(verb, of("1.1")))
		if err != nil {
			t.Fatal(err)
		}
		late := *instances("1.1", false)[0]
		late.Ref.Instance = "1.1.1.99"
		h.archive.Add(&late)
		n := 0
		for o, err := range tr.Objects(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			tr.Sent(o, 1)
			n++
		}
		if err := tr.End(t.Context()); err != nil {
			t.Fatal(err)
		}
		records := h.recorder.Records()
		if last := records[len(records)-1]; n != want || last.Instances != want {
			t.Errorf("%s: %d objects and %d in the record, want %d", verb, n, last.Instances, want)
		}
	}
}

// TestRetrieve_HiddenAsMissing: who asks for what is hidden is told the same, after
// the same calls, as who asks for what is not there.
func TestRetrieve_HiddenAsMissing(t *testing.T) {
	for _, v := range []leadglass.Verb{leadglass.Describe, leadglass.View, leadglass.Get, leadglass.Move, leadglass.Delete} {
		for name, refs := range map[string][2]leadglass.Ref{
			"patient":  {{Patient: "P3"}, {Patient: "P9"}},
			"study":    {of("1.2"), of("9")},
			"series":   {{Study: "1.2", Series: "1.2.1"}, {Study: "9", Series: "1.2.1"}},
			"instance": {{Study: "1.2", Series: "1.2.1", Instance: "1.2.1.1"}, {Study: "9", Series: "1.2.1", Instance: "1.2.1.1"}},
			"beside":   {{Study: "1.1", Series: "1.2.1", Instance: "1.2.1.1"}, {Study: "1.1", Series: "9", Instance: "9"}},
		} {
			t.Run(string(v)+"_"+name, func(t *testing.T) {
				h := build(guard.Limits{})
				var calls [2][]string
				var told [2]string
				for i, ref := range refs {
					h.recorder.Reset()
					var err error
					if v == leadglass.Delete {
						_, err = h.Delete(t.Context(), request(v, ref))
					} else {
						_, err = h.Retrieve(t.Context(), request(v, ref))
					}
					check(t, err, leadglass.NotFound, "")
					told[i], calls[i] = fmt.Sprintf("%T %s", err, err), h.trace.Calls()
					records := h.recorder.Records()
					if len(records) != 1 || records[0].Subject != "" || records[0].Outcome != leadglass.MinorFailure || !slices.Equal(records[0].Refs, []leadglass.Ref{ref}) {
						t.Errorf("records %+v", records)
					}
				}
				if told[0] != told[1] || !slices.Equal(calls[0], calls[1]) {
					t.Errorf("hidden: %s %v\nmissing: %s %v", told[0], calls[0], told[1], calls[1])
				}
			})
		}
	}
}

// TestRetrieve_Obligations: what cannot be met where it goes is not released there.
func TestRetrieve_Obligations(t *testing.T) {
	for _, c := range []struct {
		verb   leadglass.Verb
		due    leadglass.Obligation
		shown  leadglass.Assurance
		permit bool
	}{
		{leadglass.View, leadglass.Watermark, 0, true},
		{leadglass.Get, leadglass.Watermark, 0, false},
		{leadglass.View, leadglass.NoExport, 0, true},
		{leadglass.Get, leadglass.NoExport, 0, false},
		{leadglass.Move, leadglass.NoExport, 0, false},
		{leadglass.View, leadglass.StepUp, leadglass.Certificate, false},
		{leadglass.View, leadglass.StepUp, leadglass.MultiFactor, true},
		{leadglass.Get, leadglass.ReviewAlways, 0, true},
		{leadglass.Get, leadglass.Notify, 0, true},
		{leadglass.View, "sing", leadglass.MultiFactor, false},
	} {
		h := build(guard.Limits{})
		h.decider.Func = func(*leadglass.Request, *leadglass.Study) leadglass.Decision {
			return leadglass.Decision{Effect: leadglass.Permit, Obligations: []leadglass.Obligation{c.due}}
		}
		rq := request(c.verb, of("1.1"))
		rq.Peer.Assurance = c.shown
		_, err := h.Retrieve(t.Context(), rq)
		if c.permit && err != nil {
			t.Errorf("%s with %s: %v", c.verb, c.due, err)
		}
		if !c.permit {
			check(t, err, leadglass.Denied, leadglass.Forbidden)
		}
	}
}

// TestRetrieve_OnlyWhatWasDecided: an archive that yields something else is not
// believed.
func TestRetrieve_OnlyWhatWasDecided(t *testing.T) {
	h := build(guard.Limits{})
	tr, err := h.Retrieve(t.Context(), request(leadglass.Get, leadglass.Ref{Patient: "P1"}))
	if err != nil {
		t.Fatal(err)
	}
	h.archive.Add(instances("1.7", false)...) // arrives meanwhile, of the same patient
	n := 0
	for o := range tr.Objects(t.Context()) {
		if n++; o.Ref.Study != "1.1" {
			t.Errorf("study %s", o.Ref.Study)
		}
	}
	if n != 4 {
		t.Errorf("%d objects", n)
	}
	stranger := &leadglass.Object{Ref: leadglass.Ref{Study: "1.2"}}
	tr.Sent(stranger, 1000) // not handed out, not counted
	if err := tr.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := h.recorder.Records()[len(h.recorder.Records())-1]; r.Bytes != 0 {
		t.Errorf("record %+v", r)
	}
}

func TestRetrieve_Invalid(t *testing.T) {
	h := build(guard.Limits{})
	_, err := h.Retrieve(t.Context(), request(leadglass.Get))
	check(t, err, leadglass.Invalid, "")
	_, err = h.Retrieve(t.Context(), request(leadglass.Find, of("1.1")))
	check(t, err, leadglass.Invalid, "")
	h.archive.Fail = func(call string) error { return leadglass.Errorf(leadglass.Unavailable, "archive: %s", call) }
	_, err = h.Retrieve(t.Context(), request(leadglass.Get, of("1.1")))
	check(t, err, leadglass.Unavailable, "")
	if len(h.recorder.Records()) != 0 {
		t.Error("a transfer is recorded that did not begin")
	}
}

func TestLimit_Refs(t *testing.T) {
	h := build(guard.Limits{Refs: 2})
	for n, code := range map[int]leadglass.Code{2: leadglass.NotFound, 3: leadglass.Limited} {
		var refs []leadglass.Ref
		for i := range n {
			refs = append(refs, of(fmt.Sprint("9.", i)))
		}
		_, err := h.Retrieve(t.Context(), request(leadglass.Get, refs...))
		check(t, err, code, "")
		if _, err = h.Commit(t.Context(), request(leadglass.Commit, refs...)); n == 3 {
			check(t, err, code, "")
		}
	}
}
