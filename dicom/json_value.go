package dicom

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
)

// fill gives e the value that its attribute object has.
func (j *jsonReader) fill(e *Element, a attribute, d *Dataset) error {
	switch {
	case a.given == "BulkDataURI":
		if j.opt.OnBulk == nil {
			return nil
		}
		return j.opt.OnBulk(j.path, e, a.uri)
	case a.given == "InlineBinary":
		return j.fillBinary(e, j.scratch[a.bytes[0]:a.bytes[1]])
	case e.VR == SQ:
		return j.fillItems(e, j.values[a.first:], d)
	case a.given == "":
		return nil
	case e.VR == AT || numberSize(e.VR) > 0:
		return j.fillNumbers(e, j.values[a.first:])
	case e.VR.isString() || e.VR == UN || !e.VR.known():
		return j.fillText(e, j.values[a.first:])
	}
	return j.fail(ErrJSONValue) // bytes come as InlineBinary
}

// take returns n bytes that the data set may keep.
func (j *jsonReader) take(n int) ([]byte, error) {
	if int64(n) > j.lim.ElementBytes {
		return nil, &LimitError{"element_bytes", j.lim.ElementBytes}
	}
	if j.loaded += int64(n); j.loaded > j.lim.DatasetBytes {
		return nil, &LimitError{"dataset_bytes", j.lim.DatasetBytes}
	}
	if n > len(j.arena) {
		// Small values share blocks, which grow with the data set.
		j.arena = make([]byte, max(n, min(64<<10, max(512, int(j.loaded)))))
	}
	b := j.arena[:n:n]
	j.arena = j.arena[n:]
	return b, nil
}

func (j *jsonReader) fillBinary(e *Element, text []byte) error {
	if e.VR == SQ {
		return j.fail(ErrJSONValue)
	}
	n, err := base64.StdEncoding.Strict().Decode(text, text)
	if err != nil {
		return j.fail(ErrJSONValue)
	}
	if e.Value, err = j.take(n + n%2); err != nil {
		return err
	}
	copy(e.Value, text[:n])
	if e.Tag == PixelData {
		if fragments, ok := parseItems(e.Value); ok {
			e.Value, e.Fragments = nil, fragments
		}
	}
	return nil
}

// parseItems splits encapsulated pixel data; ok is false for any other bytes.
// The delimiter at the end may be missing.
func parseItems(b []byte) (fragments [][]byte, ok bool) {
	for len(b) >= 8 {
		tag, n := tagOf(b, false), uint64(binary.LittleEndian.Uint32(b[4:]))
		b = b[8:]
		if tag == SequenceDelimitationItem {
			return fragments, n == 0 && len(b) == 0 && fragments != nil
		}
		if tag != Item || n > uint64(len(b)) {
			return nil, false
		}
		fragments = append(fragments, b[:n:n])
		b = b[n:]
	}
	return fragments, len(b) == 0 && fragments != nil
}

func (j *jsonReader) fillItems(e *Element, values []jsonValue, d *Dataset) error {
	e.Items = make([]*Dataset, 0, len(values))
	for _, v := range values {
		if v.kind == jsonNull {
			v.item = &Dataset{}
		}
		if v.item == nil {
			return j.fail(ErrJSONValue)
		}
		v.item.parent = d
		e.Items = append(e.Items, v.item)
	}
	return nil
}

