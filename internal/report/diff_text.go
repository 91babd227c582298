package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// JSON writes the changes for a program.
func (c *Changes) JSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(c)
}

// Text writes the changes for a terminal of that many columns (0 means 80).
func (c *Changes) Text(w io.Writer, columns int, colour bool) error {
	if columns <= 0 {
		columns = defaultWidth
	}
	t := &table{width: min(max(columns, minWidth), maxWidth), colour: colour}
	t.line("%s", t.paint(bold, "From "+day(c.OldFinished)+" to "+day(c.NewFinished)+": "+c.summary()))
	for _, text := range c.Warnings {
		for _, l := range wrap("warning: "+text, t.width) {
			t.line("%s", t.paint(yellow, l))
		}
	}
	t.line("")
	t.beforeAfter(&c.Before, &c.After)
	t.changes("Worse", red, c.Worse)
	t.changes("New", yellow, c.New)
	t.changes("Better", green, c.Better)
	t.changes("Gone", green, c.Gone)
	_, err := io.WriteString(w, t.b.String())
	return err
}

func (c *Changes) summary() string {
	return fmt.Sprintf("%d worse, %d new, %d better, %d gone", len(c.Worse), len(c.New), len(c.Better), len(c.Gone))
}

func day(t time.Time) string {
	if t.IsZero() {
		return "an unknown day"
	}
	return t.UTC().Format(time.DateOnly)
}

func (t *table) beforeAfter(b, a *Totals) {
	name := t.width - 48
	t.line("%s", t.paint(dim, pad("", name)+fmt.Sprintf(" %15s %15s %15s", "before", "after", "change")))
	for _, r := range []struct {
		label         string
		before, after int64
	}{
		{"image archives (DICOM)", b.SystemsDICOM, a.SystemsDICOM},
		{"disclosing patient data", b.SystemsDisclosing, a.SystemsDisclosing},
		{"countries", b.Countries, a.Countries},
		{"studies", b.Studies, a.Studies},
		{"images", b.Images, a.Images},
		{"images anyone can take", b.ImagesAccessible, a.ImagesAccessible},
		{"open web viewers", b.WebViewersOpen, a.WebViewersOpen},
		{"known vulnerabilities", b.SystemsVulnerable, a.SystemsVulnerable},
		{"signs of compromise", b.SystemsCompromiseIndicators, a.SystemsCompromiseIndicators},
		{"reached within TLS", b.SystemsTLS, a.SystemsTLS},
	} {
		t.line("%s %15s %15s %15s", pad(r.label, name), group(r.before), group(r.after), signed(r.after-r.before))
	}
	t.line("")
}

func signed(n int64) string {
	switch {
	case n > 0:
		return "+" + group(n)
	case n == 0:
		return "="
	}
	return group(n)
}

func (t *table) changes(title, code string, list []Change) {
	if len(list) == 0 {
		return
	}
	t.line("%s", t.paint(code, fmt.Sprintf("%s (%d)", title, len(list))))
	for _, c := range list {
		about := strings.TrimSpace(strings.Join([]string{c.Country, c.Product}, " "))
		t.line("  %s %s", pad(c.Address, 24), fit(about, t.width-27))
		for _, l := range wrap(strings.Join(c.Reasons, "; "), t.width-6) {
			t.line("      %s", l)
		}
	}
	t.line("")
}
