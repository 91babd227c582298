package index

import (
	"bytes"
	"slices"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// keepDepth is how deep sequences are kept: the request attributes of a series
// have codes of codes; deeper ones nobody asks for (PS3.18 table 10.6.3-4).
const keepDepth = 4

// keeper takes from a header what is kept of one level.
type keeper struct {
	lim      Limits
	header   *dicom.Dataset
	elements []dicom.Element
	left     int  // bytes that may still be kept
	foreign  bool // there is text that is not ASCII
	charset  *dicom.Charset
}

// keep encodes what is kept of a level: explicit VR little endian, text in UTF-8
// with (0008,0005) saying so if there is any that is not ASCII. Empty values
// are left out, and so are those past a limit. own says what stands for a tag
// whatever the header has.
func (s *schema) keep(h *dicom.Dataset, level leadglass.Level, lim Limits, own func(dicom.Tag) string) []byte {
	k := keeper{lim: lim, header: h, left: lim.LevelBytes, elements: make([]dicom.Element, 0, len(s.kept[level])+1)}
	for _, tag := range s.kept[level] {
		if v := own(tag); v != "" {
			k.own(tag, v)
			continue
		}
		if e := h.Get(tag); e != nil {
			if kept, ok := k.element(h, e, 0); ok {
				k.elements = append(k.elements, kept)
			}
		}
	}
	if k.foreign {
		k.elements = slices.Insert(k.elements, 0, utf8Set())
	}
	b, err := dicom.Append([]byte{}, &dicom.Dataset{Elements: k.elements}, dicom.ExplicitVRLittleEndian)
	if err != nil {
		return []byte{}
	}
	return b
}

func utf8Set() dicom.Element {
	return dicom.Element{Tag: dict.SpecificCharacterSet, VR: dicom.CS, Value: []byte("ISO_IR 192")}
}

func (k *keeper) own(tag dicom.Tag, v string) {
	if len(v) > k.lim.ValueBytes {
		return
	}
	k.foreign = k.foreign || !ascii(v)
	k.elements = append(k.elements, dicom.Element{Tag: tag, VR: vrOf(tag), Value: []byte(v)})
}

func (k *keeper) element(d *dicom.Dataset, e *dicom.Element, depth int) (dicom.Element, bool) {
	if e.Tag.IsGroupLength() || e.Fragments != nil {
		return dicom.Element{}, false
	}
	if len(e.Items) > 0 {
		return k.sequence(e, depth)
	}
	if e.VR == dicom.SQ || len(e.Value) == 0 || len(e.Value) > k.lim.ValueBytes {
		return dicom.Element{}, false
	}
	if k.left -= len(e.Value); k.left < 0 {
		return dicom.Element{}, false
	}
	kept := dicom.Element{Tag: e.Tag, VR: e.VR, Value: e.Value}
	if (e.VR.IsText() || e.VR == dicom.UN) && !plain(e.Value) {
		kept.Value = k.recoded(d, e)
		k.foreign = true
	}
	return kept, true
}

// recoded is a text in UTF-8.
func (k *keeper) recoded(d *dicom.Dataset, e *dicom.Element) []byte {
	vr := e.VR
	if vr == dicom.UN {
		vr = vrOf(e.Tag)
	}
	cs := k.charset
	if d != k.header || cs == nil {
		cs, _ = d.Charset() // of terms that nobody knows: what is left of them
		if d == k.header {
			k.charset = cs
		}
	}
	return []byte(cs.Decode(e.Value, vr))
}

func (k *keeper) sequence(e *dicom.Element, depth int) (dicom.Element, bool) {
	kept := dicom.Element{Tag: e.Tag, VR: dicom.SQ}
	if depth >= keepDepth {
		return kept, false
	}
	for _, item := range e.Items {
		if item == nil {
			continue
		}
		if k.left -= 8; k.left < 0 {
			break
		}
		made := &dicom.Dataset{Elements: make([]dicom.Element, 0, len(item.Elements))}
		for i := range item.Elements {
			if item.Elements[i].Tag == dict.SpecificCharacterSet {
				continue
			}
			if sub, ok := k.element(item, &item.Elements[i], depth+1); ok {
				k.left -= 8
				made.Elements = append(made.Elements, sub)
			}
		}
		kept.Items = append(kept.Items, made)
	}
	return kept, len(kept.Items) > 0
}

// plain says that bytes mean the same in every character set: no byte above 7FH
// and no escape sequence.
func plain(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c == 0x1B {
			return false
		}
	}
	return true
}

// text is the first value of an attribute as it may stand in a column, no longer
// than what is kept.
func text(h *dicom.Dataset, tag dicom.Tag, lim Limits) string {
	e := h.Get(tag)
	if e == nil || len(e.Value) > lim.ValueBytes {
		return ""
	}
	return clean(h.String(tag))
}

// foldedName is the patient's name as the database compares it.
func foldedName(h *dicom.Dataset, lim Limits) string {
	return strings.Join(groups(text(h, dict.PatientName, lim)), "=")
}

// nameWords are the words that a name is found by, each once.
func nameWords(folded string, lim Limits) []string {
	all := words(folded)
	slices.Sort(all)
	all = slices.Compact(all)
	return all[:min(len(all), lim.Words)]
}

// nonASCII says whether an element has text that needs a character set.
func nonASCII(e *dicom.Element) bool {
	if len(e.Items) == 0 {
		return e.VR.IsText() && bytes.ContainsFunc(e.Value, func(r rune) bool { return r >= 0x80 })
	}
	for _, item := range e.Items {
		for i := range item.Elements {
			if nonASCII(&item.Elements[i]) {
				return true
			}
		}
	}
	return false
}
