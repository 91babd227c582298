package survey

import "maps"

// places is a set of places in the order of a scope. Hosts finish nearly in
// order, so it holds a bound below which all are in, and the few above.
type places struct {
	below uint64
	above map[uint64]bool
}

func (p *places) add(k uint64) {
	if p.has(k) {
		return
	}
	if p.above == nil {
		p.above = map[uint64]bool{}
	}
	p.above[k] = true
	for p.above[p.below] {
		delete(p.above, p.below)
		p.below++
	}
}

func (p *places) has(k uint64) bool { return k < p.below || p.above[k] }

func (p *places) count() uint64 { return p.below + uint64(len(p.above)) }

func (p *places) clone() places { return places{p.below, maps.Clone(p.above)} }
