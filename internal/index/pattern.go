package index

import (
	"strings"
	"unicode/utf8"
)

// wild says whether a value of a key has wildcards (PS3.4 section C.2.2.2.4).
func wild(s string) bool { return strings.ContainsAny(s, "*?") }

// wildcards counts the runs of * and ?.
func wildcards(s string) int {
	n, in := 0, false
	for i := range len(s) {
		is := s[i] == '*' || s[i] == '?'
		if is && !in {
			n++
		}
		in = is
	}
	return n
}

// literal is what stands before the first wildcard.
func literal(pattern string) string {
	if i := strings.IndexAny(pattern, "*?"); i >= 0 {
		return pattern[:i]
	}
	return pattern
}

// glob reports whether s has the form of a pattern: * stands for any characters,
// ? for one. It goes back to the last * only, so its time is at most the product
// of both lengths.
func glob(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) {
			switch c := pattern[p]; {
			case c == '*':
				star, mark = p, i
				p++
				continue
			case c == '?':
				_, n := utf8.DecodeRuneInString(s[i:])
				p, i = p+1, i+n
				continue
			case c == s[i]:
				p, i = p+1, i+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		_, n := utf8.DecodeRuneInString(s[mark:])
		mark += n
		p, i = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// nameMatches compares a folded name with a folded pattern, group by group where
// the pattern has groups, else with each.
//
// A name has insignificant delimiters at its end, so that of a name "doe" is
// "doe ": "doe^*" matches it.
func nameMatches(pattern, name []string) bool {
	if len(pattern) == 1 {
		for _, group := range name {
			if group != "" && groupMatches(pattern[0], group) {
				return true
			}
		}
		return false
	}
	for i, p := range pattern {
		if p == "" || p == "*" {
			continue
		}
		if i >= len(name) || !groupMatches(p, name[i]) {
			return false
		}
	}
	return true
}

func groupMatches(pattern, group string) bool {
	if !wild(pattern) {
		return pattern == group
	}
	if !strings.HasSuffix(pattern, "*") {
		pattern += " "
	}
	return glob(pattern, group+" ")
}

// sounds reports whether each word of a key begins a word of the name.
func sounds(key []string, name string) bool {
	have := words(fold(strings.ReplaceAll(name, "=", " ")))
	for _, w := range key {
		found := false
		for _, h := range have {
			if strings.HasPrefix(h, w) {
				found = true
				break
			}
		}
		if !found {
			return false
		}
	}
	return true
}
