package dicom

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/transform"
)

// codeSet is one registered set of characters that ISO 2022 escape sequences
// designate (PS3.3 tables C.12-3 and C.12-4).
type codeSet struct {
	escape string // what follows ESC
	g1     bool   // it goes to G1, where bytes have the high bit
	width  int    // bytes of a character
	// table is an 8-bit or EUC encoding that contains the set, where prefix
	// goes before each character; nil for ASCII and ISO-IR 14.
	table  encoding.Encoding
	prefix string
	// char is what a single-byte set without a table means.
	char func(b byte) rune
}

// The two sets of G0 with one byte a character.
var (
	setASCII = &codeSet{escape: "(B", width: 1, char: func(b byte) rune { return rune(b) }}
	setJIS   = &codeSet{escape: "(J", width: 1, char: romaji}
)

// romaji is ISO-IR 14, JIS X 0201 Romaji: ASCII but for two characters. The
// code of the backslash remains a delimiter where the VR has one, which
// Decode and Encode see to.
func romaji(b byte) rune {
	switch b {
	case '\\':
		return '¥'
	case '~':
		return '‾'
	}
	return rune(b)
}

var (
	setLatin1   = single("-A", charmap.ISO8859_1)
	setLatin2   = single("-B", charmap.ISO8859_2)
	setLatin3   = single("-C", charmap.ISO8859_3)
	setLatin4   = single("-D", charmap.ISO8859_4)
	setGreek    = single("-F", charmap.ISO8859_7)
	setArabic   = single("-G", charmap.ISO8859_6)
	setHebrew   = single("-H", charmap.ISO8859_8)
	setCyrillic = single("-L", charmap.ISO8859_5)
	setLatin5   = single("-M", charmap.ISO8859_9)
	setThai     = single("-T", charmap.Windows874) // TIS 620 above A0
	setLatin9   = single("-b", charmap.ISO8859_15)
	setKatakana = single(")I", japanese.ShiftJIS) // JIS X 0201 above A0
	setKorean   = &codeSet{escape: "$)C", g1: true, width: 2, table: korean.EUCKR}
	setChinese  = &codeSet{escape: "$)A", g1: true, width: 2, table: simplifiedchinese.GBK}
	setKanji    = &codeSet{escape: "$B", width: 2, table: japanese.EUCJP}
	setKanji2   = &codeSet{escape: "$(D", width: 2, table: japanese.EUCJP, prefix: "\x8F"}
)

func single(escape string, table encoding.Encoding) *codeSet {
	return &codeSet{escape: escape, g1: true, width: 1, table: table}
}

// setOf returns the set of a normal term, or nil.
func setOf(term string) *codeSet {
	switch term {
	case "IR6":
		return setASCII
	case "IR100":
		return setLatin1
	case "IR101":
		return setLatin2
	case "IR109":
		return setLatin3
	case "IR110":
		return setLatin4
	case "IR126":
		return setGreek
	case "IR127":
		return setArabic
	case "IR138":
		return setHebrew
	case "IR144":
		return setCyrillic
	case "IR148":
		return setLatin5
	case "IR166":
		return setThai
	case "IR203":
		return setLatin9
	case "IR13":
		return setKatakana
	case "IR87":
		return setKanji
	case "IR159":
		return setKanji2
	case "IR149":
		return setKorean
	case "IR58":
		return setChinese
	}
	return nil
}

// companions returns the set and the one for G0 that its term includes:
// ISO-IR 14 for katakana, ASCII for the rest.
func (s *codeSet) companions() []*codeSet {
	switch {
	case s == setASCII:
		return []*codeSet{s}
	case s == setKatakana:
		return []*codeSet{setJIS, s}
	}
	return []*codeSet{setASCII, s}
}

