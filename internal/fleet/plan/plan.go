// Package plan lays out a simulated internet of image archives: which host is
// where, how it behaves, what it holds, and what a survey ought to find. All of
// it is arithmetic on a Config; nothing here listens, asks or stores.
package plan

import (
	"math/rand/v2"
	"strings"

	"github.com/leadglass/leadglass/internal/fleet/content"
)

// Plan is a fleet on paper: every host, what it does and what it holds. It
// follows from the configuration alone.
type Plan struct {
	Config Config
	size   size
	sites  []*site
	Hosts  []*Host // by address
}

// NewPlan plans a fleet.
func NewPlan(c Config) (*Plan, error) {
	s, err := c.resolve()
	if err != nil {
		return nil, err
	}
	b := &builder{
		config: c, size: s,
		rng:  rand.New(rand.NewPCG(c.Seed, 0x1eadc1a55)),
		plan: &Plan{Config: c, size: s},
	}
	return b.build()
}

// builder holds what planning needs and the plan does not.
type builder struct {
	config Config
	size   size
	rng    *rand.Rand
	turn   uint64
	plan   *Plan
	drafts []*draft
	left   []uint64 // disclosing systems that each country still lacks
}

// draft is a host in the making.
type draft struct {
	host    *Host
	country *country
	role    string
	main    *DICOMService // its archive; nil for other services
	webOnly bool          // the archive shows itself by HTTP only
	fixed   bool          // the number of studies follows from the role
	bared   bool          // its images can be taken by anyone
	forced  bool          // bared for other reasons than the country's share
	weight  uint64        // share of what is left to share
}

// onWrongPort says whether DICOM is on 8080, where HTTP is asked for.
func (d *draft) onWrongPort() bool { return strings.HasPrefix(d.role, "wrong-port") }

func (b *builder) intn(n int) int { return b.rng.IntN(n) }

func (b *builder) between(low, high uint64) uint64 { return low + b.rng.Uint64N(high-low+1) }

func (b *builder) chance(percent int) bool { return b.rng.IntN(100) < percent }

// next counts: what takes turns meets every way soon.
func (b *builder) next() uint64 {
	b.turn++
	return b.turn - 1
}

func (b *builder) column() int { return b.size.column }

// count is how often a role is met in this fleet.
func (b *builder) count(counts [4]int) int {
	n := counts[b.column()]
	if preset, err := b.config.Preset.size(); err == nil && preset.systems != b.size.systems {
		n = int(content.Proportion(uint64(n)*2+1, b.size.systems, preset.systems*2))
	}
	return n
}

func (b *builder) build() (*Plan, error) {
	b.planDisclosing()
	b.planSilent()
	b.planStrangers()
	b.planWeb()
	b.planSoftware()
	if err := b.planContent(); err != nil {
		return nil, err
	}
	b.planPorts()
	if err := b.planAddresses(); err != nil {
		return nil, err
	}
	return b.plan, nil
}

// planDisclosing shares the disclosing systems among countries and roles.
func (b *builder) planDisclosing() {
	weights := make([]uint64, len(countries))
	for i := range countries {
		weights[i] = countries[i].systems
	}
	b.left = Apportion(b.size.disclosing, weights)
	roles := disclosing()
	for _, onlySome := range []bool{true, false} {
		for i := range roles {
			if r := &roles[i]; (r.only != "") == onlySome {
				b.cast(r)
			}
		}
	}
	plain := role{name: "open", shape: open}
	for i := range b.left {
		for ; b.left[i] > 0; b.left[i]-- {
			b.draft(&countries[i], &plain)
		}
	}
}

// cast gives a role to as many hosts as it is met on.
func (b *builder) cast(r *role) {
	need := uint64(1)
	if r.name == "two-ports" {
		need = 2
	}
	for range b.count(r.counts) {
		i, ok := b.pick(b.left, func(i int) bool {
			return b.left[i] >= need && (r.only == "" || countries[i].code == r.only)
		})
		if !ok {
			return
		}
		b.left[i] -= need
		d := b.draft(&countries[i], r)
		if need == 2 {
			twin := *d.main
			twin.SameAs = d.main
			d.host.DICOM = append(d.host.DICOM, &twin)
		}
	}
}

// pick draws an index by weight among those that fit.
func (b *builder) pick(weights []uint64, fits func(int) bool) (int, bool) {
	var sum uint64
	for i, w := range weights {
		if fits(i) {
			sum += w
		}
	}
	if sum == 0 {
		return 0, false
	}
	at := b.rng.Uint64N(sum)
	for i, w := range weights {
		if !fits(i) {
			continue
		}
		if at < w {
			return i, true
		}
		at -= w
	}
	return 0, false
}

// draft makes a host with one system in that role.
func (b *builder) draft(c *country, r *role) *draft {
	s := &DICOMService{Role: r.name, Words: content.TongueOf(c.code)}
	r.shape(b, s)
	d := &draft{host: &Host{}, country: c, role: r.name, main: s}
	if r.fixed != nil {
		d.fixed = true
		s.Holds = &content.Holdings{Studies: r.fixed(b)}
	} else if s.Models != nil && s.Refuses == 0 && s.Holds == nil {
		s.Holds = &content.Holdings{}
	}
	if r.name == "web-only" {
		d.webOnly = true
	} else {
		d.host.DICOM = []*DICOMService{s}
	}
	b.drafts = append(b.drafts, d)
	return d
}

// planSilent shares the DICOM systems that disclose nothing.
func (b *builder) planSilent() {
	found := uint64(0)
	for _, d := range b.drafts {
		found += uint64(len(d.host.DICOM))
	}
	if found >= b.size.systems {
		return
	}
	all := everywhere()
	weights := make([]uint64, len(all))
	for i, c := range all {
		weights[i] = c.others
	}
	left := Apportion(b.size.systems-found, weights)
	anywhere := func(int) bool { return true }
	roles := silentRoles()
	for i := range roles {
		for range b.count(roles[i].counts) {
			if at, ok := b.pick(left, anywhere); ok {
				left[at]--
				b.draft(all[at], &roles[i])
			}
		}
	}
	b.planRejecting(all, left)
}

// planRejecting: whoever is left over rejects, for one reason or another.
func (b *builder) planRejecting(all []*country, left []uint64) {
	var total uint64
	for _, n := range left {
		total += n
	}
	reasons := rejections()
	shares := make([]uint64, len(reasons))
	for i := range reasons {
		shares[i] = reasons[i].share
	}
	for i, n := range Apportion(total, shares) {
		r := role{name: "rejects", shape: func(_ *builder, d *DICOMService) { d.Reject = &reasons[i].error }}
		for range n {
			at, _ := b.pick(left, func(int) bool { return true })
			left[at]--
			b.draft(all[at], &r)
		}
	}
}

// everywhere lists all countries.
func everywhere() []*country {
	all := make([]*country, 0, len(countries)+len(quiet))
	for i := range countries {
		all = append(all, &countries[i])
	}
	for i := range quiet {
		all = append(all, &quiet[i])
	}
	return all
}
