package archive

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/index"
)

// fed is a change on its way to the index.
type fed struct {
	change index.Change
	upTo   index.Position
	erase  []blob.Place // what a removal removes
}

// positionOf is how far the index is: the place of the next record, and its
// number, so that Open need not read for it.
func positionOf(next blob.Place, sequence uint64) index.Position {
	return index.Position(fmt.Sprintf("%s#%d", next, sequence))
}

func readPosition(p index.Position) (blob.Place, uint64, error) {
	text, number, _ := strings.Cut(string(p), "#")
	place, err := blob.ParsePlace(text)
	if err != nil {
		return place, 0, fmt.Errorf("archive: position of the index: %w", err)
	}
	sequence, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		sequence = 0 // it is found by reading
	}
	return place, sequence, nil
}

// removal is the head of a record that removes. It names the places, so that
// what it removes can be erased without the index.
type removal struct {
	Study    string   `json:"study,omitempty"`
	Series   string   `json:"series,omitempty"`
	Instance string   `json:"instance,omitempty"`
	Places   []string `json:"places"`
}

// committed is called by the store, in the order of the journal.
func (a *Archive) committed(r *blob.Record) {
	f := fed{upTo: positionOf(r.Next, r.Sequence+1)}
	switch c := r.Tag.(type) {
	case index.Add:
		c.Instance.Where = index.Where(r.Place.String())
		f.change = c
	case erasing:
		f.change, f.erase = c.Remove, c.places
	case index.Change:
		f.change = c
	}
	a.mu.Lock()
	a.acked++
	a.mu.Unlock()
	a.feed <- f
}

// erasing is the change of a removal, with what it erases.
type erasing struct {
	index.Remove
	places []blob.Place
}

// follow feeds the index until the feed is closed. While the index does not take
// changes nothing new is stored and nobody is answered; what is durable is tried
// again, here or when the archive opens next.
func (a *Archive) follow() {
	defer close(a.indexed)
	for f := range a.feed {
		batch := a.gather(f)
		for err := a.apply(context.Background(), batch); ; err = a.apply(context.Background(), batch) {
			a.advance(batch, err)
			if err == nil {
				break
			}
			a.diag.Error("archive: the index does not take changes; nothing is lost", "error", err)
			select {
			case <-a.closing:
				for range a.feed { // the next Open reads them from the journal
				}
				return
			case <-time.After(retryIndex):
			}
		}
	}
}

// gather adds to a change those that come within a moment: to the index a
// transaction of many is little more than one of one. Who wants to read ends the
// moment.
func (a *Archive) gather(first fed) []fed {
	batch := []fed{first}
	moment := time.NewTimer(indexDelay)
	defer moment.Stop()
	for over := false; len(batch) < applyAtOnce; {
		select {
		case next, ok := <-a.feed:
			if !ok {
				return batch
			}
			batch = append(batch, next)
			continue
		default:
		}
		if over || a.awaited() {
			break
		}
		select {
		case next, ok := <-a.feed:
			if !ok {
				return batch
			}
			batch = append(batch, next)
		case <-a.hurry:
		case <-moment.C:
			over = true
		}
	}
	return batch
}

// awaited says whether somebody waits for changes.
func (a *Archive) awaited() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.wanted > a.applied
}

// apply erases what is removed and then tells the index. In this order a crash
// between the two makes the next Open do both again.
func (a *Archive) apply(ctx context.Context, batch []fed) error {
	changes := make([]index.Change, 0, len(batch))
	for _, f := range batch {
		if len(f.erase) > 0 {
			a.erase(f.erase)
		}
		if f.change != nil {
			changes = append(changes, f.change)
		}
	}
	return a.index.Apply(ctx, changes, batch[len(batch)-1].upTo)
}

// erase erases places, and those where it failed before.
func (a *Archive) erase(places []blob.Place) {
	a.mu.Lock()
	places = append(a.unerased, places...)
	a.unerased = nil
	a.mu.Unlock()
	if err := a.store.Erase(places); err != nil {
		a.diag.Error("archive: erasing removed objects; the next removal or fsck tries again", "error", err)
		a.mu.Lock()
		a.unerased = append(a.unerased, places...)
		a.mu.Unlock()
	}
}

// advance wakes who waits.
func (a *Archive) advance(batch []fed, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.broken = err; err == nil {
		a.applied += uint64(len(batch))
		for _, f := range batch {
			add, ok := f.change.(index.Add)
			if !ok {
				continue
			}
			if in := a.arriving[add.Instance.Ref.Instance]; in != nil && in.digest == add.Instance.Digest {
				delete(a.arriving, add.Instance.Ref.Instance)
			}
		}
	}
	close(a.progress)
	a.progress = make(chan struct{})
}

