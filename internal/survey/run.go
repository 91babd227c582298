package survey

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/semaphore"
	"golang.org/x/time/rate"

	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
)

// run is a survey at work.
type run struct {
	cfg         Config
	targets     *scope.Targets
	rates       scope.Limits
	connections int64 // that may be open at once
	rate        *rate.Limiter
	slots       *semaphore.Weighted
	knocker     knocker
	scarce      sync.Once
	inFlight    atomic.Int64

	// The collector's, until it ended.
	checkpoint *checkpoint
	tally      tally
	resumed    uint64
	failed     error // of the checkpoint
}

// result is a finished host.
type result struct {
	place uint64
	found *Found
}

// Run asks every host of the scope. When ctx ends it stops and returns what
// there is, with Partial set and no error. It returns a survey and an error
// where the authorisation expired or the checkpoint failed while it ran.
func Run(ctx context.Context, cfg Config) (*report.Survey, error) {
	cfg = cfg.withDefaults()
	started := cfg.Now()
	p, err := cfg.open()
	if err != nil {
		return nil, err
	}
	r, err := prepare(ctx, cfg, p, started)
	if err != nil {
		if p.file != nil {
			p.file.Close() // nothing was written
		}
		return nil, err
	}
	if p.header != nil {
		started = p.header.Started
	}
	left := cfg.Scope.Authorisation.ValidTo.Sub(cfg.Now())
	actx, cancel := context.WithTimeoutCause(ctx, left, errExpired)
	defer cancel()
	r.work(actx)
	s := r.survey(started)
	// A file that lacks hosts must not say that it is complete.
	if err := r.checkpoint.end(s.Finished, !s.Partial && r.failed == nil); err != nil && r.failed == nil {
		r.failed = err
	}
	if r.failed == nil && s.Partial && errors.Is(context.Cause(actx), errExpired) {
		r.failed = expired()
	}
	return s, r.failed
}

var errExpired = errors.New("survey: the authorisation expired")

func expired() error {
	return &scope.Error{Kind: scope.BadAuthorisation, What: "the authorisation expired while the survey ran",
		Remedy: "ask for a new one, write its dates into the scope file, and go on with --resume"}
}

// prepare looks names up, agrees with the checkpoint, and sets the caps.
func prepare(ctx context.Context, cfg Config, p *prior, started time.Time) (*run, error) {
	var known map[string][]netip.Addr
	if p.header != nil && cfg.Resume {
		known = p.header.Names
	}
	targets, names, err := cfg.bind(ctx, known)
	if err != nil {
		return nil, err
	}
	if err := p.agree(&cfg, targets.Hash()); err != nil {
		return nil, err
	}
	r := &run{cfg: cfg, targets: targets, rates: cfg.Scope.Limits.WithDefaults(), tally: p.tally, resumed: p.tally.done.count()}
	r.connections = mostConnections()
	if n := int64(r.rates.Connections); n >= 0 {
		r.connections = min(r.connections, n)
	}
	r.rate, r.slots = limiter(r.rates.TotalRate), semaphore.NewWeighted(r.connections)
	r.checkpoint, err = p.startCheckpoint(header{
		Version: checkpointVersion, Tool: cfg.Tool, Scope: targets.Hash(), Discovery: cfg.Discovery, Hosts: targets.Count(), Started: started.UTC(), Names: names,
	}, cfg.faults)
	return r, err
}

// work begins one host after the other, as many at once as there may be
// connections.
func (r *run) work(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	results := make(chan result, 256)
	collected := make(chan struct{})
	done := r.tally.done.clone() // the collector changes its own
	go func() {                  // ends when results is closed
		defer close(collected)
		r.collect(results, stop)
	}()
	turns := semaphore.NewWeighted(r.connections)
	gate := newGate(r.cfg.Limits.Heap)
	r.knocker = newKnocker(ctx, r)
	defer r.knocker.close()
	var hosts sync.WaitGroup
	for k, h := range r.targets.Hosts(ctx, done.below) {
		if done.has(k) {
			continue
		}
		if turns.Acquire(ctx, 1) != nil {
			break
		}
		gate.wait(ctx, r.inFlight.Load)
		r.inFlight.Add(1)
		hosts.Add(1)
		r.begin(ctx, h, func(f *Found) {
			if f != nil {
				results <- result{k, f}
			}
			r.inFlight.Add(-1)
			turns.Release(1)
			hosts.Done()
		})
	}
	hosts.Wait()
	close(results)
	<-collected
}

// collect takes the results in: first into the checkpoint, then into the tally.
func (r *run) collect(results <-chan result, stop func()) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		var err error
		select {
		case res, more := <-results:
			if !more {
				return
			}
			if r.failed == nil {
				err = r.checkpoint.host(res.place, res.found)
			}
			if err == nil && r.failed == nil && len(results) == 0 {
				err = r.checkpoint.flush()
			}
			r.tally.add(res.place, res.found)
			r.cfg.Progress(Progress{Hosts: r.tally.done.count(), Total: r.targets.Count(), Resumed: r.resumed, Systems: len(r.tally.systems)})
		case <-tick.C:
		}
		if err == nil && r.failed == nil {
			err = r.checkpoint.tick(time.Now())
		}
		if err != nil {
			r.failed = err
			stop()
		}
	}
}

// survey makes the report of what there is.
func (r *run) survey(started time.Time) *report.Survey {
	a := r.cfg.Scope.Authorisation
	s := &report.Survey{
		Version: report.FormatVersion, Tool: r.cfg.Tool, Discovery: r.cfg.Discovery,
		Authorisation: report.Authorisation{
			Organisation: a.Organisation, Contact: a.Contact, Reference: a.Reference, ValidFrom: a.ValidFrom, ValidTo: a.ValidTo,
		},
		Started: started.UTC(), Finished: r.cfg.Now().UTC(),
		Hosts: int64(r.targets.Count()), HostsAsked: int64(r.tally.done.count()),
		Answers: r.tally.answers, Systems: r.tally.systems,
	}
	s.Partial = s.HostsAsked < s.Hosts
	report.Finish(s)
	return s
}
