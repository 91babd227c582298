package report

import (
	"fmt"
	"strconv"
	"strings"
)

// nbsp keeps a number and its unit on one line.
const nbsp = "\u00a0"

// about writes a number as a person says it: all digits up to a million, three
// of them from there on.
func about(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1e15, "quadrillion"}, {1e12, "trillion"}, {1e9, "billion"}, {1e6, "million"}} {
		if n < unit.size {
			continue
		}
		v := float64(n) / float64(unit.size)
		decimals := 1
		if v >= 99.95 {
			decimals = 0
		}
		return strconv.FormatFloat(v, 'f', decimals, 64) + nbsp + unit.name
	}
	return group(n)
}

// share writes a part of a whole in percent. It rounds neither up to all nor
// down to none.
func share(part, whole int64) string {
	if whole <= 0 {
		return "–"
	}
	p := 100 * float64(part) / float64(whole)
	decimals := 0
	switch {
	case p == 0 || p >= 100:
	case p < 1 || p > 99:
		decimals = 2
	case p < 10:
		decimals = 1
	}
	text := strconv.FormatFloat(p, 'f', decimals, 64)
	switch {
	case part > 0 && strings.Trim(text, "0.") == "":
		return "<" + nbsp + "0.01" + nbsp + "%"
	case part < whole && text == "100.00":
		text = "99.99"
	}
	return text + nbsp + "%"
}

// plural says how many of a thing.
func plural(n int64, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return group(n) + " " + pluralOf(thing)
}

func pluralOf(thing string) string {
	if stem, ok := strings.CutSuffix(thing, "y"); ok {
		return stem + "ies"
	}
	return thing + "s"
}

// verb agrees with a number.
func verb(n int64, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// group writes a number with a comma between thousands.
func group(n int64) string {
	s := fmt.Sprintf("%d", n)
	sign := ""
	if n < 0 {
		sign, s = "-", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

func number(n int64) string { return strconv.FormatInt(n, 10) }
