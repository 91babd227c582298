package exposure

import (
	"cmp"
	"slices"
)

// Severity orders exposures by how soon somebody must act.
type Severity string

// The severities, with the bands of CVSS 3.1 base scores.
const (
	Critical Severity = "critical" // 9.0 and more: today
	High     Severity = "high"     // 7.0 to 8.9: this week
	Medium   Severity = "medium"   // 4.0 to 6.9: this month
	Low      Severity = "low"      // 0.1 to 3.9: with the next change
	Info     Severity = "info"     // nothing by itself
)

// Rank is 4 for critical down to 0 for info, -1 for anything else.
func (s Severity) Rank() int {
	return slices.Index([]Severity{Info, Low, Medium, High, Critical}, s)
}

// Band is the severity of a CVSS base score.
func Band(score float64) Severity {
	switch {
	case score >= 9.0:
		return Critical
	case score >= 7.0:
		return High
	case score >= 4.0:
		return Medium
	case score > 0:
		return Low
	}
	return Info
}

// Worst is the highest severity among the exposures, "" where there is none.
func Worst(ids []ID) Severity {
	var worst Severity
	for _, id := range ids {
		if e, ok := ByID(id); ok && e.Severity.Rank() > worst.Rank() {
			worst = e.Severity
		}
	}
	return worst
}

// BySeverity orders ids, worst first, and by name within a severity.
func BySeverity(a, b ID) int {
	ea, _ := ByID(a)
	eb, _ := ByID(b)
	return cmp.Or(cmp.Compare(eb.Severity.Rank(), ea.Severity.Rank()), cmp.Compare(a, b))
}

func sorted(ids []ID) []ID {
	slices.Sort(ids)
	return ids
}
