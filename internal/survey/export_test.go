package survey

import (
	"io"
)

// ErrHostTime is why the context of an examination ends when its host's time is
// over.
var ErrHostTime = errHostTime

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

// WithFaults breaks the checkpoint of a run: fail is asked before each write,
// with what is to be written, and each sync, with nil. Where it returns an error,
// kept bytes get through.
func WithFaults(cfg Config, fail func(op string, b []byte) (kept int, err error)) Config {
	cfg.faults = func(j journal) journal { return &faulty{j, fail} }
	return cfg
}

type faulty struct {
	journal
	fail func(op string, b []byte) (kept int, err error)
}

func (f *faulty) Write(b []byte) (int, error) {
	if kept, err := f.fail("write", b); err != nil {
		n, _ := f.journal.Write(b[:kept])
		return n, err
	}
	return f.journal.Write(b)
}

func (f *faulty) Sync() error {
	if _, err := f.fail("sync", nil); err != nil {
		return err
	}
	return f.journal.Sync()
}
