package advisory_test

import (
	"fmt"
	"testing"
)

// cve is a record with one product.
func cve(affected, metrics, adp string) string {
	return fmt.Sprintf(`{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2099-0001","state":"PUBLISHED"},
		"containers":{"cna":{"affected":[%s],"metrics":[%s]},"adp":[%s]}}`, affected, metrics, adp)
}

func TestReadCVE_Versions(t *testing.T) {
	const product = `{"vendor":"Acme","product":"PACS",`
	for name, tt := range map[string]struct {
		affected string
		want     map[string]bool
	}{
		"less_than":          {product + `"versions":[{"version":"2.0","lessThan":"2.5","status":"affected"}]}`, map[string]bool{"1.9": false, "2.0": true, "2.4": true, "2.5": false}},
		"less_than_or_equal": {product + `"versions":[{"version":"0","lessThanOrEqual":" v7.2.8.810","status":"affected"}]}`, map[string]bool{"7.2.8.810": true, "7.2.8.811": false}},
		"bounds_left_open": {product + `"versions":[{"version":"unspecified","lessThan":"3.6.7","status":"affected"},{"version":"4.0","lessThan":"*","status":"affected"},
			{"version":" ","lessThan":"1.0","status":"affected"}]}`, map[string]bool{"3.6.6": true, "3.6.7": false, "4.0": true, "99": true}},
		"zero":           {product + `"versions":[{"version":"0","status":"affected"}]}`, map[string]bool{"0": true, "9": true}},
		"repeated_bound": {product + `"versions":[{"version":"2.0","lessThan":"2.0","status":"affected"}]}`, map[string]bool{"1.9": true, "2.0": false}},
		"wildcard_from":  {product + `"versions":[{"version":"7.1.x","lessThan":"7.1.33","status":"affected"}]}`, map[string]bool{"7.0": false, "7.1.0": true, "7.1.33": false}},
		"wildcard_to":    {product + `"versions":[{"version":"2.0","lessThan":"2.*","status":"affected"}]}`, map[string]bool{"2.9": true, "3.0": false}},
		"changes": {product + `"versions":[{"version":"1.0","lessThan":"3.0","status":"affected","changes":[
			{"at":"2.4","status":"affected"},{"at":"1.5","status":"unaffected"},{"at":"2.8","status":"unaffected"}]}]}`,
			map[string]bool{"0.9": false, "1.0": true, "1.4": true, "1.5": false, "2.3": false, "2.4": true, "2.7": true, "2.8": false, "3.0": false}},
		"changes_of_the_unaffected": {product + `"defaultStatus":"unaffected","versions":[{"version":"1.0","lessThan":"*","status":"unaffected","changes":[{"at":"2.0","status":"affected"}]}]}`,
			map[string]bool{"1.9": false, "2.0": true, "9": true}},
		"default_affected":             {product + `"defaultStatus":"affected"}`, map[string]bool{"1": true}},
		"default_affected_but_for":     {product + `"defaultStatus":"affected","versions":[{"version":"1.5.8","lessThan":"*","status":"unaffected"}]}`, map[string]bool{"1.5.7": true, "1.5.8": false, "1.12": false}},
		"default_affected_and_unknown": {product + `"defaultStatus":"affected","versions":[{"version":"1.0","status":"unknown"}]}`, map[string]bool{"0.9": true, "1.0": false}},
		"default_affected_by_mistake":  {product + `"defaultStatus":"affected","versions":[{"version":"8.1.*","lessThan":"8.1.29","status":"affected","versionType":"semver"}]}`, map[string]bool{"8.1.28": true, "8.1.29": false, "8.4": false}},
		"default_unaffected":           {product + `"defaultStatus":"unaffected","versions":[{"version":"1.0","status":"affected"}]}`, map[string]bool{"1.0": true, "1.1": false}},
		"default_alone":                {product + `"defaultStatus":"unaffected"}`, map[string]bool{"1.0": false}},
		"unaffected_within":            {product + `"versions":[{"version":"1","lessThan":"3","status":"affected"},{"version":"2.7","status":"unaffected"}]}`, map[string]bool{"2.6": true, "2.7": false, "2.8": true}},
		"commits":                      {product + `"versions":[{"version":"0","lessThan":"410ffe2019b9","status":"affected","versionType":"git"}]}`, map[string]bool{"1.0": false, "400": false}},
		"in_words":                     {product + `"versions":[{"version":">= 1.0, < 1.2","status":"affected"},{"version":"2.3.2 and earlier","status":"unaffected"}]}`, map[string]bool{"1.0": false, "1.1": false}},
		"named":                        {product + `"versions":[{"version":"PACS 2.4 2.4.49","status":"affected"}]}`, map[string]bool{"2.4.49": true, "2.4": false}},
		"n_a":                          {product + `"versions":[{"version":"n/a","status":"affected"}]}`, map[string]bool{"1": false}},
	} {
		t.Run(name, func(t *testing.T) {
			table := read(t, cve(tt.affected, "", ""))
			for version, is := range tt.want {
				want := ""
				if is {
					want = "CVE-2099-0001 0.0 false"
				}
				affected(t, table, "PACS", want, version)
				affected(t, table, "Acme PACS", want, version)
			}
		})
	}
}

