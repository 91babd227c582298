package blob

import (
	"context"
	"encoding/binary"
	"errors"
)

// Record is something to keep.
type Record struct {
	Kind Kind
	Head []byte
	Body *Body // nil for none
	Tag  any   // of who appends it, for Committed

	// Set by Append: where it is, where the next will be, and its number.
	Place, Next Place
	Sequence    uint64

	front []byte // head and table, with room for the header before them
	all   []byte // what is written
	h     header
	done  chan error
}

// ErrClosed: the store was closed.
var ErrClosed = errors.New("blob: closed")

// ErrHead: a head that is longer than the format permits.
var ErrHead = errors.New("blob: head too long")

// Append keeps a record. When it returns nil the record is durable; where it
// fails with a WriteError nothing of it is there. A record that is on its way to
// the disk is waited for even if ctx is done.
func (s *Store) Append(ctx context.Context, r *Record) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := r.prepare(); err != nil {
		return err
	}
	s.stop.RLock()
	if s.ended {
		s.stop.RUnlock()
		return ErrClosed
	}
	s.queue <- r // the committer takes from it until Close
	s.stop.RUnlock()
	err := <-r.done
	if r.Body != nil && err == nil {
		r.Body.kept = true
	}
	return err
}

// prepare lays the record out, but for what only the committer knows.
func (r *Record) prepare() error {
	r.done = make(chan error, 1)
	r.h = header{kind: r.Kind, head: uint32(len(r.Head))}
	if len(r.Head) > maxHead || r.Kind == gap {
		return ErrHead
	}
	var table, body []byte
	if b := r.Body; b != nil {
		r.h.body = b.size
		if b.file != nil {
			if err := b.finish(); err != nil {
				return err
			}
			r.h.flags, r.h.file, table = flagLarge, b.id, b.table
		} else {
			body = b.Bytes()
			table = appendTable(make([]byte, 0, 4*(len(body)/chunkSize+1)), body)
		}
	}
	n := headerSize + len(r.Head) + len(table)
	if body != nil && n <= frontRoom {
		r.all = r.Body.buf[frontRoom-n:]
		r.front = r.all[:headerSize:n]
	} else {
		r.front = make([]byte, headerSize, n+len(body))
	}
	r.front = append(append(r.front, r.Head...), table...)
	r.h.headSum = sum(r.front[headerSize:])
	if r.all == nil {
		r.all = append(r.front, body...)
	}
	return nil
}

// commitAll writes what comes until the queue ends.
func (s *Store) commitAll() {
	defer close(s.done)
	var batch []*Record
	for r := range s.queue {
		batch = append(batch[:0], r)
		bytes := int64(len(r.all))
		for more := true; more && bytes < s.limits.Batch; {
			select {
			case next, ok := <-s.queue:
				if more = ok; ok {
					batch, bytes = append(batch, next), bytes+int64(len(next.all))
				}
			default:
				more = false
			}
		}
		s.commit(batch)
		clear(batch)
	}
}

// commit writes a batch and answers.
func (s *Store) commit(batch []*Record) {
	err := s.write(batch)
	for _, r := range batch {
		if err == nil {
			s.committed(r)
		}
		r.done <- err
	}
}

func (s *Store) write(batch []*Record) error {
	if s.active != nil && s.last().end >= s.limits.Segment {
		s.active.Close()
		s.active = nil
	}
	if s.active == nil {
		if err := s.begin(); err != nil {
			return &WriteError{err}
		}
	}
	g := s.last()
	at, sequence := g.end, s.sequence
	for _, r := range batch {
		at = aligned(at)
		r.h.sequence, r.h.batch, r.h.segment = sequence, s.sequence, g.number
		r.h.put(r.all)
		if _, err := s.active.WriteAt(r.all, at); err != nil {
			s.cutBack(g)
			return &WriteError{err}
		}
		r.Place, r.Sequence = Place{g.number, at}, sequence
		at += int64(len(r.all))
		r.Next = Place{g.number, aligned(at)}
		sequence++
	}
	if err := s.active.Sync(); err != nil {
		s.abandon("sync failed", err)
		return &WriteError{err}
	}
	s.mu.Lock()
	g.end = at
	s.mu.Unlock()
	s.sequence = sequence
	return nil
}

// cutBack takes back what a failed write left. Where that fails as well the
// segment ends here and another one begins.
func (s *Store) cutBack(g *segment) {
	if err := s.active.Truncate(g.end); err != nil {
		s.abandon("truncate failed", err)
	}
}

// abandon ends the segment where the last sync left it; see package durable for
// why the sync is not tried again.
func (s *Store) abandon(what string, err error) {
	s.diag.Error("blob: a segment is given up, another one begins", "segment", s.last().number, "what", what, "error", err)
	_ = s.active.Truncate(s.last().end) // the next segment says where it ends, whatever becomes of this
	s.active.Close()
	s.active = nil
}

// sums returns the table as numbers.
func sums(table []byte) []uint32 {
	out := make([]uint32, len(table)/4)
	for i := range out {
		out[i] = binary.LittleEndian.Uint32(table[4*i:])
	}
	return out
}
