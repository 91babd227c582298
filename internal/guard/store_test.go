package guard_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/guard"
)

func put(t *testing.T, i *guard.Intake, text string) error {
	t.Helper()
	_, err := i.Put(t.Context(), &leadglass.Incoming{Data: strings.NewReader(text)})
	return err
}

func TestStore_BeginAndEnds(t *testing.T) {
	h := build(guard.Limits{})
	h.archive.Incoming = incoming
	i, err := h.Store(t.Context(), request(leadglass.Store))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []string{"5.1", "6.1", "5.1"} {
		if err := put(t, i, s); err != nil {
			t.Fatal(err)
		}
	}
	check(t, put(t, i, "bad"), leadglass.Invalid, "")
	calls := h.trace.Calls()
	if first(calls, "record") > first(calls, "store") {
		t.Errorf("calls %v", calls)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // the association ended
	for range 2 {
		if err := i.End(ctx); err != nil {
			t.Fatal(err)
		}
	}
	records := h.recorder.Records()
	if len(records) != 4 {
		t.Fatalf("%d records, want a begin, two studies and what was not kept", len(records))
	}
	begin := records[0]
	if begin.Event != leadglass.BeginTransferring || begin.Transfer == "" || begin.Subject != "" {
		t.Errorf("record %+v", begin)
	}
	for _, r := range records[1:] {
		if r.Event != leadglass.InstancesTransferred || r.Action != leadglass.Create || r.Transfer != begin.Transfer {
			t.Errorf("record %+v", r)
		}
		switch r.Subject {
		case "P5":
			if r.Instances != 2 || r.Bytes != 6 || r.Studies[0] != "5.1" || r.Classes[0] != dict.CTImageStorage || r.Outcome != leadglass.Succeeded {
				t.Errorf("record %+v", r)
			}
		case "P6":
			if r.Instances != 1 || r.Bytes != 3 {
				t.Errorf("record %+v", r)
			}
		default:
			if r.Outcome != leadglass.MinorFailure || r.Times != 1 || r.Instances != 0 {
				t.Errorf("record %+v", r)
			}
		}
	}
}

// TestStore_Nothing: an association that stored nothing ends all the same.
func TestStore_Nothing(t *testing.T) {
	h := build(guard.Limits{})
	i, err := h.Store(t.Context(), request(leadglass.Store))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := i.End(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if r := h.recorder.Records(); len(r) != 2 || r[1].Transfer != r[0].Transfer || r[1].Outcome != leadglass.Succeeded {
		t.Errorf("records %+v", r)
	}
}

// TestStore_EndAgain: where the end cannot be recorded it is recorded later.
func TestStore_EndAgain(t *testing.T) {
	h := build(guard.Limits{})
	h.archive.Incoming = incoming
	h.recorder.Fail = func(_ context.Context, call int) error {
		if call == 2 {
			return context.DeadlineExceeded
		}
		return nil
	}
	i, err := h.Store(t.Context(), request(leadglass.Store))
	if err != nil {
		t.Fatal(err)
	}
	if err := put(t, i, "5.1"); err != nil {
		t.Fatal(err)
	}
	check(t, i.End(t.Context()), leadglass.Unavailable, leadglass.LogUnavailable)
	if err := i.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := h.recorder.Records(); len(r) != 2 || r[1].Instances != 1 {
		t.Errorf("records %+v", r)
	}
}

func TestLimit_Studies(t *testing.T) {
	h := build(guard.Limits{Studies: 3})
	h.archive.Incoming = incoming
	i, err := h.Store(t.Context(), request(leadglass.Store))
	if err != nil {
		t.Fatal(err)
	}
	for n := 1; n <= 4; n++ {
		if err := put(t, i, fmt.Sprintf("5.%d", n)); err != nil {
			t.Fatal(err)
		}
		if got, want := len(h.recorder.Records()), map[int]int{1: 1, 2: 1, 3: 1, 4: 4}[n]; got != want {
			t.Errorf("after %d studies %d records, want %d", n, got, want)
		}
	}
	if err := i.End(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := len(h.recorder.Records()); got != 5 {
		t.Errorf("%d records", got)
	}
}

func TestDelete(t *testing.T) {
	h := build(guard.Limits{})
	n, err := h.Delete(t.Context(), request(leadglass.Delete, leadglass.Ref{Patient: "P1"}))
	if err != nil || n != 4 {
		t.Fatalf("%d, %v: want what may be seen and no more", n, err)
	}
	calls := h.trace.Calls()
	if first(calls, "record") > first(calls, "delete") {
		t.Errorf("calls %v", calls)
	}
	if r := h.recorder.Records(); len(r) != 1 || r[0].Event != leadglass.StudyDeleted || r[0].Action != leadglass.Remove || r[0].Instances != 4 || r[0].Subject != "P1" {
		t.Errorf("records %+v", r)
	}
	h.archive.Fail = func(call string) error {
		if call == "delete" {
			return leadglass.Errorf(leadglass.Unavailable, "archive: deleting")
		}
		return nil
	}
	h.recorder.Reset()
	_, err = h.Delete(t.Context(), request(leadglass.Delete, of("2.1")))
	check(t, err, leadglass.Unavailable, "")
	if r := h.recorder.Records(); len(r) != 2 || r[1].Outcome != leadglass.SeriousError || r[1].Event != leadglass.StudyDeleted {
		t.Errorf("records %+v", r)
	}
}

func TestCommit(t *testing.T) {
	h := build(guard.Limits{})
	refs := []leadglass.Ref{{Instance: "1.1.1.1"}, {Instance: "1.2.1.1"}, {Instance: "9"}, {Instance: "2.1.1.1"}, {}}
	kept, err := h.Commit(t.Context(), request(leadglass.Commit, refs...))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []dicom.UID{"1.1.1.1", "", "", "2.1.1.1", ""} {
		got := dicom.UID("")
		if kept[i].Object != nil {
			got = kept[i].Object.Ref.Instance
		}
		if got != want || kept[i].Ref != refs[i] {
			t.Errorf("%d: %q, want %q", i, got, want)
		}
	}
	records := h.recorder.Records()
	if len(records) != 3 || records[0].Subject != "P1" || records[0].Instances != 1 || records[1].Subject != "P2" ||
		records[2].Subject != "" || len(records[2].Refs) != 3 {
		t.Errorf("records %+v", records)
	}
	// Hidden and missing take the same calls.
	h.trace.Calls()
	var calls [2]string
	for i, ref := range refs[1:3] {
		if _, err := h.Commit(t.Context(), request(leadglass.Commit, ref)); err != nil {
			t.Fatal(err)
		}
		calls[i] = strings.Join(h.trace.Calls(), " ")
	}
	if calls[0] != calls[1] {
		t.Errorf("hidden %s, missing %s", calls[0], calls[1])
	}
}

func TestAdmit(t *testing.T) {
	h := build(guard.Limits{})
	peer := &leadglass.Peer{ID: "ann"}
	for _, s := range []guard.SignIn{
		{Peer: peer, Route: leadglass.Web},
		{Peer: peer, Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.NoIdentity, Times: 12},
		{},
	} {
		if err := h.Admit(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	r := h.recorder.Records()
	if r[0].Event != leadglass.UserAuthentication || r[0].Type != leadglass.Login || r[0].Peer != peer || r[0].Outcome != 0 ||
		r[1].Type != leadglass.NodeAuthentication || r[1].Times != 12 || r[1].Reason != leadglass.NoIdentity || r[2].Peer == nil {
		t.Errorf("records %+v", r)
	}
}

func TestAllow(t *testing.T) {
	h := build(guard.Limits{})
	for verb, event := range map[leadglass.Verb]leadglass.Event{leadglass.ReadLog: leadglass.AuditLogUsed, leadglass.Manage: leadglass.SecurityAlert} {
		h.recorder.Reset()
		if err := h.Allow(t.Context(), request(verb)); err != nil {
			t.Fatal(err)
		}
		if r := h.recorder.Records(); len(r) != 1 || r[0].Event != event || r[0].Outcome != leadglass.Succeeded {
			t.Errorf("records %+v", r)
		}
	}
	check(t, h.Allow(t.Context(), request(leadglass.Get)), leadglass.Invalid, "")
	h.recorder.Reset()
	if err := h.Echo(t.Context(), request(leadglass.Echo)); err != nil || len(h.recorder.Records()) != 0 {
		t.Errorf("an echo: %v, %d records", err, len(h.recorder.Records()))
	}
}
