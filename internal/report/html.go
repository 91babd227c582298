package report

import (
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"slices"

	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/probe"
)

//go:embed page.html
var pageTemplate string

//go:embed page.css
var pageStyle string

// How much of a long list the report shows; systems.csv has all of it.
const (
	shownSystems  = 300
	shownNetworks = 40
	shownSoftware = 15
	shownCVEs     = 20
)

// page is what report.html shows, in the order of the page.
type page struct {
	*Survey
	Style     template.CSS
	Policy    string
	When      string
	Lead      string
	LeadMore  string
	Estimates string
	Bands     []band
	Map       worldMap
	Countries []Country
	Found     []Country // of a discovery, which grades none
	Grades    []gradeRow
	Severity  []bar
	Exposures []bar
	Actions   []*action // that close studies by themselves
	Later     []*action // the others
	Systems   []systemRow
	AllCount  int64
	Networks  []networkRow
	MoreNets  int
	Software  []softwareRow
	CVEs      []cveRow
	Ports     []bar
}

// HTML writes report.html: one file that asks for nothing else and runs no
// script.
func HTML(w io.Writer, s *Survey) error {
	t, err := template.New("report").Funcs(template.FuncMap{
		"group": group, "about": about, "share": share, "country": CountryName, "day": day, "plural": plural,
	}).Parse(pageTemplate)
	if err != nil {
		return fmt.Errorf("report: parsing template: %w", err)
	}
	return t.Execute(w, newPage(s))
}

func newPage(s *Survey) *page {
	c := newCatalogue()
	worst := c.worstFirst(s.Systems)
	p := &page{
		Survey: s, Style: template.CSS(pageStyle), Policy: policy(pageStyle),
		When: span(s.Started, s.Finished), Lead: lead(s), LeadMore: leadMore(&s.Totals),
		Bands: bands(s), Map: newWorldMap(s), Countries: worstCountries(s.Countries), Grades: gradeRows(s.Countries),
		Severity: severityBars(worst), Exposures: c.exposureBars(worst), AllCount: int64(len(worst)),
		Software: softwareRows(worst), CVEs: cveRows(worst), Ports: portBars(s),
	}
	if s.Discovery {
		p.Found = foundIn(s)
	}
	for _, a := range c.actions(s) {
		if a.Closed > 0 {
			p.Actions = append(p.Actions, a)
		} else {
			p.Later = append(p.Later, a)
		}
	}
	if s.Totals.SystemsEstimated > 0 {
		p.Estimates = estimateNote(&s.Totals)
	}
	for _, y := range worst[:min(len(worst), shownSystems)] {
		p.Systems = append(p.Systems, c.systemRow(y))
	}
	all := networkRows(worst)
	p.Networks = all[:min(len(all), shownNetworks)]
	p.MoreNets = len(all) - len(p.Networks)
	return p
}

// policy lets the page's own style in and nothing else: Content Security
// Policy Level 3, a hash of the style element's content.
func policy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'"
}

// lead is the first sentence of the report.
func lead(s *Survey) string {
	t, all := &s.Totals, archives(s)
	switch {
	case all == 0:
		return "No medical image archive answered."
	case s.Discovery:
		return plural(all, "medical image archive") + " answered a stranger. What they disclose was not asked."
	case t.SystemsDisclosing == 0:
		return "None of the " + plural(all, "medical image archive") + " that answered disclosed patient data."
	}
	text := fmt.Sprintf("%s of %s %s patient data to anyone who asks", group(t.SystemsDisclosing), plural(all, "medical image archive"),
		verb(t.SystemsDisclosing, "discloses", "disclose"))
	if t.Countries > 0 {
		text += ", in " + plural(t.Countries, "country")
	}
	return text + "."
}

func leadMore(t *Totals) string {
	if t.Studies == 0 {
		return ""
	}
	text := fmt.Sprintf("In all, %s examinations with %s images", about(t.Studies), about(t.Images))
	if t.Patients > 0 {
		text += " of at least " + about(t.Patients) + " patients"
	}
	text += " could be counted."
	if t.ImagesAccessible > 0 {
		text += fmt.Sprintf(" %s of the images can be taken away by a stranger, without a password.", about(t.ImagesAccessible))
	}
	return text
}

