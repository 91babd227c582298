package policy_test

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/policy"
)

// FuzzLoad loads any folder of a file of rules and one of roles. What is accepted
// decides, and the invariants hold.
func FuzzLoad(f *testing.F) {
	names, err := fs.Glob(policy.Shipped(), "*.cedar")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		text, err := fs.ReadFile(policy.Shipped(), name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(text), "ward-nurse\n# comment\n")
	}
	f.Add(`@id("all")@because("x")permit(principal,action,resource);`, "")
	f.Add(strings.Repeat("(", 100), "A b")
	f.Add(`@id("a")@because("b")permit(principal,action,resource)when{context.destination.tls};`, "")
	f.Fuzz(func(t *testing.T, rules, roles string) {
		s, err := policy.Load(fstest.MapFS{"a.cedar": {Data: []byte(rules)}, "roles.txt": {Data: []byte(roles)}})
		if err != nil {
			return
		}
		for _, v := range leadglass.Verbs() {
			rq := &leadglass.Request{Verb: v, Peer: &leadglass.Peer{}}
			if d := s.Decide(rq, nil); d.Effect != leadglass.Deny || d.Reason != leadglass.NoIdentity {
				t.Fatalf("nobody may %s: %+v", v, d)
			}
		}
	})
}
