package report_test

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/report"
)

func TestAbout(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0", 999: "999", 1234: "1,234", 999_999: "999,999", 1_000_000: "1.0 million", 24_300_000: "24.3 million",
		737_000_000: "737 million", 99_940_000: "99.9 million", 99_960_000: "100 million", 1_234_000_000: "1.2 billion",
		math.MaxInt64: "9223 quadrillion", -5: "-5",
	} {
		if got := strings.ReplaceAll(report.About(n), "\u00a0", " "); got != want {
			t.Errorf("%d: got %q, want %q", n, got, want)
		}
	}
}

func TestShare(t *testing.T) {
	for _, c := range []struct {
		part, whole int64
		want        string
	}{
		{0, 0, "–"}, {0, 10, "0 %"}, {10, 10, "100 %"}, {1, 2, "50 %"}, {14, 10_000, "0.14 %"}, {9956, 10_000, "99.56 %"},
		{1, 1_000_000, "< 0.01 %"}, {999_999, 1_000_000, "99.99 %"}, {55, 1000, "5.5 %"}, {1, 100, "1.0 %"},
	} {
		if got := strings.ReplaceAll(report.Share(c.part, c.whole), "\u00a0", " "); got != c.want {
			t.Errorf("%d of %d: got %q, want %q", c.part, c.whole, got, c.want)
		}
	}
}

func TestClean(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain", "plain"}, {" spaces\t\n ", "spaces"}, {"a\x00b\x7fc", "abc"}, {"\u202eevil\u2066", "evil"}, {"zero\u200bwidth", "zerowidth"},
		{"\x9b31mred", "31mred"}, {"Grüße 診断", "Grüße 診断"}, {"\ufffd\xff", ""}, {"0123456789abc", "0123456789"}, {"a\u00a0b\u2028c", "a b c"},
	} {
		if got := report.Clean(c.in, 10); got != c.want {
			t.Errorf("%q: got %q, want %q", c.in, got, c.want)
		}
	}
}

// Three archives: the first is open by DICOM in two ways, the second by DICOM
// and the web, the third is the first again.
func TestActions_RankByWhatTheyClose(t *testing.T) {
	again := sys("192.0.2.1:11112", "accepts-anyone", "DE", 1000, 1, 0, "any-ae-title", "find-study-open", "patient-data-disclosed")
	again.SameArchiveAs = "192.0.2.1:104"
	s := finished(
		sys("192.0.2.1:104", "accepts-anyone", "DE", 1000, 1, 0, "any-ae-title", "find-study-open", "retrieve-open", "patient-data-disclosed", "echo-open"),
		sys("192.0.2.2:104", "accepts-anyone", "DE", 300, 1, 0, "any-ae-title", "find-study-open", "qido-open", "patient-data-disclosed", "dicom-plaintext"),
		sys("192.0.2.3:80", "web", "DE", 7, 1, 0, "qido-open"),
		again,
	)
	want := []report.Measure{
		{"patient-data-disclosed", 3, 1300, 1300}, // takes all that disclose off the network
		{"any-ae-title", 3, 1300, 1000},           // leaves the second open by the web
		{"qido-open", 2, 307, 7},                  // closes the third, leaves the second open by DICOM
		{"find-study-open", 3, 1300, 0},           // leaves retrieval at the first, the web at the second
		{"retrieve-open", 1, 1000, 0},
		{"dicom-plaintext", 1, 300, 0},
	}
	if got := report.Actions(s); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}
