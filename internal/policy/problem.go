package policy

import (
	"fmt"
	"strings"
)

// Problem is what is wrong with a folder of rules, and what to do about it.
type Problem struct {
	File   string // "" for the folder as a whole
	Line   int    // 0 for the file as a whole
	Rule   string // its id, where it has one
	Text   string
	Remedy string
}

func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d", p.Line)
		}
		b.WriteString(": ")
	}
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", p.Rule)
	}
	b.WriteString(p.Text)
	if p.Remedy != "" {
		b.WriteString("; " + p.Remedy)
	}
	return b.String()
}

// Problems is an error that tells all of them, one a line.
type Problems []Problem

func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = "policy: " + p.String()
	}
	return strings.Join(lines, "\n")
}
