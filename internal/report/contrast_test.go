package report_test

import (
	"math"
	"os"
	"regexp"
	"strconv"
	"testing"
)

// Every pair of colours that text is set in has a contrast of 4.5 to 1 or more
// (WCAG 2.2, success criterion 1.4.3), in light, in dark and on paper.
func TestHTML_Contrast(t *testing.T) {
	for name, pairs := range map[string][][2]string{
		"page.css": {
			{"ink", "paper"}, {"ink", "wash"}, {"soft", "paper"}, {"soft", "wash"}, {"accent", "paper"}, {"critical", "paper"}, {"high", "paper"},
			{"medium", "paper"}, {"low", "paper"}, {"info", "paper"}, {"good", "paper"}, {"on", "critical"}, {"on", "high"}, {"on", "medium"},
			{"on", "low"}, {"on", "info"}, {"on", "good"},
		},
		"letter.css": {{"ink", "paper"}, {"soft", "paper"}, {"tlp", "paper"}},
	} {
		css, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		roots := regexp.MustCompile(`(?s):root \{(.*?)\}`).FindAllStringSubmatch(string(css), -1)
		if len(roots) != 3 {
			t.Fatalf("%s: %d palettes, want light, dark and print", name, len(roots))
		}
		for i, root := range roots {
			colours := map[string]float64{}
			for _, m := range regexp.MustCompile(`--([a-z0-9]+): (#[0-9a-f]{3,6});`).FindAllStringSubmatch(root[1], -1) {
				colours[m[1]] = luminance(t, m[2])
			}
			for _, p := range pairs {
				a, aok := colours[p[0]]
				b, bok := colours[p[1]]
				if !aok || !bok {
					t.Errorf("%s, palette %d: no colour %v", name, i, p)
				}
				if c := (max(a, b) + 0.05) / (min(a, b) + 0.05); c < 4.5 {
					t.Errorf("%s, palette %d: %s on %s has a contrast of %.2f", name, i, p[0], p[1], c)
				}
			}
			if name == "page.css" {
				rising(t, i, colours)
			}
		}
	}
}

// rising checks that the shades of the map differ in lightness alone, in one
// direction, so that they can be told apart in grey.
func rising(t *testing.T, palette int, colours map[string]float64) {
	t.Helper()
	shades := []string{"m0", "m1", "m2", "m3", "m4", "m5"}
	down := colours["m0"] > colours["m5"]
	for i := 1; i < len(shades); i++ {
		a, b := colours[shades[i-1]], colours[shades[i]]
		if (a > b) != down || (max(a, b)+0.05)/(min(a, b)+0.05) < 1.1 {
			t.Errorf("palette %d: %s and %s cannot be told apart in grey", palette, shades[i-1], shades[i])
		}
	}
}

// luminance is the relative luminance of WCAG 2.2.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	hex = hex[1:]
	if len(hex) == 3 {
		hex = string([]byte{hex[0], hex[0], hex[1], hex[1], hex[2], hex[2]})
	}
	n, err := strconv.ParseUint(hex, 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	linear := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n>>16) + 0.7152*linear(n>>8) + 0.0722*linear(n)
}
