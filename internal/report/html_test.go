package report_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/report"
)

func page(t testing.TB, s *report.Survey) string {
	t.Helper()
	var b bytes.Buffer
	if err := report.HTML(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTML_ShowsTheFigures(t *testing.T) {
	got := page(t, sample(2300))
	for _, want := range []string{
		"590 of 2,286 medical image archives disclose patient data to anyone who asks, in 52 countries.",
		"25.0\u00a0million", "764\u00a0million", "377\u00a0million", "66\u00a0%", "1.3\u00a0%",
		"The worst 300 of 2,286", "United States: 145 of 593 archives disclose", "EHC-2026-0117", "cert@health.example",
		"198.18.3.188:4242", "<caption", `lang="en"`, "@media print", "</svg>",
		">Figures</h2>", ">World map</h2>", ">What to do first</h2>", ">Countries</h2>", ">Severity</h2>", ">Systems</h2>",
		">Network owners</h2>", ">Software</h2>", ">Method and limits</h2>",
		report.Good.Definition(), report.Bad.Definition(), report.Ugly.Definition(),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
	if strings.Contains(got, "survey is partial") {
		t.Error("says that it is partial")
	}
	if n := strings.Count(got, `<details class="sys">`); n != 300 {
		t.Errorf("%d systems shown, want 300", n)
	}
	if len(got) > 1<<20 {
		t.Errorf("%d bytes for 2,300 systems, want less than 1 MiB", len(got))
	}
}

func TestHTML_SaysThatItIsPartial(t *testing.T) {
	s := sample(20)
	s.Partial, s.HostsAsked = true, 40
	if got := page(t, s); !strings.Contains(got, "This survey is partial.") || !strings.Contains(got, "40 of 100 hosts") {
		t.Error("does not say how partial it is")
	}
}

func TestHTML_EmptySurveyReads(t *testing.T) {
	got := page(t, finished())
	for _, want := range []string{"No medical image archive answered.", "Nothing was found that must be closed.", "Organisation not named"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q", want)
		}
	}
}

// One file: no script, nothing fetched, and a policy that would refuse both.
func TestHTML_AsksForNothing(t *testing.T) {
	got := page(t, sample(300))
	for _, pattern := range []string{`<script`, `<link`, `<img`, `<iframe`, `<object`, `@import`, `\ssrc=`, `\sstyle=`, `\son[a-z]+=`, `href="[^#]`, `https?://[^1]`, `url\([^#]`} {
		if m := regexp.MustCompile(pattern).FindString(got); m != "" {
			t.Errorf("the page has %q", m)
		}
	}
	_, style, _ := strings.Cut(got, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	want := `content="default-src &#39;none&#39;; style-src &#39;sha256-` + strings.ReplaceAll(base64.StdEncoding.EncodeToString(sum[:]), "+", "&#43;") + `&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`
	if !strings.Contains(got, want) {
		t.Errorf("the policy does not name the style: want %s", want)
	}
}

// Each start has an end, in order; ids are unique, and links within the page
// lead somewhere.
func TestHTML_IsWellFormed(t *testing.T) {
	s := sample(300)
	s.Partial = true
	got := page(t, s)
	body := regexp.MustCompile(`(?s)^<!doctype html>\n`).ReplaceAllString(got, "")
	d := xml.NewDecoder(strings.NewReader(body))
	d.AutoClose, d.Entity = []string{"meta"}, xml.HTMLEntity
	d.Strict = false
	ids, links, headings := map[string]bool{}, []string{}, 1
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		if name := start.Name.Local; len(name) == 2 && name[0] == 'h' && name[1] >= '1' && name[1] <= '6' {
			level := int(name[1] - '0')
			if level > headings+1 {
				t.Errorf("heading h%d after h%d", level, headings)
			}
			headings = level
		}
		for _, a := range start.Attr {
			switch a.Name.Local {
			case "id":
				if ids[a.Value] {
					t.Errorf("id %q twice", a.Value)
				}
				ids[a.Value] = true
			case "aria-labelledby":
				links = append(links, a.Value)
			case "href":
				links = append(links, strings.TrimPrefix(a.Value, "#"))
			}
		}
	}
	for _, to := range links {
		if !ids[to] {
			t.Errorf("a link to %q, which is nowhere", to)
		}
	}
}

func TestHTML_EscapesWhatPeersChose(t *testing.T) {
	evil := `"><script>alert(1)</script><img src=x onerror=alert(1)>`
	y := sys("192.0.2.1:104", "accepts-anyone", "DE", 5, 6, 7, "patient-data-disclosed")
	y.Product, y.Version, y.ImplementationVersionName, y.Network, y.Name = evil, evil, evil, evil, evil
	y.Reject, y.Vendor, y.Count.Method = evil, evil, evil
	y.Indicators, y.Attributes, y.Exposures = []string{evil}, []string{evil}, append(y.Exposures, evil)
	y.Vulnerabilities = []report.Vulnerability{{ID: evil, Vector: evil, Source: evil}}
	y.Web = []report.Web{{Address: evil, Open: []string{evil}}}
	y.TLS = &report.TLS{Versions: []string{evil}, Faults: []string{evil}}
	y.GovernmentIDs = map[string]int{evil: 1}
	s := &report.Survey{Systems: []report.System{y}, Tool: evil}
	s.Authorisation.Organisation = evil
	if got := page(t, s); strings.Contains(got, "<script") || strings.Contains(got, "<img") {
		t.Error("a peer's markup reached the page as markup")
	}
}

func TestHTML_MapShadesByPowersOfTen(t *testing.T) {
	s := finished(
		sys("192.0.2.1:104", "accepts-anyone", "US", 6_000_000, 1, 0, "patient-data-disclosed"),
		sys("192.0.2.2:104", "accepts-anyone", "BR", 999_999, 1, 0, "patient-data-disclosed"),
		sys("192.0.2.3:104", "accepts-anyone", "DE", 12, 1, 0, "patient-data-disclosed"),
		sys("192.0.2.4:104", "rejects", "FR", 0, 0, 0),
		sys("192.0.2.5:104", "accepts-anyone", "SG", 1000, 1, 0, "patient-data-disclosed"),
	)
	got := page(t, s)
	for country, want := range map[string]string{
		"United States: 1 of 1 archive discloses, 6,000,000 studies, 1 image": "m5",
		"Brazil: 1 of 1 archive discloses, 999,999 studies":                   "m4",
		"Germany: 1 of 1 archive discloses, 12 studies":                       "m1",
		"France: 0 of 1 archive disclose, 0 studies":                          "seen",
		"Singapore: 1 of 1 archive discloses, 1,000 studies":                  "m2",
	} {
		at := strings.Index(got, country)
		if at < 0 {
			t.Errorf("no %q", country)
			continue
		}
		before := got[:at]
		class := before[strings.LastIndex(before, `class="`)+len(`class="`):]
		if class, _, _ = strings.Cut(class, `"`); class != want {
			t.Errorf("%s: shade %s, want %s", country, class, want)
		}
	}
	if strings.Count(got, "<circle") != 1 {
		t.Error("Singapore is not the one dot")
	}
}

func TestCountryName(t *testing.T) {
	for code, want := range map[string]string{"DE": "Germany", "US": "United States", "XK": "Kosovo", "GF": "French Guiana", "": "unknown", "QQ": "QQ", "D": "D", "AD": "Andorra"} {
		if got := report.CountryName(code); got != want {
			t.Errorf("%q: got %q, want %q", code, got, want)
		}
	}
}
