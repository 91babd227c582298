package plan

import (
	"fmt"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet/content"
)

// planContent shares the studies and images, so that the totals hold exactly.
func (b *builder) planContent() error {
	var archives, shared []*draft
	for _, d := range b.drafts {
		if d.role == "stranger" || d.main == nil || d.main.Holds == nil || d.role == "empty" {
			continue
		}
		archives = append(archives, d)
		if !d.fixed {
			shared = append(shared, d)
		}
	}
	if len(archives) == 0 {
		return nil
	}
	b.planEstimates(shared)
	if err := b.shareStudies(archives, shared); err != nil {
		return err
	}
	b.planRetrieval(archives, shared)
	if err := b.shareImages(archives); err != nil {
		return err
	}
	for i, d := range archives {
		b.finish(d, uint64(i))
	}
	return nil
}

// planEstimates makes some archives too laborious to count: no study says how
// many images it has, and there are more than anyone asks about one by one.
func (b *builder) planEstimates(shared []*draft) {
	for _, d := range shared {
		if b.config.Estimates == 0 {
			return
		}
		if d.role == "open" && len(d.host.Web) == 0 {
			d.main.Silent, d.fixed = SilentStudy, true
			d.main.Holds.Studies = b.between(5_000, 9_000)
			b.config.Estimates--
		}
	}
}

// shareStudies gives each country its share, and within it a few archives most
// of it (Zipf's law).
func (b *builder) shareStudies(archives, shared []*draft) error {
	left := b.size.studies
	for _, d := range archives {
		if d.fixed && left < d.main.Holds.Studies {
			return fmt.Errorf("fleet: %d studies are too few for this many systems", b.size.studies)
		} else if d.fixed {
			left -= d.main.Holds.Studies
		}
	}
	var open []*draft
	rank := map[*country]uint64{}
	for _, d := range shared {
		if d.fixed {
			continue // an estimate
		}
		rank[d.country]++
		open = append(open, d)
		d.weight = d.country.studies * 1_000_000 / rank[d.country] * b.between(70, 130) / 100
	}
	// Of each country the weights add up to its studies.
	sum := map[*country]uint64{}
	for _, d := range open {
		sum[d.country] += d.weight
	}
	weights := make([]uint64, len(open))
	for i, d := range open {
		weights[i] = content.Proportion(d.weight, d.country.studies*1000, sum[d.country])
	}
	if len(open) == 0 || left < uint64(len(open)) {
		return fmt.Errorf("fleet: %d studies are too few for this many systems", b.size.studies)
	}
	for i, n := range Apportion(left-uint64(len(open)), weights) {
		open[i].main.Holds.Studies = n + 1
	}
	return nil
}

// planRetrieval chooses whose images can be taken: in each country about the
// share that the study found, the largest archives that fit first.
func (b *builder) planRetrieval(archives, shared []*draft) {
	weigh := func(d *draft) uint64 { return d.main.Holds.Studies * max(1, d.country.perStudy) }
	total, bared := map[*country]uint64{}, map[*country]uint64{}
	for _, d := range archives {
		total[d.country] += weigh(d)
		if d.forced {
			bared[d.country] += weigh(d)
		}
	}
	for _, d := range archives {
		if d.forced || d.webOnly {
			continue
		}
		if d.fixed {
			d.bared = b.chance(50)
		} else if w := weigh(d); (bared[d.country]+w)*100 <= total[d.country]*(d.country.accessible+3) {
			d.bared = true
		}
		if d.bared {
			bared[d.country] += weigh(d)
		}
	}
	b.bothKinds(shared)
	for _, d := range archives {
		b.guard(d)
	}
}

// bothKinds makes sure that there are archives of either kind to share the
// images among.
func (b *builder) bothKinds(shared []*draft) {
	for _, want := range []bool{true, false} {
		found := false
		for _, d := range shared {
			found = found || !d.fixed && d.bared == want
		}
		for i := len(shared) - 1; !found && i >= 0; i-- {
			if d := shared[i]; !d.fixed && !d.forced && len(shared) > 1 {
				d.bared, found = want, true
			}
		}
	}
}

// guard makes a system refuse retrievals, in one of the ways that are met.
func (b *builder) guard(d *draft) {
	if d.bared {
		return
	}
	const destinationUnknown = dimse.MoveDestinationUnknown
	// Not UnableToProcess: Orthanc says that of a study which it looked for in vain.
	refusals := []dimse.Status{dimse.NotAuthorised, destinationUnknown, 0xA701, 0xA702}
	d.main.Retrieve = refusals[b.next()%uint64(len(refusals))]
	d.main.Moves = d.main.Moves || d.main.Retrieve == destinationUnknown
}

// shareImages gives each study one image and shares the others by the country's
// images a study, apart for archives that permit retrieval and those that do not.
func (b *builder) shareImages(archives []*draft) error {
	left := map[bool]uint64{true: b.size.accessible, false: b.size.images - b.size.accessible}
	open := map[bool][]*draft{}
	for _, d := range archives {
		c := d.main.Holds
		c.Images = c.Studies
		if d.fixed {
			c.Images = c.Studies * b.between(8, 20)
		} else {
			open[d.bared] = append(open[d.bared], d)
		}
		if left[d.bared] < c.Images {
			return fmt.Errorf("fleet: %d images are too few for this many studies and systems", b.size.images)
		}
		left[d.bared] -= c.Images
	}
	for bared, list := range open {
		weights := make([]uint64, len(list))
		for i, d := range list {
			weights[i] = d.main.Holds.Studies * max(1, d.country.perStudy-1)
		}
		for i, n := range Apportion(left[bared], weights) {
			list[i].main.Holds.Images += n
		}
		left[bared] = 0
	}
	if left[true] > 0 || left[false] > 0 {
		return fmt.Errorf("fleet: too few systems to hold %d images that can be taken and %d that cannot", b.size.accessible, b.size.images-b.size.accessible)
	}
	return nil
}

// finish settles what else an archive needs.
func (b *builder) finish(d *draft, number uint64) {
	c := d.main.Holds
	c.Seed, c.Number = b.rng.Uint64(), number
	c.Patients = max(1, c.Studies*b.between(35, 65)/100)
	switch d.main.IDs {
	case content.SocialNumbers:
		c.Patients = min(c.Patients, content.SocialPatients)
	case content.DefenceNumbers:
		c.Patients = min(c.Patients, content.DefencePatients)
	}
	year := content.FirstYears[b.intn(len(content.FirstYears))]
	c.FirstDay = content.DayOf(year, 2, 29)
	c.Days = uint64(content.DayOf(2019, 9, 5) - c.FirstDay) // the study ended then
	if d.main.Stalls < 0 {
		d.main.Stalls = int(max(25, c.Studies/3))
	}
	for _, twin := range d.host.DICOM {
		if twin.SameAs == d.main {
			port := twin.Port
			*twin = *d.main
			twin.SameAs, twin.Port = d.main, port
		}
	}
}
