package origin

import (
	"context"
	"crypto/tls"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/limit"
)

// Server returns a server of the handler whose limits are those of the handler's.
// A nil configuration of TLS is plain HTTP. Whoever serves wraps the listener in
// Bounded.
func (h *Handler) Server(t *tls.Config) *http.Server {
	s := &http.Server{
		Handler:           h,
		TLSConfig:         t,
		ReadHeaderTimeout: clip(h.lim.HeaderTime),
		IdleTimeout:       clip(h.lim.IdleTime),
		MaxHeaderBytes:    min(h.lim.HeaderBytes, 1<<30),
		// An answer moves this deadline as long as the peer reads.
		WriteTimeout: time.Minute,
		ErrorLog:     log.New(quiet{}, "", 0),
		ConnState:    h.closed,
	}
	if h.c.Diagnostics != nil {
		s.ErrorLog = slog.NewLogLogger(h.c.Diagnostics.Handler(), slog.LevelDebug)
	}
	return s
}

// closed records a connection whose TLS handshake came to nothing: package http does
// not tell anybody else.
func (h *Handler) closed(c net.Conn, state http.ConnState) {
	t, ok := c.(*tls.Conn)
	if !ok || state != http.StateClosed || t.ConnectionState().HandshakeComplete {
		return
	}
	if err := t.Handshake(); !ca.IsHandshake(err) { // the error that it had, or that it is closed
		return
	}
	_ = h.refused.Refuse(context.Background(), guard.SignIn{
		Peer:  &leadglass.Peer{Kind: leadglass.Device, Address: addressOf(c.RemoteAddr().String())},
		Route: leadglass.Web, Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.NoIdentity,
	})
}

// clip makes of a limit that is off one that package http takes for none.
func clip(d time.Duration) time.Duration {
	if d > 1<<60 {
		return -1
	}
	return d
}

type quiet struct{}

func (quiet) Write(b []byte) (int, error) { return len(b), nil }

// Bounded returns a listener that has at most as many connections at once as the
// limits say, in all and of one address. Those past it are closed as they come.
func (h *Handler) Bounded(l net.Listener) net.Listener {
	return &bounded{Listener: l, lim: h.lim, of: map[netip.Prefix]int{}}
}

type bounded struct {
	net.Listener
	lim Limits

	mu  sync.Mutex // covers what follows
	all int
	of  map[netip.Prefix]int
}

// Accept returns the next connection that is within the limits.
func (b *bounded) Accept() (net.Conn, error) {
	for {
		c, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if p := limit.Site(addressOf(c.RemoteAddr().String()).Addr()); b.take(p) {
			return &held{Conn: c, free: sync.OnceFunc(func() { b.release(p) })}, nil
		}
		c.Close()
	}
}

func (b *bounded) take(p netip.Prefix) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all >= b.lim.Connections || b.of[p] >= b.lim.PerAddress {
		return false
	}
	b.all++
	b.of[p]++
	return true
}

func (b *bounded) release(p netip.Prefix) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all--
	if b.of[p]--; b.of[p] == 0 {
		delete(b.of, p)
	}
}

// held is a connection that counts until it is closed.
type held struct {
	net.Conn
	free func()
}

func (c *held) Close() error {
	c.free()
	return c.Conn.Close()
}
