package advisory_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/advisory"
)

// csaf is a document with one vulnerability.
func csaf(tree, vulnerability string) string {
	return `{"document":{"tracking":{"id":"TEST-1"}},"product_tree":` + tree + `,"vulnerabilities":[{"cve":"CVE-2099-0001",` + vulnerability + `}]}`
}

// TestReadCSAF_Adminer reads the tree and the first vulnerability of CISA's
// VA-24-201-01 (https://github.com/cisagov/CSAF, csaf_files/IT/white/2024), as
// they were published, without texts.
func TestReadCSAF_Adminer(t *testing.T) {
	table := read(t, csaf(`{"branches":[
		{"category":"vendor","name":"Adminer","branches":[{"category":"product_name","name":"Adminer","branches":[
			{"category":"product_version_range","name":"all versions","product":{"name":"Adminer (all versions)","product_id":"CSAFPID-0006"}},
			{"category":"product_family","name":"Adminer","product":{"name":"Adminer","product_id":"CSAFPID-0013"}}]}]},
		{"category":"vendor","name":"AdminerEvo","branches":[{"category":"product_name","name":"AdminerEvo","branches":[
			{"category":"product_version","name":"4.8.2","product":{"name":"AdminerEvo 4.8.2","product_id":"CSAFPID-0077"}},
			{"category":"product_version","name":"4.8.3","product":{"name":"AdminerEvo 4.8.3","product_id":"CSAFPID-0007"}},
			{"category":"product_version","name":"4.8.4","product":{"name":"AdminerEvo 4.8.4","product_id":"CSAFPID-0009"}},
			{"category":"product_family","name":"AdminerEvo","product":{"name":"AdminerEvo","product_id":"CSAFPID-0004"}}]}]}],
		"relationships":[{"category":"external_component_of","product_reference":"CSAFPID-0013","relates_to_product_reference":"CSAFPID-0004",
			"full_product_name":{"product_id":"CSAFPID-0005","name":"Adminer contained in AdminerEvo"}}]}`,
		`"product_status":{"fixed":["CSAFPID-0009"],"known_affected":["CSAFPID-0077","CSAFPID-0007","CSAFPID-0006"]},
		"scores":[{"cvss_v3":{"version":"3.1","vectorString":"CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N","baseScore":5.3},
			"products":["CSAFPID-0006","CSAFPID-0077","CSAFPID-0007"]}]`))
	affected(t, table, "Adminer", "CVE-2099-0001 5.3 false", "4.0", "4.8.4")
	affected(t, table, "AdminerEvo", "CVE-2099-0001 5.3 false", "4.8.2", "4.8.3")
	affected(t, table, "Adminer Evo", "", "4.8.1", "4.8.4")
}

const (
	v98 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
	v53 = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:L/I:N/A:N"
	v40 = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"
	v20 = "AV:N/AC:L/Au:N/C:C/I:C/A:C"
)

