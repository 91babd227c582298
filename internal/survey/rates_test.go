package survey_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/internal/survey"
)

// TestRates_EachRequest surveys an open archive and has it say when it was asked
// for what: the rate per host holds for each request, within associations too,
// and not for connections alone.
func TestRates_EachRequest(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	const perHost = 5
	a := full()
	a.Offers = append(probetest.Everything(), dimse.WorklistFind)
	at := a.Serve(t)
	sc := load(t, fmt.Sprintf("include=[%q]\ndicom_ports=[%d]\nhttp_ports=[]", at.Addr(), at.Port()))
	sc.Limits.PerHostRate = perHost
	s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: &survey.Examiner{}, Lookup: noLookup(t)})
	if len(s.Systems) != 1 || s.Systems[0].Studies != 40 || s.Systems[0].Count.Kind != "exact" {
		t.Fatalf("systems %+v, want one with 40 studies", s.Systems)
	}
	all := a.Requests()
	slices.SortFunc(all, func(a, b probetest.Request) int { return a.At.Compare(b.At) })
	asked := map[string]int{}
	for i, r := range all {
		asked[r.Op]++
		// One may come at once, and one may have been late.
		if n := i - perHost - 1; n >= 0 && r.At.Sub(all[n].At) < time.Second*95/100 {
			t.Errorf("%d requests in %v; the cap is %d a second", i-n+1, r.At.Sub(all[n].At), perHost)
		}
	}
	if asked["find"] < 6 || asked["associate"] < 3 || asked["get"] != 1 || asked["echo"] != 1 || asked["store"] != 0 {
		t.Errorf("asked %v", asked)
	}
}
