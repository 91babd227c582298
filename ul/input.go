package ul

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// input reads the connection through one buffer, under deadlines. The buffer
// grows with what has arrived, never with what a length field claims.
type input struct {
	conn net.Conn
	lim  *Limits
	ack  func() // see Assoc.Acknowledge; nil where there is nothing to do
	buf  []byte
	r, w int  // buf[r:w] is read and not yet taken
	bulk bool // the last read filled the buffer

	budget time.Duration // what is left of Limits.Read for the PDU at hand
	total  time.Time     // the end of the association

	// by is a moment that no read waits past, in nanoseconds since 1970; zero
	// is none. Any goroutine may set it with expire.
	by atomic.Int64

	// served is when the last request was answered, in nanoseconds since 1970,
	// or serving. Any goroutine may set it, see Busy.
	served atomic.Int64
}

const serving = 1<<63 - 1

// expire lets no read wait past t, the one under way included.
func (in *input) expire(t time.Time) {
	n := t.UnixNano()
	for {
		by := in.by.Load()
		if by != 0 && by <= n {
			n = by
		} else if !in.by.CompareAndSwap(by, n) {
			continue
		}
		// The error would be of a closed connection, which the read reports.
		_ = in.conn.SetReadDeadline(time.Unix(0, n))
		if in.by.Load() == n {
			return
		}
	}
}

// header waits for the header of a PDU. As soon as the first byte cannot be
// the type of one it returns with length zero, whatever else is missing.
func (in *input) header() (PDUType, uint32, error) {
	in.budget = in.lim.Read
	b, err := in.need(1, in.w == in.r)
	if err != nil {
		return 0, 0, err
	}
	if t := PDUType(b[0]); eventOf(t) == Evt19 {
		return t, 0, nil
	}
	if b, err = in.need(headerBytes, false); err != nil {
		return 0, 0, err
	}
	t, n := PDUType(b[0]), binary.BigEndian.Uint32(b[2:])
	return t, n, nil
}

// need waits until n bytes are buffered and shows them. idle says that no PDU
// has begun.
func (in *input) need(n int, idle bool) ([]byte, error) {
	for in.w-in.r < n {
		in.room(n)
		if err := in.fill(idle); err != nil {
			return nil, err
		}
		idle = false
	}
	return in.buf[in.r : in.r+n : in.r+n], nil
}

func (in *input) buffered() int { return in.w - in.r }

func (in *input) skip(n int) { in.r += n }

// discard throws n bytes away as they come.
func (in *input) discard(n int64) error {
	for {
		k := min(n, int64(in.buffered()))
		in.skip(int(k))
		if n -= k; n == 0 {
			return nil
		}
		if _, err := in.need(1, false); err != nil {
			return err
		}
	}
}

// prefix copies up to 64 of the bytes that wait.
func (in *input) prefix() []byte {
	return cloned(in.buf[in.r:min(in.w, in.r+64)])
}

// room makes space behind the buffered bytes. The buffer doubles when a read
// has filled it, up to its limit or to n.
func (in *input) room(n int) {
	limit := max(int(in.lim.Buffer), n)
	size, held := len(in.buf), in.w-in.r
	switch {
	case size == 0:
		in.resize(startBuffer)
	case held == 0 && size > limit:
		in.resize(limit)
	case in.bulk && size < limit:
		in.resize(min(2*size, limit))
	case held == 0:
		in.r, in.w = 0, 0
	case in.w == size:
		copy(in.buf, in.buf[in.r:in.w])
		in.r, in.w = 0, held
	}
}

func (in *input) resize(size int) {
	buf := make([]byte, size)
	in.w = copy(buf, in.buf[in.r:in.w])
	in.buf, in.r, in.bulk = buf, 0, false
}

// apart goes on in another buffer: whoever reads the association may be looking
// at a piece in this one while somebody else aborts it.
func (in *input) apart() { in.resize(max(startBuffer, in.buffered())) }

// fill reads once. Silence is no breach while a request is served, and for
// Limits.Idle after that.
func (in *input) fill(idle bool) error {
	since := time.Now()
	for {
		err := in.read(since, idle)
		if err == nil || !idle {
			return err
		}
		var over *LimitError
		if !errors.As(err, &over) || over.Name != limitIdle || !in.excused(&since) {
			return err
		}
	}
}

// excused moves the beginning of a silence behind the request that was served
// in it. It returns false where there was none.
func (in *input) excused(since *time.Time) bool {
	served := in.served.Load()
	if served == serving {
		*since = time.Now()
		return true
	}
	if answered := time.Unix(0, served); answered.After(*since) {
		*since = answered
		return true
	}
	return false
}

// read reads once, or runs out of time since start.
func (in *input) read(start time.Time, idle bool) error {
	if !idle && !in.bulk && in.ack != nil {
		in.ack() // the rest of a PDU may wait for it
	}
	until, breach := in.patience(start, idle)
	for {
		by := in.by.Load()
		if t := time.Unix(0, by); by != 0 && t.Before(until) {
			until, breach = t, LimitError{} // named by whoever set it
		}
		if err := in.conn.SetReadDeadline(until); err != nil {
			return err
		}
		if in.by.Load() == by {
			break
		}
	}
	n, err := in.conn.Read(in.buf[in.w:])
	in.w += n
	in.bulk = in.w == len(in.buf)
	if !idle {
		in.budget -= time.Since(start)
	}
	switch {
	case n > 0:
		return nil
	case err == nil:
		return io.ErrNoProgress
	case errors.Is(err, os.ErrDeadlineExceeded) && breach.Name != "":
		return &LimitError{breach.Name, breach.Limit}
	}
	return err
}

// patience says until when to wait and which limit that is.
func (in *input) patience(now time.Time, idle bool) (time.Time, LimitError) {
	wait, breach := in.budget, LimitError{limitRead, int64(in.lim.Read)}
	if idle {
		wait, breach = in.lim.Idle, LimitError{limitIdle, int64(in.lim.Idle)}
	}
	until := now.Add(wait)
	if in.total.Before(until) {
		return in.total, LimitError{limitTotal, int64(in.lim.Total)}
	}
	return until, breach
}
