package policy_test

import (
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/benchtest"
	"github.com/leadglass/leadglass/internal/policy"
)

// BenchmarkDecide is one decision with the shipped rules. On a machine that others
// use as well, cpu-ns/op is the figure to look at.
func BenchmarkDecide(b *testing.B) {
	s, err := policy.Load(policy.Shipped())
	if err != nil {
		b.Fatal(err)
	}
	for name, prepared := range map[string]bool{"alone": false, "prepared": true} {
		b.Run(name, func(b *testing.B) { benchmark(b, s, prepared) })
	}
}

func benchmark(b *testing.B, s *policy.Set, prepared bool) {
	for name, study := range map[string]*leadglass.Study{
		"request":         nil,
		"study":           {UID: "1.2", Patient: "P1", Date: "20260102", Modalities: []string{"CT"}, Institution: "north"},
		"very_restricted": {UID: "1.2", Patient: "P1", Date: "20260102", Modalities: []string{"CT"}, Labels: []string{"V"}},
	} {
		b.Run(name, func(b *testing.B) {
			rq := &leadglass.Request{
				Verb: leadglass.Get, Purpose: leadglass.Treatment, DeclaredBy: leadglass.ByRequest, Time: time.Unix(1e9, 0),
				Peer: &leadglass.Peer{
					Kind: leadglass.Person, ID: "ann", Issuer: "local", Active: true, TLS: true, Assurance: leadglass.MultiFactor,
					Roles: []leadglass.Role{leadglass.Radiologist}, Organisation: "north",
				},
			}
			decide := func(study *leadglass.Study) leadglass.Decision { return s.Decide(rq, study) }
			if prepared {
				decide = s.For(rq)
			}
			if decide(study).Effect != leadglass.Permit {
				b.Fatal("denied")
			}
			b.ReportAllocs()
			from, n := benchtest.Processor(b), 0
			for b.Loop() {
				decide(study)
				n++
			}
			b.ReportMetric(float64(benchtest.Processor(b)-from)/float64(n), "cpu-ns/op")
		})
	}
}
