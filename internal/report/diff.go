package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/leadglass/leadglass/internal/exposure"
)

// Changes is what changed from one survey to the next. Systems are matched by
// address; honeypot suspects are left out of both.
//
// A system is worse where any of these holds, else better where the opposite
// of any of them holds:
//   - it discloses patient data, and did not
//   - its images can be taken, and could not
//   - it has an exposure of severity low or above that it had not
//   - it surely discloses more studies, or holds more images: the lower limit
//     of the new count is above the upper limit of the old one
//
// A new system is worse than none where it discloses, permits retrieval, or has
// an exposure of severity low or above.
type Changes struct {
	OldFinished time.Time `json:"old_finished"`
	NewFinished time.Time `json:"new_finished"`
	Before      Totals    `json:"before"`
	After       Totals    `json:"after"`
	New         []Change  `json:"new"`
	Gone        []Change  `json:"gone"`
	Better      []Change  `json:"better"`
	Worse       []Change  `json:"worse"`
	// NotAsked are systems of the old survey that the new one, being partial,
	// may not have asked: they are not gone.
	NotAsked []string `json:"not_asked"`
	Warnings []string `json:"warnings"`
}

// Change is one system that changed.
type Change struct {
	Address       string   `json:"address"`
	Country       string   `json:"country"`
	Network       string   `json:"network"`
	Product       string   `json:"product"`
	Severity      string   `json:"severity"` // the worst now; before, where the system is gone
	Reasons       []string `json:"reasons"`
	StudiesBefore int64    `json:"studies_before"`
	StudiesAfter  int64    `json:"studies_after"`
	ImagesBefore  int64    `json:"images_before"`
	ImagesAfter   int64    `json:"images_after"`
	harmful       bool
}

// comparison is a Changes while it is made.
type comparison struct {
	*Changes
	catalogue catalogue
}

// Diff compares two finished surveys.
func Diff(before, after *Survey) *Changes {
	c := comparison{catalogue: newCatalogue(), Changes: &Changes{
		OldFinished: before.Finished, NewFinished: after.Finished, Before: before.Totals, After: after.Totals,
		New: []Change{}, Gone: []Change{}, Better: []Change{}, Worse: []Change{}, NotAsked: []string{}, Warnings: []string{},
	}}
	olds, news := byAddress(before), byAddress(after)
	suspects := 0
	for _, y := range after.Systems {
		o, known := olds[y.Address]
		switch {
		case Suspect(&y):
		case !known:
			c.New = append(c.New, c.appeared(&y))
		case Suspect(o):
			suspects++
		default:
			c.compare(o, &y)
		}
	}
	for _, o := range before.Systems {
		y, there := news[o.Address]
		switch {
		case Suspect(&o):
		case !there && after.Partial:
			c.NotAsked = append(c.NotAsked, o.Address)
		case !there:
			c.Gone = append(c.Gone, c.vanished(&o))
		case Suspect(y):
			suspects++
		}
	}
	c.warn(before, after, suspects)
	return c.Changes
}

// AnyWorse says whether anything got worse.
func (c *Changes) AnyWorse() bool {
	return len(c.Worse) > 0 || slices.ContainsFunc(c.New, func(n Change) bool { return n.harmful })
}

func byAddress(s *Survey) map[string]*System {
	m := make(map[string]*System, len(s.Systems))
	for i := range s.Systems {
		m[s.Systems[i].Address] = &s.Systems[i]
	}
	return m
}

func (c comparison) warn(before, after *Survey, suspects int) {
	add := func(format string, a ...any) { c.Warnings = append(c.Warnings, fmt.Sprintf(format, a...)) }
	if before.Partial {
		add("the old survey is partial: a system that it did not reach shows as new")
	}
	if after.Partial {
		add("the new survey is partial: %s of the old one not seen, and not counted as gone", plural(int64(len(c.NotAsked)), "system"))
	}
	if before.Hosts != after.Hosts {
		add("the surveys cover %s and %s: systems may be new or gone because the scope changed", plural(before.Hosts, "host"), plural(after.Hosts, "host"))
	}
	if suspects > 0 {
		add("%s became or ceased to be a honeypot suspect, and cannot be compared", plural(int64(suspects), "system"))
	}
	if after.Finished.Before(before.Finished) {
		add("the new survey is older than the old one")
	}
}

func (c comparison) change(now, was *System) Change {
	y := now
	if y == nil {
		y = was
	}
	d := Change{Address: y.Address, Country: y.Country, Network: y.Network, Product: strings.TrimSpace(y.Product + " " + y.Version),
		Severity: string(c.catalogue.severity(y)), Reasons: []string{}}
	if was != nil {
		d.StudiesBefore, d.ImagesBefore = was.Studies, was.Images
	}
	if now != nil {
		d.StudiesAfter, d.ImagesAfter = now.Studies, now.Images
	}
	return d
}

func (c comparison) appeared(y *System) Change {
	d := c.change(y, nil)
	for _, r := range c.worse(&System{}, y) {
		d.Reasons = append(d.Reasons, r.now)
	}
	d.harmful = len(d.Reasons) > 0
	return d
}

func (c comparison) vanished(o *System) Change {
	d := c.change(nil, o)
	d.Reasons = append(d.Reasons, "no longer answers as an image archive")
	return d
}

func (c comparison) compare(was, now *System) {
	d := c.change(now, was)
	up, down := c.worse(was, now), c.worse(now, was)
	switch {
	case len(up) > 0:
		for _, r := range up {
			d.Reasons = append(d.Reasons, r.now)
		}
		c.Worse = append(c.Worse, d)
	case len(down) > 0:
		for _, r := range down {
			d.Reasons = append(d.Reasons, r.ended)
		}
		c.Better = append(c.Better, d)
	}
}

// reason is one way in which a system is worse than another, and how to put
// the same where it is the other that came after.
type reason struct{ now, ended string }

// worse says in which ways b is worse than a.
func (c comparison) worse(a, b *System) []reason {
	var ways []reason
	add := func(is bool, now, ended string) {
		if is {
			ways = append(ways, reason{now, ended})
		}
	}
	add(b.Discloses() && !a.Discloses(), "discloses patient data", "no longer discloses patient data")
	add(b.Retrievable && !a.Retrievable, "anyone can take its images", "its images can no longer be taken")
	for _, id := range b.Exposures {
		told := id == string(exposure.PatientDataDisclosed) || id == string(exposure.RetrieveOpen) && b.Retrievable && !a.Retrievable
		add(!told && !a.Has(exposure.ID(id)) && c.catalogue.of(id).Severity.Rank() >= exposure.Low.Rank(), "has "+id, "no longer has "+id)
	}
	if !counted(b) || !counted(a) && a.Address != "" {
		return ways // not counted then is not the same as none then
	}
	for _, n := range []struct {
		more int64
		what string
	}{{b.Count.StudiesLow - a.Count.StudiesHigh, "study"}, {b.Count.ImagesLow - a.Count.ImagesHigh, "image"}} {
		add(n.more > 0, "holds "+plural(n.more, "more "+n.what), "holds "+plural(n.more, "fewer "+n.what))
	}
	return ways
}

func counted(s *System) bool { return s.Count.Kind == CountExact || s.Count.Kind == CountEstimate }
