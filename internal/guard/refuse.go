package guard

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/leadglass/leadglass/internal/limit"
)

// Refusals records who is refused, without that a flood fills the log: the first of
// each address in a minute is recorded at once, the others when the minute is over,
// as one record that says how many. Close records what is counted and not recorded.
type Refusals struct {
	g      *Guard
	most   int // addresses that are told apart
	now    func() time.Time
	report func(error)

	mu    sync.Mutex // covers what follows
	since time.Time
	timer *time.Timer                // flushes when the minute is over; nil while nothing is counted
	by    map[netip.Prefix]*refusals // the zero address is all that have no place
}

// refusals are those of one address.
type refusals struct {
	last SignIn
	more int // after the first
}

// Refusals counts for one face and tells apart so many addresses.
func (g *Guard) Refusals(addresses int, now func() time.Time, report func(error)) *Refusals {
	return &Refusals{g: g, most: addresses, now: now, report: report, by: map[netip.Prefix]*refusals{}}
}

// Refuse records an attempt, or counts it. a.Peer has the address. That it cannot be
// recorded is reported as well.
func (r *Refusals) Refuse(ctx context.Context, a SignIn) error {
	due, first := r.add(a)
	if first {
		due = append(due, a)
	} else {
		r.later()
	}
	return r.admit(ctx, due)
}

// later has what is counted recorded when the minute is over, although nobody else
// may knock.
func (r *Refusals) later() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil {
		r.timer = time.AfterFunc(time.Minute, func() { _ = r.Close(context.Background()) }) // reported
	}
}

// add counts an attempt, and returns those of a minute that is over.
func (r *Refusals) add(a SignIn) (due []SignIn, first bool) {
	now, from := r.now(), limit.Site(a.Peer.Address.Addr())
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= time.Minute {
		due = r.take()
		r.since = now
	}
	if r.by[from] == nil && len(r.by) >= r.most {
		from = netip.Prefix{}
	}
	if known := r.by[from]; known != nil {
		known.last = a
		known.more++
		return due, false
	}
	r.by[from] = &refusals{last: a}
	return due, true
}

// take empties the count; mu is held.
func (r *Refusals) take() []SignIn {
	var due []SignIn
	for _, one := range r.by {
		if one.more > 0 {
			one.last.Times = one.more
			due = append(due, one.last)
		}
	}
	clear(r.by)
	if r.timer != nil {
		r.timer.Stop()
		r.timer = nil
	}
	return due
}

// Close records what is counted. It may be called again.
func (r *Refusals) Close(ctx context.Context) error {
	r.mu.Lock()
	due := r.take()
	r.mu.Unlock()
	return r.admit(ctx, due)
}

func (r *Refusals) admit(ctx context.Context, attempts []SignIn) (err error) {
	for _, a := range attempts {
		err = errors.Join(err, r.g.Admit(ctx, a))
	}
	if err != nil {
		r.report(err)
	}
	return err
}
