package index

import (
	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// answer is the data set of a row: what was asked for and is kept or made, empty
// where this row has no value (PS3.4 section C.2.2.1.3), and nothing that is
// unknown. The unique keys of the level and of those above are always there.
// Text is UTF-8, with ISO_IR 192 if there is any that is not ASCII.
func (r *row) answer(s *schema, p *plan) (*dicom.Dataset, error) {
	d := &dicom.Dataset{Elements: make([]dicom.Element, 0, len(p.asked)+8)}
	if p.all {
		if err := r.everything(s, p, d); err != nil {
			return nil, err
		}
	}
	for i := range p.asked {
		if err := r.one(d, &p.asked[i], p.all); err != nil {
			return nil, err
		}
	}
	for l := leadglass.PatientLevel; l <= p.level; l++ {
		r.unique(d, l)
	}
	for i := range d.Elements {
		if nonASCII(&d.Elements[i]) {
			d.Set(utf8Set())
			break
		}
	}
	return d, nil
}

// everything is all that is kept of the level and of those above, where it has a
// value.
func (r *row) everything(s *schema, p *plan, d *dicom.Dataset) error {
	for l := leadglass.PatientLevel; l <= p.level; l++ {
		have, err := r.set(l)
		if err != nil {
			return err
		}
		for _, e := range have.Elements {
			d.Set(e)
		}
		for _, tag := range s.made[l] {
			setValues(d, attribute{tag: tag, vr: vrOf(tag)}, r.made(attribute{tag: tag}))
		}
	}
	return nil
}

func (r *row) one(d *dicom.Dataset, a *asked, all bool) error {
	if a.attribute.made {
		setValues(d, a.attribute, r.made(a.attribute))
		return nil
	}
	have, err := r.set(a.level)
	if err != nil {
		return err
	}
	switch e := have.Get(a.tag); {
	case e == nil:
		d.Set(dicom.Element{Tag: a.tag, VR: a.vr})
	case a.item != nil && len(e.Items) > 0 && !all:
		d.Set(narrowed(e, a.item))
	default:
		d.Set(*e)
	}
	return nil
}

// narrowed is a sequence with those attributes of its items that were asked for.
func narrowed(e *dicom.Element, asked *dicom.Dataset) dicom.Element {
	out := dicom.Element{Tag: e.Tag, VR: dicom.SQ}
	for _, item := range e.Items {
		made := &dicom.Dataset{}
		for i := range asked.Elements {
			want := &asked.Elements[i]
			switch have := item.Get(want.Tag); {
			case have == nil:
			case len(have.Items) > 0 && len(want.Items) > 0 && len(want.Items[0].Elements) > 0:
				made.Set(narrowed(have, want.Items[0]))
			default:
				made.Set(*have)
			}
		}
		out.Items = append(out.Items, made)
	}
	return out
}

func setValues(d *dicom.Dataset, a attribute, values []string) {
	n := 0
	for _, v := range values {
		n += len(v) + 1
	}
	b := make([]byte, 0, n+1)
	for i, v := range values {
		if i > 0 {
			b = append(b, '\\')
		}
		b = append(b, v...)
	}
	if len(b)%2 == 1 {
		pad := byte(' ')
		if a.vr == dicom.UI {
			pad = 0
		}
		b = append(b, pad)
	}
	d.Set(dicom.Element{Tag: a.tag, VR: a.vr, Value: b})
}
