package report

import (
	"cmp"
	"slices"
	"strings"

	"github.com/leadglass/leadglass/internal/exposure"
)

// action is a remedy, with all exposures that it is the remedy of, and how much
// it would close.
type action struct {
	Exposures []exposure.Exposure // worst first
	Remedy    string
	Settings  []exposure.Setting // for the products that were found, and for all others
	Systems   int64              // that have one of the exposures
	Behind    int64              // studies on these systems
	// Closed is the studies on those of them where no stranger could reach a
	// study any more if only this were done.
	Closed int64
	met    map[exposure.ID]bool // which of the exposures any system has
}

// doors are the exposures through which a stranger reaches studies.
func doors() []exposure.ID {
	return append(dicomDoors(), exposure.QIDOOpen, exposure.WADOOpen, exposure.ViewerOpen, exposure.AdminOpen)
}

func dicomDoors() []exposure.ID {
	return []exposure.ID{exposure.FindPatientOpen, exposure.FindStudyOpen, exposure.FindWorklistOpen, exposure.RetrieveOpen}
}

// closes says which doors the remedy of an exposure closes: all of them where
// it takes the system off the network, those of DICOM where it keeps strangers
// from associating, the door itself where it is one.
func closes(id exposure.ID) []exposure.ID {
	switch id {
	case exposure.PatientDataDisclosed, exposure.GovernmentIDs, exposure.Compromised, exposure.VulnerableCritical, exposure.VulnerableExploited:
		return doors()
	case exposure.AnyAETitle:
		return dicomDoors()
	}
	if slices.Contains(doors(), id) {
		return []exposure.ID{id}
	}
	return nil
}

// actions ranks what to do by how many studies it would close, then by how many
// are behind it, then by severity; evidence comes before cleaning up. Exposures that are neither a door nor of
// medium severity are left to the systems' own lists.
func (c catalogue) actions(s *Survey) []*action {
	byRemedy := map[string]*action{}
	shut := map[*action][]exposure.ID{}
	var list []*action
	for _, e := range exposure.List() {
		if e.Severity.Rank() < exposure.Medium.Rank() && closes(e.ID) == nil {
			continue
		}
		a := byRemedy[e.Remedy]
		if a == nil {
			a = &action{Remedy: e.Remedy, met: map[exposure.ID]bool{}}
			byRemedy[e.Remedy] = a
			list = append(list, a)
		}
		a.Exposures = append(a.Exposures, e)
		shut[a] = append(shut[a], closes(e.ID)...)
	}
	for i := range s.Systems {
		for _, a := range list {
			a.weigh(&s.Systems[i], shut[a])
		}
	}
	products := productsOf(s)
	list = slices.DeleteFunc(list, func(a *action) bool { return a.Systems == 0 })
	for _, a := range list {
		a.sortOut(products)
	}
	slices.SortStableFunc(list, func(a, b *action) int {
		return cmp.Or(cmp.Compare(b.Closed, a.Closed), cmp.Compare(b.Behind, a.Behind),
			cmp.Compare(b.Severity().Rank(), a.Severity().Rank()), boolFirst(a.met[exposure.Compromised], b.met[exposure.Compromised]),
			cmp.Compare(b.Systems, a.Systems))
	})
	return list
}

// boolFirst sorts what is true first.
func boolFirst(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// weigh adds what the action would do for a system.
func (a *action) weigh(s *System, shut []exposure.ID) {
	if Suspect(s) {
		return
	}
	has := false
	for _, e := range a.Exposures {
		if s.Has(e.ID) {
			has, a.met[e.ID] = true, true
		}
	}
	if !has {
		return
	}
	a.Systems++
	if s.SameArchiveAs != "" {
		return
	}
	sum(&a.Behind, s.Studies)
	stillOpen := slices.ContainsFunc(doors(), func(d exposure.ID) bool { return s.Has(d) && !slices.Contains(shut, d) })
	if len(shut) > 0 && !stillOpen {
		sum(&a.Closed, s.Studies)
	}
}

// sortOut keeps what was met: exposures, and settings of products.
func (a *action) sortOut(products map[string]bool) {
	a.Exposures = slices.DeleteFunc(a.Exposures, func(e exposure.Exposure) bool { return !a.met[e.ID] })
	slices.SortStableFunc(a.Exposures, func(x, y exposure.Exposure) int { return cmp.Compare(y.Severity.Rank(), x.Severity.Rank()) })
	for _, set := range a.Exposures[0].Settings {
		if set.Product == "" || products[set.Product] {
			a.Settings = append(a.Settings, set)
		}
	}
}

// Severity is that of the worst exposure.
func (a *action) Severity() exposure.Severity { return a.Exposures[0].Severity }

// Titles names what the remedy is for.
func (a *action) Titles() string {
	titles := make([]string, len(a.Exposures))
	for i, e := range a.Exposures {
		titles[i] = e.Title
	}
	return strings.Join(titles, "; ")
}

func productsOf(s *Survey) map[string]bool {
	m := map[string]bool{}
	for i := range s.Systems {
		if !Suspect(&s.Systems[i]) {
			m[s.Systems[i].Product] = true
		}
	}
	return m
}
