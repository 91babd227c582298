package report_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/report"
)

// discovery is what a discovery finds: what it did not ask is zero.
func discovery() *report.Survey {
	at := func(network, country, address string, exposures ...string) report.System {
		y := sys(address, "accepts-anyone", country, 0, 0, 0, exposures...)
		y.Network, y.Product, y.Count.Kind = network, "DCMTK", report.CountNone
		return y
	}
	s := &report.Survey{Discovery: true, Hosts: 9, HostsAsked: 9, Started: start, Finished: start, Systems: []report.System{
		at("Clinic", "DE", "192.0.2.1:104", "dicom-plaintext", "known-vulnerability"), at("Clinic", "DE", "192.0.2.2:104"), at("", "FR", "192.0.2.3:104"),
	}}
	report.Finish(s)
	return s
}

// TestHTML_DiscoveryShowsDashes: what nobody asked for is a dash, and never 0.
func TestHTML_DiscoveryShowsDashes(t *testing.T) {
	got := page(t, discovery())
	cells := func(row string) string {
		i := strings.Index(got, `<th scope="row">`+row+`</th>`)
		if i < 0 {
			t.Fatalf("no row %q", row)
		}
		line, _, _ := strings.Cut(got[i:], "</tr>")
		return strings.Join(regexp.MustCompile(`<td[^>]*>([^<]*)</td>`).FindAllString(line, -1), "")
	}
	strip := regexp.MustCompile(`<[^>]*>`)
	for row, want := range map[string]string{
		"Clinic":          "Germany 2 0 – – –", // systems, critical; disclosing, studies, images
		"owner not known": "France 1 0 – – –",
		"DCMTK":           "3 – 1",
		"Germany":         "2 1 0", // archives, vulnerable, TLS
	} {
		if c := strings.Join(strings.Fields(strip.ReplaceAllString(strings.ReplaceAll(cells(row), "</td>", " "), "")), " "); c != want {
			t.Errorf("%s: %q, want %q", row, c, want)
		}
	}
	for _, want := range []string{
		"A dash stands for what was not asked", "No country is graded", "<dt>Count</dt><dd>not asked</dd>", "Germany: 2 archives found", "Shade: DICOM systems found",
		"By severity. How many studies stand behind each was not asked.", "No query was sent", "DICOM systems. Most were found in: Germany, France.",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
	for _, bad := range []string{"0 studies", "0 images", "0 disclos", "chip grade-", "Nothing was found that must be closed", "questions for patients", "leadglass survey letter", "by studies", "studies counted"} {
		if strings.Contains(got, bad) {
			t.Errorf("says %q, which was not asked", bad)
		}
	}
}

func TestHTML_DiscoveryOfNothing(t *testing.T) {
	s := &report.Survey{Discovery: true}
	report.Finish(s)
	if got := page(t, s); !strings.Contains(got, "Nothing that a discovery sees calls for a remedy.") || !strings.Contains(got, "No medical image archive answered.") {
		t.Error("does not say that nothing was found")
	}
}

func TestTable_DiscoveryShowsDashes(t *testing.T) {
	s := discovery()
	for _, width := range []int{60, 80, 120} {
		got := table(t, s, width, false)
		checkColumns(t, got, width)
		for _, want := range []string{"3 image archives answered. What they disclose was not asked.", "image archives (DICOM)", "- was not asked"} {
			if !strings.Contains(got, want) {
				t.Errorf("no %q in\n%s", want, got)
			}
		}
		for _, bad := range []string{"studies", "disclosing", "patients", "any AE title", "Grade"} {
			if strings.Contains(got, bad) {
				t.Errorf("says %q, which was not asked, in\n%s", bad, got)
			}
		}
	}
}
