package guard

import (
	"context"

	"github.com/leadglass/leadglass"
)

// Commitment is the answer to one reference of a storage commitment request.
type Commitment struct {
	Ref leadglass.Ref
	// Object is the instance that is kept, nil where there is none that the peer
	// may know of.
	Object *leadglass.Object
}

// Commit tells which instances of rq.Refs are kept (PS3.4 annex J). The answer is
// recorded before it is given: that an instance is there tells something.
func (g *Guard) Commit(ctx context.Context, rq *leadglass.Request) ([]Commitment, error) {
	rq, began := g.own(rq), g.c.Now()
	rq.Verb = leadglass.Commit
	may := g.decides(rq)
	if _, err := g.ask(ctx, rq, may); err != nil {
		return nil, err
	}
	if err := g.names(rq); err != nil {
		return nil, err
	}
	k := &keeping{g: g, rq: rq, decide: may}
	kept := make([]Commitment, len(rq.Refs))
	for i, ref := range rq.Refs {
		kept[i].Ref = ref
		var err error
		if kept[i].Object, err = k.look(ctx, ref); err != nil {
			return nil, err
		}
	}
	if err := g.record(ctx, k.records()...); err != nil {
		return nil, err
	}
	if len(k.shares) == 0 {
		g.settle(ctx, began)
	}
	return kept, nil
}

// keeping is what is found out about the instances of a commitment.
type keeping struct {
	g       *Guard
	rq      *leadglass.Request
	decide  decide
	shares  shares
	refused []leadglass.Ref
	because leadglass.Decision // of the first that was refused
}

// look is one instance, nil if there is none that the peer may know of.
func (k *keeping) look(ctx context.Context, ref leadglass.Ref) (*leadglass.Object, error) {
	study := &leadglass.Study{UID: ref.Study}
	var found *leadglass.Object
	if ref.Instance != "" {
		for o, err := range k.g.c.Archive.Objects(ctx, ref) {
			if err != nil {
				return nil, err
			}
			if found, study = o, o.Study; study == nil {
				study = &leadglass.Study{UID: o.Ref.Study, Patient: o.Ref.Patient}
			}
			break
		}
	}
	d := k.decide(study)
	if found == nil || d.Effect != leadglass.Permit {
		if len(k.refused) == 0 {
			k.because = d
		}
		k.refused = append(k.refused, ref)
		return nil, nil
	}
	s := k.shares.of(study)
	s.add(study, d)
	s.refs = append(s.refs, ref)
	s.total++
	s.class(found.Class)
	return found, nil
}

func (k *keeping) records() []*leadglass.Record {
	var records []*leadglass.Record
	for _, s := range k.shares {
		r := s.record(k.rq)
		r.Instances, r.Classes = s.total, s.classes
		records = append(records, r)
	}
	if len(k.refused) > 0 {
		records = append(records, refusal(k.rq, k.because, k.refused))
	}
	return records
}
