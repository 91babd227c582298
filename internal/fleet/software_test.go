package fleet_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/fleet"
	"github.com/leadglass/leadglass/internal/product"
	"github.com/leadglass/leadglass/internal/report"
)

// TestCatalogue_IsWhatItsCluesTell holds the fleet's conclusions against those
// of the fingerprints, which were written from the products and not from here.
func TestCatalogue_IsWhatItsCluesTell(t *testing.T) {
	if n := len(fleet.Catalogue()); n < 20 {
		t.Errorf("the catalogue has %d entries, want at least 20", n)
	}
	for _, s := range fleet.Catalogue() {
		p, _ := product.Identify(&s.Clues)
		if p.Name != s.Product || p.Version != s.Version || p.Viewer != s.Viewer && !s.Login {
			t.Errorf("%q %q with %d pages: identified as %q %q, viewer %v; the plan says %q %q, viewer %v", s.Clues.ImplementationClassUID,
				s.Clues.ImplementationVersionName, len(s.Clues.Pages), p.Name, p.Version, p.Viewer, s.Product, s.Version, s.Viewer)
		}
	}
}

// TestVulnerabilities_AreThePublishedOnes holds the plan's table against that of
// package advisory.
func TestVulnerabilities_AreThePublishedOnes(t *testing.T) {
	published, critical := advisory.Embedded(), 0
	for _, s := range fleet.Catalogue() {
		var want []string
		for _, r := range s.Releases {
			for _, a := range published.For(r[0], r[1]) {
				want = append(want, a.ID)
			}
		}
		slices.Sort(want)
		want = slices.Compact(want)
		var got []string
		for _, v := range s.Vulnerabilities {
			got = append(got, v.ID)
			if v.Score >= 10 {
				critical++
			}
			if a := advised(published, s.Releases, v); a == nil || a.Score != v.Score || a.Exploited != v.Exploited || a.Vector != v.Vector {
				t.Errorf("%s: got %+v, published is %+v", v.ID, v, a)
			}
		}
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%v: got %s, want %s", s.Releases, strings.Join(got, " "), strings.Join(want, " "))
		}
	}
	if critical == 0 {
		t.Error("nothing in the catalogue is rated CVSS 10.0")
	}
}

func advised(table *advisory.Table, releases [][2]string, v report.Vulnerability) *advisory.Advisory {
	for _, r := range releases {
		for _, a := range table.For(r[0], r[1]) {
			if a.ID == v.ID {
				return &a
			}
		}
	}
	return nil
}
