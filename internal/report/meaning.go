package report

import (
	"cmp"
	"slices"

	"github.com/leadglass/leadglass/internal/exposure"
)

// catalogue is what package exposure says of each exposure, looked up once for
// a whole rendering.
type catalogue map[string]exposure.Exposure

func newCatalogue() catalogue {
	list := exposure.List()
	c := make(catalogue, len(list))
	for _, e := range list {
		c[string(e.ID)] = e
	}
	return c
}

// of looks an exposure up; one that a later version named is shown by its id.
func (c catalogue) of(id string) exposure.Exposure {
	if e, ok := c[id]; ok {
		return e
	}
	return exposure.Exposure{ID: exposure.ID(id), Title: id, Severity: exposure.Info}
}

// severity is the worst among the exposures of a system.
func (c catalogue) severity(s *System) exposure.Severity {
	worst := exposure.Info
	for _, id := range s.Exposures {
		if v := c.of(id).Severity; v.Rank() > worst.Rank() {
			worst = v
		}
	}
	return worst
}

// listed is the exposures of a system, worst first.
func (c catalogue) listed(s *System) []exposure.Exposure {
	list := make([]exposure.Exposure, len(s.Exposures))
	for i, id := range s.Exposures {
		list[i] = c.of(id)
	}
	slices.SortStableFunc(list, func(a, b exposure.Exposure) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// ranked is a system and its severity.
type ranked struct {
	*System
	Severity exposure.Severity
}

// worstFirst sorts by severity, then by records, then by the number of
// exposures, then by address; honeypot suspects are left out.
func (c catalogue) worstFirst(systems []System) []ranked {
	var list []ranked
	for i := range systems {
		if s := &systems[i]; !Suspect(s) {
			list = append(list, ranked{s, c.severity(s)})
		}
	}
	slices.SortStableFunc(list, func(a, b ranked) int {
		return cmp.Or(cmp.Compare(b.Severity.Rank(), a.Severity.Rank()), cmp.Compare(b.Studies, a.Studies),
			cmp.Compare(b.Images, a.Images), cmp.Compare(len(b.Exposures), len(a.Exposures)))
	})
	return list
}
