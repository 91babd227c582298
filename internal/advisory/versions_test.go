package advisory_test

import (
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/advisory"
)

// TestReadVersions: what publishers write, the versions that they mean, and
// those next to them that they do not. Most are from CISA's CSAF documents and
// the CVE list.
func TestReadVersions(t *testing.T) {
	for _, tt := range []struct{ words, in, out string }{
		// vers
		{"vers:all/*", "0 1 99", ""},
		{"vers:generic/*", "1", ""},
		{"vers:generic/1.2", "1.2 1.2.0", "1.1 1.3"},
		{"vers:generic/>=1.0|<1.2", "1.0 1.1.9", "0.9 1.2"},
		{"vers:generic/>1.0|<=1.2", "1.0.1 1.2", "1.0 1.2.1"},
		{"vers:generic/>=1.0|<1.2|>=2.0|<2.1|3.0", "1.0 1.1 2.0 3.0", "1.2 1.9 2.1 3.1"},
		{"vers:generic/<1.2|>=1.0", "1.0 1.1", "0.9 1.2"},
		{"vers:generic/<1.2|>=2.0", "0.1 2.0 9", "1.2 1.9"},
		{"vers:generic/!=1.5", "1.4 1.6", "1.5"},
		{"vers:generic/>=1|<2|!=1.5", "1.4 1.6", "1.5 2"},
		{"vers:deb/1%3A1.2", "1:1.2", "1.2"},
		{"vers:all/<V3.1.2", "3.1.1 v3.1.1", "3.1.2"},
		{"vers:all/>=V5.0<V5.3", "5.0 5.2.9", "4.9 5.3"},
		{"vers:generic", "", "1"},
		{"vers:generic/", "", "1"},
		// comparators
		{"<12.2.8.410", "12.2.8.409", "12.2.8.410"},
		{"<= 3.6.7", "3.6.7", "3.6.8"},
		{"< V9.1.2", "9.1.1", "9.1.2"},
		{">= 1.0.0, < 1.2.3", "1.0.0 1.2.2", "0.9 1.2.3"},
		{"< 1.105.1", "1.105.0", "1.105.1"},
		{">=1.4|<=1.4", "1.4", "1.3 1.5"},
		{"= 2.1", "2.1", "2.0 2.2"},
		{"<= 4.0.0 Build 29", "4.0.0 Build 29", "4.0.0 Build 30 4.1"},
		{"<=v3.12.0", "3.12.0", "3.12.1"},
		// words
		{"All versions", "1", ""},
		{"all", "1", ""},
		{"*", "1", ""},
		{"All versions < V4.2", "4.1", "4.2"},
		{"All versions prior to 4.2", "4.1", "4.2"},
		{"Versions 3.6 and prior", "3.6 3.5", "3.7"},
		{"3.6.7 and prior", "3.6.7", "3.6.8"},
		{"2.3.2 and earlier", "2.3.2", "2.3.3"},
		{"2.3.2 or below", "2.3.2", "2.3.3"},
		{"2.3.2 and all prior versions", "2.3.1", "2.3.3"},
		{"5.0 and later versions", "5.0 9", "4.9"},
		{"prior to 2.5", "2.4", "2.5"},
		{"before 2.5", "2.4", "2.5"},
		{"through 2.5", "2.5", "2.6"},
		{"up to and including 2.5", "2.5", "2.6"},
		{"7.0.0 to 7.0.79", "7.0.0 7.0.79", "6.9 7.0.80"},
		{"1.0 through 1.4", "1.0 1.4", "0.9 1.5"},
		{"1.0 - 1.4", "1.0 1.4", "0.9 1.5"},
		{"2.0 prior to 2.5", "2.0 2.4", "1.9 2.5"},
		{"from 2.0 before 2.5", "2.0 2.4", "1.9 2.5"},
		{"from 2.0", "2.0 3", "1.9"},
		{"8.1.*", "8.1 8.1.28", "8.0 8.2"},
		{"4.x", "4 4.2.3.GA", "3.9 5"},
		{"<2.*", "1 2.9", "3"},
		// names before the version
		{"DCMTK 3.6.8", "3.6.8", "3.6.7"},
		{"DCMTK-3.6.8", "3.6.8", "3.6.7"},
		{"DCMTK 3.6 3.6.8", "3.6.8", "3.6.7"},
		{"dcmtk <= 3.6.8", "3.6.8", "3.6.9"},
		{"MedDream PACS Premium 7.3.3.840", "7.3.3.840", "7.3.3.841"},
		{"bundled with MedDream PACS Premium 7.3.3.840", "7.3.3.840", "7.3.3.839"},
		// what is longer in lower case, and what is no UTF-8
		{"\u023a\u023a\u023a\u023a before 2", "", "3"},
		{"\x8e\x8e\x8e - 2", "", "3"},
		{"1.0 TO 2.0", "1.5", "2.1"},
		// nothing
		{"n/a", "", "0 1"},
		{"", "", "0 1"},
		{"-", "", "1"},
		{"unspecified", "", "1"},
	} {
		for _, v := range versions(tt.in) {
			if !advisory.Affects("DCMTK", tt.words, v) {
				t.Errorf("%q does not mean %s", tt.words, v)
			}
		}
		for _, v := range versions(tt.out) {
			if advisory.Affects("DCMTK", tt.words, v) {
				t.Errorf("%q means %s", tt.words, v)
			}
		}
	}
}

func TestLimit_VersionText(t *testing.T) {
	long := "1.0|" + strings.Repeat("2", 1020)
	if !advisory.Affects("", long, "1.0") {
		t.Errorf("a text of %d bytes means nothing", len(long))
	}
	if advisory.Affects("", long+"2", "1.0") {
		t.Errorf("a text of %d bytes means something", len(long)+1)
	}
}

// versions splits a list; "Build" belongs to the version before it.
func versions(list string) []string {
	return strings.Fields(strings.ReplaceAll(list, " Build ", "-Build-"))
}

func FuzzReadVersions(f *testing.F) {
	for _, s := range []string{"vers:all/>=V5.0<V5.3", "from 2.0 before 2.5", "8.1.*", "99999999999999999999.*", "x 1 - 2", "vers:deb/%zz"} {
		f.Add("x", s, "1.0")
	}
	f.Fuzz(func(t *testing.T, product, words, version string) {
		advisory.Affects(product, words, version)
	})
}
