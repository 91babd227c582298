package dicom

import (
	"strings"
	"unicode/utf8"
)

// Decode returns UTF-8. Where the VR has delimiters (\ and for person names
// also ^ and =) they stand in the result as themselves and reset code
// extensions, as line ends do. VRs that (0008,0005) does not touch are ASCII.
//
// Any input has a result: a byte that is no character, an ESC that begins no
// known sequence, and half a character at the end become U+FFFD each.
func (c *Charset) Decode(b []byte, vr VR) string {
	delims, touched := delimiters(vr)
	if plain(b) && (!touched || c == nil || c.first.g0 != setJIS) {
		return string(b)
	}
	switch {
	case !touched || c == nil:
		d := textDecoder{first: codeState{g0: setASCII}}
		return d.run(b, delims)
	case c.utf8:
		return validUTF8(b)
	case c.whole != nil:
		s, err := c.whole.NewDecoder().Bytes(b)
		if err != nil {
			return strings.Repeat(string(utf8.RuneError), len(b))
		}
		return string(s)
	}
	d := textDecoder{first: c.first, extensions: true}
	return d.run(b, delims)
}

// validUTF8 replaces each byte that is not part of a character, as the others
// do, not each run of them.
func validUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var s strings.Builder
	for _, r := range string(b) {
		s.WriteRune(r)
	}
	return s.String()
}

// textDecoder is one Decode.
type textDecoder struct {
	first, now codeState
	extensions bool // escape sequences are understood
	delims     string
	out        strings.Builder
	convert    *charConverter
}

func (d *textDecoder) run(b []byte, delims string) string {
	d.now, d.delims = d.first, delims
	d.out.Grow(len(b) + len(b)/2)
	for len(b) > 0 {
		b = b[d.step(b):]
	}
	return d.out.String()
}

// step decodes what b begins with and returns its length.
func (d *textDecoder) step(b []byte) int {
	switch {
	case b[0] == escByte:
		return d.escape(b)
	case b[0] <= ' ' || b[0] == 0x7F:
		return d.control(b[0])
	case b[0] < 0x80:
		return d.graphic(d.now.g0, b)
	}
	return d.graphic(d.now.g1, b)
}

func (d *textDecoder) escape(b []byte) int {
	set, n := setAt(b[1:])
	switch {
	case set == nil || !d.extensions:
		d.out.WriteRune(utf8.RuneError)
		return 1
	case set.g1:
		d.now.g1 = set
	default:
		d.now.g0 = set
	}
	return 1 + n
}

func (d *textDecoder) control(b byte) int {
	if resets(b) {
		d.now = d.first
	}
	d.out.WriteByte(b)
	return 1
}

func (d *textDecoder) graphic(s *codeSet, b []byte) int {
	switch {
	case s == nil:
		d.out.WriteRune(utf8.RuneError)
		return 1
	case s.char != nil:
		if strings.IndexByte(d.delims, b[0]) >= 0 {
			d.now = d.first
			d.out.WriteByte(b[0])
			return 1
		}
		d.out.WriteRune(s.char(b[0]))
		return 1
	}
	return d.lookUp(s, b)
}

// lookUp decodes one character of a set with a table.
func (d *textDecoder) lookUp(s *codeSet, b []byte) int {
	if len(b) < s.width || !s.has(b[:s.width]) {
		d.out.WriteRune(utf8.RuneError)
		return 1
	}
	if d.convert == nil {
		d.convert = new(charConverter)
	}
	char := [2]byte{b[0] | 0x80}
	if s.width == 2 {
		char[1] = b[1] | 0x80
	}
	d.out.WriteRune(d.convert.decode(s, char[:s.width]))
	return s.width
}

// has says whether the bytes lie where characters of the set do: in the half
// of G0 or G1 and there, for two bytes, in the 94 by 94 positions.
func (s *codeSet) has(b []byte) bool {
	for _, c := range b {
		low := c & 0x7F
		if (c >= 0x80) != s.g1 || low < 0x20 || s.width == 2 && (low == 0x20 || low == 0x7F) {
			return false
		}
	}
	return true
}
