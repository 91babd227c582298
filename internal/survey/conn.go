package survey

import (
	"net"
	"sync"
	"time"
)

// conn is a connection to a host: its deadlines end with the host's time, what
// it reads counts, and closing it frees its slot.
type conn struct {
	net.Conn
	door    *door
	release func()
	once    sync.Once // covers release
}

func (c *conn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	limit := c.door.run.cfg.Limits.HostBytes
	if c.door.bytes.Add(int64(n)) > limit {
		c.Close() // the error below says why
		return 0, &LimitError{Name: "host bytes", Limit: limit}
	}
	return n, err
}

func (c *conn) Close() error {
	err := c.Conn.Close()
	c.once.Do(func() {
		c.door.mu.Lock()
		delete(c.door.open, c)
		c.door.mu.Unlock()
		c.release()
	})
	return err
}

func (c *conn) SetDeadline(t time.Time) error      { return c.Conn.SetDeadline(c.within(t)) }
func (c *conn) SetReadDeadline(t time.Time) error  { return c.Conn.SetReadDeadline(c.within(t)) }
func (c *conn) SetWriteDeadline(t time.Time) error { return c.Conn.SetWriteDeadline(c.within(t)) }

// within is t, or the end of the host's time where that comes first.
func (c *conn) within(t time.Time) time.Time {
	if until := c.door.until; t.IsZero() || !until.IsZero() && until.Before(t) {
		return until
	}
	return t
}
