package advisory_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/advisory"
)

func TestCompare(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"1.4.17", "1.4.19", -1}, {"1.10.1", "1.9.9", 1}, {"1.4", "1.4.0", 0}, {"3.6.6", "3.6.6+", 0},
		{"1.5.0b", "1.5.0", 1}, {"1.5.0b", "1.5.0c", -1}, {"1.5.0b", "1.5.0.1", -1}, {"5.0rc1", "5.0", -1},
		{"5.31.0", "5.4.0", 1}, {"v2.3.7", "2.3.8", -1}, {"", "1", -1}, {"007", "7", 0},
		{"99999999999999999999", "100000000000000000000", -1},
	} {
		if got := advisory.Compare(tt.a, tt.b); got != tt.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
		if got := advisory.Compare(tt.b, tt.a); got != -tt.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", tt.b, tt.a, got, -tt.want)
		}
	}
}

func TestEmbedded(t *testing.T) {
	table := advisory.Embedded()
	if table.Dated().Before(time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("dated %v", table.Dated())
	}
	if n := table.Len(); n < 120 {
		t.Errorf("%d advisories, want at least 120", n)
	}
}

// TestEmbedded_Known holds a few lines against what was published.
func TestEmbedded_Known(t *testing.T) {
	for _, tt := range []struct{ product, version, want string }{
		{"Orthanc", "1.5.7", "CVE-2026-5442 9.8 false, CVE-2026-5443 9.8 false, CVE-2025-0896 9.2 false, CVE-2026-5445 9.1 false, CVE-2023-33466 8.8 false, " +
			"CVE-2026-5437 7.5 false, CVE-2026-5438 7.5 false, CVE-2026-5439 7.5 false, CVE-2026-5440 7.5 false, CVE-2026-5441 7.1 false, CVE-2026-5444 7.1 false"},
		{"Orthanc DICOM Server", "1.12.10", "CVE-2026-5442 9.8 false, CVE-2026-5443 9.8 false, CVE-2026-5445 9.1 false, CVE-2026-5437 7.5 false, " +
			"CVE-2026-5438 7.5 false, CVE-2026-5439 7.5 false, CVE-2026-5440 7.5 false, CVE-2026-5441 7.1 false, CVE-2026-5444 7.1 false"},
		{"Orthanc", "1.12.11", ""},
		{"DCMTK", "3.5.4", "CVE-2026-50003 9.3 false, CVE-2026-52868 8.8 false, CVE-2026-35505 8.7 false, CVE-2026-44628 8.7 false, CVE-2026-50254 8.7 false, " +
			"CVE-2021-41689 7.5 false, CVE-2022-2119 7.5 false, CVE-2022-2120 7.5 false, CVE-2024-28130 7.5 false, CVE-2026-5663 6.9 false, CVE-2022-2121 6.5 false"},
		{"DCMTK", "3.6.9", "CVE-2026-50003 9.3 false, CVE-2026-52868 8.8 false, CVE-2026-35505 8.7 false, CVE-2026-44628 8.7 false, CVE-2026-50254 8.7 false, " +
			"CVE-2025-25475 7.5 false, CVE-2026-5663 6.9 false, CVE-2025-25474 6.5 false, CVE-2025-14607 5.3 false, CVE-2025-9732 4.8 false"},
		{"DCMTK", "3.7.1", ""},
		{"pynetdicom", "3.0.3", "CVE-2026-56445 8.8 false"},
		{"OHIF Viewer", "v3.12.0", "CVE-2026-12473 8.3 false"},
		{"MedDream", "7.2.8.810", "CVE-2023-40150 9.8 false, CVE-2023-39227 6.1 false"},
		{"MedDream", "7.3.3.840", "CVE-2025-3481 9.8 false, CVE-2025-3482 9.8 false, CVE-2025-3483 9.8 false, CVE-2025-3484 9.8 false, CVE-2025-3480 5.3 false"},
		{"Sante PACS Server", "4.1.0", "CVE-2025-2263 9.8 false, CVE-2025-54156 9.1 false, CVE-2025-53948 8.7 false, CVE-2025-2265 7.8 false, " +
			"CVE-2025-2264 7.5 false, CVE-2025-2284 7.5 false, CVE-2025-54759 5.1 false, CVE-2025-54862 4.8 false"},
		{"OsiriX MD", "14.0.1", "CVE-2025-27720 9.3 false, CVE-2025-27578 8.7 false, CVE-2025-31946 6.9 false"},
		{"RadiAnt", "2024.02", "CVE-2025-1001 5.7 false"},
		{"PHP", "5.2.17", "CVE-2011-3268 10.0 false, CVE-2012-1823 9.8 true"},
		{"PHP", "7.2.23", "CVE-2019-11043 8.7 true"},
		{"PHP", "8.3.8", ""},
		{"Apache Tomcat", "6.0.53", ""},
		{"Apache Tomcat", "7.0.55", "CVE-2020-1938 9.8 true, CVE-2017-12615 8.1 true"},
		{"Apache Tomcat", "9.0.31", "CVE-2025-24813 10.0 true"},
		{"apache", "2.2.8", "CVE-2010-0425 10.0 false"},
		{"apache", "2.4.49", "CVE-2021-42013 9.8 true, CVE-2024-38475 9.1 true, CVE-2021-41773 7.5 true"},
		{"JBoss", "4.2.3.GA", "CVE-2017-7504 9.8 false"},
		{"JBoss", "4.2.0.GA_CP05", "CVE-2017-7504 9.8 false, CVE-2010-0738 5.3 true"},
		{"JBoss", "5", "CVE-2015-7501 9.8 false, CVE-2017-12149 9.8 true"},
		{"IIS", "6.0", "CVE-2017-7269 9.8 true"},
		{"never heard of", "1", ""},
	} {
		if got := text(advisory.Embedded().For(tt.product, tt.version)); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.product, tt.version, got, tt.want)
		}
	}
}

