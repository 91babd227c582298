package dicom

import (
	"errors"
	"io"
	"math"
)

// ReadAhead is how many bytes a Reader takes from a stream at once, and so how
// far at most it reads past the header that it was asked for.
const ReadAhead = 8 << 10

// firstChunk is what a long value costs before its bytes have arrived.
const firstChunk = 64 << 10

// seekFrom is how many bytes must lie ahead before seeking past them is worth
// two system calls; fewer are read.
const seekFrom = 4 * ReadAhead

// maxEmptyReads as in bufio: a reader that returns nothing that often is broken.
const maxEmptyReads = 100

// source is a cursor over bytes in memory or over a stream, of which it sees
// a window.
type source struct {
	buf   []byte // what is known; all there is if r is nil
	pos   int    // of the cursor in buf
	base  int64  // offset of buf[0] in the input
	r     io.Reader
	err   error // of r, kept until the window is empty
	keep  bool  // slices handed out stay valid: a window is used once
	held  bool  // some of this window were handed out so
	stuck bool  // r said that it can seek and cannot, as a pipe in an os.File
	// scratch holds long values between two calls where keep is not set.
	scratch []byte
}

func (s *source) offset() int64 { return s.base + int64(s.pos) }

// peek returns the next n bytes, or fewer where the input ends.
func (s *source) peek(n int) []byte {
	if len(s.buf)-s.pos < n && s.r != nil {
		s.fill(n)
	}
	return s.buf[s.pos:min(s.pos+n, len(s.buf))]
}

// fill makes n bytes available, n no larger than ReadAhead, or sets err.
func (s *source) fill(n int) {
	if s.err != nil {
		return
	}
	if cap(s.buf)-s.pos < n || s.buf == nil {
		s.slide()
	}
	for empty := 0; len(s.buf)-s.pos < n && s.err == nil; {
		m, err := s.r.Read(s.buf[len(s.buf):cap(s.buf)])
		if m < 0 || m > cap(s.buf)-len(s.buf) {
			m, err = 0, errors.New("dicom: reader returned an impossible count")
		}
		s.buf = s.buf[:len(s.buf)+m]
		s.err = err
		if empty++; m > 0 {
			empty = 0
		}
		if empty == maxEmptyReads && err == nil {
			s.err = io.ErrNoProgress
		}
	}
}

// slide moves the rest of the window to the front of an empty one.
func (s *source) slide() {
	next := s.buf[:0]
	if s.keep || s.held || cap(next) < ReadAhead {
		next = make([]byte, 0, ReadAhead)
	}
	s.held = s.keep
	next = append(next, s.buf[s.pos:]...)
	s.base += int64(s.pos)
	s.buf, s.pos = next, 0
}

// readErr is why a peek came back short.
func (s *source) readErr() error {
	if s.err == nil || s.err == io.EOF {
		return truncated
	}
	return s.err
}

// ended says that a short peek met the end of the input, and no error.
func (s *source) ended() bool { return s.r == nil || s.err == io.EOF }

// take returns the next n bytes and moves past them. A claimed length costs
// no more memory than twice what really arrives.
func (s *source) take(n int64) ([]byte, error) {
	if n <= int64(len(s.buf)-s.pos) || s.r != nil && n <= ReadAhead/2 {
		b := s.peek(int(n))
		s.pos += len(b)
		if int64(len(b)) < n {
			return nil, s.readErr()
		}
		return b[:n:n], nil
	}
	if s.r == nil {
		return nil, truncated
	}
	return s.takeLong(n)
}

// takeLong reads a value that does not fit the window, in growing chunks.
func (s *source) takeLong(n int64) ([]byte, error) {
	out := s.scratch[:0]
	if s.keep {
		out = nil
	}
	for int64(len(out)) < n {
		if len(out) == cap(out) {
			grown := make([]byte, len(out), min(n, max(firstChunk, 2*int64(len(out)))))
			copy(grown, out)
			out = grown
		}
		m, err := s.read(out[len(out):min(int64(cap(out)), n)])
		out = out[:len(out)+m]
		if err != nil {
			return nil, err
		}
	}
	if !s.keep {
		s.scratch = out
	}
	return out, nil
}

// read fills p from the window and then from the stream.
func (s *source) read(p []byte) (int, error) {
	n := copy(p, s.buf[s.pos:])
	s.pos += n
	if n == len(p) {
		return n, nil
	}
	if s.r == nil || s.err != nil {
		return n, s.readErr()
	}
	m, err := io.ReadFull(s.r, p[n:])
	s.base += int64(m)
	if err == io.EOF {
		err = truncated
	}
	return n + m, err
}

// discard moves past n bytes: where r is an io.Seeker without reading them.
func (s *source) discard(n int64) error {
	for n > 0 {
		if s.pos == len(s.buf) && s.r != nil {
			if n > seekFrom {
				n -= s.seek(n - 1)
			}
			s.peek(1)
		}
		m := min(n, int64(len(s.buf)-s.pos))
		if m == 0 {
			return s.readErr()
		}
		s.pos += int(m)
		n -= m
	}
	return nil
}

// seek moves past n bytes if r can, and returns how many it passed: n or none.
// Seeking past the end is no error, so whoever seeks must then read a byte of
// what ought to be there. The window is empty.
func (s *source) seek(n int64) int64 {
	r, ok := s.r.(io.Seeker)
	if !ok || s.stuck || s.err != nil {
		return 0
	}
	at, err := r.Seek(0, io.SeekCurrent)
	if err == nil && at <= math.MaxInt64-n {
		var to int64
		if to, err = r.Seek(n, io.SeekCurrent); err == nil && to == at+n {
			s.base += n
			return n
		}
	}
	if s.stuck = true; err == nil { // it went elsewhere: nothing that follows can be right
		s.err = errors.New("dicom: reader seeks to an impossible place")
	}
	return 0
}