func TestReadCSAF(t *testing.T) {
	branch := func(name string, leaves ...string) string {
		var all []string
		for i := 0; i+2 < len(leaves); i += 3 {
			all = append(all, fmt.Sprintf(`{"category":%q,"name":%q,"product":{"product_id":%q,"name":"x"}}`, leaves[i], leaves[i+1], leaves[i+2]))
		}
		return fmt.Sprintf(`{"category":"vendor","name":"Acme","branches":[{"category":"product_name","name":%q,"branches":[%s]}]}`, name, strings.Join(all, ","))
	}
	version, span := "product_version", "product_version_range"
	for name, tt := range map[string]struct {
		tree, vulnerability string
		product             string
		want                map[string]string // by version
	}{
		"nested_in_families": {
			`{"branches":[{"category":"vendor","name":"Acme","branches":[{"category":"product_family","name":"Imaging","branches":[{"category":"product_name","name":"PACS",
				"branches":[{"category":"architecture","name":"x64","branches":[{"category":"product_version","name":"2.0","product":{"product_id":"A","name":"x"}}]}]}]}]}]}`,
			`"product_status":{"known_affected":["A"]}`, "Acme Imaging PACS",
			map[string]string{"2.0": "0.0", "2.1": ""},
		},
		"name_with_the_vendor": {
			`{"branches":[` + branch("DICOM Viewer", version, "2.0", "A") + `]}`,
			`"product_status":{"known_affected":["A"]}`, "Acme DICOM Viewer",
			map[string]string{"2.0": "0.0", "2.1": ""},
		},
		"full_product_names": {
			`{"full_product_names":[{"product_id":"A","name":"Acme PACS 12.2"},{"product_id":"B","name":"acme PACS <= 11.5"},
				{"product_id":"C","name":"x","product_identification_helper":{"cpe":"cpe:2.3:a:acme:acme_pacs:13.0:*:*:*:*:*:*:*"}},
				{"product_id":"D","name":"x","product_identification_helper":{"purl":"pkg:deb/debian/acme-pacs@14.0?arch=amd64"}}]}`,
			`"product_status":{"known_affected":["A","B","C","D"]}`, "Acme PACS",
			map[string]string{"12.2": "0.0", "12.3": "", "11.0": "0.0", "13.0": "0.0", "14.0": "0.0", "15": ""},
		},
		"without_a_version": {
			`{"branches":[{"category":"product_name","name":"Acme PACS","product":{"product_id":"A","name":"x"}}]}`,
			`"product_status":{"known_affected":["A"]}`, "Acme PACS", map[string]string{"1": "0.0"},
		},
		"fixed_wins_over_all": {
			`{"branches":[` + branch("Acme PACS", span, "vers:all/*", "A", version, "2.1", "B", span, ">=3.0|<3.2", "C") + `]}`,
			`"product_status":{"known_affected":["A"],"fixed":["B"],"known_not_affected":["C"]}`, "Acme PACS",
			map[string]string{"2.0": "0.0", "2.1": "", "2.2": "0.0", "3.0": "", "3.1": "", "3.2": "0.0"},
		},
		"recommended_says_nothing": {
			`{"branches":[` + branch("Acme PACS", version, "2.1", "B") + `]}`,
			`"product_status":{"recommended":["B"],"under_investigation":["B"]}`, "Acme PACS", map[string]string{"2.1": ""},
		},
		"first_to_last": {
			`{"branches":[` + branch("Acme PACS", version, "1.2", "A", version, "1.6", "B", version, "2.0", "C", version, "2.3", "D") + `]}`,
			`"product_status":{"first_affected":["C","A"],"last_affected":["D","B"]}`, "Acme PACS",
			map[string]string{"1.1": "", "1.2": "0.0", "1.4": "0.0", "1.6": "0.0", "1.7": "", "2.0": "0.0", "2.3": "0.0", "2.4": ""},
		},
		"first_to_the_fix": {
			`{"branches":[` + branch("Acme PACS", version, "1.2", "A", version, "1.6", "B") + `]}`,
			`"product_status":{"first_affected":["A"],"first_fixed":["B"]}`, "Acme PACS",
			map[string]string{"1.1": "", "1.5": "0.0", "1.6": "", "1.7": ""},
		},
		"last_alone": {
			`{"branches":[` + branch("Acme PACS", version, "1.6", "A") + `]}`,
			`"product_status":{"last_affected":["A"]}`, "Acme PACS", map[string]string{"1.1": "0.0", "1.6": "0.0", "1.7": ""},
		},
		"last_of_many_trains": {
			`{"branches":[` + branch("Acme PACS", version, "1.6", "A", version, "2.3", "B") + `]}`,
			`"product_status":{"last_affected":["A","B"]}`, "Acme PACS", map[string]string{"1.6": "0.0", "1.7": "", "2.3": "0.0"},
		},
		"a_patch_level_does_not_acquit": {
			`{"branches":[{"category":"product_name","name":"Acme PACS","branches":[{"category":"product_version","name":"2.0","branches":[
				{"category":"patch_level","name":"SP1","product":{"product_id":"A","name":"x"}},{"category":"patch_level","name":"SP2","product":{"product_id":"B","name":"x"}}]}]}]}`,
			`"product_status":{"known_affected":["A"],"fixed":["B"]}`, "Acme PACS", map[string]string{"2.0": "0.0"},
		},
		"scores_by_product": {
			`{"branches":[` + branch("Acme PACS", version, "1.0", "A", version, "2.0", "B", version, "3.0", "C", version, "4.0", "D") + `]}`,
			`"product_status":{"known_affected":["A","B","C","D"]},"scores":[{"products":["A","C"],"cvss_v3":{"vectorString":"` + v98 + `"}},
				{"products":["B"],"cvss_v2":{"vectorString":"` + v20 + `"},"cvss_v3":{"vectorString":"` + v53 + `"}},{"products":["C"],"cvss_v4":{"vectorString":"` + v40 + `"}}]`,
			"Acme PACS", map[string]string{"1.0": "9.8", "2.0": "5.3", "3.0": "9.3", "4.0": "0.0"},
		},
		"metrics_of_2_1": {
			`{"branches":[` + branch("Acme PACS", version, "1.0", "A") + `]}`,
			`"product_status":{"known_affected":["A"]},"metrics":[{"products":["A"],"content":{"cvss_v4":{"vectorString":"` + v40 + `"}}}]`,
			"Acme PACS", map[string]string{"1.0": "9.3"},
		},
		"component_affects_what_it_is_part_of": {
			`{"branches":[` + branch("Acme PACS", version, "12.2", "P") + `,` + branch("Tomcat", version, "7.0.1", "T") + `],
				"relationships":[{"category":"default_component_of","product_reference":"T","relates_to_product_reference":"P","full_product_name":{"product_id":"TP","name":"x"}}]}`,
			`"product_status":{"known_affected":["TP"]},"scores":[{"products":["TP"],"cvss_v3":{"vectorString":"` + v98 + `"}}]`,
			"Acme PACS", map[string]string{"12.2": "9.8", "12.3": ""},
		},
		"the_component_itself": {
			`{"branches":[` + branch("Acme PACS", version, "12.2", "P") + `,` + branch("Tomcat", version, "7.0.1", "T") + `],
				"relationships":[{"category":"default_component_of","product_reference":"T","relates_to_product_reference":"P","full_product_name":{"product_id":"TP","name":"x"}}]}`,
			`"product_status":{"known_affected":["TP"]}`, "Acme Tomcat", map[string]string{"7.0.1": "0.0", "12.2": ""},
		},
		"what_it_is_installed_on_is_not_affected": {
			`{"branches":[` + branch("Acme PACS", version, "12.2", "P") + `,` + branch("Viewer", version, "1.0", "V") + `],
				"relationships":[{"category":"installed_on","product_reference":"V","relates_to_product_reference":"P","full_product_name":{"product_id":"VP","name":"x"}}]}`,
			`"product_status":{"known_affected":["VP"]}`, "Acme PACS", map[string]string{"12.2": ""},
		},
		"relationship_of_relationships": {
			`{"branches":[` + branch("Acme PACS", version, "12.2", "P") + `,` + branch("Suite", version, "1", "S") + `,` + branch("Lib", version, "0.1", "L") + `],"relationships":[
				{"category":"default_component_of","product_reference":"LS","relates_to_product_reference":"P","full_product_name":{"product_id":"LSP","name":"x"}},
				{"category":"optional_component_of","product_reference":"L","relates_to_product_reference":"S","full_product_name":{"product_id":"LS","name":"x"}},
				{"category":"installed_with","product_reference":"R","relates_to_product_reference":"R","full_product_name":{"product_id":"R","name":"x"}}]}`,
			`"product_status":{"known_affected":["LSP","R","nowhere"]}`, "Acme PACS", map[string]string{"12.2": "0.0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			table := read(t, csaf(tt.tree, tt.vulnerability))
			for version, score := range tt.want {
				want := ""
				if score != "" {
					want = "CVE-2099-0001 " + score + " false"
				}
				affected(t, table, tt.product, want, version)
			}
		})
	}
}