// TestOn: what is of Windows alone is not reported of what says that it runs on
// something else.
func TestOn(t *testing.T) {
	table := read(t, cve(`{"product":"Acme PACS","platforms":["Windows","windows server 2019"],"versions":[{"version":"1","status":"affected"}]},
		{"product":"Acme PACS","platforms":["Linux"],"versions":[{"version":"2","status":"affected"}]}`, "", ""))
	for _, tt := range []struct{ platform, product, version, want string }{
		{"", "Apache HTTP Server", "2.2.8", "CVE-2010-0425 10.0 false"},
		{"windows", "Apache HTTP Server", "2.2.8", "CVE-2010-0425 10.0 false"},
		{"unix", "Apache HTTP Server", "2.2.8", ""},
		{"unix", "PHP", "8.1.2", ""},
		{"unix", "Apache Tomcat", "7.0.55", "CVE-2020-1938 9.8 true"},
		{"unix", "Acme PACS", "1", ""},
		{"windows", "Acme PACS", "1", "CVE-2099-0001 0.0 false"},
		{"unix", "Acme PACS", "2", "CVE-2099-0001 0.0 false"},
	} {
		if got := text(table.On(tt.platform, tt.product, tt.version)); got != tt.want {
			t.Errorf("%s %s on %q: got %q, want %q", tt.product, tt.version, tt.platform, got, tt.want)
		}
	}
}

func TestFor(t *testing.T) {
	const cve = `{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2099-0001","state":"PUBLISHED"},"containers":{"cna":{
		"affected":[{"vendor":"x","product":"Made Up PACS","versions":[
			{"version":"0","status":"affected","lessThan":"2.5","versionType":"semver"},
			{"version":"3.0","status":"affected"},
			{"version":"2.7","status":"unaffected"}]}],
		"metrics":[{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}}]},
		"adp":[{"metrics":[{"other":{"type":"kev","content":{}}}]}]}}`
	const osv = `[{"id":"GHSA-aaaa","aliases":["CVE-2099-0002"],"severity":[{"type":"CVSS_V3","score":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"}],
		"affected":[{"package":{"name":"made-up-pacs","ecosystem":"npm"},"ranges":[
			{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2"},{"introduced":"2.0"},{"last_affected":"2.1"}]},
			{"type":"GIT","events":[{"introduced":"0"}]}]}]},
		{"id":"GHSA-withdrawn","withdrawn":"2099-01-01T00:00:00Z","affected":[{"package":{"name":"made-up-pacs"},"versions":["1.0"]}]}]`
	const csaf = `{"document":{"tracking":{"id":"ICSMA-99-001-01"},"references":[{"category":"self","url":"https://example.org/csaf"}]},
		"product_tree":{"branches":[{"category":"vendor","name":"x","branches":[{"category":"product_name","name":"Made Up PACS","branches":[
			{"category":"product_version_range","name":"vers:generic/>=1.0|<1.1","product":{"product_id":"A"}},
			{"category":"product_version_range","name":"<=0.5","product":{"product_id":"B"}},
			{"category":"product_version","name":"9.9","product":{"product_id":"C"}}]}]}]},
		"vulnerabilities":[{"cve":"CVE-2099-0003","scores":[{"products":["A"],"cvss_v3":{"vectorString":"CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}],
			"product_status":{"known_affected":["A","B"],"fixed":["C"]},
			"threats":[{"category":"exploit_status","details":"No known public exploitation"}]}]}`
	table := advisory.Embedded()
	for _, text := range []string{cve, osv, csaf} {
		if err := table.Read([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	for version, want := range map[string]string{
		"":    "",
		"0.4": "CVE-2099-0001 10.0 true, CVE-2099-0002 5.3 false, CVE-2099-0003 0.0 false",
		"1.0": "CVE-2099-0001 10.0 true, CVE-2099-0003 9.8 false, CVE-2099-0002 5.3 false",
		"1.1": "CVE-2099-0001 10.0 true, CVE-2099-0002 5.3 false",
		"1.5": "CVE-2099-0001 10.0 true",
		"2.1": "CVE-2099-0001 10.0 true, CVE-2099-0002 5.3 false",
		"2.5": "", "2.7": "", "9.9": "",
		"3.0": "CVE-2099-0001 10.0 true",
	} {
		if got := text(table.For("Made Up PACS", version)); got != want {
			t.Errorf("version %q: got %q, want %q", version, got, want)
		}
	}
	if got := advisory.Embedded().For("Made Up PACS", "1.0"); got != nil {
		t.Errorf("what one table loads, another has: %v", got)
	}
}

// TestRead_ProductTwice: records name a product once for each platform, ecosystem
// or container.
func TestRead_ProductTwice(t *testing.T) {
	for name, record := range map[string]string{
		"cve": `{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2099-0001","state":"PUBLISHED"},"containers":{
			"cna":{"affected":[
				{"product":"Made Up PACS","platforms":["a"],"versions":[{"version":"1.0","status":"affected"}]},
				{"product":"Made-Up PACS","platforms":["b"],"versions":[{"version":"2.0","status":"affected"}]}]},
			"adp":[{"affected":[{"product":"made_up_pacs","versions":[{"version":"3.0","status":"affected"}]}]}]}}`,
		"osv": `{"id":"CVE-2099-0001","affected":[
			{"package":{"name":"made-up-pacs","ecosystem":"Debian:11"},"versions":["1.0"]},
			{"package":{"name":"made-up-pacs","ecosystem":"Debian:12"},"versions":["2.0","3.0"]}]}`,
		"csaf": `{"document":{"tracking":{"id":"X"}},"product_tree":{"branches":[
			{"category":"product_name","name":"Made Up PACS","branches":[{"category":"product_version","name":"1.0","product":{"product_id":"A"}}]},
			{"category":"product_name","name":"made up PACS","branches":[{"category":"product_version","name":"2.0","product":{"product_id":"B"}},
				{"category":"product_version","name":"3.0","product":{"product_id":"C"}}]}]},
			"vulnerabilities":[{"cve":"CVE-2099-0001","product_status":{"known_affected":["A","B"],"last_affected":["C"]}}]}`,
	} {
		table := advisory.Embedded()
		for range 2 { // a second time changes nothing
			if err := table.Read([]byte(record)); err != nil {
				t.Fatal(err)
			}
		}
		for _, version := range []string{"1.0", "2.0", "3.0"} {
			if got := text(table.For("Made Up PACS", version)); got != "CVE-2099-0001 0.0 false" {
				t.Errorf("%s: version %s: got %q", name, version, got)
			}
		}
	}
}

func text(list []advisory.Advisory) string {
	var all []string
	for _, a := range list {
		all = append(all, a.ID+" "+decimal(a.Score)+map[bool]string{true: " true", false: " false"}[a.Exploited])
	}
	return strings.Join(all, ", ")
}

func decimal(f float64) string {
	n := int(f*10 + 0.5)
	return string(append([]byte(itoa(n/10)), '.', byte('0'+n%10)))
}

func itoa(n int) string {
	if n >= 10 {
		return itoa(n/10) + itoa(n%10)
	}
	return string(rune('0' + n))
}

func TestLoad_Refuses(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"text":  {"hello", "not JSON"},
		"other": {`{"a":1}`, "neither CSAF"},
		"empty": {"", "not JSON"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "a.json")
			if err := os.WriteFile(file, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			err := advisory.Embedded().Load(file)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "a.json") {
				t.Errorf("got %v, want it to name the file and say %q", err, tt.want)
			}
		})
	}
	if err := advisory.Embedded().Load("none.json"); err == nil {
		t.Error("a file that is not there loads")
	}
}

func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		`{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-1"},"containers":{"cna":{"affected":[{"product":"x","defaultStatus":"affected",
			"versions":[{"version":"1","lessThan":"3.*","status":"unaffected","changes":[{"at":"2","status":"affected"}]}]}]}}}`,
		`{"document":{},"product_tree":{"branches":[{"branches":[{"category":"product_version","name":"vers:x/>=1|<2","product":{"product_id":"A"}}]}],
			"full_product_names":[{"product_id":"B","name":"x 1.0","product_identification_helper":{"cpe":"cpe:2.3:a:x:x:1"}}],
			"relationships":[{"category":"default_component_of","product_reference":"A","relates_to_product_reference":"B","full_product_name":{"product_id":"C"}}]},
			"vulnerabilities":[{"product_status":{"first_affected":["B"],"last_affected":["C"],"fixed":["A"]},"scores":[{"products":["A"],"cvss_v2":{"vectorString":"x"}}]}]}`,
		`{"id":"X","affected":[{"package":{"name":"x","ecosystem":"Debian"},"ranges":[{"type":"GIT","events":[{"fixed":"1"}],"database_specific":{"versions":[]}}]}]}`,
		`[{"feed":{}},{}]`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		table := advisory.Embedded()
		if table.Read(text) == nil {
			table.For("x", "1")
		}
	})
}
