package guard_test

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/guard"
)

// TestRefusals: of each address the first of a minute is a record, and all others are
// one more.
func TestRefusals(t *testing.T) {
	h, now := build(guard.Limits{}), begun
	r := h.Refusals(2, func() time.Time { return now }, func(err error) { t.Error(err) })
	refuse := func(address string, times int) {
		for range times {
			a := netip.AddrPortFrom(netip.MustParseAddr(address), 1)
			if err := r.Refuse(t.Context(), guard.SignIn{Peer: &leadglass.Peer{Address: a}, Outcome: leadglass.MinorFailure}); err != nil {
				t.Fatal(err)
			}
		}
	}
	said := func(want ...int) {
		t.Helper()
		var got []int
		for _, r := range h.recorder.Records() {
			got = append(got, r.Times)
		}
		if len(got) != len(want) {
			t.Fatalf("records stand for %v, want %v", got, want)
		}
		sum := 0
		for i := range got {
			sum += max(got[i], 1) - max(want[i], 1)
		}
		if sum != 0 {
			t.Errorf("records stand for %v, want %v", got, want)
		}
	}
	refuse("192.0.2.1", 1000)
	refuse("192.0.2.2", 2)
	refuse("192.0.2.3", 1) // has no place of its own
	refuse("192.0.2.4", 4)
	said(0, 0, 0)
	now = now.Add(time.Minute)
	refuse("192.0.2.1", 1)
	said(0, 0, 0, 999, 1, 4, 0)
	refuse("192.0.2.1", 7)
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	said(0, 0, 0, 999, 1, 4, 0, 7)
}

// TestRefused_HungUp: who does not wait for the answer is recorded all the same.
func TestRefused_HungUp(t *testing.T) {
	h := build(guard.Limits{})
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	rq := request(leadglass.Get, of("1.1"))
	rq.Purpose = ""
	_, err := h.Retrieve(gone, rq)
	check(t, err, leadglass.Denied, leadglass.NoPurpose)
	if err := h.Admit(gone, guard.SignIn{Outcome: leadglass.MinorFailure}); err != nil {
		t.Error(err)
	}
	if n := len(h.recorder.Records()); n != 2 {
		t.Errorf("%d records, want 2", n)
	}
}