// setAt returns the set that the bytes after an ESC designate, whatever the
// terms are: archives leave terms out more often than they mean something else.
func setAt(b []byte) (*codeSet, int) {
	for _, s := range [...]*codeSet{
		setASCII, setJIS, setKanji, setKanji2, setKorean, setChinese, setKatakana, setLatin1, setLatin2,
		setLatin3, setLatin4, setGreek, setArabic, setHebrew, setCyrillic, setLatin5, setThai, setLatin9,
	} {
		if n := len(s.escape); len(b) >= n && string(b[:n]) == s.escape {
			return s, n
		}
	}
	if len(b) >= 2 && string(b[:2]) == "$@" { // the edition of 1978
		return setKanji, 2
	}
	return nil, 0
}

// charConverter keeps the buffers that x/text needs for one character at a time,
// so that a fault in one cannot shift the next.
type charConverter struct {
	src, dst [8]byte
	table    encoding.Encoding
	decoder  transform.Transformer
	encoder  transform.Transformer
}

func (v *charConverter) use(table encoding.Encoding) {
	if v.table != table {
		v.table, v.decoder, v.encoder = table, table.NewDecoder(), table.NewEncoder()
	}
}

// decode returns the character of a set that b, with all high bits set, is.
func (v *charConverter) decode(s *codeSet, b []byte) rune {
	if m, ok := s.table.(*charmap.Charmap); ok {
		return m.DecodeByte(b[0])
	}
	v.use(s.table)
	n := copy(v.src[:], s.prefix)
	n += copy(v.src[n:], b)
	n, _, err := v.decoder.Transform(v.dst[:], v.src[:n], true)
	r, size := utf8.DecodeRune(v.dst[:n])
	if err != nil || size != n {
		return utf8.RuneError
	}
	if s.table == japanese.EUCJP {
		return jisStandard(r)
	}
	return r
}

// encode returns the bytes of r in the set, with the high bit for G1; nil where
// the set lacks it. The bytes live until the next call.
func (v *charConverter) encode(s *codeSet, r rune) []byte {
	if s.table == nil {
		return v.encodeChar(s, r)
	}
	if m, ok := s.table.(*charmap.Charmap); ok {
		b, ok := m.EncodeRune(r)
		if v.dst[0] = b; !ok || b < 0xA0 {
			return nil
		}
		return v.dst[:1]
	}
	v.use(s.table)
	if s.table == japanese.EUCJP {
		r = jisTable(r)
	}
	n := utf8.EncodeRune(v.src[:], r)
	n, _, err := v.encoder.Transform(v.dst[:], v.src[:n], true)
	if err != nil || n != len(s.prefix)+s.width || string(v.dst[:len(s.prefix)]) != s.prefix {
		return nil
	}
	b := v.dst[len(s.prefix):n]
	for i := range b {
		if b[i] < 0xA1 {
			return nil // the table has more than the set
		}
		if !s.g1 {
			b[i] &= 0x7F
		}
	}
	return b
}

func (v *charConverter) encodeChar(s *codeSet, r rune) []byte {
	b := byte(r)
	switch r {
	case '¥':
		b = '\\'
	case '‾':
		b = '~'
	}
	if b >= 0x7F || s.char(b) != r {
		return nil
	}
	v.dst[0] = b
	return v.dst[:1]
}

// jisStandard undoes what x/text's table has of Microsoft's: six characters of
// JIS X 0208 mean these in the tables of the JIS and of other decoders.
func jisStandard(r rune) rune {
	switch r {
	case '～':
		return '〜'
	case '∥':
		return '‖'
	case '－':
		return '−'
	case '￠':
		return '¢'
	case '￡':
		return '£'
	case '￢':
		return '¬'
	}
	return r
}

// jisTable is the inverse of jisStandard.
func jisTable(r rune) rune {
	switch r {
	case '〜':
		return '～'
	case '‖':
		return '∥'
	case '−':
		return '－'
	case '¢':
		return '￠'
	case '£':
		return '￡'
	case '¬':
		return '￢'
	}
	return r
}
