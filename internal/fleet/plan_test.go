package fleet_test

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/fleet"
	"github.com/leadglass/leadglass/internal/place"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
)

func plan(t testing.TB, c fleet.Config) *fleet.Plan {
	t.Helper()
	p, err := fleet.NewPlan(c)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestPlan_FullSize: the numbers of the 2019 study, for any seed.
func TestPlan_FullSize(t *testing.T) {
	for seed := range uint64(4) {
		truth := plan(t, fleet.Config{Preset: fleet.Greenbone2019, Seed: seed}).Truth()
		got := truth.Totals
		for _, f := range []struct {
			name      string
			got, want int64
		}{
			{"systems_dicom", got.SystemsDICOM, 2300}, {"systems_disclosing", got.SystemsDisclosing, 590},
			{"countries", got.Countries, 52}, {"studies", got.Studies, 24_300_000}, {"images", got.Images, 737_000_000},
			{"images_accessible", got.ImagesAccessible, 400_000_000}, {"web_viewers_open_http", got.WebViewersOpenHTTP, 39},
			{"web_viewers_open", got.WebViewersOpen, 45}, {"systems_tls", got.SystemsTLS, 3},
			{"systems_any_ae_title", got.SystemsAnyAETitle, 1123}, // of 1,128: 99.56 %
			{"systems_in_clusters", got.SystemsInClusters, 1012},  // of 2,300: 44 %
			{"systems_compromise_indicators", got.SystemsCompromiseIndicators, 12},
			{"systems_estimated", got.SystemsEstimated, 0},
		} {
			if f.got != f.want {
				t.Errorf("seed %d: %s is %d, want %d", seed, f.name, f.got, f.want)
			}
		}
		if got.SystemsCVSS10 < 10 || got.SystemsVulnerable < 100 || got.HoneypotSuspects < 15 {
			t.Errorf("seed %d: %+v", seed, got)
		}
		government := 0
		for _, s := range truth.Systems {
			if len(s.GovernmentIDs) > 0 {
				government++
			}
		}
		if government != 16 {
			t.Errorf("seed %d: %d systems use government identifiers, want 16", seed, government)
		}
	}
}

// TestPlan_TotalsAreTheSumOfTheSystems holds the plan's numbers against what
// package report makes of the systems, for every preset and many seeds.
func TestPlan_TotalsAreTheSumOfTheSystems(t *testing.T) {
	configs := []fleet.Config{
		{Preset: fleet.Greenbone2019, Seed: 1}, {Preset: fleet.Greenbone2019, Seed: 2, HighPorts: true}, {Preset: fleet.Bench},
		{Preset: fleet.Greenbone2019, Systems: 400}, {Preset: fleet.Greenbone2019, Systems: 3000, Seed: 3},
		{Preset: fleet.Greenbone2019, Studies: 3_000_000}, {Preset: fleet.Small, Images: 9_000_000}, {Preset: fleet.Small, Estimates: 2},
	}
	for seed := range uint64(40) {
		configs = append(configs, fleet.Config{Preset: fleet.Tiny, Seed: seed}, fleet.Config{Preset: fleet.Small, Seed: seed})
	}
	for _, c := range configs {
		want := plan(t, c).Truth()
		var got report.Survey
		copied, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(copied, &got); err != nil {
			t.Fatal(err)
		}
		report.Finish(&got)
		if got.Totals != want.Totals {
			t.Errorf("%+v:\nthe sum of the systems is %+v\nthe plan says           %+v", c, got.Totals, want.Totals)
		}
		for i := range want.Countries {
			if got.Countries[i].Code != want.Countries[i].Code || got.Countries[i].Totals != want.Countries[i].Totals {
				t.Errorf("%+v: %s is %+v, the plan says %+v", c, want.Countries[i].Code, got.Countries[i].Totals, want.Countries[i].Totals)
			}
		}
	}
}

func TestPlan_TinyHasEveryWayToBe(t *testing.T) {
	p := plan(t, fleet.Config{Preset: fleet.Tiny, Seed: 1})
	full := plan(t, fleet.Config{Preset: fleet.Greenbone2019, Seed: 1})
	have := fleet.Roles(p)
	for role := range fleet.Roles(full) {
		if have[role] == 0 && !strings.HasPrefix(role, "page ") {
			t.Errorf("the tiny fleet lacks %q", role)
		}
	}
	for _, s := range p.Truth().Systems {
		if port := netip.MustParseAddrPort(s.Address).Port(); port < 1024 {
			t.Errorf("%s needs root", s.Address)
		}
	}
}

func TestPlan_IsAFunctionOfItsConfig(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	text := func(seed uint64) string {
		p := plan(t, fleet.Config{Preset: fleet.Small, Seed: seed, Now: now})
		truth, err := json.Marshal(p.Truth())
		if err != nil {
			t.Fatal(err)
		}
		return string(truth) + string(p.Scope()) + string(p.Networks())
	}
	first, again, other := text(1), text(1), text(2)
	if first != again {
		t.Error("the same seed gave two fleets")
	}
	if first == other {
		t.Error("two seeds gave the same fleet")
	}
}

func TestPlan_Refuses(t *testing.T) {
	for _, c := range []fleet.Config{
		{}, {Preset: "huge"}, {Preset: fleet.Tiny, Systems: -1}, {Preset: fleet.Tiny, Studies: 30},
		{Preset: fleet.Tiny, Studies: 1000, Images: 10}, {Preset: fleet.Tiny, Listen: netip.MustParsePrefix("192.0.2.0/24")},
		{Preset: fleet.Tiny, Listen: netip.MustParsePrefix("127.0.0.0/28")}, {Preset: fleet.Tiny, Listen: netip.MustParsePrefix("::1/128")},
	} {
		if _, err := fleet.NewPlan(c); err == nil || !strings.HasPrefix(err.Error(), "fleet: ") {
			t.Errorf("%+v: got %v, want an error of the package", c, err)
		}
	}
}

// TestPlan_ScopeAndNetworks: the files are read by whom they are for, cover
// every host, and name its place.
func TestPlan_ScopeAndNetworks(t *testing.T) {
	now := time.Now()
	for _, preset := range fleet.Presets() {
		p := plan(t, fleet.Config{Preset: preset, Seed: 5, Now: now})
		dir := t.TempDir()
		for name, text := range map[string][]byte{"scope.toml": p.Scope(), "networks.csv": p.Networks()} {
			if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		s, err := scope.Load(filepath.Join(dir, "scope.toml"), now)
		if err != nil {
			t.Fatal(err)
		}
		targets, err := s.Bind(nil)
		if err != nil {
			t.Fatal(err)
		}
		truth := p.Truth()
		if int64(targets.Count()) != truth.Hosts {
			t.Errorf("%s: the scope covers %d addresses, the truth says %d", preset, targets.Count(), truth.Hosts)
		}
		var places place.Finder
		if err := places.LoadNetworks(filepath.Join(dir, "networks.csv")); err != nil {
			t.Fatal(err)
		}
		for _, one := range truth.Systems {
			addr := netip.MustParseAddrPort(one.Address).Addr()
			if where := places.Find(addr); where.Country != one.Country || where.Network != one.Network {
				t.Errorf("%s: %s is in %+v, the truth says %s, %s", preset, addr, where, one.Country, one.Network)
			}
		}
	}
}

// TestTruth_HasNothingPlanted: what a survey may not write, the truth does not.
func TestTruth_HasNothingPlanted(t *testing.T) {
	truth, err := json.Marshal(plan(t, fleet.Config{Preset: fleet.Greenbone2019, Seed: 1}).Truth())
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range fleet.Planted() {
		if strings.Contains(string(truth), p) {
			t.Errorf("the truth contains %q", p)
		}
	}
	if n := len(fleet.Planted()); n < 15 {
		t.Errorf("%d marks are planted: %s", n, fmt.Sprint(fleet.Planted()))
	}
}
