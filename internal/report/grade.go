package report

import (
	"slices"

	"github.com/leadglass/leadglass/internal/exposure"
)

// Grade is how a country fares.
type Grade string

// The grades. Honeypot suspects are left out.
//
//	ugly  anyone can take images from at least one system (it permits
//	      retrieval, and is not known to be empty), or at least one system
//	      shows signs of compromise
//	bad   not ugly, and at least one system discloses patient data, or answers
//	      the queries of strangers (C-FIND, QIDO-RS; one that is empty will
//	      disclose what is stored next), or gives WADO-RS, a web viewer, an
//	      admin interface or retrieval to anyone, or its software has a
//	      vulnerability rated CVSS 10.0 or known to be exploited
//	good  none of this was found
//
// A grade is about what was found, not about a country's hospitals: good says
// that nothing was found among the addresses in scope.
const (
	Good Grade = "good"
	Bad  Grade = "bad"
	Ugly Grade = "ugly"
)

// Definition says what a grade means, for the report.
func (g Grade) Definition() string {
	switch g {
	case Ugly:
		return "Anyone can take images from at least one system, or at least one system shows signs of compromise."
	case Bad:
		return "Not ugly, but at least one system discloses patient data, answers the queries of strangers, lets anyone into a web archive, viewer or admin interface, or runs software with a vulnerability rated CVSS 10.0 or known to be exploited."
	case Good:
		return "None of this was found among the addresses in scope."
	}
	return ""
}

// makesBad lists the exposures that rule out good.
func makesBad() []exposure.ID {
	return append(doors(), exposure.PatientDataDisclosed, exposure.VulnerableCritical, exposure.VulnerableExploited)
}

func gradeOf(systems []*System) Grade {
	bad, grade := makesBad(), Good
	for _, s := range systems {
		switch {
		case Suspect(s):
		case s.givesImages(), s.Has(exposure.Compromised):
			return Ugly
		case slices.ContainsFunc(bad, s.Has):
			grade = Bad
		}
	}
	return grade
}

// givesImages says whether anyone can take images: retrieval is permitted, and
// the archive is not known to be empty.
func (s *System) givesImages() bool {
	empty := s.Count.Kind == CountExact && s.Images == 0
	return (s.Retrievable || s.Has(exposure.RetrieveOpen)) && !empty
}
