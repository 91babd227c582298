package advisory

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// osvRecord is what we need of an OSV record (https://ossf.github.io/osv-schema).
type osvRecord struct {
	ID        string   `json:"id"`
	Aliases   []string `json:"aliases"`
	Withdrawn string   `json:"withdrawn"`
	Severity  []osvSeverity
	Affected  []struct {
		Package struct {
			Name string `json:"name"`
		} `json:"package"`
		Ranges []struct {
			Type   string `json:"type"`
			Events []struct {
				Introduced   string `json:"introduced"`
				Fixed        string `json:"fixed"`
				LastAffected string `json:"last_affected"`
			} `json:"events"`
		} `json:"ranges"`
		Versions []string      `json:"versions"`
		Severity []osvSeverity `json:"severity"`
	} `json:"affected"`
}

type osvSeverity struct {
	Score string `json:"score"`
}

// readOSV reads an OSV record. Ranges of commits say nothing to who sees a
// version, and are left out.
func readOSV(text []byte) ([]entry, error) {
	var r osvRecord
	if err := json.Unmarshal(text, &r); err != nil {
		return nil, fmt.Errorf("reading OSV: %w", err)
	}
	if r.Withdrawn != "" {
		return nil, nil
	}
	a := Advisory{ID: r.ID, Source: "https://osv.dev/vulnerability/" + r.ID}
	if i := slices.IndexFunc(r.Aliases, func(s string) bool { return strings.HasPrefix(s, "CVE-") }); i >= 0 {
		a.ID = r.Aliases[i]
	}
	var entries []entry
	for _, p := range r.Affected {
		var vectors []string
		for _, s := range append(p.Severity, r.Severity...) {
			vectors = append(vectors, s.Score)
		}
		a.Vector, a.Score = newest(vectors)
		e := entry{Advisory: a, product: p.Package.Name}
		for _, v := range p.Versions {
			e.affected = append(e.affected, Range{From: v, To: v})
		}
		for _, g := range p.Ranges {
			if g.Type == "GIT" {
				continue
			}
			for _, event := range g.Events {
				e.affected = event2range(e.affected, event.Introduced, event.Fixed, event.LastAffected)
			}
		}
		if len(e.affected) > 0 {
			entries = append(entries, e)
		}
	}
	return entries, nil
}

// event2range opens a range at "introduced" and closes the last one otherwise.
func event2range(ranges []Range, introduced, fixed, last string) []Range {
	switch {
	case introduced == "0":
		return append(ranges, Range{})
	case introduced != "":
		return append(ranges, Range{From: introduced})
	case len(ranges) > 0:
		ranges[len(ranges)-1].Before, ranges[len(ranges)-1].To = fixed, last
	}
	return ranges
}
