package index

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// fold is how names are compared (PS3.4 section C.2.2.2.1 permits it): without
// case, without the accents of Latin, Greek and Cyrillic letters, with wide and
// narrow forms alike, and with any run of ^ and white space as one space.
//
// The marks of Japanese and Indic scripts make other letters and stay.
func fold(s string) string {
	if !ascii(s) {
		s = foldLetters(s)
	}
	var b strings.Builder
	b.Grow(len(s))
	space := false
	for _, r := range s {
		if r == '^' || unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if space {
			b.WriteByte(' ')
			space = false
		}
		if r < 0x80 {
			if 'A' <= r && r <= 'Z' {
				r += 'a' - 'A'
			}
			b.WriteByte(byte(r))
			continue
		}
		b.WriteRune(r)
	}
	return b.String()
}

func foldLetters(s string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(s) {
		switch r = unicode.ToLower(r); {
		case 0x300 <= r && r <= 0x36F: // combining diacritical marks
		case r == 'ß':
			b.WriteString("ss")
		case r == 'æ':
			b.WriteString("ae")
		case r == 'œ':
			b.WriteString("oe")
		case r == 'ø':
			b.WriteByte('o')
		case r == 'ł':
			b.WriteByte('l')
		case r == 'đ' || r == 'ð':
			b.WriteByte('d')
		case r == 'þ':
			b.WriteString("th")
		case r == 'ı':
			b.WriteByte('i')
		case r == 'ς':
			b.WriteRune('σ')
		default:
			b.WriteRune(r)
		}
	}
	return norm.NFC.String(b.String())
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// words are the runs of letters and digits of folded text.
func words(folded string) []string {
	return strings.FieldsFunc(folded, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
	})
}

// groups are the component groups of a name, folded; there are three at most
// (PS3.5 section 6.2.1).
func groups(name string) []string {
	all := strings.SplitN(name, "=", 3)
	for i := range all {
		all[i] = fold(all[i])
	}
	return all
}

// clean is text as it may stand in a database: valid UTF-8 without zeros.
func clean(s string) string {
	if strings.IndexByte(s, 0) >= 0 {
		s = strings.ReplaceAll(s, "\x00", "")
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
