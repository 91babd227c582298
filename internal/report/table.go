package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/width"

	"github.com/leadglass/leadglass/internal/exposure"
)

// Widths of the terminal table.
const (
	minWidth     = 60
	maxWidth     = 120
	defaultWidth = 80
	tableRows    = 10 // countries and systems shown; the files have all
)

// Table writes the survey for a terminal of that many columns (0 means 80):
// plain text, and colours only where asked.
func Table(w io.Writer, s *Survey, columns int, colour bool) error {
	if columns <= 0 {
		columns = defaultWidth
	}
	t := &table{width: min(max(columns, minWidth), maxWidth), colour: colour}
	t.head(s)
	t.figures(s)
	t.countries(s)
	t.worst(s)
	_, err := io.WriteString(w, t.b.String())
	return err
}

// Headline is the survey in one sentence.
func Headline(s *Survey) string {
	t, all := &s.Totals, archives(s)
	switch {
	case all == 0:
		return "No image archive answered."
	case s.Discovery:
		return plural(all, "image archive") + " answered. What they disclose was not asked."
	case t.SystemsDisclosing == 0:
		return fmt.Sprintf("None of %s disclosed patient data.", plural(all, "image archive"))
	}
	where := ""
	if t.Countries > 0 {
		where = " in " + plural(t.Countries, "country")
	}
	return fmt.Sprintf("%s of %s %s patient data to anyone%s: %s, %s.", group(t.SystemsDisclosing),
		plural(all, "image archive"), verb(t.SystemsDisclosing, "discloses", "disclose"), where, plural(t.Studies, "study"), plural(t.Images, "image"))
}

// archives is how many image archives there are: the DICOM systems, and those
// without DICOM that disclose over the web.
func archives(s *Survey) int64 {
	n := s.Totals.SystemsDICOM
	for i := range s.Systems {
		if y := &s.Systems[i]; !Suspect(y) && !y.IsDICOM() && y.Discloses() {
			n++
		}
	}
	return n
}

// table is the text while it is made.
type table struct {
	b      strings.Builder
	width  int
	colour bool
}

// paint wraps text in an ANSI colour (ECMA-48 section 8.3.117) where asked.
func (t *table) paint(code, text string) string {
	if !t.colour {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}

const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	yellow = "33"
	green  = "32"
)

func (t *table) line(format string, a ...any) {
	t.b.WriteString(strings.TrimRight(fmt.Sprintf(format, a...), " ") + "\n")
}

func (t *table) head(s *Survey) {
	a := s.Authorisation
	t.line("%s", t.paint(bold, fit("Survey for "+cmp.Or(a.Organisation, "an unnamed organisation"), t.width)))
	about := "authorisation " + cmp.Or(strip(a.Reference, maxLong), "unknown") + ", " + span(s.Started, s.Finished)
	for _, l := range wrap(about+"; "+group(s.HostsAsked)+" of "+plural(s.Hosts, "host")+" asked", t.width) {
		t.line("%s", fit(l, t.width))
	}
	if s.Partial {
		for _, l := range wrap("PARTIAL: interrupted before every host was asked; each figure is a lower bound.", t.width) {
			t.line("%s", t.paint(yellow, l))
		}
	}
	t.line("")
	for _, l := range wrap(Headline(s), t.width) {
		t.line("%s", t.paint(bold, l))
	}
	t.line("")
}

// span is when the survey ran, in UTC.
func span(from, to time.Time) string {
	from, to = from.UTC(), to.UTC()
	if from.IsZero() || to.IsZero() {
		return "no date"
	}
	if from.Format(time.DateOnly) == to.Format(time.DateOnly) {
		return from.Format("2006-01-02 15:04") + " to " + to.Format("15:04 UTC")
	}
	return from.Format("2006-01-02 15:04") + " to " + to.Format("2006-01-02 15:04 UTC")
}

// discovered are the figures that a discovery knows.
func (t *table) discovered(f *Totals) {
	for _, r := range [][2]string{
		{"image archives (DICOM)", group(f.SystemsDICOM)},
		{"reached within TLS", group(f.SystemsTLS)},
		{"honeypot suspects, apart", group(f.HoneypotSuspects)},
		{"known vulnerabilities", group(f.SystemsVulnerable)},
		{"  rated CVSS 10.0", group(f.SystemsCVSS10)},
		{"in identical software", group(f.SystemsInClusters)},
	} {
		t.line("%s", leader(r[0], r[1], (t.width-4)/2))
	}
	t.line("")
}

func (t *table) figures(s *Survey) {
	f := &s.Totals
	if s.Discovery {
		t.discovered(f)
		return
	}
	rows := [][2]string{
		{"image archives (DICOM)", group(f.SystemsDICOM)},
		{"disclosing patient data", group(f.SystemsDisclosing)},
		{"countries", group(f.Countries)},
		{"taking any AE title", group(f.SystemsAnyAETitle)},
		{"reached within TLS", group(f.SystemsTLS)},
		{"open web viewers", group(f.WebViewersOpen)},
		{"  over plain HTTP", group(f.WebViewersOpenHTTP)},
		{"honeypot suspects, apart", group(f.HoneypotSuspects)},

		{"patients", group(f.Patients)},
		{"studies", group(f.Studies)},
		{"images", group(f.Images)},
		{"  anyone can take", group(f.ImagesAccessible)},
		{"known vulnerabilities", group(f.SystemsVulnerable)},
		{"  rated CVSS 10.0", group(f.SystemsCVSS10)},
		{"signs of compromise", group(f.SystemsCompromiseIndicators)},
		{"in identical software", group(f.SystemsInClusters)},
	}
	half := len(rows) / 2
	wide := (t.width - 4) / 2
	for i := range half {
		l, r := rows[i], rows[i+half]
		t.line("%s    %s", leader(l[0], l[1], wide), leader(r[0], r[1], wide))
	}
	if f.SystemsEstimated > 0 {
		t.line("")
		for _, l := range wrap(estimateNote(f), t.width) {
			t.line("%s", t.paint(dim, l))
		}
	}
	t.line("")
}

