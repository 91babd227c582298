// Package govid recognises government identifiers by their form and check
// digits, so that a survey can say that an archive uses them as Patient IDs
// without keeping one.
//
// A form proves little by itself: one in eleven numbers of ten digits passes
// the check of an NHS number. Each kind therefore knows how often a number that
// means something else passes, and Convincing drops what chance explains.
package govid

import "math"

// kind is one sort of identifier.
type kind struct {
	name   string
	chance float64 // share of unrelated IDs of the same form, dates and running numbers among them, that pass
	match  func(id []byte) bool
}

// maxID is the longest text looked at: a Patient ID is VR LO, 64 characters.
const maxID = 64

// Kind returns what the text of a Patient ID looks like, as "us-ssn" or
// "br-cpf", or "" where it looks like none. It keeps nothing of the text.
func Kind(text []byte) string {
	if len(text) > maxID {
		return ""
	}
	id := trim(text)
	for _, k := range kinds {
		if k.match(id) {
			return k.name
		}
	}
	return ""
}

// rare is a chance at which one identifier in a sample of a score says enough.
const rare = 0.001

// luck is how likely it may be that chance alone gives what convinces: one
// archive in 20,000 that have none, for each kind.
const luck = 5e-5

// Convincing returns the kinds of a sample of looked IDs that chance does not
// explain: one where hardly anything else has the form, otherwise more than
// luck brings.
func Convincing(counts map[string]int, looked int) map[string]int {
	sure := map[string]int{}
	for _, k := range kinds {
		n := counts[k.name]
		if n > 0 && (k.chance <= rare || atLeast(n, looked, k.chance) < luck) {
			sure[k.name] = n
		}
	}
	return sure
}

// atLeast is how likely n or more of so many IDs pass when each does with a
// chance: the upper tail of the binomial distribution.
func atLeast(n, of int, chance float64) float64 {
	term, tail := math.Pow(1-chance, float64(of)), 0.0 // of none
	for i := range of {
		if i >= n {
			tail += term
		}
		term *= float64(of-i) / float64(i+1) * chance / (1 - chance)
	}
	return tail + term // of all
}

func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == 0) {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	return b
}

// form says whether id has the shape of a pattern: 9 is a digit, A a capital
// letter, * either, anything else itself.
func form(id []byte, pattern string) bool {
	if len(id) != len(pattern) {
		return false
	}
	for i, c := range id {
		switch pattern[i] {
		case '9':
			if !digit(c) {
				return false
			}
		case 'A':
			if !capital(c) {
				return false
			}
		case '*':
			if !digit(c) && !capital(c) {
				return false
			}
		default:
			if c != pattern[i] {
				return false
			}
		}
	}
	return true
}

func digit(c byte) bool   { return c >= '0' && c <= '9' }
func capital(c byte) bool { return c >= 'A' && c <= 'Z' }

// digits fills into with the digits of id, separators left out; false where
// their number is another or another character stands between.
func digits(id []byte, into []int) bool {
	n := 0
	for _, c := range id {
		switch {
		case digit(c) && n < len(into):
			into[n] = int(c - '0')
			n++
		case c == ' ' || c == '-' || c == '.' || c == '/':
		default:
			return false
		}
	}
	return n == len(into)
}

// weighted is the sum of digits times weights.
func weighted(d []int, weights ...int) int {
	sum := 0
	for i, w := range weights {
		sum += d[i] * w
	}
	return sum
}

// luhn is the check of ISO/IEC 7812-1 annex B.
func luhn(d []int) bool {
	sum := 0
	for i, v := range d {
		if (len(d)-i)%2 == 0 {
			if v *= 2; v > 9 {
				v -= 9
			}
		}
		sum += v
	}
	return sum%10 == 0
}

func number(d []int) int64 {
	n := int64(0)
	for _, v := range d {
		n = n*10 + int64(v)
	}
	return n
}

// monthDay says whether two pairs of digits are a month and a day.
func monthDay(month, day []int) bool {
	m, d := number(month), number(day)
	return m >= 1 && m <= 12 && d >= 1 && d <= 31
}

// day says whether eight digits are a date of the last or this century.
func day(d []int) bool {
	century := number(d[:2])
	return (century == 19 || century == 20) && monthDay(d[4:6], d[6:8])
}

// allSame says whether all digits are equal, which passes many checks and is
// what people type into an empty field.
func allSame(d []int) bool {
	for _, v := range d {
		if v != d[0] {
			return false
		}
	}
	return true
}
