package report_test

import (
	"encoding/csv"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/report"
)

func letters(t *testing.T, s *report.Survey) map[string]string {
	t.Helper()
	dir := t.TempDir()
	names, err := report.Letters(dir, s)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	entries, err := os.ReadDir(filepath.Join(dir, report.LettersDir))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", e.Name(), info.Mode())
		}
		text, err := os.ReadFile(filepath.Join(dir, report.LettersDir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		files[e.Name()] = string(text)
	}
	if want := 2*len(names) + 1; len(files) != want {
		t.Errorf("%d files for %d letters, want %d", len(files), len(names), want)
	}
	return files
}

// at puts a system in a network.
func at(network string, y report.System) report.System {
	y.Network = network
	return y
}

func TestLetters_OnePerOwner(t *testing.T) {
	pot := at("Trap Ltd", sys("192.0.2.7:104", "accepts-anyone", "DE", 1, 1, 0, "patient-data-disclosed"))
	pot.Honeypot = []string{"known-honeypot-software"}
	open := at("Klinikum Süd / ÄÖÜ", sys("192.0.2.1:104", "accepts-anyone", "DE", 1200, 34000, 5, "patient-data-disclosed", "find-study-open", "any-ae-title"))
	open.Attributes, open.Product, open.Version = []string{"PatientName", "StudyDate"}, "Orthanc", "1.5.6"
	s := finished(
		open,
		at("Klinikum Süd / ÄÖÜ", sys("192.0.2.2:104", "rejects", "DE", 0, 0, 0, "dicom-plaintext")),
		at("../../etc/passwd", sys("192.0.2.3:104", "accepts-anyone", "FR", 1, 1, 0, "any-ae-title")),
		at("", sys("192.0.2.4:104", "accepts-anyone", "IT", 1, 1, 0, "any-ae-title")),
		at("", sys("192.0.2.5:104", "accepts-anyone", "ES", 1, 1, 0, "any-ae-title")),
		at("Nothing Wrong", sys("192.0.2.6:104", "tls-only", "ES", 0, 0, 0, "echo-open")),
		pot,
	)
	s.Started, s.Finished = start, start
	s.Authorisation = report.Authorisation{Organisation: "Example CERT", Contact: "cert@example.org", Reference: "REF-7", ValidFrom: start, ValidTo: start}
	files := letters(t, s)
	var names []string
	for name := range files {
		if strings.HasSuffix(name, ".md") {
			names = append(names, regexp.MustCompile(`-[0-9a-f]{6}\.md$`).ReplaceAllString(name, ""))
		}
		if !regexp.MustCompile(`^[a-z0-9-]+\.(md|html|csv)$`).MatchString(name) {
			t.Errorf("file name %q", name)
		}
	}
	if len(names) != 4 {
		t.Errorf("letters to %q, want four", names)
	}
	index, err := csv.NewReader(strings.NewReader(files["index.csv"])).ReadAll()
	if err != nil || len(index) != 5 || index[1][0] != "Klinikum Süd / ÄÖÜ" || index[1][3] != "1" || index[1][4] != "1200" || index[1][5] != "critical" {
		t.Errorf("index: %q, %v", index, err)
	}
	for _, ext := range []int{6, 7} {
		name := index[1][ext]
		if !strings.HasPrefix(name, "klinikum-sud-aou-") {
			t.Errorf("file name %q", name)
		}
		for _, want := range []string{
			"1 medical image archive in your network discloses patient data to anyone", "192.0.2.1:104", "192.0.2.2:104",
			"Example CERT", "REF-7", "2026-11-23", "Orthanc 1.5.6", "PatientName, StudyDate", "1,200", "What to do first",
			"did not do", "no patient data", "Take the service off the network now", "pass this letter on", "Germany",
		} {
			if !strings.Contains(files[name], want) {
				t.Errorf("%s: no %q", name, want)
			}
		}
		if strings.Contains(files[name], "192.0.2.3") {
			t.Errorf("%s tells of another owner's system", name)
		}
	}
}

func TestLetters_HostileText(t *testing.T) {
	evil := "`[x](javascript:1)` <script>alert(1)</script> **b** http://evil.example\x1b[2J\n# h"
	y := at(evil, sys("192.0.2.1:104", "accepts-anyone", "DE", 1, 1, 0, "patient-data-disclosed"))
	y.Product, y.Name, y.Indicators, y.Attributes = evil, evil, []string{evil}, []string{"PatientName"}
	y.Vulnerabilities = []report.Vulnerability{{ID: evil}}
	s := finished(y)
	for name, text := range letters(t, s) {
		switch filepath.Ext(name) {
		case ".html":
			if strings.Contains(text, "<script") {
				t.Error("markup in the page")
			}
		case ".md":
			if strings.Contains(text, "\n# h") || strings.Contains(text, "\x1b") {
				t.Error("a peer's text made a line of its own")
			}
			outside := regexp.MustCompile("`[^`\n]*`").ReplaceAllString(text, "")
			if bad := regexp.MustCompile(`[^\\](<script|\*\*b|\[x\]|http:)`).FindString(outside); bad != "" {
				t.Errorf("markup outside of code: %q", bad)
			}
		}
	}
}

func TestLetters_NoneWhereNothingIsOpen(t *testing.T) {
	if files := letters(t, finished(sys("192.0.2.1:104", "tls-only", "DE", 0, 0, 0))); len(files) != 1 {
		t.Errorf("got %d files", len(files))
	}
}

func TestLetters_LongOnesAreCut(t *testing.T) {
	var systems []report.System
	for i := range 301 {
		systems = append(systems, at("Big", sys(fmt.Sprintf("192.0.2.1:%d", i+1), "accepts-anyone", "DE", 1, 1, 0, "any-ae-title")))
	}
	for name, text := range letters(t, finished(systems...)) {
		if name != "index.csv" && !strings.Contains(text, "And 1 more system;") {
			t.Errorf("%s does not say how many are left out", name)
		}
	}
}
