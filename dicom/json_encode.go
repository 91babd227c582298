package dicom

import (
	"encoding/base64"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// AppendJSON appends the DICOM JSON model of the data set to dst (PS3.18
// section F.2). It can say everything that a data set has, so it cannot fail.
func AppendJSON(dst []byte, d *Dataset, opt JSONOptions) []byte {
	j := jsonWriter{dst: dst, bulk: opt.BulkURI}
	j.dataset(d)
	return j.dst
}

// jsonWriter is one AppendJSON.
type jsonWriter struct {
	dst  []byte
	bulk func(Path, *Element) string
	path Path
}

func (j *jsonWriter) put(s string) { j.dst = append(j.dst, s...) }

func (j *jsonWriter) dataset(d *Dataset) {
	j.put("{")
	comma := ""
	for i := range d.Elements {
		e := &d.Elements[i]
		if e.Tag.IsGroupLength() {
			continue
		}
		j.put(comma)
		comma = ","
		j.element(d, e)
	}
	j.put("}")
}

func (j *jsonWriter) element(d *Dataset, e *Element) {
	vr := e.VR
	switch {
	case e.Items != nil:
		vr = SQ
	case !vr.known():
		vr = UN
	}
	j.put(`"`)
	for shift := 28; shift >= 0; shift -= 4 {
		j.dst = append(j.dst, "0123456789ABCDEF"[e.Tag>>shift&0xF])
	}
	j.put(`":{"vr":"`)
	j.put(vr.String())
	j.put(`"`)
	j.value(d, e, vr)
	j.put("}")
}

func (j *jsonWriter) value(d *Dataset, e *Element, vr VR) {
	if len(e.Value) == 0 && len(e.Items) == 0 && e.Fragments == nil {
		return
	}
	if j.bulk != nil && e.Items == nil {
		if uri := j.bulk(j.path, e); uri != "" {
			j.put(`,"BulkDataURI":`)
			j.text(uri)
			return
		}
	}
	switch {
	case vr == SQ:
		j.items(e)
	case e.Fragments != nil:
		j.binary(appendItems(nil, e.Fragments))
	case vr == AT || numberSize(vr) > 0:
		j.numbers(e.Value, vr)
	case e.Tag == tagSpecificCharacterSet:
		j.put(`,"Value":["` + utf8Term + `"]`)
	case vr.isString():
		j.texts(d.text(e), vr)
	default:
		j.binary(e.Value)
	}
}

func appendItems(b []byte, fragments [][]byte) []byte {
	for _, f := range fragments {
		b = append(b, 0xFE, 0xFF, 0x00, 0xE0)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(f)))
		b = append(b, f...)
	}
	return b
}

func (j *jsonWriter) binary(b []byte) {
	j.put(`,"InlineBinary":"`)
	j.dst = base64.StdEncoding.AppendEncode(j.dst, b)
	j.put(`"`)
}

func (j *jsonWriter) items(e *Element) {
	if len(e.Items) == 0 {
		return // VR SQ with bytes that nobody read as items
	}
	j.put(`,"Value":[`)
	for i, item := range e.Items {
		if i > 0 {
			j.put(",")
		}
		j.path = append(j.path, Step{e.Tag, i})
		j.dataset(item)
		j.path = j.path[:len(j.path)-1]
	}
	j.put("]")
}

func (j *jsonWriter) texts(values []string, vr VR) {
	if len(values) == 0 || len(values) == 1 && values[0] == "" {
		return // nothing but padding
	}
	j.put(`,"Value":[`)
	for i, v := range values {
		if i > 0 {
			j.put(",")
		}
		switch {
		case vr == PN:
			j.name(v)
		case v == "":
			j.put("null") // PS3.18 section F.2.5
		case (vr == IS || vr == DS) && isJSONNumber([]byte(v)):
			j.put(v)
		default:
			j.text(v)
		}
	}
	j.put("]")
}

// name writes the component groups that are not empty (PS3.18 section F.2.2).
func (j *jsonWriter) name(v string) {
	comma := "{"
	for i, group := range strings.SplitN(v, "=", 3) {
		if group == "" {
			continue
		}
		j.put(comma)
		comma = ","
		j.put([...]string{`"Alphabetic":`, `"Ideographic":`, `"Phonetic":`}[i])
		j.text(group)
	}
	if comma == "{" {
		j.put("null")
		return
	}
	j.put("}")
}

// numbers writes binary numbers; bytes at the end that are no whole one are no
// value.
func (j *jsonWriter) numbers(b []byte, vr VR) {
	size := numberSize(vr)
	if len(b) < size {
		return
	}
	j.put(`,"Value":[`)
	for i := 0; len(b) >= size; i++ {
		if i > 0 {
			j.put(",")
		}
		j.number(b, vr)
		b = b[size:]
	}
	j.put("]")
}

// maxExact is the largest integer up to which JSON readers keep every digit.
const maxExact = 1 << 53

func (j *jsonWriter) number(b []byte, vr VR) {
	switch vr {
	case AT:
		tag := tagOf(b, false)
		j.text(strings.ToUpper(strconv.FormatUint(1<<32|uint64(tag), 16)[1:]))
	case FL, FD:
		j.float(real64(vr, b), vr)
	case UV:
		n := binary.LittleEndian.Uint64(b)
		j.integer(strconv.FormatUint(n, 10), n <= maxExact)
	default:
		n := integer(vr, b)
		j.integer(strconv.FormatInt(n, 10), n <= maxExact && n >= -maxExact)
	}
}

func (j *jsonWriter) integer(s string, exact bool) {
	if exact {
		j.put(s)
		return
	}
	j.text(s)
}

func (j *jsonWriter) float(f float64, vr VR) {
	switch {
	case math.IsNaN(f):
		j.put(`"NaN"`)
	case math.IsInf(f, 1):
		j.put(`"inf"`)
	case math.IsInf(f, -1):
		j.put(`"-inf"`)
	case vr == FL:
		j.dst = strconv.AppendFloat(j.dst, f, 'g', -1, 32)
	default:
		j.dst = strconv.AppendFloat(j.dst, f, 'g', -1, 64)
	}
}

// text writes a string of RFC 8259.
func (j *jsonWriter) text(s string) {
	j.put(`"`)
	for len(s) > 0 {
		n := runLength(s)
		j.put(s[:n])
		if s = s[n:]; s == "" {
			break
		}
		r, size := utf8.DecodeRuneInString(s)
		j.char(r)
		s = s[size:]
	}
	j.put(`"`)
}

// runLength returns how many bytes at the start of s stand for themselves.
func runLength(s string) int {
	n := 0
	for n < len(s) && s[n] != '"' && s[n] != '\\' && s[n] >= ' ' && s[n] < utf8.RuneSelf {
		n++
	}
	return n
}

func (j *jsonWriter) char(r rune) {
	switch {
	case r == '"' || r == '\\':
		j.dst = append(j.dst, '\\', byte(r))
	case r == '\n':
		j.put(`\n`)
	case r == '\r':
		j.put(`\r`)
	case r == '\t':
		j.put(`\t`)
	case r < ' ':
		j.put(`\u00`)
		j.dst = append(j.dst, "0123456789abcdef"[r>>4], "0123456789abcdef"[r&0xF])
	default:
		j.dst = utf8.AppendRune(j.dst, r)
	}
}