// estimateNote says how good the sums are.
func estimateNote(f *Totals) string {
	studies := "between " + group(f.StudiesLow) + " and " + group(f.StudiesHigh)
	if f.StudiesLow == f.StudiesHigh {
		studies = group(f.StudiesLow)
	}
	return fmt.Sprintf("The counts of %s are estimates: in all %s studies, between %s and %s images (sums of the limits of 95 %% intervals).",
		plural(f.SystemsEstimated, "system"), studies, group(f.ImagesLow), group(f.ImagesHigh))
}

// leader puts a label left and a value right in so many columns.
func leader(label, value string, columns int) string {
	gap := columns - cells(label) - cells(value)
	if gap < 1 {
		label, gap = fit(label, columns-cells(value)-1), 1
	}
	return pad(label, columns-gap-cells(value)) + strings.Repeat(" ", gap) + value
}

func (t *table) countries(s *Survey) {
	list := worstCountries(s.Countries)
	if len(list) == 0 {
		return
	}
	name := t.width - 54
	t.line("%s", t.paint(dim, pad("Country", name)+" Grade  Systems Disclosing      Studies         Images"))
	shown := list[:min(len(list), tableRows)]
	for _, c := range shown {
		f := c.Totals
		t.line("%s %s %8s %10s %12s %14s", pad(CountryName(c.Code), name), t.paint(gradeColour(c.Grade), pad(c.Grade, 5)),
			group(f.SystemsDICOM), group(f.SystemsDisclosing), group(f.Studies), group(f.Images))
	}
	if more := len(list) - len(shown); more > 0 {
		t.line("%s", t.paint(dim, "and "+plural(int64(more), "more country")))
	}
	t.line("")
}

func gradeColour(grade string) string {
	switch Grade(grade) {
	case Ugly:
		return red
	case Bad:
		return yellow
	}
	return green
}

// worstCountries sorts by studies, then by disclosing systems, then by grade.
func worstCountries(list []Country) []Country {
	rank := map[string]int{string(Ugly): 2, string(Bad): 1}
	list = slices.Clone(list)
	slices.SortStableFunc(list, func(a, b Country) int {
		return cmp.Or(cmp.Compare(b.Totals.Studies, a.Totals.Studies), cmp.Compare(b.Totals.SystemsDisclosing, a.Totals.SystemsDisclosing),
			cmp.Compare(rank[b.Grade], rank[a.Grade]), cmp.Compare(b.Totals.SystemsDICOM, a.Totals.SystemsDICOM))
	})
	return list
}

func (t *table) worst(s *Survey) {
	var list []ranked
	for _, y := range newCatalogue().worstFirst(s.Systems) {
		if y.Severity.Rank() >= exposure.High.Rank() && len(list) < tableRows {
			list = append(list, y)
		}
	}
	if len(list) == 0 {
		return
	}
	address := 21
	for _, y := range list {
		address = min(max(address, cells(y.Address)), 40)
	}
	name := t.width - address - 41
	t.line("%s", t.paint(dim, pad("Worst systems", address)+" CC Severity "+pad("Product", name)+"     Studies      Images"))
	for _, y := range list {
		t.line("%s %s %s %s %11s %11s", pad(y.Address, address), pad(y.Country, 2), t.paint(severityColour(y.Severity), pad(string(y.Severity), 8)),
			pad(strings.TrimSpace(y.Product+" "+y.Version), name), countText(y.System, y.Studies), countText(y.System, y.Images))
	}
	if s.Discovery {
		t.line("%s", t.paint(dim, "- was not asked"))
	}
	t.line("")
}

// countText is a count, marked where it is an estimate.
func countText(s *System, n int64) string {
	switch s.Count.Kind {
	case CountNone:
		return "-"
	case CountEstimate:
		return "~" + group(n)
	}
	return group(n)
}

func severityColour(v exposure.Severity) string {
	if v.Rank() >= exposure.High.Rank() {
		return red
	}
	return yellow
}

// cells is how many columns a text takes on a terminal: East Asian wide
// characters take two (Unicode Standard Annex 11).
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += runeCells(r)
	}
	return n
}

func runeCells(r rune) int {
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fit shortens a text to so many columns.
func fit(s string, columns int) string {
	s = strip(s, 2*maxLong)
	if cells(s) <= columns {
		return s
	}
	n, end := 0, 0
	for i, r := range s {
		if n += runeCells(r); n > columns-1 {
			break
		}
		end = i + len(string(r))
	}
	return s[:end] + "…"
}

// pad makes a text exactly so many columns wide.
func pad(s string, columns int) string {
	s = fit(s, columns)
	return s + strings.Repeat(" ", max(0, columns-cells(s)))
}

// wrap breaks a text at spaces.
func wrap(s string, columns int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && cells(line)+1+cells(word) > columns {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimSpace(line + " " + word)
	}
	return append(lines, line)
}
