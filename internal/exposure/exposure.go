package exposure

import (
	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/probe"
)

// Exposure is what an answer means.
type Exposure struct {
	ID       ID
	Title    string // a few words
	Severity Severity
	// Vector is the CVSS 3.1 base vector whose band Severity is, or one band
	// below it: then Raised says why. Rationale puts it in words.
	Vector    string
	Rationale string
	Raised    string
	// Meaning explains it to whoever is responsible, without technical terms.
	Meaning string
	// Remedy says what to do; Settings how, by product. "" is for all others.
	Remedy     string
	Settings   []Setting
	References []string // clauses of the standard, CWE, RFC

	holds func(*Finding) bool
}

// Setting is the remedy in one product.
type Setting struct {
	Product string // as package product names it
	Text    string
}

// Finding is what exposures are derived from.
type Finding struct {
	*probe.Facts
	Advisories []advisory.Advisory // of the product and version
}

// Of returns the exposures that the facts show, sorted. It is pure.
func Of(f *Finding) []ID {
	var ids []ID
	for _, e := range List() {
		if e.holds(f) {
			ids = append(ids, e.ID)
		}
	}
	return sorted(ids)
}

// ByID returns the exposure with that id.
func ByID(id ID) (Exposure, bool) {
	for _, e := range List() {
		if e.ID == id {
			return e, true
		}
	}
	return Exposure{}, false
}
