package dicom

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// Charset returns the character set in force: what (0008,0005) says here or,
// where it is silent, in the data set around this item (PS3.3 section C.12.1.1.2).
// Terms that nobody knows give the default repertoire and the error.
func (d *Dataset) Charset() (*Charset, error) {
	for at := d; at != nil; at = at.parent {
		if e := at.Get(tagSpecificCharacterSet); e != nil {
			return CharsetOf(split(e.Value, CS)...)
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

// numberSize returns the bytes of one number, 0 for a VR that holds none.
func numberSize(vr VR) int {
	switch vr {
	case AT:
		return 4
	case OB, OD, OF, OL, OV, OW:
		return 0
	}
	if unit := vr.unit(); unit > 1 {
		return unit
	}
	return 0
}

// number prints the first number of a binary value.
func number(vr VR, b []byte) string {
	if n := numberSize(vr); n == 0 || len(b) < n {
		return ""
	}
	switch vr {
	case AT:
		return tagOf(b, false).String()
	case FL:
		return strconv.FormatFloat(real64(vr, b), 'g', -1, 32)
	case FD:
		return strconv.FormatFloat(real64(vr, b), 'g', -1, 64)
	case UV:
		return strconv.FormatUint(binary.LittleEndian.Uint64(b), 10)
	}
	return strconv.FormatInt(integer(vr, b), 10)
}

// integer reads the first number; b is long enough.
func integer(vr VR, b []byte) int64 {
	switch vr {
	case US:
		return int64(binary.LittleEndian.Uint16(b))
	case SS:
		return int64(int16(binary.LittleEndian.Uint16(b)))
	case UL:
		return int64(binary.LittleEndian.Uint32(b))
	case SL:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case AT:
		return int64(tagOf(b, false))
	}
	return int64(binary.LittleEndian.Uint64(b))
}

func real64(vr VR, b []byte) float64 {
	switch vr {
	case FL:
		return float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	case FD:
		return math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	return float64(integer(vr, b))
}

// Int returns the first value of a numeric or IS element. A DS that is a whole
// number will do, a UV past the range of int64 will not.
func (d *Dataset) Int(tag Tag) (int64, bool) {
	all := d.ints(tag, 1)
	if len(all) == 0 {
		return 0, false
	}
	return all[0], true
}

// Ints returns all values as Int does, or nil where one is no integer.
func (d *Dataset) Ints(tag Tag) []int64 { return d.ints(tag, math.MaxInt) }

func (d *Dataset) ints(tag Tag, most int) []int64 {
	var out []int64
	ok := d.eachNumber(tag, most, func(vr VR, b []byte) bool {
		n := int64(0)
		switch {
		case vr == IS || vr == DS:
			f, err := strconv.ParseFloat(string(b), 64)
			n = int64(f)
			if err != nil || f != math.Trunc(f) || math.Abs(f) > 1<<53 {
				return false
			}
		case vr == FL || vr == FD:
			f := real64(vr, b)
			n = int64(f)
			if f != math.Trunc(f) || math.Abs(f) > 1<<53 {
				return false
			}
		default:
			n = integer(vr, b)
			if vr == UV && n < 0 {
				return false
			}
		}
		out = append(out, n)
		return true
	})
	if !ok {
		return nil
	}
	return out
}

// Float returns the first value of a numeric, DS or IS element.
func (d *Dataset) Float(tag Tag) (float64, bool) {
	all := d.floats(tag, 1)
	if len(all) == 0 {
		return 0, false
	}
	return all[0], true
}

// Floats returns all values as Float does, or nil where one is no number.
func (d *Dataset) Floats(tag Tag) []float64 { return d.floats(tag, math.MaxInt) }

func (d *Dataset) floats(tag Tag, most int) []float64 {
	var out []float64
	ok := d.eachNumber(tag, most, func(vr VR, b []byte) bool {
		f := 0.0
		if vr == IS || vr == DS {
			var err error
			if f, err = strconv.ParseFloat(string(b), 64); err != nil {
				return false
			}
		} else {
			f = real64(vr, b)
		}
		out = append(out, f)
		return true
	})
	if !ok {
		return nil
	}
	return out
}

// eachNumber shows the first numbers of an element, those of IS and DS as text
// without padding.
func (d *Dataset) eachNumber(tag Tag, most int, show func(VR, []byte) bool) bool {
	e := d.Get(tag)
	if e == nil {
		return false
	}
	b := e.Value
	if e.VR == IS || e.VR == DS {
		for more := len(b) > 0; more && most > 0; most-- {
			var value []byte
			value, b, more = bytes.Cut(b, []byte{'\\'})
			if !show(e.VR, trim(value, e.VR)) {
				return false
			}
		}
		return true
	}
	for n := numberSize(e.VR); n > 0 && len(b) >= n && most > 0; most-- {
		if !show(e.VR, b) {
			return false
		}
		b = b[n:]
	}
	return true
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
