package origin

import (
	"net/netip"
	"sync"
	"time"

	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/limit"
)

// Limits bounds what peers can make us hold or wait for. The zero value is the
// safe default; a negative value switches a limit off.
type Limits struct {
	Web dicomweb.Limits // of one request

	HeaderBytes   int           // of one request
	HeaderTime    time.Duration // to send them, and for the handshake of TLS
	IdleTime      time.Duration // between two requests on a connection
	Connections   int           // in all
	PerAddress    int           // connections of one address
	Failures      int           // to sign in, of one address, before it waits
	FailureWindow time.Duration // after which one failure is forgotten
	Addresses     int           // whose failures are remembered
}

// The defaults.
const (
	// Go's own is 1 MiB; a path of 4 KiB, a query of 4 KiB and a token of 16 KiB
	// are the most that is of use.
	defaultHeaderBytes = 32 << 10
	// As nginx's client_header_timeout is at most advised to be for slow links.
	defaultHeaderTime = 20 * time.Second
	// As nginx's keepalive_timeout.
	defaultIdleTime = 75 * time.Second
	// A connection that idles costs about 20 KB with TLS: 40 MB.
	defaultConnections = 2048
	// A viewer opens 6 of HTTP/1.1; a proxy or a site behind one address more.
	defaultPerAddress = 256
	// A person mistypes three times; a program that does so ten times is broken.
	defaultFailures = 10
	// So that 14,400 passwords a day can be tried from one address at most. OWASP
	// advises to slow down, not to lock: a lock is a denial of service.
	defaultFailureWindow = 6 * time.Second
	// 100 bytes each: 1 MB.
	defaultAddresses = 10_000
)

func (l Limits) orDefault() Limits {
	return Limits{
		Web:           l.Web,
		HeaderBytes:   limit.Of(l.HeaderBytes, defaultHeaderBytes),
		HeaderTime:    limit.Of(l.HeaderTime, defaultHeaderTime),
		IdleTime:      limit.Of(l.IdleTime, defaultIdleTime),
		Connections:   limit.Of(l.Connections, defaultConnections),
		PerAddress:    limit.Of(l.PerAddress, defaultPerAddress),
		Failures:      limit.Of(l.Failures, defaultFailures),
		FailureWindow: limit.Of(l.FailureWindow, defaultFailureWindow),
		Addresses:     limit.Of(l.Addresses, defaultAddresses),
	}
}

// failures remembers who failed to sign in. An address that failed Failures times
// may try again once every FailureWindow.
type failures struct {
	lim Limits
	now func() time.Time

	mu    sync.Mutex // covers until
	until map[netip.Prefix]time.Time
}

func newFailures(lim Limits, now func() time.Time) *failures {
	return &failures{lim: lim, now: now, until: map[netip.Prefix]time.Time{}}
}

// may says whether an address may try.
func (f *failures) may(a netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.owed(limit.Site(a)) <= time.Duration(f.lim.Failures-1)*f.lim.FailureWindow
}

// owed is how long it takes until all failures of an address are forgotten.
func (f *failures) owed(p netip.Prefix) time.Duration { return max(0, f.until[p].Sub(f.now())) }

// add adds a failure.
func (f *failures) add(a netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	p := limit.Site(a)
	if _, ok := f.until[p]; !ok && len(f.until) >= f.lim.Addresses {
		f.forget()
	}
	f.until[p] = f.now().Add(f.owed(p) + f.lim.FailureWindow)
}

// forget makes room: those whose failures are forgotten go, and where there are
// none, all go. So many addresses at once are an attack that this cannot slow.
func (f *failures) forget() {
	now := f.now()
	for p, until := range f.until {
		if !until.After(now) {
			delete(f.until, p)
		}
	}
	if len(f.until) >= f.lim.Addresses {
		clear(f.until)
	}
}
