package guard_test

import (
	"context"
	"fmt"
	"iter"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/guard/guardtest"
	"github.com/leadglass/leadglass/internal/policy"
)

// ruled is a house where the shipped rules decide. Study 1.2 and 3.1 are labelled V.
func ruled(t testing.TB) *house {
	t.Helper()
	set, err := policy.Load(policy.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	h := build(guard.Limits{})
	h.Guard = guard.New(guard.Config{Archive: h.archive, Decider: policy.NewLive(set), Recorder: h.recorder, Now: func() time.Time { return begun }})
	return h
}

func person(r leadglass.Role, a leadglass.Assurance) *leadglass.Peer {
	return &leadglass.Peer{Kind: leadglass.Person, ID: "ann", Issuer: "local", Active: true, TLS: true, Assurance: a, Roles: []leadglass.Role{r}}
}

// TestShippedRules: who finds what, and may get it: the same on both ways.
func TestShippedRules(t *testing.T) {
	for name, c := range map[string]struct {
		peer    *leadglass.Peer
		purpose leadglass.Purpose
		reason  leadglass.Reason // of a denial of the request as such
		want    []string
	}{
		"two_factors":   {person(leadglass.Radiologist, leadglass.MultiFactor), "TREAT", "", []string{"1.1", "1.2", "2.1", "3.1"}},
		"password":      {person(leadglass.Radiologist, leadglass.Password), "TREAT", "", []string{"1.1", "2.1"}},
		"no_purpose":    {person(leadglass.Radiologist, leadglass.Password), "", leadglass.NoPurpose, nil},
		"wrong_purpose": {person(leadglass.Radiologist, leadglass.Password), "HRESCH", leadglass.WrongPurpose, nil},
		"claimed":       {person(leadglass.Radiologist, leadglass.Claimed), "TREAT", leadglass.NoIdentity, nil},
		"administrator": {person(leadglass.Administrator, leadglass.MultiFactor), "HSYSADMIN", leadglass.Forbidden, nil},
		"auditor":       {person(leadglass.Auditor, leadglass.MultiFactor), "HCOMPL", leadglass.NoRule, nil},
		"nobody":        {nil, "TREAT", leadglass.NoIdentity, nil},
		"referrer":      {person(leadglass.Referrer, leadglass.MultiFactor), "TREAT", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := ruled(t)
			var found, got []string
			rq := request(leadglass.Find)
			rq.Peer, rq.Purpose = c.peer, c.purpose
			for m, err := range h.Find(t.Context(), rq, &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{}) {
				if err != nil {
					check(t, err, leadglass.Denied, c.reason)
					break
				}
				found = append(found, string(m.Ref.Study))
			}
			for _, study := range []string{"1.1", "1.2", "2.1", "3.1"} {
				rq := request(leadglass.Get, of(study))
				rq.Peer, rq.Purpose = c.peer, c.purpose
				tr, err := h.Retrieve(t.Context(), rq)
				switch {
				case err == nil:
					got = append(got, study)
					if err := tr.End(t.Context()); err != nil {
						t.Error(err)
					}
				case c.reason != "":
					check(t, err, leadglass.Denied, c.reason)
				default:
					check(t, err, leadglass.NotFound, "")
				}
			}
			if !slices.Equal(found, c.want) || !slices.Equal(got, c.want) {
				t.Errorf("found %v, got %v, want %v", found, got, c.want)
			}
			for _, r := range h.recorder.Records() {
				if r.Policy == "" || r.Outcome == leadglass.Succeeded && len(r.Rules) == 0 {
					t.Errorf("record %+v", r)
				}
			}
		})
	}
}

// BenchmarkFind is what guard adds to a search with 1,000 rows, each of another study
// and decided by the shipped rules: 20 ms at most.
func BenchmarkFind(b *testing.B) {
	set, err := policy.Load(policy.Shipped())
	if err != nil {
		b.Fatal(err)
	}
	var rows thousand
	for i := range rows {
		study := &leadglass.Study{UID: dicom.UID(fmt.Sprint("1.", i)), Patient: "P1", Date: "20261124", Modalities: []string{"CT"}, Series: 2}
		rows[i] = &leadglass.Match{Ref: leadglass.Ref{Patient: "P1", Study: study.UID}, Studies: []*leadglass.Study{study}, Attributes: new(dicom.Dataset)}
	}
	g := guard.New(guard.Config{Archive: rows, Decider: set, Recorder: &guardtest.Recorder{}, Now: time.Now})
	rq := request(leadglass.Find)
	rq.Peer = person(leadglass.Radiologist, leadglass.MultiFactor)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		for _, err := range g.Find(b.Context(), rq, &leadglass.Query{Level: leadglass.StudyLevel}, guard.Page{}) {
			if err != nil {
				b.Fatal(err)
			}
			n++
		}
		if n != len(rows) {
			b.Fatal(n)
		}
	}
}

// thousand is an archive that has its answer ready.
type thousand [1000]*leadglass.Match

func (t thousand) Find(context.Context, *leadglass.Query) iter.Seq2[*leadglass.Match, error] {
	return func(yield func(*leadglass.Match, error) bool) {
		for _, m := range t {
			if !yield(m, nil) {
				return
			}
		}
	}
}
func (thousand) Studies(context.Context, leadglass.Ref) iter.Seq2[*leadglass.Study, error] {
	return nil
}
func (thousand) Objects(context.Context, leadglass.Ref) iter.Seq2[*leadglass.Object, error] {
	return nil
}
func (thousand) Store(context.Context, *leadglass.Incoming) (*leadglass.Stored, error) {
	return nil, nil
}
func (thousand) Delete(context.Context, leadglass.Ref) (int, error) { return 0, nil }
