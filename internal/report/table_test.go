package report_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	"github.com/leadglass/leadglass/internal/report"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; look at it and run with -update. Got:\n%s", path, got)
	}
}

// checkColumns says where a text is wider than a terminal or could steer it.
func checkColumns(t *testing.T, text string, columns int) {
	t.Helper()
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if n := len([]rune(line)); n > columns {
			t.Errorf("%d columns: %q", n, line)
		}
		for _, r := range line {
			if !unicode.IsPrint(r) {
				t.Errorf("control character %q in %q", r, line)
			}
		}
	}
}

func table(t *testing.T, s *report.Survey, width int, colour bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.Table(&b, s, width, colour); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestTable_Golden(t *testing.T) {
	got := table(t, sample(2300), 80, false)
	checkColumns(t, got, 80)
	golden(t, "table.txt", got)
}

func TestTable_FitsAnyWidth(t *testing.T) {
	s := sample(200)
	s.Partial = true
	s.Authorisation.Organisation = strings.Repeat("Very long organisation ", 10)
	s.Systems[0].Address = "[2001:db8:1234:5678:9abc:def0:1234:5678]:11112"
	s.Systems[0].Product = strings.Repeat("診断画像", 20)
	for _, width := range []int{-1, 0, 10, 60, 72, 80, 100, 400} {
		got := table(t, s, width, false)
		checkColumns(t, got, map[int]int{-1: 80, 0: 80, 10: 60, 400: 120}[width]+width*b2i(width >= 60 && width <= 120))
		if !strings.Contains(got, "PARTIAL") {
			t.Errorf("width %d: does not say that it is partial", width)
		}
	}
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

func TestTable_ColoursOnlyWhenAsked(t *testing.T) {
	s := sample(100)
	plain, coloured := table(t, s, 80, false), table(t, s, 80, true)
	if strings.Contains(plain, "\x1b") || !strings.Contains(coloured, "\x1b[31m") {
		t.Error("colours where none were asked, or none where they were")
	}
}

func TestTable_HostileProduct(t *testing.T) {
	y := sys("10.0.0.1:104", "accepts-anyone", "US", 1, 1, 1, "patient-data-disclosed")
	y.Product, y.Version = "\x1b]0;owned\x07\x1b[2J\r\nFAKE LINE", "\u202e1\u200b"
	s := finished()
	s.Systems = []report.System{y} // not cleaned by Finish
	checkColumns(t, table(t, s, 80, false), 80)
}

func TestHeadline(t *testing.T) {
	for _, c := range []struct {
		systems []report.System
		want    string
	}{
		{[]report.System{sys("10.0.0.1:80", "web", "DE", 2, 2, 0, "patient-data-disclosed")},
			"1 of 1 image archive discloses patient data to anyone in 1 country: 2 studies, 2 images."},
		{nil, "No image archive answered."},
		{[]report.System{sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0)}, "None of 1 image archive disclosed patient data."},
		{[]report.System{sys("10.0.0.1:104", "accepts-anyone", "DE", 1, 1, 0, "patient-data-disclosed")},
			"1 of 1 image archive discloses patient data to anyone in 1 country: 1 study, 1 image."},
		{[]report.System{sys("10.0.0.1:104", "accepts-anyone", "DE", 1200, 1234567, 0, "patient-data-disclosed"),
			sys("10.0.0.2:104", "accepts-anyone", "FR", 1, 0, 0, "patient-data-disclosed")},
			"2 of 2 image archives disclose patient data to anyone in 2 countries: 1,201 studies, 1,234,567 images."},
	} {
		if got := report.Headline(finished(c.systems...)); got != c.want {
			t.Errorf("got  %q\nwant %q", got, c.want)
		}
	}
}
