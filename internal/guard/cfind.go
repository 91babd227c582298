package guard

import (
	"context"
	"iter"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// Page is the part of an answer that is wanted, after what may not be seen was
// taken out. Limit 0 is everything.
type Page struct{ Offset, Limit int }

// Find yields the matches that the peer may see, with counts of what it may see.
// The search is recorded before the first is yielded.
func (g *Guard) Find(ctx context.Context, rq *leadglass.Request, q *leadglass.Query, p Page) iter.Seq2[*leadglass.Match, error] {
	return func(yield func(*leadglass.Match, error) bool) {
		rq, began := g.own(rq), g.c.Now()
		if rq.Verb != leadglass.Find {
			yield(nil, invalid(errVerb))
			return
		}
		may := g.decides(rq)
		d, err := g.ask(ctx, rq, may)
		if err == nil {
			err = g.record(ctx, permission(rq, d))
		}
		if err != nil {
			yield(nil, err)
			return
		}
		s := &search{g: g, decide: may, query: q}
		some := false
		s.pages(ctx, p, func(m *leadglass.Match, err error) bool {
			some = true
			return yield(m, err)
		})
		if !some {
			g.settle(ctx, began)
		}
	}
}

// search is a search under way. What it remembers is of this request only.
type search struct {
	g      *Guard
	decide decide
	query  *leadglass.Query

	last      dicom.UID // the study that was decided last: rows come study by study
	permitted bool

	of     patient // whose counts were made last
	counts counts
}

func (s *search) pages(ctx context.Context, p Page, yield func(*leadglass.Match, error) bool) {
	wanted, counted := s.withoutCounts()
	wanted, err := s.narrowed(ctx, wanted)
	if err != nil {
		yield(nil, err)
		return
	}
	if wanted == nil {
		return
	}
	skip, left := p.Offset, p.Limit
	for m, err := range s.g.c.Archive.Find(ctx, wanted) {
		if err == nil {
			m, err = s.row(ctx, m, counted)
		}
		switch {
		case err != nil:
			yield(nil, err)
			return
		case m == nil:
			continue
		case skip > 0:
			skip--
			continue
		}
		if !yield(m, nil) {
			return
		}
		if left--; left == 0 {
			return
		}
	}
}

// row is a match as the peer may see it, nil if it may not.
func (s *search) row(ctx context.Context, m *leadglass.Match, counted map[dicom.Tag]string) (*leadglass.Match, error) {
	var seen []*leadglass.Study
	for _, study := range m.Studies {
		if s.may(study) {
			seen = append(seen, study)
		}
	}
	if len(seen) == 0 {
		return nil, nil
	}
	own := *m
	own.Studies = seen
	if err := s.recount(ctx, &own); err != nil {
		return nil, err
	}
	for tag, want := range counted {
		if own.Attributes == nil || !equalCount(own.Attributes.String(tag), want) {
			return nil, nil
		}
	}
	return &own, nil
}

func (s *search) may(study *leadglass.Study) bool {
	if study.UID == "" || study.UID != s.last {
		s.last, s.permitted = study.UID, s.decide(study).Effect == leadglass.Permit
	}
	return s.permitted
}
