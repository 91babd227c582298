package report

import (
	"fmt"
	"strings"
)

// worldMap is the map of the report.
type worldMap struct {
	Lands  []mapLand
	Dots   []mapLand // countries too small for an outline
	Legend []legendEntry
	By     string // what the shade shows
	Shows  string // the same, above the legend
	Alt    string
}

type mapLand struct {
	Path        string
	X, Y        string
	Shade       string // CSS class
	Description string // shown by a browser on hovering
}

type legendEntry struct{ Shade, Label string }

// shades is the number of steps from light to dark.
const shades = 5

// newWorldMap shades each country by the studies counted in it, a step for each
// power of ten, the darkest for that of the largest; where nothing was counted,
// by disclosing systems; after a discovery, which asked neither, by systems.
func newWorldMap(s *Survey) worldMap {
	in, describe := s.Countries, describe
	m := worldMap{By: "studies", Shows: "studies counted"}
	value := func(t *Totals) int64 { return t.Studies }
	switch {
	case s.Discovery:
		in, describe = foundIn(s), describeFound
		m.By, m.Shows, value = "DICOM systems", "DICOM systems found", func(t *Totals) int64 { return t.SystemsDICOM }
	case s.Totals.Studies == 0:
		m.By, m.Shows, value = "disclosing systems", "disclosing systems", func(t *Totals) int64 { return t.SystemsDisclosing }
	}
	found := map[string]*Totals{}
	largest := int64(0)
	for i := range in {
		found[in[i].Code] = &in[i].Totals
		largest = max(largest, value(&in[i].Totals))
	}
	floors := steps(largest)
	for _, l := range lands() {
		t := found[l.code]
		if l.code == "" {
			t = nil
		}
		shown := mapLand{Path: l.path, Shade: "m0", X: fmt.Sprintf("%.1f", l.x), Y: fmt.Sprintf("%.1f", l.y)}
		if t != nil {
			shown.Shade = shade(value(t), floors)
			shown.Description = describe(l.name, t)
		}
		switch {
		case l.path != "":
			m.Lands = append(m.Lands, shown)
		case t != nil && l.x > 0:
			m.Dots = append(m.Dots, shown)
		}
	}
	m.Legend = legend(floors, m.By)
	m.Alt = mapAlt(in, s.Discovery, m.By)
	return m
}

// steps are the lower limits of the shades, rising; the last is the power of
// ten below the largest value.
func steps(largest int64) []int64 {
	top := int64(1)
	for largest/10 >= top {
		top *= 10
	}
	var floors []int64
	for len(floors) < shades {
		floors = append([]int64{top}, floors...)
		if top == 1 {
			break
		}
		top /= 10
	}
	floors[0] = 1 // the lightest shade takes what is below
	return floors
}

// shade is the class of a value: "seen" where systems were found and nothing
// was counted, else m1 to m5.
func shade(n int64, floors []int64) string {
	if n <= 0 {
		return "seen"
	}
	k := 0
	for i, floor := range floors {
		if n >= floor {
			k = i
		}
	}
	return fmt.Sprintf("m%d", k+1+shades-len(floors))
}

func legend(floors []int64, by string) []legendEntry {
	list := []legendEntry{{"m0", "no system found"}, {"seen", "found, no " + by}}
	for i, floor := range floors {
		label := about(floor) + " and more"
		if i+1 < len(floors) {
			label = about(floor) + " to " + about(floors[i+1]-1)
			if floors[i+1] > 1e6 {
				label = about(floor) + " to " + about(floors[i+1])
			}
		}
		list = append(list, legendEntry{fmt.Sprintf("m%d", i+1+shades-len(floors)), label})
	}
	return list
}

func describe(name string, t *Totals) string {
	return fmt.Sprintf("%s: %s of %s %s, %s, %s", name, group(t.SystemsDisclosing), plural(t.SystemsDICOM, "archive"),
		verb(t.SystemsDisclosing, "discloses", "disclose"), plural(t.Studies, "study"), plural(t.Images, "image"))
}

// describeFound says no more than a discovery asked.
func describeFound(name string, t *Totals) string {
	return name + ": " + plural(t.SystemsDICOM, "archive") + " found"
}

// mapAlt says in words what the map shows.
func mapAlt(in []Country, discovery bool, by string) string {
	if !discovery {
		in = worstCountries(in)
	}
	var worst []string
	for _, c := range in {
		if shown := c.Totals.SystemsDisclosing > 0 || discovery; shown && c.Code != "" && len(worst) < 3 {
			worst = append(worst, CountryName(c.Code))
		}
	}
	most := "Most affected"
	switch {
	case discovery && len(worst) == 0:
		return "World map. In no country is a system known to be."
	case len(worst) == 0:
		return "World map. No country has a disclosing system."
	case discovery:
		most = "Most were found in"
	}
	return fmt.Sprintf("World map, each country shaded by %s. %s: %s. The table below has every country.", by, most, strings.Join(worst, ", "))
}
