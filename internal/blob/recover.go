package blob

import (
	"context"
	"fmt"
	"path/filepath"
)

// recover finds where the records end and makes the end a clean one.
func (s *Store) recover(known Place, next uint64) error {
	if err := s.listSegments(); err != nil {
		return err
	}
	if err := s.clearIncoming(); err != nil {
		return err
	}
	s.sequence, s.nextSegment = 1, 1
	g := s.last()
	if g == nil {
		return nil
	}
	s.nextSegment = g.number + 1
	start := int64(headerSize)
	if known.Segment == g.number && known.Offset <= aligned(g.end) {
		start = max(start, known.Offset)
	} else {
		next = 0
	}
	entries, whole, err := s.tail(*g, start)
	if err != nil {
		return err
	}
	if whole < 0 && next > 0 {
		s.sequence = next
	} else if err := s.nextSequence(g, start, entries, whole); err != nil {
		return err
	}
	return s.mend(g, start, entries, whole)
}

// clearIncoming removes bodies that nobody finished.
func (s *Store) clearIncoming() error {
	dir := filepath.Join(s.dir, "incoming")
	names, err := s.fs.List(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		if err := s.fs.Remove(filepath.Join(dir, name)); err != nil {
			return fmt.Errorf("blob: %w", err)
		}
	}
	return nil
}

// tail reads the records that may not be whole; whole is the index of the last
// one that is, or -1.
func (s *Store) tail(g segment, start int64) (entries []*Entry, whole int, err error) {
	whole = -1
	f, err := s.fs.Open(s.segmentName(g.number))
	if err != nil {
		return nil, 0, err
	}
	defer f.Close()
	for at := start; at < g.end; {
		e, err := s.entry(f, g, at, true)
		if err != nil {
			return nil, 0, fmt.Errorf("blob: segment %d at %d: %w", g.number, at, err)
		}
		e.Head = nil
		if e.Damage == nil {
			whole = len(entries)
		}
		entries = append(entries, e)
		at = e.Next.Offset
	}
	return entries, whole, nil
}

// nextSequence finds the number of the next record. Where none follows what is
// known, the records before that tell.
func (s *Store) nextSequence(g *segment, start int64, entries []*Entry, whole int) error {
	if whole >= 0 {
		s.sequence = entries[whole].Sequence + 1
		return nil
	}
	s.sequence = max(g.first, 1)
	if start == headerSize {
		return nil
	}
	head := *g
	head.end = min(start, g.end)
	var next uint64
	err := s.walkSegment(context.Background(), head, headerSize, false, &next, func(*Entry) error { return nil })
	s.sequence = max(s.sequence, next)
	return err
}

// mend cuts off what follows the last whole record and makes gaps of what was
// cut short in the same go.
func (s *Store) mend(g *segment, start int64, entries []*Entry, whole int) error {
	f, err := s.fs.Open(s.segmentName(g.number))
	if err != nil {
		return err
	}
	s.active = f
	end, batch := start, uint64(0)
	if whole >= 0 {
		end, batch = entries[whole].Next.Offset, entries[whole].batch
	}
	last := uint64(0)
	for _, e := range entries[:whole+1] {
		if e.Damage == nil {
			last = e.Sequence
			continue
		}
		if e.Damage == ErrBodySum || last+1 < batch { // of an earlier go, or whole but for its body
			if e.Sequence == 0 || e.Sequence < batch {
				continue
			}
		}
		b := make([]byte, headerSize)
		h := header{kind: gap, flags: flagErased, sequence: last + 1, body: e.Next.Offset - e.Place.Offset - headerSize, batch: batch, segment: g.number}
		h.put(b)
		if _, err := f.WriteAt(b, e.Place.Offset); err != nil {
			return fmt.Errorf("blob: %w", err)
		}
		s.diag.Warn("blob: a write that was cut short is passed over", "segment", g.number, "offset", e.Place.Offset)
	}
	size, err := f.Size()
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if size > end {
		s.diag.Warn("blob: what was never acknowledged is cut off", "segment", g.number, "offset", end, "bytes", size-end)
		if err := f.Truncate(end); err != nil {
			return fmt.Errorf("blob: %w", err)
		}
	}
	g.end = min(end, size)
	if g.damaged || len(entries) > 0 {
		if err := f.Sync(); err != nil {
			return fmt.Errorf("blob: %w", err)
		}
	}
	return nil
}
