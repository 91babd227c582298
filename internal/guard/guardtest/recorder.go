package guardtest

import (
	"context"
	"slices"
	"sync"

	"github.com/leadglass/leadglass"
)

// Recorder keeps what is recorded.
type Recorder struct {
	Trace *Trace
	// Fail is asked before a call with its number from 1; nil fails none. It may wait
	// for ctx.
	Fail func(ctx context.Context, call int) error

	mu      sync.Mutex
	calls   int
	records []leadglass.Record
}

// Record is leadglass.Recorder's.
func (r *Recorder) Record(ctx context.Context, records ...*leadglass.Record) error {
	r.Trace.note("record %d", len(records))
	r.mu.Lock()
	r.calls++
	call := r.calls
	r.mu.Unlock()
	if r.Fail != nil {
		if err := r.Fail(ctx, call); err != nil {
			return err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, one := range records {
		one.Index = uint64(len(r.records))
		r.records = append(r.records, *one)
	}
	return nil
}

// Records returns what was recorded so far.
func (r *Recorder) Records() []leadglass.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// Reset forgets what was recorded and the number of calls.
func (r *Recorder) Reset() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls, r.records = 0, nil
}

// Decider decides by a function; nil permits all.
type Decider struct {
	Trace *Trace
	Func  func(rq *leadglass.Request, study *leadglass.Study) leadglass.Decision
}

// Decide is leadglass.Decider's.
func (d *Decider) Decide(rq *leadglass.Request, study *leadglass.Study) leadglass.Decision {
	d.Trace.note("decide")
	if d.Func == nil {
		return leadglass.Decision{Effect: leadglass.Permit, Rules: []string{"all"}}
	}
	return d.Func(rq, study)
}

// Policy is leadglass.Decider's.
func (*Decider) Policy() string { return "sha256:guardtest" }
