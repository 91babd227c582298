package guard

import (
	"context"
	"crypto/rand"
	"sync"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// Store decides whether the peer may store and records that it begins: once for
// an association or request, before its first object.
func (g *Guard) Store(ctx context.Context, rq *leadglass.Request) (*Intake, error) {
	rq = g.own(rq)
	rq.Verb = leadglass.Store
	d, err := g.ask(ctx, rq, g.decides(rq))
	if err != nil {
		return nil, err
	}
	i := &Intake{g: g, rq: rq, decision: d, transfer: rand.Text(), shares: map[dicom.UID]*share{}}
	begin := permission(rq, d)
	begin.Transfer = i.transfer
	if err := g.record(ctx, begin); err != nil {
		return nil, err
	}
	return i, nil
}

// Intake takes objects of one association, request or import. Put may be called by
// several goroutines. End must be called, after them.
//
// An object that is refused tells nothing but that it is refused. One that is
// there already, or whose UID is, is said to be: who sends it knows its UID, and
// PS3.4 annex B has the sender told what became of it.
type Intake struct {
	g        *Guard
	rq       *leadglass.Request
	decision leadglass.Decision
	transfer string

	mu       sync.Mutex           // covers what follows
	shares   map[dicom.UID]*share // by study, of which no end is recorded yet
	failed   int                  // likewise
	recorded bool                 // an end was
}

// Put stores one object.
func (i *Intake) Put(ctx context.Context, in *leadglass.Incoming) (*leadglass.Stored, error) {
	if err := i.room(ctx); err != nil {
		return nil, err
	}
	st, err := i.g.c.Archive.Store(ctx, in)
	i.mu.Lock()
	defer i.mu.Unlock()
	if err != nil {
		i.failed++
		return nil, err
	}
	i.note(st)
	return st, nil
}

// room records the ends of what was stored where it is of too many studies.
func (i *Intake) room(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if len(i.shares) < i.g.lim.Studies {
		return nil
	}
	return i.flush(ctx)
}

func (i *Intake) note(st *leadglass.Stored) {
	s := i.shares[st.Ref.Study]
	if s == nil {
		study := st.Study
		if study == nil {
			study = &leadglass.Study{UID: st.Ref.Study, Patient: st.Ref.Patient}
		}
		s = &share{patient: patient{study.Patient, study.Issuer}, transfer: i.transfer}
		s.add(study, i.decision)
		i.shares[st.Ref.Study] = s
	}
	s.total++
	s.sent++
	s.bytes += st.Size
	s.class(st.Class)
}

// End records what was stored, study by study, even if ctx is done. Where the
// record fails it may be called again.
func (i *Intake) End(ctx context.Context) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.recorded && len(i.shares) == 0 && i.failed == 0 {
		return nil
	}
	return i.flush(ctx)
}

// flush records the ends of what was stored so far; mu is held.
func (i *Intake) flush(ctx context.Context) error {
	var records []*leadglass.Record
	for _, s := range i.shares {
		r := s.end(i.g, i.rq)
		r.Action = leadglass.Create
		records = append(records, r)
	}
	if i.failed > 0 || len(records) == 0 && !i.recorded {
		records = append(records, i.rest())
	}
	if err := i.g.recordAnyway(ctx, records...); err != nil {
		return err
	}
	clear(i.shares)
	i.failed, i.recorded = 0, true
	return nil
}

// rest is the record of what was not stored, of which nobody knows whose it is.
func (i *Intake) rest() *leadglass.Record {
	r := of(i.rq, i.decision)
	r.Time = i.g.c.Now().UTC()
	r.Event, r.Action, r.Transfer = leadglass.InstancesTransferred, leadglass.Create, i.transfer
	if r.Times = i.failed; i.failed > 0 {
		r.Outcome = leadglass.MinorFailure
	}
	return r
}
