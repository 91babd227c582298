package probe

import (
	"net"
	"sync/atomic"

	"github.com/leadglass/leadglass/dimse"
)

// drain is a connection that brings no more than a limit once a question was
// cancelled: answers may be many and short or few and long.
type drain struct {
	net.Conn
	limit int64
	left  atomic.Int64 // negative: no limit, which begins with cancel
}

func newDrain(c net.Conn, limit int) *drain {
	d := &drain{Conn: c, limit: int64(limit)}
	d.lift()
	return d
}

func (d *drain) lift() { d.left.Store(-1) }

// cancel is what the callback of a C-FIND returns to end it.
func (d *drain) cancel() error {
	d.left.CompareAndSwap(-1, d.limit)
	return dimse.ErrCancel
}

func (d *drain) Read(p []byte) (int, error) {
	left := d.left.Load()
	switch {
	case left < 0:
		return d.Conn.Read(p)
	case left == 0:
		return 0, &LimitError{"drain_bytes", d.limit}
	}
	n, err := d.Conn.Read(p[:min(int64(len(p)), left)])
	d.left.CompareAndSwap(left, left-int64(n))
	return n, err
}
