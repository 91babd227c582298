package survey

import (
	"io"
)

// Kept reads a checkpoint and says how many hosts it holds whole, of how many
// bytes.
func Kept(r io.Reader) (hosts uint64, size int64, finished bool, err error) {
	p, err := readPrior(r, nil)
	if err != nil {
		return 0, 0, false, err
	}
	return p.tally.done.count(), p.size, p.finished, nil
}

// Places is the set of places.
type Places struct{ places }

func (p *Places) Add(k uint64)      { p.add(k) }
func (p *Places) Has(k uint64) bool { return p.has(k) }
func (p *Places) Count() uint64     { return p.count() }
func (p *Places) Above() int        { return len(p.above) }
