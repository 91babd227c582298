package blob

import (
	"errors"
	"sync"

	"github.com/leadglass/leadglass/internal/durable"
)

// mostReaders is how many segments are kept open to be read, beside those being
// read: 64 GB of objects, and a sixteenth of the files that a process may usually
// have open.
const mostReaders = 64

// readers are the segments that were read lately, each open once for all who read.
type readers struct {
	fs   durable.FS
	name func(segment uint32) string

	mu     sync.Mutex // covers what follows and the readers
	open   map[uint32]*reader
	clock  uint64
	closed bool
}

// reader is a segment that is open.
type reader struct {
	durable.File
	of      *readers
	segment uint32
	users   int
	used    uint64 // when it was asked for last
}

// take returns a segment to read; its Close must be called.
func (rs *readers) take(segment uint32) (*reader, error) {
	if r := rs.have(segment, nil); r != nil {
		return r, nil
	}
	f, err := rs.fs.Open(rs.name(segment))
	if err != nil {
		return nil, err
	}
	return rs.have(segment, f), nil
}

// have returns what is open of a segment; where that is nothing it is f.
func (rs *readers) have(segment uint32, f durable.File) *reader {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	r := rs.open[segment]
	switch {
	case r == nil && f == nil:
		return nil
	case r == nil:
		r = &reader{File: f, of: rs, segment: segment}
		rs.open[segment] = r
	case f != nil:
		f.Close() // another was faster
	}
	rs.clock++
	r.users, r.used = r.users+1, rs.clock
	rs.evict()
	return r
}

// evict closes the one that was asked for the longest ago, where there are too many.
func (rs *readers) evict() {
	if len(rs.open) <= mostReaders {
		return
	}
	var oldest *reader
	for _, r := range rs.open {
		if r.users == 0 && (oldest == nil || r.used < oldest.used) {
			oldest = r
		}
	}
	if oldest != nil {
		delete(rs.open, oldest.segment)
		oldest.File.Close()
	}
}

// Close gives the segment back.
func (r *reader) Close() error {
	r.of.mu.Lock()
	defer r.of.mu.Unlock()
	if r.users--; r.users > 0 || !r.of.closed {
		return nil
	}
	delete(r.of.open, r.segment)
	return r.File.Close()
}

// end closes all that nobody reads, and the others when they are given back.
func (rs *readers) end() error {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	rs.closed = true
	var errs []error
	for n, r := range rs.open {
		if r.users == 0 {
			delete(rs.open, n)
			errs = append(errs, r.File.Close())
		}
	}
	return errors.Join(errs...)
}
