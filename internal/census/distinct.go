package census

import (
	"hash/maphash"
	"math"
	"math/bits"
	"sync"
)

// Memory is what the counts of one run share to tell answers apart. The zero
// value is ready; it must not be copied.
type Memory struct {
	mu   sync.Mutex // covers both
	used int        // bytes of large tables, free ones among them
	free [sizes][][]slot
}

const (
	// maxMemory is an eighth of the 512 MiB that a survey may grow to.
	maxMemory = 64 << 20
	// freeSlots every set may have whatever the others hold: 64 KiB.
	freeSlots = 1 << 12
	// fewSlots bounds a set at first to 256 KiB, what a processor keeps at hand:
	// 12,288 answers are told apart one by one, of more a sample. A larger set
	// would cost each answer of each archive a tenth more time.
	fewSlots = 1 << 14
	// manySlots bound a set to 4 MiB where answers did repeat: 196,608 answers.
	manySlots = 1 << 18
	slotBytes = 16
	// minSlots, and four times as many again and again: sizes of tables.
	minSlots = 256
	sizes    = 6
	// maxFree empty tables of a size are kept: to use one again is cheaper than
	// to ask the system for the pages of a new one.
	maxFree = 32
)

// size is the place of a table of so many slots in free.
func size(slots int) int { return (bits.Len(uint(slots)) - bits.Len(minSlots) + 1) / 2 }

// take returns an empty table, nil where the memory is used up.
func (m *Memory) take(slots int) []slot {
	m.mu.Lock()
	defer m.mu.Unlock()
	free := &m.free[size(slots)]
	if n := len(*free); n > 0 {
		t := (*free)[n-1]
		*free = (*free)[:n-1]
		return t
	}
	if slots > freeSlots {
		if m.used+slots*slotBytes > maxMemory {
			m.drop()
		}
		if m.used+slots*slotBytes > maxMemory {
			return nil
		}
		m.used += slots * slotBytes
	}
	return make([]slot, slots)
}

// drop leaves the large tables that nobody uses to the collector.
func (m *Memory) drop() {
	for i := size(freeSlots) + 1; i < sizes; i++ {
		for _, t := range m.free[i] {
			m.used -= len(t) * slotBytes
		}
		m.free[i] = nil
	}
}

func (m *Memory) give(t []slot) {
	if len(t) == 0 {
		return
	}
	clear(t)
	m.mu.Lock()
	defer m.mu.Unlock()
	free := &m.free[size(len(t))]
	if len(*free) < maxFree {
		*free = append(*free, t)
	} else if len(t) > freeSlots {
		m.used -= len(t) * slotBytes
	}
}

// distinct tells answers apart by hashes of their UIDs, whose key is drawn for
// each count and forgotten with it; nothing of it is ever written. When it is
// full it goes on with every second hash, then every fourth (Gibbons, "Distinct
// sampling", VLDB 2001): what repeats in such a sample repeats in the whole.
type distinct struct {
	memory  *Memory
	many    bool   // manySlots, not fewSlots
	slots   []slot // by open addressing
	kept    int
	level   uint   // kept are hashes that end in so many zero bits
	repeats int64  // that were met
	touched uint64 // keeps touch from being left out
}

// slot is an answer: its hash, 0 where the slot is free, and how many are below
// it, noBelow where it does not say.
type slot struct {
	hash  uint64
	below uint32
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
	if !d.sampled(h) {
		return true
	}
	if d.kept >= len(d.slots)/4*3 {
		d.makeRoom()
		return d.add(h, below)
	}
	s := d.find(h)
	if s.hash == h {
		d.repeats++
		return false
	}
	s.hash, s.below = h, below
	d.kept++
	return true
}

// find returns the slot where the hash is or would be.
func (d *distinct) find(h uint64) *slot {
	mask := len(d.slots) - 1
	i := int(h>>40) & mask // the low bits are those that sampling makes equal
	for d.slots[i].hash != 0 && d.slots[i].hash != h {
		i = (i + 1) & mask
	}
	return &d.slots[i]
}

// touch loads where the answers go, side by side, so that the first of them does
// not keep the others waiting.
func (d *distinct) touch(batch []slot) {
	if len(d.slots) == 0 {
		return
	}
	var all uint64
	for _, s := range batch {
		all |= d.slots[int(s.hash>>40)&(len(d.slots)-1)].hash
	}
	d.touched = all
}

func (d *distinct) has(h uint64) bool { return d.kept > 0 && d.find(h).hash == h }

// makeRoom makes the table four times as large, or halves what is sampled.
func (d *distinct) makeRoom() {
	most := fewSlots
	if d.many {
		most = manySlots
	}
	var table []slot
	if n := max(4*len(d.slots), minSlots); n <= most {
		table = d.memory.take(n)
	}
	if table == nil {
		d.sample(d.level + 1)
		return
	}
	old := d.slots
	d.slots = table
	for _, s := range old {
		if s.hash != 0 {
			*d.find(s.hash) = s
		}
	}
	d.memory.give(old)
}

// sample raises the level, in place: about half of the hashes stay.
func (d *distinct) sample(level uint) {
	if level <= d.level {
		return
	}
	d.level = level
	for i := range d.slots {
		if !d.sampled(d.slots[i].hash) {
			d.slots[i] = slot{}
		}
	}
	// What stays moves to where it is found again. What a run that goes over the
	// end of the table has at its start may find its place free only in a second
	// round.
	for range 2 {
		d.kept = 0
		for i, s := range d.slots {
			if s.hash != 0 {
				d.kept++
				d.slots[i] = slot{}
				*d.find(s.hash) = s
			}
		}
	}
}

// merge adds what the other holds.
func (d *distinct) merge(other *distinct) {
	d.sample(other.level)
	for _, s := range other.slots {
		if s.hash != 0 {
			d.add(s.hash, s.below)
		}
	}
}

// reset empties the set and gives back its table.
func (d *distinct) reset() {
	d.memory.give(d.slots)
	d.slots, d.kept, d.level, d.repeats = nil, 0, 0, 0
}

// totals are the answers of the set and what is below them, in so far as no hash
// of them is in but; estimates with their variance where the set is a sample.
func (d *distinct) totals(but *distinct) (n, instances, silent estimate) {
	level := d.level
	if but != nil {
		level = max(level, but.level)
	}
	var count, total, squares, quiet float64
	for _, s := range d.slots {
		if s.hash == 0 || s.hash&(1<<level-1) != 0 || but != nil && but.has(s.hash) {
			continue
		}
		count++
		if s.below == noBelow {
			quiet++
			continue
		}
		v := float64(s.below)
		total, squares = total+v, squares+v*v
	}
	scale := math.Ldexp(1, int(level))
	spread := scale * (scale - 1) // of a share of 1/scale that is drawn: n·scale²·(1-1/scale)
	return estimate{count * scale, count * spread}, estimate{total * scale, squares * spread}, estimate{quiet * scale, quiet * spread}
}
