package dicom

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Charset turns text of one Specific Character Set (0008,0005), code
// extensions included, into UTF-8 and back (PS3.3 section C.12.1.1.2, PS3.5
// section 6.1). It does not change and many goroutines may share it. A nil
// Charset is the default repertoire, ISO-IR 6.
//
// The bytes of a value below 80H are looked up in the set that is invoked as
// G0, those above in G1. The first term says what G0 and G1 are where a value
// begins and after each delimiter; the other terms are sets to which an escape
// sequence may switch:
//
//	(0008,0005) = "\ISO 2022 IR 87"
//
//	Yamada^Tarou=  ESC $B ;3ED  ESC (B  ^  ESC $B BB@O:  ESC (B
//	ASCII          JIS X 0208   ASCII      JIS X 0208    ASCII
//
// A value is to be decoded whole and split at backslashes afterwards, because
// some sets use the code of the backslash as the second half of a character.
type Charset struct {
	terms []string
	// whole is for the terms that know no code extensions (UTF-8, GB18030,
	// GBK); nil otherwise.
	whole encoding.Encoding
	utf8  bool
	first codeState  // where a value begins
	sets  []*codeSet // what Encode may use, in the order of the terms
}

// codeState is which sets G0 and G1 are; nil where nothing is.
type codeState struct{ g0, g1 *codeSet }

// CharsetOf returns the character set that the values of (0008,0005) name.
//
// Common misspellings of the terms are understood ("ISO-IR 100", "UTF-8").
// With an error, which names a term that is unknown or may not stand where it
// does, comes the character set of the other terms, never nil.
func CharsetOf(terms ...string) (*Charset, error) {
	c := &Charset{}
	var faulty error
	if len(terms) > maxTerms {
		terms, faulty = terms[:maxTerms], errors.New("dicom: specific character set: more terms than are defined")
	}
	for i, term := range terms {
		c.terms = append(c.terms, strings.Trim(term, " \x00"))
		if err := c.add(i, normalTerm(term)); err != nil && faulty == nil {
			faulty = fmt.Errorf("dicom: specific character set %q: %w", term, err)
		}
	}
	if len(c.sets) == 0 && c.whole == nil && !c.utf8 {
		c.start(setASCII)
	}
	return c, faulty
}

// maxTerms is more than there are sets to name (see setOf). Each text of a data set asks for its character set anew, so
// that a million terms would be paid for with each.
const maxTerms = 32

// maxTermsBytes holds them: a term is a CS of at most 16 bytes.
const maxTermsBytes = maxTerms * 32

// add takes in one term, of which only the first may forbid code extensions.
func (c *Charset) add(i int, term string) error {
	switch term {
	case "IR192", "GB18030", "GBK":
		if i > 0 {
			return fmt.Errorf("it allows no code extensions")
		}
		c.utf8 = term == "IR192"
		c.whole = map[string]encoding.Encoding{"GB18030": simplifiedchinese.GB18030, "GBK": simplifiedchinese.GBK}[term]
		return nil
	}
	if c.utf8 || c.whole != nil {
		return fmt.Errorf("the first term allows no code extensions")
	}
	set := setOf(term)
	if set == nil {
		if i == 0 {
			c.start(setASCII)
		}
		return fmt.Errorf("unknown term")
	}
	if i == 0 {
		c.start(set)
		return nil
	}
	c.sets = append(c.sets, set.companions()...)
	return nil
}

// start makes set what a value begins with. A set of two-byte characters for
// G0 leaves ASCII there until an escape sequence, as the standard lets no value
// begin with one (PS3.5 section 6.1.2.5.2).
func (c *Charset) start(set *codeSet) {
	c.sets = set.companions()
	c.first = codeState{g0: setASCII}
	for _, s := range c.sets {
		if s.g1 {
			c.first.g1 = s
		} else if s.width == 1 {
			c.first.g0 = s
		}
	}
}

// Terms returns the values of (0008,0005) that the character set is made of.
func (c *Charset) Terms() []string {
	if c == nil {
		return nil
	}
	return append([]string(nil), c.terms...)
}

// normalTerm reduces a defined term to what tells it from the others:
// "ISO_IR 100", "ISO 2022 IR 100" and "ISO-IR-100" to "IR100".
func normalTerm(term string) string {
	s := strings.NewReplacer(" ", "", "_", "", "-", "", "\x00", "").Replace(strings.ToUpper(term))
	switch s {
	case "":
		return "IR6"
	case "UTF8":
		return "IR192"
	case "ISO202258": // drafts of the standard had it so
		return "IR58"
	case "ISO2022GBK":
		return "GBK"
	}
	s = strings.TrimPrefix(s, "ISO")
	return strings.TrimPrefix(s, "2022")
}

// delimiters returns the printable bytes at which a value of that VR starts
// anew with the first term; control characters do in any (PS3.5 section
// 6.1.2.5.3). ok is false for VRs that (0008,0005) does not touch.
func delimiters(vr VR) (delims string, ok bool) {
	switch vr {
	case PN:
		return `\^=`, true
	case SH, LO, UC:
		return `\`, true
	case ST, LT, UT:
		return "", true
	}
	return `\`, false
}

const escByte = 0x1B

// resets says whether the control character b starts text anew: line and
// page ends and tabulators do (PS3.5 section 6.1.2.5.3).
func resets(b byte) bool { return b == '\t' || b == '\n' || b == '\f' || b == '\r' }
