package report

import (
	"html/template"
	"io"
)

// HTML writes report.html.
func HTML(w io.Writer, s *Survey) error {
	t := template.Must(template.New("report").Parse("<!doctype html><title>Survey of image archives</title><p>{{.Totals.SystemsDisclosing}} of {{.Totals.SystemsDICOM}} systems disclose patient data.\n"))
	return t.Execute(w, s)
}
