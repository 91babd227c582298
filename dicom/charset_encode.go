package dicom

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Encode returns the bytes of s, or an error where the set lacks a character.
// It switches between the sets of the terms as needed and leaves the first one
// in force before each delimiter and at the end (PS3.5 section 6.1.2.5.3). An
// escape sequence stands before the first character that needs it; the example
// of PS3.5 section I.3, an informative annex, has it where the line begins.
func (c *Charset) Encode(s string, vr VR) ([]byte, error) {
	delims, touched := delimiters(vr)
	if !touched || c == nil {
		c = &Charset{sets: []*codeSet{setASCII}, first: codeState{g0: setASCII}}
	}
	switch {
	case c.first.g0 == setASCII && plain([]byte(s)):
		return []byte(s), nil
	case !utf8.ValidString(s):
		return nil, fmt.Errorf("dicom: encoding text of VR %s: it is not UTF-8", vr)
	case c.utf8:
		return []byte(s), nil
	case c.whole != nil:
		b, err := c.whole.NewEncoder().Bytes([]byte(s))
		if err != nil {
			return nil, c.lacks(vr)
		}
		return b, nil
	}
	e := textEncoder{charset: c, now: c.first, delims: delims, out: make([]byte, 0, len(s)+8)}
	for _, r := range s {
		if !e.put(r) {
			return nil, c.lacks(vr)
		}
	}
	e.settle()
	return e.out, nil
}

// lacks does not name the character: it is part of a value.
func (c *Charset) lacks(vr VR) error {
	return fmt.Errorf("dicom: encoding text of VR %s: character set %q lacks a character", vr, strings.Join(c.terms, `\`))
}

// textEncoder is one Encode.
type textEncoder struct {
	charset *Charset
	now     codeState
	delims  string
	out     []byte
	convert charConverter
}

// put appends one character and the escape sequence that it needs.
func (e *textEncoder) put(r rune) bool {
	switch {
	case r == escByte:
		return false
	case r < ' ' || r == 0x7F || r < 0x80 && strings.IndexByte(e.delims, byte(r)) >= 0:
		e.settle()
		if resets(byte(r)) || r > ' ' && r != 0x7F {
			e.now = e.charset.first
		}
		e.out = append(e.out, byte(r))
		return true
	}
	for _, s := range e.candidates() {
		if b := e.encode(s, r); b != nil {
			e.designate(s)
			e.out = append(e.out, b...)
			return true
		}
	}
	return false
}

// encode returns the bytes of r, or nil. It keeps characters that would read as a delimiter out: the yen sign of
// ISO-IR 14 has the code of the backslash.
func (e *textEncoder) encode(s *codeSet, r rune) []byte {
	if s == nil {
		return nil
	}
	b := e.convert.encode(s, r)
	if s.char != nil && b != nil && strings.IndexByte(e.delims, b[0]) >= 0 {
		return nil
	}
	return b
}

// candidates lists the sets in force first, so that no needless escape
// sequence is written, then those of the terms.
func (e *textEncoder) candidates() []*codeSet {
	return append([]*codeSet{e.now.g0, e.now.g1}, e.charset.sets...)
}

func (e *textEncoder) designate(s *codeSet) {
	at := &e.now.g0
	if s.g1 {
		at = &e.now.g1
	}
	if *at != s {
		*at = s
		e.out = append(append(e.out, escByte), s.escape...)
	}
}

// settle brings the first set back to G0, where delimiters are looked for.
func (e *textEncoder) settle() { e.designate(e.charset.first.g0) }
