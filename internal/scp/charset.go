package scp

import (
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// target is a character set to write in, with its terms for (0008,0005).
type target struct {
	charset *dicom.Charset
	terms   []string
}

func utf8Set() target {
	const term = "ISO_IR 192"
	cs, _ := dicom.CharsetOf(term) // a term that package dicom knows
	return target{cs, []string{term}}
}

// fits reports whether a character set can hold all text of a data set.
func fits(d *dicom.Dataset, cs *dicom.Charset) bool {
	from, err := d.Charset()
	if err != nil {
		return false
	}
	for i := range d.Elements {
		e := &d.Elements[i]
		for _, item := range e.Items {
			if !fits(item, cs) {
				return false
			}
		}
		if e.VR.IsText() {
			if _, err := cs.Encode(from.Decode(e.Value, e.VR), e.VR); err != nil {
				return false
			}
		}
	}
	return true
}

// recoded is a copy of a data set with its text in another character set.
// (0008,0005) stands in it where there is text that needs it.
func recoded(d *dicom.Dataset, to target) *dicom.Dataset {
	out, needed := recode(d, to)
	out.Delete(dict.SpecificCharacterSet)
	if needed && len(to.terms) > 0 {
		out.SetString(dict.SpecificCharacterSet, to.terms...)
	}
	return out
}

func recode(d *dicom.Dataset, to target) (out *dicom.Dataset, needed bool) {
	from, err := d.Charset()
	if err != nil {
		from = nil
	}
	out = &dicom.Dataset{Elements: make([]dicom.Element, 0, len(d.Elements)+4)}
	for _, e := range d.Elements {
		switch {
		case len(e.Items) > 0:
			items := make([]*dicom.Dataset, len(e.Items))
			for i, item := range e.Items {
				var its bool
				items[i], its = recode(item, to)
				items[i].Delete(dict.SpecificCharacterSet)
				needed = needed || its
			}
			out.Set(dicom.Element{Tag: e.Tag, VR: e.VR, Items: items}) // makes out their parent
			continue
		case e.VR.IsText() && !ascii(e.Value):
			if b, err := to.charset.Encode(from.Decode(e.Value, e.VR), e.VR); err == nil {
				e.Value, needed = padded(b), true
			}
		}
		out.Elements = append(out.Elements, e)
	}
	return out, needed
}

func padded(b []byte) []byte {
	if len(b)%2 == 1 {
		b = append(b, ' ')
	}
	return b
}

// ascii says that bytes mean the same in every character set.
func ascii(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c == 0x1B {
			return false
		}
	}
	return true
}
