package dicomweb

import (
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// out is the body of an answer. It moves the deadline for writing as long as the
// peer reads: a client that stops holds nothing for longer than Limits.Idle.
type out struct {
	pools *pools
	w     http.ResponseWriter
	rc    *http.ResponseController
	idle  time.Duration
	moved time.Time
	n     int64
}

func (x *exchange) out() *out {
	return &out{pools: x.pools, w: x.w, rc: http.NewResponseController(x.w), idle: x.lim.Idle}
}

// Write writes to the peer.
func (o *out) Write(b []byte) (int, error) {
	o.touch()
	n, err := o.w.Write(b)
	o.n += int64(n)
	return n, err
}

// touch moves the deadline. Who answers after a long while, as of a body that took
// its time to come, or without a body calls it first.
func (o *out) touch() {
	if now := time.Now(); o.idle < forever && now.Sub(o.moved) > o.idle/8 {
		o.moved = now
		o.rc.SetWriteDeadline(now.Add(o.idle)) // a recorder of a test has none
	}
}

// forever is a limit that is off.
const forever = 1 << 62

// copyN copies n bytes in large pieces.
func (o *out) copyN(r io.Reader, n int64) error {
	buf := o.pools.copies.Get().(*[]byte)
	defer o.pools.copies.Put(buf)
	for n > 0 {
		m, err := io.ReadFull(r, (*buf)[:min(n, int64(len(*buf)))])
		if err != nil {
			return unexpected(err)
		}
		if _, err := o.Write((*buf)[:m]); err != nil {
			return &goneError{err}
		}
		n -= int64(m)
	}
	return nil
}

// goneError says that the peer did not take what it asked for.
type goneError struct{ err error }

func (e *goneError) Error() string { return "dicomweb: the peer stopped reading: " + e.err.Error() }
func (e *goneError) Unwrap() error { return e.err }

// copyBytes is what is written at once: a DICOM slice in two writes.
const copyBytes = 256 << 10

// keptBytes is the largest buffer that is kept for the next request.
const keptBytes = 1 << 20

// pools are the buffers of a Handler between requests.
type pools struct{ copies, buffers, gzips sync.Pool }

func newPools() *pools {
	p := new(pools)
	p.copies.New = func() any { b := make([]byte, copyBytes); return &b }
	p.buffers.New = func() any { b := make([]byte, 0, 64<<10); return &b }
	p.gzips.New = func() any { z, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed); return z }
	return p
}

func (p *pools) buffer() *[]byte { return p.buffers.Get().(*[]byte) }

func (p *pools) putBuffer(b *[]byte) {
	if cap(*b) <= keptBytes {
		p.buffers.Put(b)
	}
}

func (p *pools) gzip(w io.Writer) *gzip.Writer {
	z := p.gzips.Get().(*gzip.Writer)
	z.Reset(w)
	return z
}

func (p *pools) putGzip(z *gzip.Writer) {
	z.Reset(io.Discard)
	p.gzips.Put(z)
}
