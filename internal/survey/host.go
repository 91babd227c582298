package survey

import (
	"context"
	"errors"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
)

// ask asks a host that so many ports of are open.
func (r *run) ask(ctx context.Context, d *door, open int) *Found {
	reserve := min(int64(perPort*open), perPort*portsAtOnce, r.connections)
	if !r.setAside(ctx, d, reserve) {
		return nil
	}
	defer r.slots.Release(reserve)
	return r.examine(ctx, d, int(reserve), open)
}

// setAside takes so many connections for a host, its kept one among them. Where
// it has to wait it holds none meanwhile.
func (r *run) setAside(ctx context.Context, d *door, n int64) bool {
	now := r.slots.TryAcquire(n)
	if d.kept != nil {
		if !now {
			d.take().Close() // nothing was sent
		}
		r.slots.Release(1)
	}
	return now || r.slots.Acquire(ctx, n) == nil
}

// examined is what an examination ended with.
type examined struct {
	found *Found
	err   error
}

// examine hands the host to the examiner for as long as its time lasts. An
// examiner that does not come back is left behind with its connections closed.
func (r *run) examine(run context.Context, d *door, reserve, open int) *Found {
	ctx, cancel := context.WithTimeoutCause(run, r.cfg.Limits.HostTime, errHostTime)
	defer cancel()
	d.ctx, d.reserved, d.open = ctx, reserve, map[*conn]struct{}{}
	d.until, _ = ctx.Deadline()
	stop := context.AfterFunc(ctx, d.close)
	defer d.close()
	defer stop()
	done := make(chan examined, 1)
	go func() { // ends with ctx, or is of no more use
		var e examined
		e.err = r.caught(d.host, func() (err error) {
			e.found, err = r.cfg.Examiner.Examine(ctx, d.host, &probe.Network{Dial: d.dial, Pause: d.pause, Timeout: r.cfg.Limits.Answer})
			return err
		})
		done <- e
	}()
	select {
	case e := <-done:
		return r.settle(run, d, e, open)
	case <-ctx.Done():
	}
	select {
	case e := <-done:
		return r.settle(run, d, e, open)
	case <-time.After(grace):
		r.cfg.Diagnostics.Error("examination left behind", "host", d.host.Addr)
		return r.settle(run, d, examined{err: context.Cause(ctx)}, open)
	}
}

var (
	errHostTime = errors.New("survey: the time for one host is over")
	errPanicked = errors.New("survey: the examination of a host panicked")
)

// settle decides what a host counts as. After an error of its own the open
// ports count as what they were to us: silent, or no archive.
func (r *run) settle(run context.Context, d *door, e examined, open int) *Found {
	switch {
	case e.err == nil && e.found != nil:
		return e.found
	case run.Err() != nil:
		return nil
	}
	f := &Found{Answers: d.deadAnswers()}
	class := probe.Timeout
	if errors.Is(e.err, errPanicked) {
		class = probe.OtherService
	} else {
		r.cfg.Diagnostics.Warn("host not finished", "host", d.host.Addr, "error", e.err)
	}
	f.Answers[class] += int64(open)
	return f
}
