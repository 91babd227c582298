package probe

import (
	"net"
	"sync/atomic"

	"github.com/leadglass/leadglass/dimse"
)

// bound is a connection that brings no more than a limit from some moment on:
// what comes after a question was cancelled may be many answers or long ones,
// and what comes in a handshake is nobody's business to draw out.
type bound struct {
	net.Conn
	name  string // of the limit
	limit int64
	left  atomic.Int64 // negative: no limit, which begins with begin
}

func newBound(c net.Conn, name string, limit int) *bound {
	b := &bound{Conn: c, name: name, limit: int64(limit)}
	b.lift()
	return b
}

func (b *bound) lift() { b.left.Store(-1) }

func (b *bound) begin() { b.left.CompareAndSwap(-1, b.limit) }

// cancel is what the callback of a C-FIND returns to end it.
func (b *bound) cancel() error {
	b.begin()
	return dimse.ErrCancel
}

func (b *bound) Read(p []byte) (int, error) {
	left := b.left.Load()
	switch {
	case left < 0:
		return b.Conn.Read(p)
	case left == 0:
		return 0, &LimitError{b.name, b.limit}
	}
	n, err := b.Conn.Read(p[:min(int64(len(p)), left)])
	b.left.CompareAndSwap(left, left-int64(n))
	return n, err
}
