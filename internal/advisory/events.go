package advisory

import (
	"cmp"
	"slices"
)

// event is where a run of affected versions begins or ends.
type event struct {
	kind    eventKind
	version string // "" is before all others
}

type eventKind int

// In the order in which they take effect at one version.
const (
	fixed eventKind = iota
	introduced
	lastAffected
)

// between turns events, in any order, into the ranges between them: as the OSV
// schema evaluates a range, and CSAF 2.0 section 3.2.3.9 first_affected,
// last_affected and what is fixed. A last version whose first nobody knows
// stands for all up to it where it is the only one, else for itself.
func between(events []event) []Range {
	slices.SortStableFunc(events, func(a, b event) int {
		return cmp.Or(compare(a.version, b.version), cmp.Compare(a.kind, b.kind))
	})
	alone := 0
	for _, e := range events {
		if e.kind != fixed {
			alone++
		}
	}
	var ranges []Range
	open := false
	last := func() *Range { return &ranges[len(ranges)-1] }
	for _, e := range events {
		switch {
		case e.kind == introduced && !open:
			ranges, open = append(ranges, Range{From: e.version}), true
		case e.kind == fixed && open:
			last().Before, open = e.version, false
		case e.kind == lastAffected && open:
			last().To, open = e.version, false
		case e.kind == lastAffected && alone == 1:
			ranges = append(ranges, Range{To: e.version})
		case e.kind == lastAffected:
			ranges = append(ranges, exactly(e.version))
		}
	}
	return ranges
}
