package probe_test

import (
	"fmt"
	"net"
	"net/http/httptest"
	"net/netip"
	"testing"

	"github.com/leadglass/leadglass/internal/probe/probetest"
)

// late holds its first connection without a word, as a server does that cannot
// keep up with handshakes.
type late struct {
	net.Listener
	held net.Conn
}

func (l *late) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err == nil && l.held == nil {
		l.held = c
		return l.Listener.Accept()
	}
	return c, err
}

// TestOpenSite_LateHandshake: Go's server says in HTTP that it wants HTTPS; a
// first handshake that was given up must not make a plain web service of it.
func TestOpenSite_LateHandshake(t *testing.T) {
	l := &late{Listener: listen443(t)}
	w := httptest.NewUnstartedServer(status(404))
	w.Listener.Close() // ours takes its place
	w.Listener = l
	w.StartTLS()
	t.Cleanup(func() {
		w.Close()
		if l.held != nil {
			l.held.Close()
		}
	})
	at := netip.MustParseAddrPort(l.Addr().String())
	s, class, err := probetest.NewAsker(probetest.NewNetwork()).OpenSite(limited(t), target(at))
	if err != nil || s == nil {
		t.Fatalf("no site but %q, %v", class, err)
	}
	defer s.Close()
	if !s.Facts.HTTPS || s.Facts.Status != 404 {
		t.Errorf("https %v, status %d; want HTTPS and 404", s.Facts.HTTPS, s.Facts.Status)
	}
}

// listen443 listens on a free port that ends in 443.
func listen443(t *testing.T) net.Listener {
	t.Helper()
	for port := 10443; port < 32000; port += 1000 {
		if l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			return l
		}
	}
	t.Skip("no port that ends in 443 is free")
	return nil
}
