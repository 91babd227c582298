package report_test

import (
	"bytes"
	"encoding/csv"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/report"
)

func TestWrite_FilesAreWholeAndPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // the second time over what is there
		if err := report.Write(dir, sample(50)); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
		if info, _ := e.Info(); info.Mode().Perm() != 0o600 || info.Size() < 1000 {
			t.Errorf("%s has mode %v and %d bytes", e.Name(), info.Mode(), info.Size())
		}
	}
	if got := strings.Join(names, " "); got != "report.html survey.json systems.csv" {
		t.Errorf("got files %s", got)
	}
	if info, _ := os.Stat(dir); info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v", info.Mode())
	}
}

func TestWrite_LeavesNothingBehindWhenItFails(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "systems.csv"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := report.Write(dir, sample(5)); err == nil || !strings.Contains(err.Error(), `"systems.csv"`) {
		t.Errorf("got %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("left behind: %v", entries)
	}
}

func rows(t *testing.T, s *report.Survey) [][]string {
	t.Helper()
	var b bytes.Buffer
	if err := report.CSV(&b, s); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(b.String(), "\r\n") || strings.Contains(strings.ReplaceAll(b.String(), "\r\n", ""), "\n") {
		t.Error("lines do not end as RFC 4180 section 2 says")
	}
	all, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestCSV_Cells(t *testing.T) {
	all := rows(t, full())
	got := map[string]string{}
	for i, name := range all[0] {
		got[name] = all[1][i]
	}
	for name, want := range map[string]string{
		"address": "192.0.2.1:104", "country": "DE", "severity": "critical", "exposures": "known-vulnerability patient-data-disclosed",
		"vulnerabilities": "CVE-2019-0001 (9.8, exploited)", "tls": "1.2; self-signed; client certificate",
		"web": "https://192.0.2.1:80 200 qido wado viewer admin", "studies": "10", "studies_low": "9", "images_high": "110",
		"retrievable": "true", "count": "estimate", "same_archive_as": "",
	} {
		if got[name] != want {
			t.Errorf("%s: got %q, want %q", name, got[name], want)
		}
	}
	if len(all) != 3 || all[2][len(all[2])-1] != "192.0.2.1:104" {
		t.Errorf("got %d rows, the last ends with %q", len(all), all[2][len(all[2])-1])
	}
}

func TestCSV_NoFormulas(t *testing.T) {
	for _, c := range []struct{ product, want string }{
		{"Orthanc", "Orthanc"},
		{`=cmd|' /C calc'!A0`, `'=cmd|' /C calc'!A0`},
		{"+1", "'+1"}, {"-1", "'-1"}, {"@SUM(1)", "'@SUM(1)"},
		{"\t=1", "'=1"}, {"\r\n=1", "'=1"}, {"  =1", "'=1"}, {"\u200b=1", "'=1"},
		{"＝1", "'＝1"},
		{`a,"b"`, `a,"b"`},
	} {
		y := sys("10.0.0.1:104", "accepts-anyone", "US", 0, 0, 0)
		y.Product = c.product
		all := rows(t, &report.Survey{Systems: []report.System{y}}) // not cleaned by Finish
		if got := all[1][8]; got != c.want {
			t.Errorf("%q: got %q, want %q", c.product, got, c.want)
		}
	}
}

// TestCSV_Discovery: what nobody asked for is empty, and neither 0 nor false.
func TestCSV_Discovery(t *testing.T) {
	var b bytes.Buffer
	s := &report.Survey{Discovery: true, Systems: []report.System{{Address: "192.0.2.1:104", Class: "accepts-anyone", Product: "DCMTK"}}}
	if err := report.CSV(&b, s); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range rows[0] {
		got := rows[1][i]
		switch name {
		case "patients", "studies", "images", "retrievable", "studies_low", "images_high":
			if got != "" {
				t.Errorf("%s is %q after a discovery, want it empty", name, got)
			}
		case "product":
			if got != "DCMTK" {
				t.Errorf("product is %q", got)
			}
		}
	}
}
