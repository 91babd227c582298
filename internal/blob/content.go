package blob

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"

	"github.com/leadglass/leadglass/internal/durable"
)

// ErrErased: the record is there no longer.
var ErrErased = errors.New("blob: erased")

// DamageError says that bytes are not those that were written.
type DamageError struct {
	Place Place
	Err   error
}

func (e *DamageError) Error() string {
	return "blob: damaged at " + e.Place.String() + ": " + e.Err.Error()
}

// Unwrap returns the reason.
func (e *DamageError) Unwrap() error { return e.Err }

// Content is the body of a record. Every byte that it hands out was checked.
// ReadAt may be called at the same time, Read, WriteTo, Seek and Close not.
type Content struct {
	s     *Store
	f     durable.File
	place Place
	base  int64
	size  int64
	table []uint32
	pos   int64

	mu     sync.Mutex // covers what follows
	chunk  *[]byte    // the last one that was read in part, of the store's; nil before
	which  int64      // its number plus one
	closed bool
}

// Content opens the body of the record at a place.
func (s *Store) Content(p Place) (*Content, error) {
	f, err := s.readers.take(p.Segment)
	if err != nil {
		return nil, err
	}
	c, err := s.content(f, p)
	if err != nil || c.f != f {
		f.Close()
	}
	return c, err
}

func (s *Store) content(f durable.File, p Place) (*Content, error) {
	front := make([]byte, frontRead)
	n, err := f.ReadAt(front, p.Offset)
	if err != nil && err != io.EOF {
		return nil, fmt.Errorf("blob: reading: %w", err)
	}
	h, ok := decodeHeader(front[:n])
	if !ok || h.segment != p.Segment {
		return nil, &DamageError{p, ErrNoRecord}
	}
	if h.flags&flagErased != 0 {
		return nil, ErrErased
	}
	if h.front() > int64(n) {
		front = make([]byte, h.front())
		if err := readFull(f, front, p.Offset); err != nil {
			return nil, &DamageError{p, ErrShort}
		}
	}
	front = front[headerSize:h.front()]
	if sum(front) != h.headSum {
		return nil, &DamageError{p, ErrHeadSum}
	}
	c := &Content{s: s, f: f, place: p, base: p.Offset + h.front(), size: h.body, table: sums(front[h.head:])}
	if h.flags&flagLarge != 0 {
		own, err := s.fs.Open(s.largeName(h.file))
		if err != nil {
			return nil, &DamageError{p, ErrMissing}
		}
		c.f, c.base = own, 0
	}
	return c, nil
}

// Size is how many bytes there are.
func (c *Content) Size() int64 { return c.size }

// Close gives everything back. Again it does nothing.
func (c *Content) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if c.chunk != nil {
		c.s.chunks.Put(c.chunk)
		c.chunk = nil
	}
	return c.f.Close()
}

// Read reads on.
func (c *Content) Read(p []byte) (int, error) {
	n, err := c.ReadAt(p, c.pos)
	c.pos += int64(n)
	if n > 0 && err == io.EOF {
		err = nil
	}
	return n, err
}

// atOnce is how much WriteTo reads and writes: a CT slice in two calls of the
// system, not in eight.
const atOnce = 4 * chunkSize

// WriteTo writes the rest, chunk by chunk where they lie, each checked before.
func (c *Content) WriteTo(w io.Writer) (n int64, err error) {
	buf := lend(&c.s.runs, atOnce)
	defer c.s.runs.Put(buf)
	for c.pos < c.size {
		m, err := c.ReadAt((*buf)[:min(atOnce-c.pos%chunkSize, c.size-c.pos)], c.pos)
		if err != nil {
			return n, err
		}
		m, err = w.Write((*buf)[:m])
		n, c.pos = n+int64(m), c.pos+int64(m)
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// lend returns a buffer of a pool.
func lend(pool *sync.Pool, size int) *[]byte {
	if b, ok := pool.Get().(*[]byte); ok {
		return b
	}
	b := make([]byte, size)
	return &b
}

// Seek moves where Read reads.
func (c *Content) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += c.pos
	case io.SeekEnd:
		offset += c.size
	}
	if offset < 0 {
		return 0, errors.New("blob: seeking to before the beginning")
	}
	c.pos = offset
	return offset, nil
}

// ReadAt reads whole chunks straight into p and the parts at its ends through
// the one chunk that it keeps.
func (c *Content) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 {
		return 0, errors.New("blob: negative offset")
	}
	for n < len(p) && off < c.size {
		var m int
		within := off % chunkSize
		left := min(int64(len(p)-n), c.size-off)
		if whole := left / chunkSize * chunkSize; within == 0 && (whole > 0 || left == c.size-off) {
			if left == c.size-off {
				whole = left
			}
			m, err = c.chunks(p[n:int64(n)+whole], off/chunkSize)
		} else {
			m, err = c.partial(p[n:int64(n)+left], off)
		}
		if err != nil {
			return n, err
		}
		n, off = n+m, off+int64(m)
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// chunks reads chunks from the first on; nothing of p counts unless all match.
func (c *Content) chunks(p []byte, first int64) (int, error) {
	if err := readFull(c.f, p, c.base+first*chunkSize); err != nil {
		if err == io.ErrUnexpectedEOF {
			err = &DamageError{c.place, ErrShort}
		}
		clear(p)
		return 0, err
	}
	for i, rest := first, p; len(rest) > 0; i++ {
		m := min(len(rest), chunkSize)
		if i >= int64(len(c.table)) || sum(rest[:m]) != c.table[i] {
			clear(p)
			return 0, &DamageError{c.place, ErrBodySum}
		}
		rest = rest[m:]
	}
	return len(p), nil
}

func (c *Content) partial(p []byte, off int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, fs.ErrClosed
	}
	i := off / chunkSize
	n := min(chunkSize, c.size-i*chunkSize)
	if c.chunk == nil {
		c.chunk = lend(&c.s.chunks, chunkSize)
	}
	if c.which != i+1 {
		c.which = 0
		if _, err := c.chunks((*c.chunk)[:n], i); err != nil {
			return 0, err
		}
		c.which = i + 1
	}
	return copy(p, (*c.chunk)[off-i*chunkSize:n]), nil
}
