package census

import (
	"hash/maphash"
	"math"
	"sync/atomic"
)

// Memory is what the counts of one run share to tell answers apart. The zero
// value is ready; it must not be copied.
type Memory struct{ used atomic.Int64 }

const (
	// maxMemory is an eighth of the 512 MiB that a survey may grow to.
	maxMemory = 64 << 20
	// freeSlots every set may have whatever the others hold: 48 KiB.
	freeSlots = 1 << 12
	// maxSlots bounds one set to 3 MiB, with which 196,608 answers are told
	// apart one by one: all but 18 of the archives of the 2019 study.
	maxSlots  = 1 << 18
	slotBytes = 12
)

func (m *Memory) take(slots int) bool {
	if slots <= freeSlots {
		return true
	}
	bytes := int64(slots) * slotBytes
	if m.used.Add(bytes) <= maxMemory {
		return true
	}
	m.used.Add(-bytes)
	return false
}

func (m *Memory) give(slots int) {
	if slots > freeSlots {
		m.used.Add(-int64(slots) * slotBytes)
	}
}

// distinct tells answers apart by hashes of their UIDs, whose key is drawn for
// each count and forgotten with it; nothing of it is ever written. When it is
// full it goes on with every second hash, then every fourth (Gibbons, "Distinct
// sampling", VLDB 2001): what repeats in such a sample repeats in the whole.
type distinct struct {
	memory  *Memory
	hashes  []uint64 // by open addressing, 0 is free
	below   []uint32 // how many are below each, noBelow where it does not say
	kept    int
	level   uint  // kept are hashes that end in so many zero bits
	repeats int64 // that were met
}

const noBelow = math.MaxUint32

// key is a hash that is not zero.
func key(seed maphash.Seed, uid []byte) uint64 {
	return max(maphash.Bytes(seed, uid), 1)
}

// sampled says whether the set looks at the hash at all.
func (d *distinct) sampled(h uint64) bool { return h&(1<<d.level-1) == 0 }

// add says whether the answer is not known to be a repeat.
func (d *distinct) add(h uint64, below uint32) bool {
	if h&(1<<d.level-1) != 0 {
		return true
	}
	if d.kept >= len(d.hashes)/4*3 {
		d.makeRoom()
		return d.add(h, below)
	}
	i := d.slot(h)
	if d.hashes[i] == h {
		d.repeats++
		return false
	}
	d.hashes[i], d.below[i] = h, below
	d.kept++
	return true
}

// slot is where the hash is or would be.
func (d *distinct) slot(h uint64) int {
	mask := len(d.hashes) - 1
	i := int(h>>40) & mask // the low bits are those that sampling makes equal
	for d.hashes[i] != 0 && d.hashes[i] != h {
		i = (i + 1) & mask
	}
	return i
}

func (d *distinct) has(h uint64) bool { return d.kept > 0 && d.hashes[d.slot(h)] == h }

// makeRoom makes the table four times as large, or halves what is sampled.
func (d *distinct) makeRoom() {
	slots := max(4*len(d.hashes), 256)
	if slots > maxSlots || !d.memory.take(slots) {
		d.sample(d.level + 1)
		return
	}
	old := *d
	d.hashes, d.below = make([]uint64, slots), make([]uint32, slots)
	for i, h := range old.hashes {
		if h != 0 {
			j := d.slot(h)
			d.hashes[j], d.below[j] = h, old.below[i]
		}
	}
	d.memory.give(len(old.hashes))
}

// sample raises the level, in place: at most half of the hashes stay.
func (d *distinct) sample(level uint) {
	if level <= d.level {
		return
	}
	d.level, d.kept = level, 0
	for i, h := range d.hashes {
		if h != 0 && !d.sampled(h) {
			d.hashes[i] = 0
		}
	}
	// What stays moves to where it is found again. One that is met before its
	// place is free is met once more in the second round, for those whose run
	// went over the end of the table.
	for range 2 {
		d.kept = 0
		for i, h := range d.hashes {
			if h == 0 {
				continue
			}
			d.kept++
			d.hashes[i] = 0
			j := d.slot(h)
			d.hashes[j], d.below[j] = h, d.below[i]
		}
	}
}

// merge adds what the other holds.
func (d *distinct) merge(other *distinct) {
	d.sample(other.level)
	for i, h := range other.hashes {
		if h != 0 {
			d.add(h, other.below[i])
		}
	}
}

// reset empties the set and gives back what is more than every set may have.
func (d *distinct) reset() {
	if len(d.hashes) > freeSlots {
		d.memory.give(len(d.hashes))
		d.hashes, d.below = nil, nil
	}
	clear(d.hashes)
	d.kept, d.level, d.repeats = 0, 0, 0
}

// totals are the answers of the set and what is below them, in so far as no hash
// of them is in but; estimates with their variance where the set is a sample.
func (d *distinct) totals(but *distinct) (n, instances, silent estimate) {
	level := d.level
	if but != nil {
		level = max(level, but.level)
	}
	var count, total, squares, quiet float64
	for i, h := range d.hashes {
		if h == 0 || h&(1<<level-1) != 0 || but != nil && but.has(h) {
			continue
		}
		count++
		if d.below[i] == noBelow {
			quiet++
			continue
		}
		v := float64(d.below[i])
		total, squares = total+v, squares+v*v
	}
	scale := math.Ldexp(1, int(level))
	spread := scale * (scale - 1) // of a share of 1/scale that is drawn: n·scale²·(1-1/scale)
	return estimate{count * scale, count * spread}, estimate{total * scale, squares * spread}, estimate{quiet * scale, quiet * spread}
}