// fillText joins the values by backslashes.
func (j *jsonReader) fillText(e *Element, values []jsonValue) error {
	start := len(j.scratch)
	for i, v := range values {
		if i > 0 {
			j.scratch = append(j.scratch, '\\')
		}
		if v.kind == jsonObject && (e.VR != PN || len(v.item.Elements) > 0) || v.kind == jsonName && e.VR != PN {
			return j.fail(ErrJSONValue)
		}
		at := len(j.scratch)
		j.scratch = append(j.scratch, j.scratch[v.start:v.end]...)
		if v.kind == jsonNumber {
			j.scratch = append(j.scratch[:at], numberText(e.VR, string(j.scratch[at:]))...)
		}
	}
	text := j.scratch[start:]
	if len(text)%2 == 1 {
		j.scratch = append(j.scratch, e.VR.padding())
		text = j.scratch[start:]
	}
	if e.Tag == tagSpecificCharacterSet && len(text) > 0 {
		text = []byte(utf8Term)
	}
	if !plain(text) && (e.VR.IsText() || !e.VR.isString()) {
		j.foreign = true
	}
	b, err := j.take(len(text))
	if err == nil && len(b) > 0 {
		copy(b, text)
		e.Value = b
	}
	return err
}

// numberText returns a JSON number as IS and DS have it: an integer without
// point and exponent, a decimal of at most 16 bytes (PS3.5 table 6.2-1).
func numberText(vr VR, s string) string {
	switch {
	case vr == IS:
		if f, err := strconv.ParseFloat(s, 64); err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53 {
			return strconv.FormatInt(int64(f), 10)
		}
	case vr == DS && len(s) > 16:
		f, err := strconv.ParseFloat(s, 64)
		for digits := 17; err == nil && digits > 0 && len(s) > 16; digits-- {
			s = strconv.FormatFloat(f, 'g', digits, 64)
		}
	}
	return s
}

// fillNumbers encodes the values of a binary VR. Empty ones are left out: a
// binary value has no way to say so.
func (j *jsonReader) fillNumbers(e *Element, values []jsonValue) error {
	size := numberSize(e.VR)
	b, err := j.take(size * len(values))
	if err != nil {
		return err
	}
	n := 0
	for _, v := range values {
		if v.kind == jsonNull || v.kind == jsonText && v.start == v.end {
			continue
		}
		if v.kind != jsonNumber && v.kind != jsonText || !putNumber(b[n:], e.VR, string(j.scratch[v.start:v.end])) {
			return j.fail(ErrJSONValue)
		}
		n += size
	}
	if n > 0 {
		e.Value = b[:n:n]
	}
	return nil
}

// putNumber writes one number in little endian; false if it is none or does
// not fit.
func putNumber(b []byte, vr VR, s string) bool {
	switch vr {
	case AT:
		tag, ok := parseTagKey([]byte(s))
		binary.LittleEndian.PutUint16(b, tag.Group())
		binary.LittleEndian.PutUint16(b[2:], tag.Element())
		return ok
	case FL:
		f, err := strconv.ParseFloat(s, 32)
		binary.LittleEndian.PutUint32(b, math.Float32bits(float32(f)))
		return err == nil
	case FD:
		f, err := strconv.ParseFloat(s, 64)
		binary.LittleEndian.PutUint64(b, math.Float64bits(f))
		return err == nil
	case UV:
		n, err := strconv.ParseUint(s, 10, 64)
		binary.LittleEndian.PutUint64(b, n)
		return err == nil
	}
	n, ok := parseInteger(s)
	switch vr {
	case US:
		binary.LittleEndian.PutUint16(b, uint16(n))
		return ok && n >= 0 && n <= math.MaxUint16
	case SS:
		binary.LittleEndian.PutUint16(b, uint16(n))
		return ok && n >= math.MinInt16 && n <= math.MaxInt16
	case UL:
		binary.LittleEndian.PutUint32(b, uint32(n))
		return ok && n >= 0 && n <= math.MaxUint32
	case SL:
		binary.LittleEndian.PutUint32(b, uint32(n))
		return ok && n >= math.MinInt32 && n <= math.MaxInt32
	}
	binary.LittleEndian.PutUint64(b, uint64(n)) // SV
	return ok
}

// parseInteger reads an integer, which JSON may write as 5.0 or 5e2.
func parseInteger(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err == nil {
		return n, true
	}
	f, err := strconv.ParseFloat(s, 64)
	return int64(f), err == nil && f == math.Trunc(f) && math.Abs(f) < 1<<53
}