func TestReadCSAF_Exploited(t *testing.T) {
	for threats, want := range map[string]bool{
		`{"category":"exploit_status","details":"Exploited in the wild"}`:                         true,
		`{"category":"exploit_status","details":"No known public exploits"}`:                      false,
		`{"category":"exploit_status","details":"not exploited"}`:                                 false,
		`{"category":"impact","details":"exploited"}`:                                             false,
		`{"category":"exploit_status","details":"is exploited","product_ids":["B"]}`:              false,
		`{"category":"exploit_status","details":"Known to be exploited","product_ids":["B","A"]}`: true,
	} {
		table := read(t, csaf(`{"branches":[{"category":"product_name","name":"Acme PACS","product":{"product_id":"A","name":"x"}}]}`,
			`"product_status":{"known_affected":["A"]},"threats":[`+threats+`]`))
		affected(t, table, "Acme PACS", fmt.Sprint("CVE-2099-0001 0.0 ", want), "1")
	}
}

// TestReadCSAF_WithoutCVE: what has no CVE goes by the publisher's own id.
func TestReadCSAF_WithoutCVE(t *testing.T) {
	const tree = `"product_tree":{"branches":[{"category":"product_name","name":"Acme PACS","product":{"product_id":"A","name":"x"}}]}`
	for vulnerability, want := range map[string]string{
		`{"ids":[{"system_name":"x","text":"ACME-7"}],"product_status":{"known_affected":["A"]}}`: "ACME-7 0.0 false",
		`{"product_status":{"known_affected":["A"]}}`:                                             "TEST-1 0.0 false",
	} {
		table := read(t, `{"document":{"tracking":{"id":"TEST-1"}},`+tree+`,"vulnerabilities":[`+vulnerability+`]}`)
		affected(t, table, "Acme PACS", want, "1")
	}
}

