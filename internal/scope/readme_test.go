package scope_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/scope"
)

// TestREADME_Scope: the scope that the README shows is one, and what it calls
// the defaults are the defaults.
func TestREADME_Scope(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```toml\n(# scope.toml\n.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README shows no scope.toml")
	}
	shown := string(block[1])
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	asShown, err := scope.Load(write(t, shown), now)
	if err != nil {
		t.Fatal(err)
	}
	ts, include, exclude := asShown.Preview()
	if ts.Count() != 384 || include != 1 || exclude != 0 {
		t.Errorf("%d hosts, %d and %d names; want 384, 1 and 0", ts.Count(), include, exclude)
	}
	said := regexp.MustCompile(`(?m)^# (\w+ +=)`).ReplaceAllString(shown, "$1")
	asSaid, err := scope.Load(write(t, said, "networks.txt", "203.0.113.0/28 # more\n"), now)
	if err != nil {
		t.Fatal(err)
	}
	if said == shown || asSaid.Limits != asShown.Limits.WithDefaults() ||
		fmt.Sprint(asSaid.DICOMPorts, asSaid.HTTPPorts) != fmt.Sprint(asShown.DICOMPorts, asShown.HTTPPorts) {
		t.Errorf("the README's defaults are %+v, %v, %v", asSaid.Limits, asSaid.DICOMPorts, asSaid.HTTPPorts)
	}
	if more, _, _ := asSaid.Preview(); more.Count() != 384+16 {
		t.Errorf("%d hosts with the file of entries, want 400", more.Count())
	}
	for _, h := range ts.Hosts(context.Background(), 0) {
		if a := h.Addr.String(); a == "192.0.2.13" || strings.HasPrefix(a, "192.0.2.2") && len(a) == len("192.0.2.200") {
			t.Errorf("%s is excluded and is asked", a)
		}
	}
}