func TestReadCVE_Metrics(t *testing.T) {
	const (
		product = `{"vendor":"Acme","product":"PACS","versions":[{"version":"1","status":"affected"}]}`
		three   = `{"cvssV3_1":{"vectorString":"` + v98 + `"}}`
		two     = `{"cvssV2_0":{"vectorString":"` + v20 + `"}}`
	)
	for name, tt := range map[string]struct{ metrics, adp, want string }{
		"none":              {"", "", "0.0 false"},
		"newest":            {two + "," + three + `,{"cvssV4_0":{"vectorString":"` + v40 + `"}}`, "", "9.3 false"},
		"three_before_two":  {three + "," + two, "", "9.8 false"},
		"two_alone":         {two, "", "10.0 false"},
		"of_the_adp":        {`{"other":{"type":"Textual description of severity","content":{"text":"important"}}}`, `{"metrics":[` + three + `]}`, "9.8 false"},
		"the_first_of_both": {`{"cvssV3_1":{"vectorString":"` + v53 + `"}}`, `{"metrics":[` + three + `]}`, "5.3 false"},
		"broken":            {`{"cvssV3_1":{"vectorString":"CVSS:3.1/AV:X"}},` + two, "", "10.0 false"},
		"kev":               {"", `{"metrics":[{"other":{"type":"kev","content":{"dateAdded":"2099-01-01"}}}]}`, "0.0 true"},
		"ssvc_active":       {"", `{"metrics":[{"other":{"type":"ssvc","content":{"options":[{"Exploitation":"active"},{"Automatable":"yes"}]}}}]}`, "0.0 true"},
		"ssvc_poc":          {"", `{"metrics":[{"other":{"type":"ssvc","content":{"options":[{"Exploitation":"poc"}]}}}]}`, "0.0 false"},
		"ssvc_broken":       {"", `{"metrics":[{"other":{"type":"ssvc","content":{"options":7}}}]}`, "0.0 false"},
	} {
		t.Run(name, func(t *testing.T) {
			affected(t, read(t, cve(product, tt.metrics, tt.adp)), "Acme PACS", "CVE-2099-0001 "+tt.want, "1")
		})
	}
}

// TestReadCVE_NobodysProduct: what the authority leaves open, an ADP may say.
func TestReadCVE_NobodysProduct(t *testing.T) {
	table := read(t, cve(`{"vendor":"n/a","product":"n/a","versions":[{"version":"n/a","status":"affected"}]}`, "",
		`{"affected":[{"vendor":"offis","product":"acme_pacs","versions":[{"version":"0","lessThanOrEqual":"3.6.6","status":"affected"}]}]}`))
	affected(t, table, "Acme PACS", "CVE-2099-0001 0.0 false", "3.6.6")
	affected(t, table, "n/a", "", "3.6.6", "n/a")
}

func TestReadCVE_Rejected(t *testing.T) {
	table := read(t, `{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2099-0001","state":"REJECTED"},"containers":{"cna":{
		"rejectedReasons":[{"value":"unused"}],"affected":[{"product":"PACS","versions":[{"version":"1","status":"affected"}]}]}}}`)
	affected(t, table, "PACS", "", "1")
}

// TestRead_KeepsTheScore: a record without a score that replaces one with a
// score takes no score away, nor what is known of exploits.
func TestRead_KeepsTheScore(t *testing.T) {
	table := read(t, `{"dataType":"CVE_RECORD","cveMetadata":{"cveId":"CVE-2017-7269","state":"PUBLISHED"},"containers":{"cna":{
		"affected":[{"vendor":"Microsoft","product":"IIS","versions":[{"version":"5.1","status":"affected"}]}]}}}`)
	affected(t, table, "IIS", "CVE-2017-7269 9.8 true", "5.1")
	affected(t, table, "IIS", "", "6.0") // the newer record says what is affected
}
