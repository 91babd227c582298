package dicom

import (
	"bytes"
	"encoding/binary"
	"math"
	"strconv"
)

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
	case UV:
		return float64(binary.LittleEndian.Uint64(b))
	}
	return float64(integer(vr, b))
}

// intOf reads one value: of IS and DS the text, of others the first bytes.
func intOf(vr VR, b []byte) (int64, bool) {
	switch vr {
	case IS, DS, FL, FD:
		f, ok := floatOf(vr, b)
		return int64(f), ok && f == math.Trunc(f) && math.Abs(f) <= 1<<53
	}
	n := integer(vr, b)
	return n, vr != UV || n >= 0
}

func floatOf(vr VR, b []byte) (float64, bool) {
	if vr == IS || vr == DS {
		f, err := strconv.ParseFloat(string(b), 64)
		return f, err == nil
	}
	return real64(vr, b), true
}

// Int returns the first value of a numeric or IS element. A DS that is a whole
// number will do, a UV past the range of int64 will not.
func (d *Dataset) Int(tag Tag) (int64, bool) { return first(numbers(d, tag, 1, intOf)) }

// Ints returns all values as Int does, or nil where one is no integer.
func (d *Dataset) Ints(tag Tag) []int64 { return numbers(d, tag, math.MaxInt, intOf) }

// Float returns the first value of a numeric, DS or IS element.
func (d *Dataset) Float(tag Tag) (float64, bool) { return first(numbers(d, tag, 1, floatOf)) }

// Floats returns all values as Float does, or nil where one is no number.
func (d *Dataset) Floats(tag Tag) []float64 { return numbers(d, tag, math.MaxInt, floatOf) }

func first[T any](all []T) (T, bool) {
	if len(all) == 0 {
		var none T
		return none, false
	}
	return all[0], true
}

// numbers reads the first values of an element, or none where one is wrong.
func numbers[T any](d *Dataset, tag Tag, most int, read func(VR, []byte) (T, bool)) []T {
	e := d.Get(tag)
	if e == nil {
		return nil
	}
	var out []T
	for b := e.Value; len(b) > 0 && len(out) < most; {
		value, rest, ok := nextNumber(e.VR, b)
		if !ok {
			break
		}
		n, ok := read(e.VR, value)
		if !ok {
			return nil
		}
		out, b = append(out, n), rest
	}
	return out
}

// nextNumber cuts the first value off, if there is a whole one.
func nextNumber(vr VR, b []byte) (value, rest []byte, ok bool) {
	if vr == IS || vr == DS {
		value, rest, _ = bytes.Cut(b, []byte{'\\'})
		return trim(value, vr), rest, true
	}
	if n := numberSize(vr); n > 0 && len(b) >= n {
		return b[:n], b[n:], true
	}
	return nil, nil, false
}
