package leadglass_test

import (
	"testing"

	"github.com/leadglass/leadglass"
)

func TestPurposes_AreSixtyTwo(t *testing.T) {
	all := leadglass.Purposes()
	if len(all) != 62 {
		t.Errorf("%d purposes, want the 62 codes below the root", len(all))
	}
	for _, p := range all {
		if got, ok := leadglass.ParsePurpose(string(p)); !ok || got != p {
			t.Errorf("%s is parsed as %q, %v", p, got, ok)
		}
		if !p.Within(p) {
			t.Errorf("%s is not within itself", p)
		}
	}
}

func TestPurpose_Within(t *testing.T) {
	for _, c := range []struct {
		p, q leadglass.Purpose
		want bool
	}{
		{"ERTREAT", "TREAT", true},
		{"COC", "TREAT", true},
		{"TREAT", "COC", false},
		{"BTG", "TREAT", false},
		{"BTG", "ETREAT", false},
		{"BTG", "BTG", true},
		{"LABELING", "HOPERAT", true},
		{"CLINTRCHPC", "HRESCH", true},
		{"", "TREAT", false},
		{"NONSENSE", "TREAT", false},
	} {
		if got := c.p.Within(c.q); got != c.want {
			t.Errorf("%q within %q: %v, want %v", c.p, c.q, got, c.want)
		}
	}
}

func FuzzParsePurpose(f *testing.F) {
	for _, s := range []string{"TREAT", " btg ", "", ":", "HOPERAT:", "TREAT TREAT", "\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if p, ok := leadglass.ParsePurpose(s); ok && !p.Within(p) {
			t.Errorf("%q is taken for %q", s, p)
		}
	})
}
