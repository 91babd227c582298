package dicom

import (
	"bytes"
	"strings"
)

// Charset returns the character set in force: what (0008,0005) says here or,
// where it is silent, in the data set around this item (PS3.3 section C.12.1.1.2).
// Terms that nobody knows give the default repertoire and the error.
func (d *Dataset) Charset() (*Charset, error) {
	for at := d; at != nil; at = at.parent {
		if e := at.Get(tagSpecificCharacterSet); e != nil {
			return CharsetOf(split(e.Value[:min(len(e.Value), maxTermsBytes)], CS)...)
		}
	}
	return CharsetOf()
}

// String returns the first value as UTF-8 text without padding, or "".
func (d *Dataset) String(tag Tag) string {
	e := d.Get(tag)
	if e == nil || len(e.Value) == 0 {
		return ""
	}
	if !e.VR.isString() && e.VR != UN {
		return number(e.VR, e.Value)
	}
	if plain(e.Value) && (e.VR.single() || bytes.IndexByte(e.Value, '\\') < 0) {
		return string(trim(e.Value, e.VR))
	}
	values := d.text(e)
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// Strings returns all values as UTF-8 text without padding. Numbers are
// printed in decimal; an element that is empty, or no text or number, has none.
func (d *Dataset) Strings(tag Tag) []string {
	e := d.Get(tag)
	if e == nil || len(e.Value) == 0 {
		return nil
	}
	if e.VR.isString() || e.VR == UN {
		return d.text(e)
	}
	unit := numberSize(e.VR)
	if unit == 0 {
		return nil
	}
	out := make([]string, 0, len(e.Value)/unit)
	for b := e.Value; len(b) >= unit; b = b[unit:] {
		out = append(out, number(e.VR, b))
	}
	return out
}

// text splits the value of a text element. The character set comes first:
// in some, a backslash is half a character.
func (d *Dataset) text(e *Element) []string {
	if plain(e.Value) || !e.VR.IsText() && e.VR != UN {
		return split(e.Value, e.VR)
	}
	cs, err := d.Charset()
	if err != nil || cs == nil {
		return split(bytes.ToValidUTF8(e.Value, []byte("\uFFFD")), e.VR)
	}
	return split([]byte(cs.Decode(e.Value, e.VR)), e.VR)
}

// plain says that the bytes mean the same in every character set.
func plain(b []byte) bool {
	for _, c := range b {
		if c >= 0x80 || c == 0x1B {
			return false
		}
	}
	return true
}

func split(b []byte, vr VR) []string {
	if len(b) == 0 {
		return nil
	}
	if vr.single() {
		return []string{string(trim(b, vr))}
	}
	out := make([]string, 0, 1+bytes.Count(b, []byte{'\\'}))
	for {
		value, rest, more := bytes.Cut(b, []byte{'\\'})
		out = append(out, string(trim(value, vr)))
		if b = rest; !more {
			return out
		}
	}
}

// trim takes off the padding: spaces at the end, those in front where the VR
// says that they mean nothing (PS3.5 table 6.2-1), and the zero byte, which
// belongs to UI but is met everywhere.
func trim(b []byte, vr VR) []byte {
	b = bytes.TrimRight(b, " \x00")
	switch vr {
	case AE, AS, CS, DA, DS, IS, LO, SH, TM, UI:
		b = bytes.TrimLeft(b, " ")
	}
	return b
}

// UID returns the first value of an element of VR UI.
func (d *Dataset) UID(tag Tag) UID { return UID(d.String(tag)) }

// SetString sets a text element with the dictionary's VR, values joined by
// backslash, padded to even length (PS3.5 section 6.2). With no value the
// element is empty, as a return key of a query is. Characters that the
// character set in force lacks become question marks: set (0008,0005) first.
func (d *Dataset) SetString(tag Tag, values ...string) {
	vr := vrOf(tag, false)
	b := d.encodeText(strings.Join(values, `\`), vr)
	if len(b)%2 == 1 {
		b = append(b, vr.padding())
	}
	d.Set(Element{Tag: tag, VR: vr, Value: b})
}

func (d *Dataset) encodeText(s string, vr VR) []byte {
	if plain([]byte(s)) {
		return []byte(s)
	}
	cs, err := d.Charset()
	if err == nil && cs != nil {
		if b, err := cs.Encode(s, vr); err == nil {
			return b
		}
	}
	return questionMarks(cs, s, vr)
}

// questionMarks encodes what can be encoded.
func questionMarks(cs *Charset, s string, vr VR) []byte {
	var ok strings.Builder
	for _, r := range s {
		if r >= 0x80 {
			if cs == nil {
				r = '?'
			} else if _, err := cs.Encode(string(r), vr); err != nil {
				r = '?'
			}
		}
		ok.WriteRune(r)
	}
	if cs == nil {
		return []byte(ok.String())
	}
	b, err := cs.Encode(ok.String(), vr)
	if err != nil {
		return questionMarks(nil, s, vr)
	}
	return b
}
