package survey_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

// load makes a scope of the targets given, valid now, as fast as it goes.
func load(t testing.TB, targets string) *scope.Scope {
	t.Helper()
	return loadUntil(t, targets, time.Now().Add(time.Hour))
}

func loadUntil(t testing.TB, targets string, to time.Time) *scope.Scope {
	t.Helper()
	name := filepath.Join(t.TempDir(), "scope.toml")
	text := fmt.Sprintf(`[authorisation]
organisation = "Test"
contact = "test@example.org"
reference = "none"
valid_from = %s
valid_to = %s
[targets]
%s
[limits]
per_host_rate = -1
total_rate = -1
connections = 512
`, time.Now().Add(-time.Hour).Format(time.RFC3339), to.Format(time.RFC3339Nano), targets)
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scope.Load(name, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// examiner is an examiner of function fields; asked counts its hosts.
type examiner struct {
	examine func(context.Context, scope.Host, *probe.Network) (*survey.Found, error)

	mu    sync.Mutex // covers asked
	asked map[netip.Addr]int
}

func (e *examiner) Examine(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
	e.mu.Lock()
	if e.asked == nil {
		e.asked = map[netip.Addr]int{}
	}
	e.asked[h.Addr]++
	e.mu.Unlock()
	if e.examine == nil {
		return found(h), nil
	}
	return e.examine(ctx, h, n)
}

func (e *examiner) count() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.asked)
}

// found is one system at the first port of a host.
func found(h scope.Host) *survey.Found {
	port := append(append([]uint16{}, h.DICOMPorts...), h.HTTPPorts...)[0]
	return &survey.Found{
		Systems: []report.System{{Address: netip.AddrPortFrom(h.Addr, port).String(), Class: string(probe.AcceptsAnyone), Exposures: []string{}}},
		Answers: map[probe.Class]int64{probe.AcceptsAnyone: 1},
	}
}

// dialer is a network in memory: it counts, and connects to who is there.
type dialer struct {
	there func(netip.AddrPort) bool

	dials atomic.Int64
	mu    sync.Mutex // covers to
	to    map[netip.AddrPort]int
}

func (d *dialer) dial(ctx context.Context, _, address string) (net.Conn, error) {
	d.dials.Add(1)
	to := netip.MustParseAddrPort(address)
	d.mu.Lock()
	if d.to == nil {
		d.to = map[netip.AddrPort]int{}
	}
	d.to[to]++
	d.mu.Unlock()
	if d.there == nil || !d.there(to) {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	a, b := net.Pipe()
	go func() { // ends when a is closed
		defer b.Close()
		buffer := make([]byte, 64)
		for {
			if _, err := b.Read(buffer); err != nil {
				return
			}
		}
	}()
	return a, nil
}

func (d *dialer) hosts() map[netip.Addr]int {
	d.mu.Lock()
	defer d.mu.Unlock()
	all := map[netip.Addr]int{}
	for to, n := range d.to {
		all[to.Addr()] += n
	}
	return all
}

func always(netip.AddrPort) bool { return true }

// noLookup fails the test when a name is looked up.
func noLookup(t testing.TB) func(context.Context, string, string) ([]netip.Addr, error) {
	return func(_ context.Context, _, name string) ([]netip.Addr, error) {
		t.Errorf("looked %q up", name)
		return nil, fmt.Errorf("no such name")
	}
}

// diagnostics collects text.
type diagnostics struct {
	mu sync.Mutex // covers b
	b  bytes.Buffer
}

func (d *diagnostics) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.Write(p)
}

func (d *diagnostics) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.b.String()
}

func (d *diagnostics) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(d, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// run runs and wants no error.
func run(t testing.TB, ctx context.Context, cfg survey.Config) *report.Survey {
	t.Helper()
	s, err := survey.Run(ctx, cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
