package report

import (
	_ "embed"
	"strconv"
	"strings"
)

//go:generate sh -c "cd $(mktemp -d) && npm pack world-atlas@2.0.2 >/dev/null && tar xzf world-atlas-2.0.2.tgz && go run -C $OLDPWD ./genmap $PWD/package/countries-110m.json $PWD/package/countries-50m.json > $OLDPWD/map.tsv"

// mapTable is made by genmap: code, name, point and outline of each country.
//
//go:embed map.tsv
var mapTable string

// land is one line of the map: a country, or land that has no code.
type land struct {
	code, name string
	x, y       float64 // a point within it, in thousandths of the map's width; 0 where not known
	path       string  // SVG, in tenths of that unit; "" for a country too small for an outline
}

// lands reads the table.
func lands() []land {
	var list []land
	for line := range strings.Lines(mapTable) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 5 {
			continue // the heading
		}
		l := land{code: f[0], name: f[1], path: f[4]}
		l.x, _ = strconv.ParseFloat(f[2], 64)
		l.y, _ = strconv.ParseFloat(f[3], 64)
		list = append(list, l)
	}
	return list
}

// CountryName is the English name of a country by its ISO 3166-1 alpha-2 code,
// the code itself where it is not known, and "unknown" where there is none.
func CountryName(code string) string {
	if code == "" {
		return "unknown"
	}
	_, after, ok := strings.Cut(mapTable, "\n"+code+"\t")
	if !ok || len(code) != 2 {
		return clean(code, maxWord)
	}
	name, _, _ := strings.Cut(after, "\t")
	return name
}
