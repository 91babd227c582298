package plan

import (
	"slices"

	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
)

// total adds up. The headline figures are those that the plan was made for;
// a test holds them against the sum of the systems.
func (p *Plan) total(systems []report.System) report.Totals {
	t := sum(systems)
	t.SystemsDICOM = int64(p.size.systems)
	t.SystemsDisclosing = int64(p.size.disclosing)
	t.Studies, t.Images, t.ImagesAccessible = int64(p.size.studies), int64(p.size.images), int64(p.size.accessible)
	t.StudiesLow, t.StudiesHigh, t.ImagesLow, t.ImagesHigh = t.Studies, t.Studies, t.Images, t.Images
	return t
}

// countries are the totals of each, without grades: those are the report's.
func (p *Plan) countries(systems []report.System) []report.Country {
	byCode := map[string][]report.System{}
	for _, s := range systems {
		byCode[s.Country] = append(byCode[s.Country], s)
	}
	list := []report.Country{}
	for code, in := range byCode {
		list = append(list, report.Country{Code: code, Totals: sum(in)})
	}
	slices.SortFunc(list, func(a, b report.Country) int { return compare(a.Code, b.Code) })
	return list
}

func compare(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// sum adds systems up.
func sum(systems []report.System) report.Totals {
	var t report.Totals
	places := map[string]bool{}
	groups := map[[4]string]int64{}
	for i := range systems {
		s := &systems[i]
		if len(s.Honeypot) > 0 {
			t.HoneypotSuspects++
			continue
		}
		is := func(n *int64, id exposure.ID) {
			if slices.Contains(s.Exposures, string(id)) {
				*n++
			}
		}
		is(&t.SystemsDisclosing, exposure.PatientDataDisclosed)
		is(&t.WebViewersOpen, exposure.ViewerOpen)
		is(&t.WebViewersOpenHTTP, exposure.ViewerPlaintext)
		is(&t.SystemsVulnerable, exposure.Vulnerable)
		is(&t.SystemsCVSS10, exposure.VulnerableCritical)
		is(&t.SystemsCompromiseIndicators, exposure.Compromised)
		is(&t.SystemsAnyAETitle, exposure.AnyAETitle)
		if slices.Contains(s.Exposures, string(exposure.PatientDataDisclosed)) {
			places[s.Country] = true
		}
		addClass(&t, s)
		if s.SameArchiveAs == "" {
			addRecords(&t, s)
		}
		if k := [4]string{s.ImplementationClassUID, s.ImplementationVersionName, s.Product, s.Version}; k != [4]string{} {
			groups[k]++
		}
	}
	t.Countries = int64(len(places))
	for _, n := range groups {
		if n >= 2 {
			t.SoftwareClusters++
			t.SystemsInClusters += n
		}
	}
	return t
}

func addClass(t *report.Totals, s *report.System) {
	switch probe.Class(s.Class) {
	case probe.TLSOnly:
		t.SystemsDICOM++
		t.SystemsTLS++
	case probe.WrongPort:
		t.SystemsDICOM++
		if !slices.Contains(s.Exposures, string(exposure.DICOMPlaintext)) {
			t.SystemsTLS++
		}
	case probe.AcceptsAnyone, probe.Rejects:
		t.SystemsDICOM++
	}
}

func addRecords(t *report.Totals, s *report.System) {
	t.Patients += s.Patients
	t.Studies += s.Studies
	t.Images += s.Images
	if s.Retrievable {
		t.ImagesAccessible += s.Images
	}
	t.StudiesLow, t.StudiesHigh = t.StudiesLow+s.Studies, t.StudiesHigh+s.Studies
	t.ImagesLow, t.ImagesHigh = t.ImagesLow+s.Images, t.ImagesHigh+s.Images
}
