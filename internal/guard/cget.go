package guard

import (
	"context"
	"crypto/rand"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// Retrieve decides about rq.Refs, for one of the verbs Describe, View, Get and
// Move, and records that the transfer begins. Nothing that may be had is
// NotFound, whatever the reason.
func (g *Guard) Retrieve(ctx context.Context, rq *leadglass.Request) (*Transfer, error) {
	switch rq.Verb {
	case leadglass.Describe, leadglass.View, leadglass.Get, leadglass.Move:
	default:
		return nil, invalid(errVerb)
	}
	rq, began := g.own(rq), g.c.Now()
	t, err := g.gather(ctx, rq)
	if err != nil {
		return nil, err
	}
	records := t.begin()
	if len(t.refused) > 0 {
		records = append(records, t.refusal())
	}
	if err := g.record(ctx, records...); err != nil {
		return nil, err
	}
	if len(t.shares) == 0 {
		return nil, g.nothing(ctx, began)
	}
	return t, nil
}

// gather decides about the request and looks up what of it the peer may have.
func (g *Guard) gather(ctx context.Context, rq *leadglass.Request) (*Transfer, error) {
	may := g.decides(rq)
	if _, err := g.ask(ctx, rq, may); err != nil {
		return nil, err
	}
	if err := g.names(rq); err != nil {
		return nil, err
	}
	t := &Transfer{g: g, rq: rq, decide: may, shareOf: map[dicom.UID]*share{}, once: len(rq.Refs) == 1 && rq.Refs[0].Instance != ""}
	seen := make(map[leadglass.Ref]bool, len(rq.Refs))
	for _, ref := range rq.Refs {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		if err := t.gather(ctx, ref); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// names says whether a request names something, and not too much.
func (g *Guard) names(rq *leadglass.Request) error {
	switch {
	case len(rq.Refs) == 0:
		return invalid(errRefs)
	case len(rq.Refs) > g.lim.Refs:
		return &leadglass.Error{Code: leadglass.Limited, Err: errTooMany}
	}
	return nil
}

// refused is a reference of which nothing may be had.
type refused struct {
	ref      leadglass.Ref
	decision leadglass.Decision
	study    *leadglass.Study // that is hidden, nil where there is none
}

// gather looks up one reference.
func (t *Transfer) gather(ctx context.Context, ref leadglass.Ref) error {
	had, no := false, refused{ref: ref}
	for study, err := range t.g.c.Archive.Studies(ctx, ref) {
		if err != nil {
			return err
		}
		d := t.decide(study)
		if d.Effect != leadglass.Permit {
			no.decision, no.study = d, study
			continue
		}
		some, err := t.take(ctx, ref, study, d)
		if err != nil {
			return err
		}
		had = had || some
	}
	switch {
	case had:
		return nil
	case no.study == nil:
		// One decision as well, so that it takes as long as for one that is hidden.
		no.decision = t.decide(&leadglass.Study{UID: ref.Study, Patient: ref.Patient})
	}
	t.refused = append(t.refused, no)
	return nil
}

// take adds what a reference names of a study that is permitted; it says whether
// there is anything.
func (t *Transfer) take(ctx context.Context, ref leadglass.Ref, study *leadglass.Study, d leadglass.Decision) (bool, error) {
	ref.Study = study.UID
	total, most := study.Instances, study.Bytes
	if ref.Series != "" || ref.Instance != "" || total == 0 {
		var err error
		if total, most, err = t.size(ctx, ref); err != nil || total == 0 {
			return false, err
		}
	}
	s := t.shares.of(study)
	if s.transfer == "" {
		s.transfer = rand.Text()
	}
	s.add(study, d)
	s.refs = append(s.refs, ref)
	s.total += total
	s.most += most
	t.total += total
	t.parts = append(t.parts, ref)
	t.shareOf[study.UID] = s
	return true, nil
}

// size counts what a reference names. What is asked for as one instance is kept.
func (t *Transfer) size(ctx context.Context, ref leadglass.Ref) (total int, most int64, err error) {
	for o, err := range t.g.c.Archive.Objects(ctx, ref) {
		if err != nil {
			return 0, 0, err
		}
		if o.Ref.Study != ref.Study {
			continue
		}
		total++
		most += o.Size
		if t.once {
			t.only = append(t.only, o)
		}
	}
	return total, most, nil
}

// begin is the records before a transfer: that it begins or, where no end will
// follow, the most that it can be.
func (t *Transfer) begin() []*leadglass.Record {
	var records []*leadglass.Record
	for _, s := range t.shares {
		r := s.record(t.rq)
		if t.accessed() {
			r.Event, r.Type, r.Action = leadglass.InstancesAccessed, leadglass.NoType, leadglass.ReadIt
			r.Transfer, r.Instances, r.Bytes = "", s.total, s.most
			for _, o := range t.only {
				s.class(o.Class)
			}
			r.Classes = s.classes
		}
		records = append(records, r)
	}
	return records
}

// accessed says whether one record is enough: for what is looked at, and for one
// instance. It is recorded as if all of it were released.
func (t *Transfer) accessed() bool {
	return t.rq.Verb == leadglass.Describe || t.rq.Verb == leadglass.View || t.rq.Verb == leadglass.Get && t.once
}

// refusal is one record, however much was refused. Where that is one study, the
// record has what the decision depended on, so that it can be made again.
func (t *Transfer) refusal() *leadglass.Record {
	refs := make([]leadglass.Ref, len(t.refused))
	for i, no := range t.refused {
		refs[i] = no.ref
	}
	r := refusal(t.rq, t.refused[0].decision, refs)
	if study := t.refused[0].study; study != nil && len(t.refused) == 1 {
		describe(r, study)
	}
	return r
}
