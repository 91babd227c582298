package guard

import (
	"context"
	"iter"
	"sync"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// Transfer is what a peer was permitted to retrieve. End must be called. Its
// methods may be called at the same time.
type Transfer struct {
	g      *Guard
	rq     *leadglass.Request
	decide decide

	// What follows does not change once Retrieve returned.
	shares  shares
	shareOf map[dicom.UID]*share // by study
	parts   []leadglass.Ref      // what was asked for, each within a permitted study
	refused []refused
	total   int
	once    bool // one instance was asked for
	only    []*leadglass.Object

	mu    sync.Mutex // covers the counts of the shares, and what follows
	ended bool
}

// Total is how many instances Objects will yield.
func (t *Transfer) Total() int { return t.total }

// Decision permits, with the obligations of all decisions for its studies.
func (t *Transfer) Decision() leadglass.Decision {
	var d leadglass.Decision
	for _, s := range t.shares {
		d = merged(d, s.decision)
	}
	return d
}

// Objects yields the instances. Where no end will say how many they were they are no
// more than the record before has; what was stored since is left out.
func (t *Transfer) Objects(ctx context.Context) iter.Seq2[*leadglass.Object, error] {
	return func(yield func(*leadglass.Object, error) bool) {
		if t.once {
			for _, o := range t.only {
				if !yield(o, nil) {
					return
				}
			}
			return
		}
		left := map[*share]int{}
		for _, s := range t.shares {
			left[s] = s.total
		}
		for _, ref := range t.parts {
			s := t.shareOf[ref.Study]
			for o, err := range t.g.c.Archive.Objects(ctx, ref) {
				if err != nil {
					yield(nil, err)
					return
				}
				if o.Ref.Study != ref.Study {
					continue // not what was decided about
				}
				if left[s]--; left[s] < 0 && t.accessed() {
					continue
				}
				if !yield(o, nil) {
					return
				}
			}
		}
	}
}

// Sent counts an object as handed over, with the bytes that left.
func (t *Transfer) Sent(o *leadglass.Object, bytes int64) { t.note(o, bytes, true) }

// Failed counts an object that did not arrive; of it bytes may have left.
func (t *Transfer) Failed(o *leadglass.Object, bytes int64) { t.note(o, bytes, false) }

func (t *Transfer) note(o *leadglass.Object, bytes int64, sent bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.shareOf[o.Ref.Study]
	if s == nil {
		return // never handed out by Objects
	}
	s.bytes += bytes
	if sent {
		s.sent++
	} else {
		s.failed++
	}
	if sent || bytes > 0 {
		s.class(o.Class)
	}
}

// End records how the transfer ended. It does so even if ctx is done, and once;
// where the record fails it may be called again.
func (t *Transfer) End(ctx context.Context) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.accessed() {
		return nil
	}
	records := make([]*leadglass.Record, len(t.shares))
	for i, s := range t.shares {
		records[i] = s.end(t.g, t.rq)
	}
	if err := t.g.recordAnyway(ctx, records...); err != nil {
		return err
	}
	t.ended = true
	return nil
}
