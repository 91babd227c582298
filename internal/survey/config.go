package survey

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
)

// HostExaminer asks one host everything that it may; Examiner does. It may be
// called by several at once.
type HostExaminer interface {
	Examine(ctx context.Context, h scope.Host, n *probe.Network) (*Found, error)
}

// Config is what a run needs. Scope and Examiner are required.
type Config struct {
	Scope    *scope.Scope
	Examiner HostExaminer
	// Dir is the folder of the checkpoint, "" keeps none. It is made where it is
	// missing; what is in it must be of the same scope.
	Dir string
	// Resume continues the survey of Dir, if there is one.
	Resume bool
	// Discovery says that the examiner finds and identifies and asks no more.
	Discovery bool
	Tool      string // the program and its version
	Limits    Limits
	Now       func() time.Time
	// Diagnostics is nil to be silent. No patient data reaches it.
	Diagnostics *slog.Logger
	// Progress is called after each host, by one goroutine; nil for nobody.
	Progress func(Progress)
	// Lookup and Dial replace the resolver and the dialer of the system.
	Lookup func(ctx context.Context, network, host string) ([]netip.Addr, error)
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)

	// dial is Dial, or that of the system.
	dial   func(ctx context.Context, network, address string) (net.Conn, error)
	faults func(journal) journal // breaks the checkpoint in tests
}

// Progress is how far a run is.
type Progress struct {
	Hosts, Total uint64 // finished, of all
	Resumed      uint64 // of Hosts, how many an earlier run finished
	Systems      int
}

func (c Config) withDefaults() Config {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.NewTextHandler(io.Discard, nil))
	}
	if c.Lookup == nil {
		c.Lookup = net.DefaultResolver.LookupNetIP
	}
	if c.dial = c.Dial; c.dial == nil {
		c.dial = (&net.Dialer{KeepAlive: -1}).DialContext
	}
	if c.Progress == nil {
		c.Progress = func(Progress) {}
	}
	c.Limits = c.Limits.withDefaults()
	return c
}
