package survey

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
)

// knock connects once to each port of a host and says no word, so that the many
// addresses where nobody is cost one packet a port and no examination. It
// returns how many ports are open; the others it remembers as dead, and nobody
// asks them again. An error means that the run ended.
func (d *door) knock(ctx context.Context) (open int, err error) {
	ports := portsOf(d.host)
	errs := make([]error, len(ports))
	if len(ports) == 1 {
		errs[0] = d.knockPort(ctx, ports[0])
	} else {
		var all sync.WaitGroup
		for i, p := range ports {
			all.Go(func() { errs[i] = d.knockPort(ctx, p) })
		}
		all.Wait()
	}
	if ctx.Err() != nil {
		return 0, ctx.Err()
	}
	d.dead = map[uint16]error{}
	if len(ports) > 1 && slices.Contains(errs, nil) {
		d.knockAgain(ctx, ports, errs)
	}
	for i, p := range ports {
		if errs[i] != nil {
			d.dead[p] = errs[i]
		}
	}
	return len(ports) - len(d.dead), nil
}

// knockAgain knocks once more on the silent ports of a host that is alive: a
// SYN can be lost, twice where a line is full.
func (d *door) knockAgain(ctx context.Context, ports []uint16, errs []error) {
	var all sync.WaitGroup
	for i, p := range ports {
		if errs[i] != nil && silence(errs[i]) == probe.Timeout {
			all.Go(func() { errs[i] = d.knockPort(ctx, p) })
		}
	}
	all.Wait()
}

func (d *door) knockPort(ctx context.Context, port uint16) error {
	to, err := d.permitted("tcp", addressOf(d.host, port))
	if err != nil {
		return err
	}
	if err := d.wait(ctx); err != nil {
		return err
	}
	if err := d.run.slots.Acquire(ctx, 1); err != nil {
		return err
	}
	keeps := false
	defer func() {
		if !keeps {
			d.run.slots.Release(1)
		}
	}()
	c, err := d.run.connect(ctx, to)
	if err != nil {
		return err
	}
	// With one port nobody waits for another connection while this one is held.
	if keeps = len(d.host.DICOMPorts)+len(d.host.HTTPPorts) == 1; keeps {
		d.kept, d.keptAt = c, time.Now()
		return nil
	}
	c.Close() // nothing was sent
	return nil
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
