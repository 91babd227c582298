package report

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/leadglass/leadglass/internal/exposure"
)

// systemRow is one system in the list of the worst.
type systemRow struct {
	ranked
	Product   string
	Listed    []exposure.Exposure
	StudyText string
	ImageText string
	Interval  string
	WebLines  []string
	TLSLine   string
	GovIDs    string
}

func (c catalogue) systemRow(y ranked) systemRow {
	r := systemRow{
		ranked: y, Product: strings.TrimSpace(y.System.Product + " " + y.System.Version), Listed: c.listed(y.System),
		StudyText: countText(y.System, y.Studies), ImageText: countText(y.System, y.Images), TLSLine: tlsCell(y.System),
	}
	if k := y.Count; k.Kind == CountEstimate {
		r.Interval = fmt.Sprintf("95 %% interval: %s to %s studies, %s to %s images", group(k.StudiesLow), group(k.StudiesHigh), group(k.ImagesLow), group(k.ImagesHigh))
	}
	for _, w := range y.Web {
		scheme := "http"
		if w.HTTPS {
			scheme = "https"
		}
		r.WebLines = append(r.WebLines, fmt.Sprintf("%s://%s answered %d; open: %s", scheme, w.Address, w.Status, cmp.Or(strings.Join(w.Open, ", "), "nothing")))
	}
	var ids []string
	for kind, n := range y.GovernmentIDs {
		ids = append(ids, fmt.Sprintf("%s × %d", kind, n))
	}
	slices.Sort(ids)
	r.GovIDs = strings.Join(ids, ", ")
	return r
}

// networkRow is what one network owner has.
type networkRow struct {
	Network, Country                             string
	Systems, Disclosing, Studies, Images, Urgent int64
}

// networkRows sums up by owner, most studies first. Systems whose owner is not
// known are one row for each country.
func networkRows(worst []ranked) []networkRow {
	by := map[[2]string]*networkRow{}
	var list []*networkRow
	for _, y := range worst {
		key := [2]string{y.Network, y.Country}
		r := by[key]
		if r == nil {
			r = &networkRow{Network: y.Network, Country: y.Country}
			by[key] = r
			list = append(list, r)
		}
		r.Systems++
		if y.Discloses() {
			r.Disclosing++
		}
		if y.Severity == exposure.Critical {
			r.Urgent++
		}
		if y.SameArchiveAs == "" {
			sum(&r.Studies, y.Studies)
			sum(&r.Images, y.Images)
		}
	}
	slices.SortStableFunc(list, func(a, b *networkRow) int {
		return cmp.Or(cmp.Compare(b.Studies, a.Studies), cmp.Compare(b.Disclosing, a.Disclosing), cmp.Compare(b.Systems, a.Systems),
			strings.Compare(a.Network, b.Network), strings.Compare(a.Country, b.Country))
	})
	rows := make([]networkRow, len(list))
	for i, r := range list {
		rows[i] = *r
	}
	return rows
}

// softwareRow is one product and version.
type softwareRow struct {
	Product                         string
	Systems, Disclosing, Vulnerable int64
}

func softwareRows(worst []ranked) []softwareRow {
	by := map[string]*softwareRow{}
	for _, y := range worst {
		name := cmp.Or(strings.TrimSpace(y.Product+" "+y.Version), "not recognised")
		r := by[name]
		if r == nil {
			r = &softwareRow{Product: name}
			by[name] = r
		}
		r.Systems++
		if y.Discloses() {
			r.Disclosing++
		}
		if y.Has(exposure.Vulnerable) {
			r.Vulnerable++
		}
	}
	rows := make([]softwareRow, 0, len(by))
	for _, r := range by {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b softwareRow) int {
		return cmp.Or(cmp.Compare(b.Systems, a.Systems), strings.Compare(a.Product, b.Product))
	})
	return rows[:min(len(rows), shownSoftware)]
}

// cveRow is one vulnerability and how many systems have it.
type cveRow struct {
	Vulnerability
	Systems int64
}

// ScoreText is the score with its decimal.
func (r cveRow) ScoreText() string { return fmt.Sprintf("%.1f", r.Score) }

func cveRows(worst []ranked) []cveRow {
	by := map[string]*cveRow{}
	for _, y := range worst {
		for _, v := range y.Vulnerabilities {
			if by[v.ID] == nil {
				by[v.ID] = &cveRow{Vulnerability: v}
			}
			by[v.ID].Systems++
		}
	}
	rows := make([]cveRow, 0, len(by))
	for _, r := range by {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b cveRow) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.Systems, a.Systems), strings.Compare(a.ID, b.ID))
	})
	return rows[:min(len(rows), shownCVEs)]
}
