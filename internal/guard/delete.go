package guard

import (
	"context"

	"github.com/leadglass/leadglass"
)

// Delete deletes what rq.Refs names, after it is recorded, and returns how many
// instances.
func (g *Guard) Delete(ctx context.Context, rq *leadglass.Request) (int, error) {
	rq, began := g.own(rq), g.c.Now()
	rq.Verb = leadglass.Delete
	t, err := g.gather(ctx, rq)
	if err != nil {
		return 0, err
	}
	records := t.deletions()
	if len(t.refused) > 0 {
		records = append(records, t.refusal())
	}
	if err := g.record(ctx, records...); err != nil {
		return 0, err
	}
	if len(t.shares) == 0 {
		return 0, g.nothing(ctx, began)
	}
	return t.remove(ctx)
}

func (t *Transfer) deletions() []*leadglass.Record {
	var records []*leadglass.Record
	for _, s := range t.shares {
		r := s.record(t.rq)
		r.Instances, r.Bytes = s.total, s.most
		records = append(records, r)
	}
	return records
}

// remove deletes part by part. Where that fails, what is recorded as deleted is
// recorded as failed once more.
func (t *Transfer) remove(ctx context.Context) (int, error) {
	n := 0
	for _, ref := range t.parts {
		removed, err := t.g.c.Archive.Delete(ctx, ref)
		n += removed
		if err == nil {
			continue
		}
		r := t.shareOf[ref.Study].record(t.rq)
		r.Time, r.Outcome, r.Instances = t.g.c.Now().UTC(), leadglass.SeriousError, n
		if failed := t.g.recordAnyway(ctx, r); failed != nil {
			return n, failed
		}
		return n, err
	}
	return n, nil
}
