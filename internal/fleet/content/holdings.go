// Package content makes up what the archives of the fleet hold: studies,
// patients, their names and numbers. Nothing is stored and nothing is drawn:
// every figure follows from a seed and an index, so that an archive of a million
// studies costs nothing until it is asked, and answers the same each time.
package content

import "sort"

// Holdings is what an archive holds, as arithmetic: nothing is stored, and every
// number follows from an index.
//
// Studies are numbered in the order of their date and time, so a range of dates
// is a range of numbers and found by bisection. Study i belongs to patient
// i mod patients, so every patient has at least one, some years apart. Patients
// are numbered in the order of their birth date. The sum of the images of the
// first i studies has a closed form, so totals hold exactly by construction.
type Holdings struct {
	Seed     uint64
	Number   uint64 // names the archive in its UIDs
	Studies  uint64
	Images   uint64 // at least studies
	Patients uint64 // 1..studies
	FirstDay int64  // of the studies, days since 1970
	Days     uint64 // in which they lie
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
func (c *Holdings) place(i uint64) uint64 { return i + c.Seed%64 }

// weightBefore is the sum of the sizes of the studies before i.
func (c *Holdings) weightBefore(i uint64) uint64 {
	at := func(n uint64) uint64 { return n/64*sizesBefore[64] + sizesBefore[n%64] }
	return at(c.place(i)) - at(c.place(0))
}

// ImagesBefore is the sum of the images of the studies before i: one each, and
// what is over in proportion to their sizes.
func (c *Holdings) ImagesBefore(i uint64) uint64 {
	if c.Studies == 0 {
		return 0
	}
	return i + Proportion(c.Images-c.Studies, c.weightBefore(i), c.weightBefore(c.Studies))
}

func (c *Holdings) ImagesOf(i uint64) uint64 { return c.ImagesBefore(i+1) - c.ImagesBefore(i) }

// instant is when study i began: seconds of opening hours since the first day.
// It grows with i, and faster at first: archives fill ever more quickly.
//
//	instant = span · i(3n−i) / 2n²    for n studies
func (c *Holdings) instant(i uint64) uint64 {
	n := c.Studies
	return Proportion(c.Days*openSeconds, i*(3*n-i), 2*n*n)
}

func (c *Holdings) When(i uint64) (day int64, second int) {
	at := c.instant(i)
	return c.FirstDay + int64(at/openSeconds), openingSecond + int(at%openSeconds)
}

// Since returns the first study that began at that time or later.
func (c *Holdings) Since(day int64, second int) uint64 {
	if c.Studies == 0 {
		return 0
	}
	return uint64(sort.Search(int(c.Studies), func(i int) bool {
		d, s := c.When(uint64(i))
		return d > day || d == day && s >= second
	}))
}

// Busiest is the most studies that one day can hold: the last one's, and one
// more for the rounding.
func (c *Holdings) Busiest() uint64 { return 3*c.Studies/(2*c.Days) + 2 }

// PatientOf returns whose study i is.
func (c *Holdings) PatientOf(i uint64) uint64 { return i % c.Patients }

// StudiesOf is how many studies patient p has: p, p+patients, p+2·patients, …
func (c *Holdings) StudiesOf(p uint64) uint64 { return (c.Studies - p + c.Patients - 1) / c.Patients }

// ImagesOfPatient adds up the images of a patient's studies.
func (c *Holdings) ImagesOfPatient(p uint64) (n uint64) {
	for i := p; i < c.Studies; i += c.Patients {
		n += c.ImagesOf(i)
	}
	return n
}

// Birth dates: from firstBirth on, over so many days.
const (
	firstBirth = -17820 // 1921-03-19
	birthDays  = 29950  // until 2003
)

// Born is the birth date of patient p, in days since 1970; it grows with p.
func (c *Holdings) Born(p uint64) int64 { return firstBirth + int64(p*birthDays/c.Patients) }

// BornSince returns the first patient who was born that day or later.
func (c *Holdings) BornSince(day int64) uint64 {
	if c.Studies == 0 {
		return 0
	}
	return uint64(sort.Search(int(c.Patients), func(p int) bool { return c.Born(uint64(p)) >= day }))
}

// SeriesOf is how many series study i has, about sixty images each.
func (c *Holdings) SeriesOf(i uint64) uint64 {
	n := c.ImagesOf(i)
	return min(n, 1+min(n/60, 11))
}

// ImagesOfSeries shares the images of study i among its series.
func (c *Holdings) ImagesOfSeries(i, series uint64) uint64 {
	n, k := c.ImagesOf(i), c.SeriesOf(i)
	return n*(series+1)/k - n*series/k
}

// ModalityOf tells what made study i.
func (c *Holdings) ModalityOf(i uint64) string {
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
	case Mix(c.Seed, i)%3 == 0:
		return "DX"
	}
	return "CR"
}
