package report

import (
	"encoding/csv"
	"io"
	"strconv"
	"strings"
)

// column is one column of systems.csv.
type column struct {
	name string
	cell func(*System) string
}

// columns lists them in order; a new one goes at the end.
func columns() []column {
	catalogue := newCatalogue()
	return []column{
		{"address", func(s *System) string { return s.Address }},
		{"name", func(s *System) string { return s.Name }},
		{"class", func(s *System) string { return s.Class }},
		{"reject", func(s *System) string { return s.Reject }},
		{"country", func(s *System) string { return s.Country }},
		{"network", func(s *System) string { return s.Network }},
		{"severity", func(s *System) string { return string(catalogue.severity(s)) }},
		{"vendor", func(s *System) string { return s.Vendor }},
		{"product", func(s *System) string { return s.Product }},
		{"version", func(s *System) string { return s.Version }},
		{"implementation_class_uid", func(s *System) string { return s.ImplementationClassUID }},
		{"implementation_version_name", func(s *System) string { return s.ImplementationVersionName }},
		{"cluster", func(s *System) string { return s.Cluster }},
		{"exposures", func(s *System) string { return strings.Join(s.Exposures, " ") }},
		{"attributes", func(s *System) string { return strings.Join(s.Attributes, " ") }},
		{"vulnerabilities", vulnerabilityCell},
		{"indicators", func(s *System) string { return strings.Join(s.Indicators, "; ") }},
		{"honeypot", func(s *System) string { return strings.Join(s.Honeypot, " ") }},
		{"tls", tlsCell},
		{"web", webCell},
		{"patients", func(s *System) string { return number(s.Patients) }},
		{"studies", func(s *System) string { return number(s.Studies) }},
		{"images", func(s *System) string { return number(s.Images) }},
		{"retrievable", func(s *System) string { return strconv.FormatBool(s.Retrievable) }},
		{"count", func(s *System) string { return s.Count.Kind }},
		{"studies_low", func(s *System) string { return number(s.Count.StudiesLow) }},
		{"studies_high", func(s *System) string { return number(s.Count.StudiesHigh) }},
		{"images_low", func(s *System) string { return number(s.Count.ImagesLow) }},
		{"images_high", func(s *System) string { return number(s.Count.ImagesHigh) }},
		{"method", func(s *System) string { return s.Count.Method }},
		{"same_archive_as", func(s *System) string { return s.SameArchiveAs }},
	}
}

// unasked says whether only a full survey asks for what the column holds: after
// a discovery its cells are empty, since 0 and false would be answers.
func unasked(column string) bool {
	switch column {
	case "patients", "studies", "images", "retrievable", "studies_low", "studies_high", "images_low", "images_high":
		return true
	}
	return false
}

// CSV writes systems.csv: RFC 4180, one line a system, UTF-8.
func CSV(w io.Writer, s *Survey) error {
	c := csv.NewWriter(w)
	c.UseCRLF = true
	cols := columns()
	row := make([]string, len(cols))
	for i, col := range cols {
		row[i] = col.name
	}
	if err := c.Write(row); err != nil {
		return err
	}
	for i := range s.Systems {
		for j, col := range cols {
			row[j] = ""
			if !s.Discovery || !unasked(col.name) {
				row[j] = plainCell(col.cell(&s.Systems[i]))
			}
		}
		if err := c.Write(row); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// plainCell keeps a spreadsheet from running a text as a formula: a peer may
// call its product "=cmd|…". The full-width forms are formulas to some
// spreadsheets in East Asian locales.
func plainCell(s string) string {
	s = clean(s, 1<<16)
	for _, start := range []string{"=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠"} {
		if strings.HasPrefix(s, start) {
			return "'" + s
		}
	}
	return s
}

func vulnerabilityCell(s *System) string {
	list := make([]string, len(s.Vulnerabilities))
	for i, v := range s.Vulnerabilities {
		list[i] = v.ID + " (" + strconv.FormatFloat(v.Score, 'f', 1, 64) + exploitedMark(v) + ")"
	}
	return strings.Join(list, "; ")
}

func exploitedMark(v Vulnerability) string {
	if v.Exploited {
		return ", exploited"
	}
	return ""
}

func tlsCell(s *System) string {
	if s.TLS == nil {
		return ""
	}
	list := append([]string{strings.Join(s.TLS.Versions, " ")}, s.TLS.Faults...)
	if s.TLS.ClientCert {
		list = append(list, "client certificate")
	}
	return strings.Join(list, "; ")
}

func webCell(s *System) string {
	list := make([]string, len(s.Web))
	for i, w := range s.Web {
		scheme := "http://"
		if w.HTTPS {
			scheme = "https://"
		}
		list[i] = strings.TrimSpace(scheme + w.Address + " " + strconv.Itoa(w.Status) + " " + strings.Join(w.Open, " "))
	}
	return strings.Join(list, "; ")
}
