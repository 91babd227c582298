package plan_test

import (
	"testing"

	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// FuzzParse: what is read and written again is read as the same.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"20190905", "2019.09.05", "20190231", "1030", "103059.5", "", "9"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if day, ok := plan.ParseDate(s); ok {
			if again, ok := plan.ParseDate(string(plan.AppendDate(nil, day))); !ok || again != day {
				t.Errorf("%q is day %d, then day %d", s, day, again)
			}
		}
		if second, ok := plan.ParseTime(s); ok && (second < 0 || second > 24*3600) {
			t.Errorf("%q is second %d", s, second)
		}
	})
}
