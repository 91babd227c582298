package archive

import (
	"context"
	"encoding/json"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/index"
)

// Delete removes what a reference names. When it returns nil the removal is
// durable and the bytes are gone. A reference that names nothing removes nothing, and an
// empty one is refused: nobody means everything.
func (a *Archive) Delete(ctx context.Context, ref leadglass.Ref) (int, error) {
	if ref == (leadglass.Ref{}) {
		return 0, leadglass.Errorf(leadglass.Invalid, "archive: deleting: the reference is empty")
	}
	n, err := a.remove(ctx, ref)
	if err == nil {
		err = a.wait(ctx)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err == nil && len(a.unerased) > 0 {
		return n, leadglass.Errorf(leadglass.Unavailable, "archive: deleting: removed, and bytes could not be erased yet")
	}
	return n, err
}

// remove appends the removals, study by study, while nothing is being stored.
func (a *Archive) remove(ctx context.Context, ref leadglass.Ref) (int, error) {
	a.change.Lock()
	defer a.change.Unlock()
	if err := a.wait(ctx); err != nil {
		return 0, err
	}
	defer a.forgetAll()
	studies := map[dicom.UID][]blob.Place{}
	var order []dicom.UID
	n := 0
	for inst, err := range a.index.Objects(ctx, ref) {
		if err != nil {
			return 0, leadglass.Errorf(leadglass.Unavailable, "archive: deleting: %w", err)
		}
		p, err := blob.ParsePlace(string(inst.Where))
		if err != nil {
			return 0, leadglass.Errorf(leadglass.Internal, "archive: deleting: %w", err)
		}
		if studies[inst.Ref.Study] == nil {
			order = append(order, inst.Ref.Study)
		}
		studies[inst.Ref.Study] = append(studies[inst.Ref.Study], p)
		n++
	}
	for _, uid := range order {
		c := erasing{index.Remove{Ref: leadglass.Ref{Study: uid, Series: ref.Series, Instance: ref.Instance}}, studies[uid]}
		if err := a.append(ctx, &blob.Record{Kind: kindRemove, Head: c.head(), Tag: c}); err != nil {
			return 0, err
		}
	}
	return n, nil
}

func (c erasing) head() []byte {
	r := removal{Study: string(c.Ref.Study), Series: string(c.Ref.Series), Instance: string(c.Ref.Instance)}
	for _, p := range c.places {
		r.Places = append(r.Places, p.String())
	}
	return encode(r)
}

func decodeRemoval(head []byte) (erasing, error) {
	var r removal
	if err := json.Unmarshal(head, &r); err != nil {
		return erasing{}, err
	}
	c := erasing{Remove: index.Remove{Ref: leadglass.Ref{Study: dicom.UID(r.Study), Series: dicom.UID(r.Series), Instance: dicom.UID(r.Instance)}}}
	for _, s := range r.Places {
		p, err := blob.ParsePlace(s)
		if err != nil {
			return erasing{}, err
		}
		c.places = append(c.places, p)
	}
	return c, nil
}

// merge is the head of a record that merges patients. Identifiers of patients
// redact themselves, so they stand here as text.
type merge struct {
	From string `json:"from"`
	Into string `json:"into"`
}

func (m merge) change() index.MergePatient {
	return index.MergePatient{From: dicom.PatientID(m.From), Into: dicom.PatientID(m.Into)}
}

// MergePatient moves the studies of one patient to another (HL7 A40).
func (a *Archive) MergePatient(ctx context.Context, from, into dicom.PatientID) error {
	if from == "" || into == "" || from == into {
		return leadglass.Errorf(leadglass.Invalid, "archive: merging: two patients are needed")
	}
	m := merge{from.DICOM(), into.DICOM()}
	return a.note(ctx, &blob.Record{Kind: kindMerge, Head: encode(m), Tag: m.change()})
}

// SetLabels replaces the labels of a study.
func (a *Archive) SetLabels(ctx context.Context, study dicom.UID, labels []string) error {
	if !isUID(study) {
		return leadglass.Errorf(leadglass.Invalid, "archive: labelling: no study is named")
	}
	c := index.SetLabels{Study: study, Labels: labels}
	return a.note(ctx, &blob.Record{Kind: kindLabels, Head: encode(c), Tag: c})
}

// note appends a change that has no body.
func (a *Archive) note(ctx context.Context, r *blob.Record) error {
	a.change.Lock()
	defer a.change.Unlock()
	defer a.forgetAll()
	if err := a.append(ctx, r); err != nil {
		return err
	}
	return a.wait(ctx)
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("archive: " + err.Error()) // strings only
	}
	return b
}
