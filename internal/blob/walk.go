package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/leadglass/leadglass/internal/durable"
)

// Entry is a record as it was found.
type Entry struct {
	Place, Next Place
	Kind        Kind
	Sequence    uint64
	Head        []byte
	Body        int64
	Large       string // name of the body's own file, empty for one in the segment
	Erased      bool   // head and body are gone
	Damage      error  // what is wrong with it; Kind and what follows are not to be relied upon

	batch uint64
}

// The kinds of damage.
var (
	ErrNoRecord = errors.New("no record where one must begin")
	ErrHeadSum  = errors.New("head does not match its checksum")
	ErrBodySum  = errors.New("body does not match its checksum")
	ErrShort    = errors.New("record past the end of its segment")
	ErrMissing  = errors.New("body's own file is missing or too short")
	ErrSequence = errors.New("records are missing before it")
	ErrSegment  = errors.New("header of the segment is damaged")
)

// Walk visits the records from a place on, in order. With bodies it checks those
// as well. What is damaged is visited as an Entry with Damage, and the walk goes
// on after it.
func (s *Store) Walk(ctx context.Context, from Place, bodies bool, visit func(*Entry) error) error {
	s.mu.Lock()
	var list []segment
	for _, g := range s.segments {
		list = append(list, *g)
	}
	s.mu.Unlock()
	var next uint64
	for _, g := range list {
		if g.number < from.Segment {
			continue
		}
		start := int64(headerSize)
		if g.number == from.Segment {
			start = max(start, from.Offset)
		}
		if err := s.walkSegment(ctx, g, start, bodies, &next, visit); err != nil {
			return err
		}
	}
	return nil
}

func (s *Store) walkSegment(ctx context.Context, g segment, at int64, bodies bool, next *uint64, visit func(*Entry) error) error {
	f, err := s.fs.Open(s.segmentName(g.number))
	if err != nil {
		return err
	}
	defer f.Close()
	if g.damaged {
		if err := visit(&Entry{Place: Place{g.number, 0}, Next: Place{g.number, headerSize}, Damage: ErrSegment}); err != nil {
			return err
		}
	}
	for at < g.end {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, err := s.entry(f, g, at, bodies)
		if err != nil {
			return fmt.Errorf("blob: segment %d at %d: %w", g.number, at, err)
		}
		if e.Damage == nil && *next != 0 && e.Sequence > *next {
			// The damaged stretch before it took records with it; they were
			// reported there.
			s.diag.Warn("blob: records are missing", "segment", g.number, "offset", at, "count", e.Sequence-*next)
		}
		if e.Damage == nil || e.Sequence != 0 {
			*next = e.Sequence + 1
		}
		if e.Kind != gap || e.Damage != nil {
			if err := visit(e); err != nil {
				return err
			}
		}
		at = e.Next.Offset
	}
	return nil
}

// frontRead is read at once: header, head and table of nearly all records.
const frontRead = 2 << 10

// entry reads the record at a place. The error is of the disk.
func (s *Store) entry(f durable.File, g segment, at int64, bodies bool) (*Entry, error) {
	e := &Entry{Place: Place{g.number, at}}
	front := make([]byte, min(frontRead, g.end-at))
	if err := readFull(f, front, at); err != nil {
		return nil, err
	}
	h, ok := decodeHeader(front)
	if !ok || h.segment != g.number || h.span() > g.end-at {
		e.Damage = ErrNoRecord
		if ok && h.segment == g.number {
			e.Damage = ErrShort
		}
		next, err := resync(f, g, at+align)
		e.Next = Place{g.number, next}
		return e, err
	}
	e.Kind, e.Sequence, e.batch, e.Body = h.kind, h.sequence, h.batch, h.body
	e.Erased = h.flags&flagErased != 0
	if h.flags&flagLarge != 0 {
		e.Large = fmt.Sprintf("%016x", h.file)
	}
	e.Next = Place{g.number, aligned(at + h.span())}
	if e.Erased || h.kind == gap {
		return e, nil
	}
	if h.front() > int64(len(front)) {
		front = make([]byte, h.front())
		if err := readFull(f, front, at); err != nil {
			return nil, err
		}
	}
	front = front[headerSize:h.front()]
	if sum(front) != h.headSum {
		e.Damage = ErrHeadSum
		return e, nil
	}
	e.Head = front[:h.head]
	if bodies && h.body > 0 {
		e.Damage = s.checkBody(f, &h, at, sums(front[h.head:]))
	}
	return e, nil
}

func (s *Store) checkBody(f durable.File, h *header, at int64, table []uint32) error {
	c := &Content{f: f, base: at + h.front(), size: h.body, table: table}
	if h.flags&flagLarge != 0 {
		own, err := s.fs.Open(s.largeName(h.file))
		if err != nil {
			return ErrMissing
		}
		defer own.Close()
		if size, err := own.Size(); err != nil || size < h.body {
			return ErrMissing
		}
		c.f, c.base = own, 0
	}
	buf := make([]byte, min(c.size, 16*chunkSize))
	for off := int64(0); off < c.size; off += int64(len(buf)) {
		if _, err := c.ReadAt(buf[:min(int64(len(buf)), c.size-off)], off); err != nil {
			return ErrBodySum
		}
	}
	return nil
}

// resync finds the next record, or the end.
func resync(f durable.File, g segment, at int64) (int64, error) {
	buf := make([]byte, 1<<20)
	for at < g.end {
		b := buf[:min(int64(len(buf)), g.end-at)]
		if err := readFull(f, b, at); err != nil {
			return 0, err
		}
		for i := 0; i+headerSize <= len(b); i += align {
			if !bytes.HasPrefix(b[i:], []byte(recordMagic)) {
				continue
			}
			if h, ok := decodeHeader(b[i:]); ok && h.segment == g.number {
				return at + int64(i), nil
			}
		}
		at += int64(len(b))
	}
	return aligned(g.end), nil
}
