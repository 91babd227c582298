package advisory

import (
	"cmp"
	"strings"
)

// holds says whether a version is in the range.
func (r Range) holds(version string) bool {
	return (r.From == "" || compare(version, r.From) >= 0) &&
		(r.After == "" || compare(version, r.After) > 0) &&
		(r.Before == "" || compare(version, r.Before) < 0) &&
		(r.To == "" || compare(version, r.To) <= 0)
}

// compare orders versions by their runs of digits and of letters: 1.4.17 is
// before 1.4.19, 3.6.7 after 3.6.6+, and 1.5.0b after 1.5.0. A run that is
// missing counts as zero, so that 1.4 and 1.4.0 are equal.
func compare(a, b string) int {
	a, b = strings.TrimLeft(a, "vV"), strings.TrimLeft(b, "vV")
	for a != "" || b != "" {
		var x, y string
		x, a = run(a)
		y, b = run(b)
		if c := compareRuns(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// run cuts the first run of digits or letters off a version.
func run(s string) (first, rest string) {
	s = strings.TrimLeftFunc(s, func(r rune) bool { return !isDigit(r) && !isLetter(r) })
	if s == "" {
		return "", ""
	}
	same := isDigit
	if isLetter(rune(s[0])) {
		same = isLetter
	}
	n := strings.IndexFunc(s, func(r rune) bool { return !same(r) })
	if n < 0 {
		n = len(s)
	}
	return s[:n], s[n:]
}

func compareRuns(a, b string) int {
	if c := cmp.Compare(weight(a), weight(b)); c != 0 {
		return c
	}
	if letters(a) {
		return cmp.Compare(strings.ToLower(a), strings.ToLower(b))
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// weight puts a release candidate before the release, and a suffix of letters
// after it but before the next number.
func weight(run string) int {
	switch strings.ToLower(run) {
	case "alpha", "beta", "dev", "pre", "rc", "snapshot":
		return -1
	}
	switch {
	case letters(run):
		return 1
	case strings.Trim(run, "0") != "":
		return 2
	}
	return 0
}

func letters(s string) bool { return s != "" && isLetter(rune(s[0])) }

func isDigit(r rune) bool  { return r >= '0' && r <= '9' }
func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }
