package main_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/internal/report"
)

// advisoryFiles has one file of each format on Conquest, which the built-in table
// has nothing of.
func advisoryFiles() map[string]string {
	return map[string]string{
		"csaf.json": `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","tracking":{"id":"TEST-2099-1"},
			"references":[{"category":"self","url":"https://example.org/test-2099-1"}]},
			"product_tree":{"branches":[{"category":"vendor","name":"NKI","branches":[{"category":"product_name","name":"Conquest","branches":[
				{"category":"product_version_range","name":"vers:generic/>=1.4.16|<1.4.19","product":{"product_id":"A","name":"Conquest"}},
				{"category":"product_version","name":"1.4.19","product":{"product_id":"B","name":"Conquest 1.4.19"}}]}]}]},
			"vulnerabilities":[{"cve":"CVE-2099-1001","product_status":{"known_affected":["A"],"fixed":["B"]},
				"scores":[{"products":["A"],"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"}}]}]}`,
		"osv.json": `{"schema_version":"1.6.0","id":"OSV-2099-2","aliases":["CVE-2099-1002"],"affected":[
			{"package":{"ecosystem":"GIT","name":"conquest"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"last_affected":"1.4.17"}]}]}],
			"severity":[{"type":"CVSS_V4","score":"CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"}]}`,
		"cve.json": `{"dataType":"CVE_RECORD","dataVersion":"5.1","cveMetadata":{"cveId":"CVE-2099-1003","state":"PUBLISHED"},"containers":{
			"cna":{"affected":[{"vendor":"NKI","product":"Conquest","defaultStatus":"unaffected","versions":[
				{"version":"0","lessThan":"1.4.18","status":"affected","versionType":"custom"}]}]},
			"adp":[{"metrics":[{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H"}},
				{"other":{"type":"kev","content":{"dateAdded":"2099-01-01"}}}]}]}}`,
	}
}

// TestAdvisories surveys an archive of known name and version with and without
// advisories on it.
func TestAdvisories(t *testing.T) {
	a := &probetest.Archive{ClassUID: "1.2.826.0.1.3680043.2.135.1066.101", VersionName: "1.4.17/WIN32", Studies: probetest.Studies(2), Patients: probetest.Patients(2)}
	dir, addr := t.TempDir(), a.Serve(t)
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	write("scope.toml", fmt.Sprintf("[authorisation]\norganisation = \"Example\"\ncontact = \"a@example.org\"\nreference = \"1\"\nvalid_from = %s\nvalid_to = %s\n"+
		"[targets]\ninclude = [%q]\n[limits]\nper_host_rate = 1000\n", day(-1), day(1), addr))
	if err := os.Mkdir(filepath.Join(dir, "folder"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range advisoryFiles() {
		write(name, text)
		write(filepath.Join("folder", name), text)
	}
	write(filepath.Join("folder", "csaf.json.sha512"), "0 csaf.json\n")

	csaf := report.Vulnerability{ID: "CVE-2099-1001", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N", Score: 5.3, Source: "https://example.org/test-2099-1"}
	osv := report.Vulnerability{
		ID: "CVE-2099-1002", Vector: "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", Score: 9.3,
		Source: "https://osv.dev/vulnerability/OSV-2099-2",
	}
	cve := report.Vulnerability{
		ID: "CVE-2099-1003", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:C/C:H/I:H/A:H", Score: 10, Exploited: true,
		Source: "https://www.cve.org/CVERecord?id=CVE-2099-1003",
	}
	for name, tt := range map[string]struct {
		files              []string
		want               []report.Vulnerability // worst first
		vulnerable, cvss10 int64
		exposures          []string
	}{
		"none":   {},
		"csaf":   {[]string{"csaf.json"}, []report.Vulnerability{csaf}, 1, 0, []string{"known-vulnerability"}},
		"osv":    {[]string{"osv.json"}, []report.Vulnerability{osv}, 1, 0, []string{"known-vulnerability"}},
		"cve":    {[]string{"cve.json"}, []report.Vulnerability{cve}, 1, 1, []string{"known-vulnerability", "known-vulnerability-cvss10", "known-vulnerability-exploited"}},
		"all":    {[]string{"osv.json", "csaf.json", "cve.json"}, []report.Vulnerability{cve, osv, csaf}, 1, 1, nil},
		"folder": {[]string{"folder"}, []report.Vulnerability{cve, osv, csaf}, 1, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := surveyWith(t, dir, "out-"+name, tt.files)
			if len(s.Systems) != 1 {
				t.Fatalf("%d systems, want 1", len(s.Systems))
			}
			got := s.Systems[0]
			if got.Product != "Conquest" || got.Version != "1.4.17" {
				t.Errorf("it is %q %q, want Conquest 1.4.17", got.Product, got.Version)
			}
			if !slices.Equal(got.Vulnerabilities, tt.want) {
				t.Errorf("vulnerabilities are\n%+v, want\n%+v", got.Vulnerabilities, tt.want)
			}
			if s.Totals.SystemsVulnerable != tt.vulnerable || s.Totals.SystemsCVSS10 != tt.cvss10 {
				t.Errorf("systems_vulnerable %d, systems_cvss10 %d, want %d and %d", s.Totals.SystemsVulnerable, s.Totals.SystemsCVSS10, tt.vulnerable, tt.cvss10)
			}
			var exposures []string
			for _, id := range got.Exposures {
				if strings.HasPrefix(id, "known-vulnerability") {
					exposures = append(exposures, id)
				}
			}
			if tt.exposures != nil && !slices.Equal(exposures, tt.exposures) {
				t.Errorf("exposures are %q, want %q", exposures, tt.exposures)
			}
		})
	}
}

func surveyWith(t *testing.T, dir, out string, advisories []string) *report.Survey {
	t.Helper()
	args := []string{"survey", "--scope", "scope.toml", "--out", out, "--quiet", "--timeout", "3s"}
	for _, name := range advisories {
		args = append(args, "--advisories", name)
	}
	cmd := exec.Command("leadglass", args...)
	cmd.Dir = dir
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("leadglass %s: %v\n%s", strings.Join(args, " "), err, said)
	}
	s, err := report.Load(filepath.Join(dir, out, report.SurveyFile))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
