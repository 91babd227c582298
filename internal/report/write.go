package report

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// Write makes survey.json, systems.csv and report.html in dir, each whole or
// not at all, readable by their owner only. The survey must be finished.
func Write(dir string, s *Survey) error {
	if err := os.MkdirAll(dir, dirMode); err != nil {
		return fmt.Errorf("report: making folder: %w", err)
	}
	for _, f := range []struct {
		name  string
		write func(io.Writer, *Survey) error
	}{
		{SystemsFile, CSV},
		{ReportFile, HTML},
		{SurveyFile, JSON}, // last: where it is, the others are
	} {
		if err := writeFile(dir, f.name, func(w io.Writer) error { return f.write(w, s) }); err != nil {
			return err
		}
	}
	return nil
}

// JSON writes survey.json.
func JSON(w io.Writer, s *Survey) error {
	e := json.NewEncoder(w)
	e.SetIndent("", " ")
	return e.Encode(s)
}
