package survey

import (
	"context"
	"runtime"
	"runtime/metrics"
	"time"
)

// gate holds further hosts back while memory is short. The hosts in flight end
// within their time, so it opens again.
type gate struct {
	heap     int64
	sample   []metrics.Sample
	looked   time.Time
	full     bool
	collects time.Time // when garbage was last collected for it
}

func newGate(heap int64) *gate {
	return &gate{heap: heap, sample: []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}}
}

// wait returns when memory allows one more host, or nobody is in flight who
// could free some.
func (g *gate) wait(ctx context.Context, inFlight func() int64) {
	const pause = 20 * time.Millisecond
	for g.over() && inFlight() > 0 && ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
}

// over looks at most every few milliseconds: it is asked for each host. Garbage
// counts as memory until it is collected, so it is, at most once a second.
func (g *gate) over() bool {
	const every = 5 * time.Millisecond
	now := time.Now()
	if now.Sub(g.looked) < every {
		return g.full
	}
	g.looked = now
	g.full = g.read() > g.heap
	if g.full && now.Sub(g.collects) > time.Second {
		runtime.GC()
		g.collects = now
		g.full = g.read() > g.heap
	}
	return g.full
}

func (g *gate) read() int64 {
	metrics.Read(g.sample)
	return int64(g.sample[0].Value.Uint64())
}
