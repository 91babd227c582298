package advisory

import (
	"cmp"
	"slices"
)

// claim is what one record says of a product's versions.
type claim struct {
	in, out []Range // affected, and those of them that are not
	vector  string  // CVSS
	score   float64
	// platform is "windows" where nothing else is affected, else "".
	platform string
}

// holds says whether a version is affected.
func (c *claim) holds(version string) bool {
	in := func(r Range) bool { return r.holds(version) }
	return slices.ContainsFunc(c.in, in) && !slices.ContainsFunc(c.out, in)
}

// entry is an advisory and what it is about.
type entry struct {
	Advisory // without vector and score, which are the claims'
	names    []string
	claims   []claim
	builtIn  bool
}

// elsewhere says whether all of a claim is about another platform.
func (c *claim) elsewhere(platform string) bool {
	return c.platform != "" && platform != "" && c.platform != platform
}

// of returns the advisory of a version, with the worst score that was given.
func (e *entry) of(version, platform string) (a Advisory, affected bool) {
	a = e.Advisory
	for i := range e.claims {
		if c := &e.claims[i]; !c.elsewhere(platform) && c.holds(version) {
			if !affected || c.score > a.Score {
				a.Vector, a.Score = c.vector, c.score
			}
			affected = true
		}
	}
	return a, affected
}

// scored fills in the worst vector of an older record where the newer one has
// none: a record that only adds versions takes no score away.
func (e *entry) scored(older *entry) {
	if slices.ContainsFunc(e.claims, func(c claim) bool { return c.vector != "" }) {
		return
	}
	worst := slices.MaxFunc(append([]claim{{}}, older.claims...), func(a, b claim) int { return cmp.Compare(a.score, b.score) })
	e.claims = slices.Clone(e.claims)
	for i := range e.claims {
		e.claims[i].vector, e.claims[i].score = worst.vector, worst.score
	}
}
