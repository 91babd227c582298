package fleet

import "sort"

// content is what an archive holds, as arithmetic: nothing is stored, and every
// number follows from an index.
//
// Studies are numbered in the order of their date and time, so a range of dates
// is a range of numbers and found by bisection. Study i belongs to patient
// i mod patients, so every patient has at least one, some years apart. Patients
// are numbered in the order of their birth date. The sum of the images of the
// first i studies has a closed form, so totals hold exactly by construction.
type content struct {
	seed     uint64
	number   uint64 // names the archive in its UIDs
	studies  uint64
	images   uint64 // at least studies
	patients uint64 // 1..studies
	firstDay int64  // of the studies, days since 1970
	days     uint64 // in which they lie
}

// Working hours: studies begin between half past seven and half past seven.
const (
	openingSecond = 7*3600 + 1800
	openSeconds   = 12 * 3600
)

// sizes are the images of 64 studies in a row, in proportion: most are a
// radiograph or two, a few are CT and MR with hundreds. modalityOf agrees.
var sizes = [64]uint16{
	1, 2, 2, 90, 1, 3, 2, 25, 2, 1, 4, 160, 2, 2, 1, 12,
	2, 1, 2, 40, 3, 2, 1, 250, 1, 2, 8, 2, 2, 120, 1, 2,
	4, 2, 1, 60, 2, 3, 1, 18, 2, 2, 420, 1, 2, 1, 30, 2,
	1, 2, 3, 200, 2, 1, 2, 6, 2, 75, 1, 2, 2, 310, 1, 10,
}

// sizesBefore[i] is the sum of sizes[:i].
var sizesBefore = func() (sums [65]uint64) {
	for i, s := range sizes {
		sums[i+1] = sums[i] + uint64(s)
	}
	return sums
}()

// place turns a study's number into its place in sizes; archives begin at
// different places.
func (c *content) place(i uint64) uint64 { return i + c.seed%64 }

// weightBefore is the sum of the sizes of the studies before i.
func (c *content) weightBefore(i uint64) uint64 {
	at := func(n uint64) uint64 { return n/64*sizesBefore[64] + sizesBefore[n%64] }
	return at(c.place(i)) - at(c.place(0))
}

// imagesBefore is the sum of the images of the studies before i: one each, and
// what is over in proportion to their sizes.
func (c *content) imagesBefore(i uint64) uint64 {
	if c.studies == 0 {
		return 0
	}
	return i + muldiv(c.images-c.studies, c.weightBefore(i), c.weightBefore(c.studies))
}

func (c *content) imagesOf(i uint64) uint64 { return c.imagesBefore(i+1) - c.imagesBefore(i) }

// instant is when study i began: seconds of opening hours since the first day.
// It grows with i, and faster at first: archives fill ever more quickly.
//
//	instant = span · i(3n−i) / 2n²    for n studies
func (c *content) instant(i uint64) uint64 {
	n := c.studies
	return muldiv(c.days*openSeconds, i*(3*n-i), 2*n*n)
}

func (c *content) when(i uint64) (day int64, second int) {
	at := c.instant(i)
	return c.firstDay + int64(at/openSeconds), openingSecond + int(at%openSeconds)
}

// since returns the first study that began at that time or later.
func (c *content) since(day int64, second int) uint64 {
	if c.studies == 0 {
		return 0
	}
	return uint64(sort.Search(int(c.studies), func(i int) bool {
		d, s := c.when(uint64(i))
		return d > day || d == day && s >= second
	}))
}

// busiest is the most studies that one day can hold: the last one's, and one
// more for the rounding.
func (c *content) busiest() uint64 { return 3*c.studies/(2*c.days) + 2 }

// patientOf returns whose study i is.
func (c *content) patientOf(i uint64) uint64 { return i % c.patients }

// studiesOf is how many studies patient p has: p, p+patients, p+2·patients, …
func (c *content) studiesOf(p uint64) uint64 { return (c.studies - p + c.patients - 1) / c.patients }

// imagesOfPatient adds up the images of a patient's studies.
func (c *content) imagesOfPatient(p uint64) (n uint64) {
	for i := p; i < c.studies; i += c.patients {
		n += c.imagesOf(i)
	}
	return n
}

// Birth dates: from firstBirth on, over so many days.
const (
	firstBirth = -17820 // 1921-03-19
	birthDays  = 29950  // until 2003
)

// born is the birth date of patient p, in days since 1970; it grows with p.
func (c *content) born(p uint64) int64 { return firstBirth + int64(p*birthDays/c.patients) }

// bornSince returns the first patient who was born that day or later.
func (c *content) bornSince(day int64) uint64 {
	if c.studies == 0 {
		return 0
	}
	return uint64(sort.Search(int(c.patients), func(p int) bool { return c.born(uint64(p)) >= day }))
}

// seriesOf is how many series study i has, about sixty images each.
func (c *content) seriesOf(i uint64) uint64 {
	n := c.imagesOf(i)
	return min(n, 1+min(n/60, 11))
}

// imagesOfSeries shares the images of study i among its series.
func (c *content) imagesOfSeries(i, series uint64) uint64 {
	n, k := c.imagesOf(i), c.seriesOf(i)
	return n*(series+1)/k - n*series/k
}

// modalityOf tells what made study i.
func (c *content) modalityOf(i uint64) string {
	switch size := sizes[c.place(i)%64]; {
	case size >= 300:
		return "PT"
	case size >= 100:
		return "CT"
	case size >= 30:
		return "MR"
	case size >= 10:
		return "US"
	case size >= 3:
		return "MG"
	case mix(c.seed, i)%3 == 0:
		return "DX"
	}
	return "CR"
}
