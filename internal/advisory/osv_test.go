package advisory_test

import (
	"fmt"
	"testing"
)

func osv(affected, rest string) string {
	return fmt.Sprintf(`{"schema_version":"1.6.0","id":"OSV-1","aliases":["GHSA-x","CVE-2099-0001"],%s"affected":[%s]}`, rest, affected)
}

func TestReadOSV_Versions(t *testing.T) {
	for name, tt := range map[string]struct {
		affected, product string
		want              map[string]bool
	}{
		"fixed": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.2"}]}]}`,
			"Acme PACS", map[string]bool{"0.1": true, "1.1": true, "1.2": false}},
		"last_affected": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0"},{"last_affected":"1.2"}]}]}`,
			"Acme PACS", map[string]bool{"0.9": false, "1.2": true, "1.2.1": false}},
		"in_any_order": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"ranges":[{"type":"SEMVER","events":[
			{"fixed":"2.3"},{"introduced":"2.0"},{"fixed":"1.2"},{"introduced":"0"}]}]}`,
			"Acme PACS", map[string]bool{"1.1": true, "1.2": false, "1.9": false, "2.0": true, "2.3": false}},
		"fixed_and_introduced_at_once": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"ranges":[{"type":"SEMVER","events":[
			{"introduced":"0"},{"introduced":"1.2"},{"fixed":"1.2"},{"fixed":"1.4"}]}]}`,
			"Acme PACS", map[string]bool{"1.1": true, "1.2": true, "1.4": false}},
		"never_fixed": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"ranges":[{"type":"SEMVER","events":[{"introduced":"1.0"}]}]}`,
			"Acme PACS", map[string]bool{"0.9": false, "9": true}},
		"last_known_to_github": {`{"package":{"ecosystem":"npm","name":"acme-pacs"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"}]}],
			"database_specific":{"last_known_affected_version_range":"<= 1.5.7"}}`,
			"Acme PACS", map[string]bool{"1.5.7": true, "1.5.8": false}},
		"listed": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"versions":["1.0","acme-pacs-1.1"]}`,
			"Acme PACS", map[string]bool{"1.0": true, "1.1": true, "1.2": false}},
		"commits_alone": {`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"ranges":[{"type":"GIT","repo":"https://x/y","events":[{"introduced":"0"},{"fixed":"410ffe20"}]}]}`,
			"Acme PACS", map[string]bool{"1.0": false}},
		"commits_of_versions": {`{"ranges":[{"type":"GIT","repo":"https://github.com/Acme/acme-pacs.git","events":[{"introduced":"0"},{"fixed":"410ffe20"}],
			"database_specific":{"versions":[{"introduced":"0"},{"last_affected":"3.6.6"}]}}]}`,
			"Acme PACS", map[string]bool{"3.6.6": true, "3.6.7": false}},
		"commits_of_extracted_events": {`{"ranges":[{"type":"GIT","repo":"https://github.com/Acme/acme-pacs","events":[{"introduced":"0"}],
			"database_specific":{"extracted_events":[{"introduced":"1.0"},{"fixed":"1.4"}]}}],"versions":["acme-pacs-0.5"]}`,
			"Acme PACS", map[string]bool{"0.5": true, "0.9": false, "1.3": true, "1.4": false}},
		"scoped":   {`{"package":{"ecosystem":"npm","name":"@ohif/viewer"},"versions":["9.9.9"]}`, "OHIF Viewer", map[string]bool{"9.9.9": true}},
		"of_maven": {`{"package":{"ecosystem":"Maven","name":"org.dcm4che:dcm4chee-arc"},"versions":["5.1"]}`, "dcm4chee-arc", map[string]bool{"5.1": true, "5.2": false}},
		"of_debian": {`{"package":{"ecosystem":"Debian:12","name":"acme-pacs"},"ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1:1.12.6+dfsg-2~deb12u1"}]}]}`,
			"Acme PACS", map[string]bool{"1.12.5": true, "1.12.6": false}},
		"versions_of_debian": {`{"package":{"ecosystem":"Debian:12","name":"acme-pacs"},"versions":["1.10.1+dfsg-2"]}`, "Acme PACS", map[string]bool{"1.10.1": true, "1.10.2": false}},
	} {
		t.Run(name, func(t *testing.T) {
			table := read(t, osv(tt.affected, ""))
			for version, is := range tt.want {
				want := ""
				if is {
					want = "CVE-2099-0001 0.0 false"
				}
				affected(t, table, tt.product, want, version)
			}
		})
	}
}

func TestReadOSV_Severity(t *testing.T) {
	const four, three = `{"type":"CVSS_V4","score":"` + v40 + `"}`, `{"type":"CVSS_V3","score":"` + v53 + `"}`
	for name, tt := range map[string]struct{ package_, record, want string }{
		"none":            {``, ``, "0.0"},
		"newest":          {``, `"severity":[` + three + `,` + four + `],`, "9.3"},
		"of_the_package":  {`,"severity":[` + three + `]`, `"severity":[` + four + `],`, "5.3"},
		"version_2":       {``, `"severity":[{"type":"CVSS_V2","score":"(` + v20 + `)"}],`, "10.0"},
		"words":           {``, `"severity":[{"type":"Ubuntu","score":"medium"}],`, "0.0"},
		"severity_of_git": {``, `"database_specific":{"severity":"HIGH","cwe_ids":["CWE-79"]},`, "0.0"},
	} {
		t.Run(name, func(t *testing.T) {
			table := read(t, osv(`{"package":{"ecosystem":"PyPI","name":"acme-pacs"},"versions":["1"]`+tt.package_+`}`, tt.record))
			affected(t, table, "Acme PACS", "CVE-2099-0001 "+tt.want+" false", "1")
		})
	}
}

func TestReadOSV_Withdrawn(t *testing.T) {
	affected(t, read(t, osv(`{"package":{"name":"acme-pacs"},"versions":["1"]}`, `"withdrawn":"2099-01-01T00:00:00Z",`)), "Acme PACS", "", "1")
}