// wait returns when the index has all that was acknowledged when it was called.
func (a *Archive) wait(ctx context.Context) error {
	a.mu.Lock()
	target := a.acked
	if target > a.applied {
		a.wanted = max(a.wanted, target)
		select {
		case a.hurry <- struct{}{}:
		default: // it has been told
		}
	}
	for a.applied < target && a.broken == nil {
		progress := a.progress
		a.mu.Unlock()
		select {
		case <-progress:
		case <-ctx.Done():
			return leadglass.Errorf(leadglass.Unavailable, "archive: waiting for the index: %w", ctx.Err())
		}
		a.mu.Lock()
	}
	defer a.mu.Unlock()
	if a.applied < target {
		return leadglass.Errorf(leadglass.Unavailable, "archive: index: %w", a.broken)
	}
	return nil
}

// catchUp feeds the index what the journal has after from.
func (a *Archive) catchUp(ctx context.Context, from blob.Place) error {
	var batch []fed
	flush := func() error {
		if len(batch) == 0 {
			return nil
		}
		err := a.apply(ctx, batch)
		batch = batch[:0]
		return err
	}
	if end := a.store.End(); end.Less(from) {
		a.diag.Warn("archive: the index is ahead of the journal and is made anew", "index", from.String(), "journal", end.String())
		from = blob.Place{}
		if err := a.empty(ctx); err != nil {
			return err
		}
	}
	err := a.store.Walk(ctx, from, false, func(e *blob.Entry) error {
		f, err := a.replay(e)
		if err != nil {
			a.diag.Error("archive: a damaged record is passed over; fsck tells more", "place", e.Place.String(), "error", err)
		}
		if f.change == nil {
			return nil
		}
		if batch = append(batch, f); len(batch) < applyAtOnce {
			return nil
		}
		return flush()
	})
	if err == nil {
		err = flush()
	}
	if err != nil {
		return fmt.Errorf("archive: bringing the index up to date: %w", err)
	}
	return nil
}

// empty takes everything out of the index.
func (a *Archive) empty(ctx context.Context) error {
	var all []index.Change
	for s, err := range a.index.Studies(ctx, leadglass.Ref{}) {
		if err != nil {
			return fmt.Errorf("archive: emptying the index: %w", err)
		}
		all = append(all, index.Remove{Ref: leadglass.Ref{Study: s.UID}})
	}
	if err := a.index.Apply(ctx, all, ""); err != nil {
		return fmt.Errorf("archive: emptying the index: %w", err)
	}
	return nil
}

// replay makes a change of a record. What was erased is none.
func (a *Archive) replay(e *blob.Entry) (fed, error) {
	f := fed{upTo: positionOf(e.Next, e.Sequence+1)}
	if e.Damage != nil || e.Erased {
		return f, e.Damage
	}
	switch e.Kind {
	case kindObject:
		inst, err := a.reread(e)
		if err != nil {
			return f, err
		}
		f.change = index.Add{Instance: inst}
	case kindRemove:
		c, err := decodeRemoval(e.Head)
		if err != nil {
			return f, err
		}
		f.change, f.erase = c.Remove, c.places
	case kindLabels:
		var c index.SetLabels
		if err := json.Unmarshal(e.Head, &c); err != nil {
			return f, err
		}
		f.change = c
	case kindMerge:
		var c merge
		if err := json.Unmarshal(e.Head, &c); err != nil {
			return f, err
		}
		f.change = c.change()
	}
	return f, nil
}

// reread makes an instance of a record.
func (a *Archive) reread(e *blob.Entry) (*index.Instance, error) {
	inst, err := decodeObject(e.Head)
	if err != nil {
		return nil, err
	}
	said := inst.Ref
	inst.Where, inst.Size = index.Where(e.Place.String()), e.Body
	d, err := a.headerOf(inst)
	if err != nil {
		return nil, err
	}
	if err := describe(inst, d); err != nil {
		return nil, err
	}
	if said.Instance != inst.Ref.Instance || said.Study != inst.Ref.Study {
		return nil, fmt.Errorf("archive: head and body of a record are not of the same object")
	}
	return inst, nil
}

// Err says why the index does not take changes, and so nothing is answered; nil
// where all is well. It is tried again every while.
func (a *Archive) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.broken
}