// bar is one line of a chart; its length is a share of the longest.
type bar struct {
	Label, Class, Note string
	N                  int64
	Length             string // of 100
}

func measure(bars []bar) []bar {
	longest := int64(1)
	for _, b := range bars {
		longest = max(longest, b.N)
	}
	for i := range bars {
		bars[i].Length = fmt.Sprintf("%.2f", 100*float64(bars[i].N)/float64(longest))
	}
	return bars
}

// severityBars counts the systems by their worst exposure.
func severityBars(worst []ranked) []bar {
	n := map[exposure.Severity]int64{}
	for _, y := range worst {
		n[y.Severity]++
	}
	var bars []bar
	for _, v := range []struct {
		severity exposure.Severity
		note     string
	}{
		{exposure.Critical, "act today"}, {exposure.High, "act this week"}, {exposure.Medium, "act this month"},
		{exposure.Low, "with the next change"}, {exposure.Info, "nothing to do by itself"},
	} {
		bars = append(bars, bar{Label: string(v.severity), Class: string(v.severity), Note: v.note, N: n[v.severity]})
	}
	return measure(bars)
}

// exposureBars counts the systems that have each exposure.
func (c catalogue) exposureBars(worst []ranked) []bar {
	n := map[string]int64{}
	for _, y := range worst {
		for _, id := range y.Exposures {
			n[id]++
		}
	}
	var bars []bar
	for id, count := range n {
		e := c.of(id)
		bars = append(bars, bar{Label: e.Title, Class: string(e.Severity), Note: id, N: count})
	}
	slices.SortFunc(bars, func(a, b bar) int {
		return exposure.BySeverity(exposure.ID(a.Note), exposure.ID(b.Note))
	})
	return measure(bars)
}

// portBars says what the ports turned out to be.
func portBars(s *Survey) []bar {
	names := []struct {
		class probe.Class
		label string
	}{
		{probe.AcceptsAnyone, "DICOM, accepts any caller"}, {probe.Rejects, "DICOM, rejects"}, {probe.TLSOnly, "DICOM within TLS only"},
		{probe.ClientCert, "TLS that wants a client certificate"}, {probe.WrongPort, "DICOM behind a wrong port"},
		{"web", "open web archive"}, {probe.OtherService, "another service"}, {probe.Closed, "closed"}, {probe.Timeout, "no answer in time"},
	}
	var bars []bar
	for _, name := range names {
		if n := s.Answers[string(name.class)]; n > 0 {
			bars = append(bars, bar{Label: name.label, N: n})
		}
	}
	return measure(bars)
}

type gradeRow struct {
	Grade      Grade
	Countries  int64
	Definition string
}

func gradeRows(list []Country) []gradeRow {
	var rows []gradeRow
	for _, g := range []Grade{Good, Bad, Ugly} {
		n := int64(0)
		for _, c := range list {
			if c.Grade == string(g) && c.Code != "" {
				n++
			}
		}
		rows = append(rows, gradeRow{g, n, g.Definition()})
	}
	return rows
}

// chart is a table of bars with its caption.
type chart struct {
	Caption, Head string
	Bars          []bar
}

// SeverityChart is systems by severity.
func (p *page) SeverityChart() chart {
	return chart{"Systems by their worst exposure", "Severity", p.Severity}
}

// ExposureChart is systems by exposure.
func (p *page) ExposureChart() chart {
	return chart{"Systems by exposure, worst first", "Exposure", p.Exposures}
}

// PortChart is ports by answer.
func (p *page) PortChart() chart {
	return chart{"What the ports turned out to be", "Answer", p.Ports}
}

// MoreNets64 is MoreNets for plural.
func (p *page) MoreNets64() int64 { return int64(p.MoreNets) }

// ShownCount is how many systems are shown.
func (p *page) ShownCount() int64 { return int64(len(p.Systems)) }

// Asked writes a number that only a full survey asks for: a dash after a
// discovery, since 0 would be an answer.
func (p *page) Asked(n int64) string {
	if p.Discovery {
		return "–"
	}
	return group(n)
}

// foundIn is where a discovery found systems, most first.
func foundIn(s *Survey) []Country {
	list := countries(s.Systems)
	slices.SortStableFunc(list, func(a, b Country) int { return cmp.Compare(b.Totals.SystemsDICOM, a.Totals.SystemsDICOM) })
	return list
}