func read(t *testing.T, text string) *advisory.Table {
	t.Helper()
	table := advisory.Embedded()
	if err := table.Read([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return table
}

func affected(t *testing.T, table *advisory.Table, product, want string, versions ...string) {
	t.Helper()
	for _, v := range versions {
		if got := text(table.For(product, v)); got != want {
			t.Errorf("%s %s: got %q, want %q", product, v, got, want)
		}
	}
}

// crosses wants a document to fit a limit and not the one below it.
func crosses(t *testing.T, name string, fits func(n int) advisory.Limits, n int, document string) {
	t.Helper()
	table := advisory.Embedded()
	table.Limits = fits(n)
	if err := table.Read([]byte(document)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	table.Limits = fits(n - 1)
	limit, ok := errors.AsType[*advisory.LimitError](table.Read([]byte(document)))
	if !ok || limit.Name != name || limit.Limit != int64(n-1) {
		t.Errorf("one over it: got %v, want the limit %s of %d", limit, name, n-1)
	}
	table.Limits = fits(-1)
	if err := table.Read([]byte(document)); err != nil {
		t.Errorf("switched off: %v", err)
	}
}

func TestLimit_Depth(t *testing.T) {
	depth := func(n int) advisory.Limits { return advisory.Limits{Depth: n} }
	tree := `{"category":"product_version","name":"1","product":{"product_id":"A","name":"x"}}`
	for range 4 {
		tree = `{"category":"product_family","name":"x","branches":[` + tree + `]}`
	}
	crosses(t, "depth", depth, 5, csaf(`{"branches":[`+tree+`]}`, `"product_status":{"known_affected":["A"]}`))
	if err := advisory.Embedded().Read([]byte(csaf(strings.Repeat(`{"branches":[`, 31)+`{}`+strings.Repeat(`]}`, 31), `"cwe":{}`))); err == nil {
		t.Error("31 branches are taken")
	}
}

// TestLimit_DepthOfRelationships: each names the one after it.
func TestLimit_DepthOfRelationships(t *testing.T) {
	tree := `{"full_product_names":[{"product_id":"4","name":"x 1.0"}],"relationships":[`
	for i := range 4 {
		tree += fmt.Sprintf(`{"category":"installed_on","product_reference":"%d","full_product_name":{"product_id":"%d"}},`, i+1, i)
	}
	crosses(t, "depth", func(n int) advisory.Limits { return advisory.Limits{Depth: n} }, 5,
		csaf(strings.TrimSuffix(tree, ",")+`]}`, `"product_status":{"known_affected":["0"]}`))
}

func TestLimit_Claims(t *testing.T) {
	claims := func(n int) advisory.Limits { return advisory.Limits{Claims: n} }
	crosses(t, "claims", claims, 3, csaf(`{"full_product_names":[{"product_id":"A","name":"x 1.0"}]}`, `"product_status":{"known_affected":["A","A","A"]}`))
	crosses(t, "claims", claims, 3, `{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-1"},"containers":{"cna":{"affected":[{"product":"x","versions":[
		{"version":"1","status":"affected"},{"version":"2","status":"affected"},{"version":"3","status":"affected"}]}]}}}`)
	crosses(t, "claims", claims, 3, `{"id":"X","affected":[{"package":{"name":"x"},"versions":["1","2","3"]}]}`)
}

// TestLimit_ClaimsOfRelationships: default components double with each step.
func TestLimit_ClaimsOfRelationships(t *testing.T) {
	tree := `{"full_product_names":[{"product_id":"0","name":"x 1.0"}],"relationships":[`
	for i := range 25 {
		tree += fmt.Sprintf(`{"category":"default_component_of","product_reference":"%d","relates_to_product_reference":"%d","full_product_name":{"product_id":"%d"}},`, i, i, i+1)
	}
	table := advisory.Embedded()
	table.Limits.Claims = 1 << 12
	err := table.Read([]byte(csaf(strings.TrimSuffix(tree, ",")+`]}`, `"cwe":{}`)))
	if limit, ok := errors.AsType[*advisory.LimitError](err); !ok || limit.Name != "claims" {
		t.Errorf("got %v, want the limit claims", err)
	}
}
