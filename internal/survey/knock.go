package survey

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
)

// begin knocks at a host and asks it when somebody opens. Then, or when nobody
// does, or the run ends, it calls done once: with nil where the run ended before
// the host was done with, and in any case within the host's time and the grace.
// It returns when the first knock is under way, and holds up whoever calls it
// for as long as the caps want it.
func (r *run) begin(ctx context.Context, h scope.Host, done func(*Found)) {
	d := r.newDoor(ctx, h)
	ports := portsOf(h)
	if len(ports) != 1 {
		go func() { done(r.several(ctx, d, ports)) }() // ends with the host's time or ctx
		return
	}
	d.knockPort(ctx, ports[0], func(c net.Conn, err error) {
		switch {
		case err == nil:
			// Nobody waits for another connection of this host while this one is held.
			d.kept, d.keptAt = c, time.Now()
			go func() { done(r.ask(ctx, d, 1)) }() // ends with the host's time or ctx
		case ctx.Err() != nil:
			done(nil)
		default:
			done(&Found{Answers: map[probe.Class]int64{silence(err): 1}})
		}
	})
}

// several knocks at a host of several ports and asks it if one opens.
func (r *run) several(ctx context.Context, d *door, ports []uint16) *Found {
	open := d.knock(ctx, ports)
	switch {
	case ctx.Err() != nil:
		return nil
	case open == 0:
		return &Found{Answers: d.deadAnswers()}
	}
	return r.ask(ctx, d, open)
}

// knock connects once to each port of a host and says no word, so that the many
// addresses where nobody is cost one packet a port and no examination. It
// returns how many ports are open; the others it remembers as dead, and nobody
// asks them again.
func (d *door) knock(ctx context.Context, ports []uint16) (open int) {
	errs := make([]error, len(ports))
	d.knockAt(ctx, ports, errs, func(int) bool { return true })
	if slices.Contains(errs, nil) {
		// A SYN can be lost, twice where a line is full: the silent ports of a host
		// that is alive are knocked at once more.
		d.knockAt(ctx, ports, errs, func(i int) bool { return errs[i] != nil && silence(errs[i]) == probe.Timeout })
	}
	d.dead = map[uint16]error{}
	for i, p := range ports {
		if errs[i] != nil {
			d.dead[p] = errs[i]
		}
	}
	return len(ports) - len(d.dead)
}

// knockAt knocks at those ports that are chosen and waits for all of them.
func (d *door) knockAt(ctx context.Context, ports []uint16, errs []error, chosen func(i int) bool) {
	var all sync.WaitGroup
	for i, p := range ports {
		if !chosen(i) {
			continue
		}
		all.Add(1)
		d.knockPort(ctx, p, func(c net.Conn, err error) {
			if c != nil {
				c.Close() // nothing was sent
				d.run.slots.Release(1)
			}
			errs[i] = err
			all.Done()
		})
	}
	all.Wait()
}

// knockPort waits for the caps and connects. A connection that it tells of has a
// slot.
func (d *door) knockPort(ctx context.Context, port uint16, tell func(net.Conn, error)) {
	to := netip.AddrPortFrom(d.host.Addr, port)
	if err := d.run.targets.Permits(to); err != nil {
		tell(nil, err)
		return
	}
	if err := d.wait(ctx); err != nil {
		tell(nil, err)
		return
	}
	if err := d.run.slots.Acquire(ctx, 1); err != nil {
		tell(nil, err)
		return
	}
	d.run.knocker.start(to, func(c net.Conn, err error) {
		if err != nil {
			d.run.slots.Release(1)
		}
		tell(c, err)
	})
}

// Kept connections are used while they are fresh: a peer that is kept waiting
// ends them.
const freshFor = 500 * time.Millisecond

// take returns the connection of the knock, once, nil where there is none.
func (d *door) take() net.Conn {
	d.mu.Lock()
	defer d.mu.Unlock()
	c := d.kept
	d.kept = nil
	return c
}

// fresh is take where the connection may still be used.
func (d *door) fresh() net.Conn {
	c := d.take()
	if c != nil && time.Since(d.keptAt) > freshFor {
		c.Close() // nothing was sent
		return nil
	}
	return c
}

// portsOf lists the ports of a host, each once.
func portsOf(h scope.Host) []uint16 {
	all := slices.Clone(h.DICOMPorts)
	for _, p := range h.HTTPPorts {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// silence is the class of a port that no connection could be made to, as an
// Examiner would say of the same error.
func silence(err error) probe.Class {
	n, ok := errors.AsType[net.Error](err)
	if ok && n.Timeout() || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) {
		return probe.Timeout
	}
	return probe.Closed
}

// deadAnswers counts the classes of the dead ports.
func (d *door) deadAnswers() map[probe.Class]int64 {
	all := map[probe.Class]int64{}
	for _, err := range d.dead {
		all[silence(err)]++
	}
	return all
}
