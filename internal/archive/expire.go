package archive

import (
	"context"

	"github.com/leadglass/leadglass"
)

// Retention says which studies are kept no longer. Law sets the times: ten years
// for X-ray images in Germany (section 85 StrlSchG), longer for children.
type Retention struct {
	// Before is a date (DA). Studies from before it go; those without a date,
	// or with one that is none, stay.
	Before string
	// Keep are labels: a study that has one of them stays.
	Keep []string
	// Only, where not empty, are modalities: a study of others stays, as does
	// one that has others as well.
	Only []string
}

// applies says whether a study goes.
func (r Retention) applies(s *leadglass.Study) bool {
	if !isDate(s.Date) || s.Date >= r.Before {
		return false
	}
	for _, l := range s.Labels {
		for _, k := range r.Keep {
			if l == k {
				return false
			}
		}
	}
	for _, m := range s.Modalities {
		found := len(r.Only) == 0
		for _, o := range r.Only {
			found = found || o == m
		}
		if !found {
			return false
		}
	}
	return len(r.Only) == 0 || len(s.Modalities) > 0
}

func isDate(s string) bool {
	for _, c := range []byte(s) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(s) == 8
}

// Expire deletes the studies to which the rule applies and returns how many.
// before is asked about each first, so that the deletion is recorded, and where
// it fails the study stays and Expire ends.
func (a *Archive) Expire(ctx context.Context, r Retention, before func(*leadglass.Study) error) (int, error) {
	if !isDate(r.Before) {
		return 0, leadglass.Errorf(leadglass.Invalid, "archive: expiring: the rule has no date of the form YYYYMMDD")
	}
	var due []*leadglass.Study
	for s, err := range a.Studies(ctx, leadglass.Ref{}) {
		if err != nil {
			return 0, err
		}
		if r.applies(s) {
			due = append(due, s)
		}
	}
	for n, s := range due {
		if err := before(s); err != nil {
			return n, err
		}
		if _, err := a.Delete(ctx, leadglass.Ref{Study: s.UID}); err != nil {
			return n, err
		}
	}
	return len(due), nil
}
