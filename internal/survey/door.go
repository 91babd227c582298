package survey

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/time/rate"

	"github.com/leadglass/leadglass/internal/scope"
)

// door is the only way to one host. It refuses what is not in scope, whoever
// asks for it (a redirect of a server, say), and waits for the caps.
type door struct {
	run   *run
	ctx   context.Context // of the host's time; ends with the run
	until time.Time
	host  scope.Host
	rate  *rate.Limiter
	dead  map[uint16]error // ports that did not connect, by the knock; then only read
	bytes atomic.Int64     // read

	mu sync.Mutex // covers the rest
	// credit counts pauses that no dial has used, refund those that a dial needed
	// not, since it sent nothing.
	credit, refund int
	reserved       int // connections set aside that are free
	open           map[*conn]struct{}
	shut           bool
	kept           net.Conn // of the knock, for the first dial; it has a slot until some are set aside
	keptAt         time.Time
}

func (r *run) newDoor(ctx context.Context, h scope.Host) *door {
	return &door{run: r, ctx: ctx, host: h, rate: limiter(r.rates.PerHostRate)}
}

// limiter allows a tenth of a second's requests at once. A negative rate is none.
func limiter(perSecond float64) *rate.Limiter {
	if perSecond < 0 {
		return rate.NewLimiter(rate.Inf, 1)
	}
	return rate.NewLimiter(rate.Limit(perSecond), max(1, int(min(perSecond/10, 1e6))))
}

// pause waits until one more request may be sent.
func (d *door) pause(ctx context.Context) error {
	d.mu.Lock()
	free := d.refund > 0
	if free {
		d.refund--
	}
	d.mu.Unlock()
	if !free {
		if err := d.wait(ctx); err != nil {
			return err
		}
	}
	d.mu.Lock()
	d.credit = min(d.credit+1, portsAtOnce)
	d.mu.Unlock()
	return ctx.Err()
}

func (d *door) wait(ctx context.Context) error {
	if err := d.rate.Wait(ctx); err != nil {
		return fmt.Errorf("survey: waiting for the rate of a host: %w", err)
	}
	if err := d.run.rate.Wait(ctx); err != nil {
		return fmt.Errorf("survey: waiting for the rate of all: %w", err)
	}
	return nil
}

// dial connects to a port of the host. Its waits are for our own caps, so they
// end with the host's time and not with the patience of ctx for the target.
func (d *door) dial(ctx context.Context, network, address string) (net.Conn, error) {
	to, err := d.permitted(network, address)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if err, dead := d.dead[to.Port()]; dead {
		d.giveBack()
		return nil, err
	}
	if !d.takeCredit() {
		if err := d.wait(d.ctx); err != nil {
			return nil, err
		}
	}
	release, err := d.slot()
	if err != nil {
		return nil, err
	}
	if c := d.fresh(); c != nil {
		return d.wrap(c, release)
	}
	c, err := d.run.connect(d.ctx, to)
	if err != nil {
		release()
		return nil, err
	}
	return d.wrap(c, release)
}

// permitted checks that an address is of this host and in scope.
func (d *door) permitted(network, address string) (netip.AddrPort, error) {
	to, err := netip.ParseAddrPort(address)
	if err != nil || network != "tcp" && network != "tcp4" && network != "tcp6" {
		return to, fmt.Errorf("survey: dialling %s %q: only TCP to an address and port", network, address)
	}
	if to.Addr().Unmap() != d.host.Addr {
		return to, &scope.RefusedError{Addr: to, Why: "another host than the one that is asked"}
	}
	return to, d.run.targets.Permits(to)
}

func (d *door) takeCredit() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.credit == 0 {
		return false
	}
	d.credit--
	return true
}

// giveBack turns the pause before a dial that sends nothing into the next one's.
func (d *door) giveBack() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.credit > 0 {
		d.credit--
		d.refund++
	}
}

// slot waits for one of the connections that may be open, first of those that
// are set aside for this host.
func (d *door) slot() (release func(), err error) {
	d.mu.Lock()
	own := d.reserved > 0
	if own {
		d.reserved--
	}
	d.mu.Unlock()
	if own {
		return func() { d.mu.Lock(); d.reserved++; d.mu.Unlock() }, nil
	}
	if err := d.run.slots.Acquire(d.ctx, 1); err != nil {
		return nil, fmt.Errorf("survey: waiting for a connection: %w", err)
	}
	return func() { d.run.slots.Release(1) }, nil
}

func (d *door) wrap(c net.Conn, release func()) (net.Conn, error) {
	w := &conn{Conn: c, door: d, release: release}
	d.mu.Lock()
	shut := d.shut
	if !shut {
		d.open[w] = struct{}{}
	}
	d.mu.Unlock()
	if shut {
		c.Close() // nothing was sent
		release()
		return nil, fmt.Errorf("survey: dialling: %w", context.Cause(d.ctx))
	}
	return w, w.SetDeadline(time.Time{})
}

// close closes all connections, for good.
func (d *door) close() {
	d.mu.Lock()
	d.shut = true
	open := make([]*conn, 0, len(d.open))
	for c := range d.open {
		open = append(open, c)
	}
	d.mu.Unlock()
	if c := d.take(); c != nil {
		c.Close() // nothing was sent
	}
	for _, c := range open {
		c.Close() // the host is done with
	}
}

// connect makes a connection.
func (r *run) connect(ctx context.Context, to netip.AddrPort) (c net.Conn, err error) {
	err = r.spared(ctx, func() error {
		dctx, cancel := context.WithTimeout(ctx, r.cfg.Limits.Connect)
		defer cancel()
		c, err = r.cfg.dial(dctx, "tcp", to.String())
		return err
	})
	return c, err
}

// spared calls attempt again while this machine has no more files or ports, and
// waits for some in between: that is not the target's fault.
func (r *run) spared(ctx context.Context, attempt func() error) error {
	for wait := 10 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := attempt()
		if err == nil || !exhausted(err) {
			return err
		}
		r.knocker.spare()
		r.scarce.Do(func() { r.cfg.Diagnostics.Warn("this machine is short of files or ports", "error", err) })
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

func exhausted(err error) bool {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM, syscall.EADDRNOTAVAIL, syscall.EAGAIN} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
