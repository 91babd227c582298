package serve_test

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/benchtest"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
)

// TestSpeed_Guard measures what decision and record cost, with the shipped policies
// and the log on the disk: of a request when 500 come each second, at most 2 ms in
// the median, and of a C-GET of 100 slices at most a twentieth.
func TestSpeed_Guard(t *testing.T) {
	if os.Getenv("BENCH") == "" {
		t.Skip("a measurement: make bench")
	}
	h := start(t, func(c *serve.Config) {
		c.DIMSE.Plain = []string{"127.0.0.1:0"}
		x := identity.Exception{
			Name: "bench", Calling: []leadglass.AETitle{"BENCH"}, Roles: []leadglass.Role{leadglass.Modality, leadglass.Workstation},
			Purpose: leadglass.Treatment, Expires: time.Now().AddDate(1, 0, 0), Accept: identity.Acceptance, Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")},
		}
		c.Exceptions = append(c.Exceptions, x)
	})
	h.dimse = h.plain
	var all []slice
	for n := range 100 {
		all = append(all, slice{name: "A^B", patient: "P1", study: "1.2.3", n: n + 1, date: "20260101", pixels: 512 << 10})
	}
	h.store(nil, "BENCH", all...)
	before := benchtest.Processor(t)
	costs := h.request(5 * time.Second)
	each := (benchtest.Processor(t) - before) / time.Duration(len(costs))
	p50, p99 := costs[len(costs)/2], costs[len(costs)*99/100]
	own, whole := h.bulk(20)
	fmt.Printf("  guard at 500 requests a second: p50 %.2f ms, p99 %.2f ms, processor %.2f ms, the index included\n", ms(p50), ms(p99), ms(each))
	fmt.Printf("  guard of a C-GET of 100 slices of 512 KB, not encrypted: %.1f ms of %.1f ms, %.1f %%\n", ms(own), ms(whole), 100*ms(own)/ms(whole))
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// reader asks for what a radiologist may have.
func reader(v leadglass.Verb, ref leadglass.Ref) *leadglass.Request {
	return &leadglass.Request{
		Time: time.Now(), Verb: v, Route: leadglass.WADO, Purpose: leadglass.Treatment, DeclaredBy: leadglass.ByRequest, Refs: []leadglass.Ref{ref},
		Peer: &leadglass.Peer{
			Kind: leadglass.Person, ID: "rita", Issuer: "local", Active: true, Assurance: leadglass.Password,
			Roles: []leadglass.Role{leadglass.Radiologist}, Session: "s", TLS: true,
		},
	}
}

// request asks for one instance 500 times a second and returns how long guard took,
// sorted.
func (h *house) request(period time.Duration) []time.Duration {
	var mu sync.Mutex
	var costs []time.Duration
	var all sync.WaitGroup
	begin := time.Now()
	for n := 0; time.Since(begin) < period; n++ {
		time.Sleep(time.Until(begin.Add(time.Duration(n) * time.Second / 500)))
		all.Go(func() {
			start := time.Now()
			ref := leadglass.Ref{Study: "1.2.3", Series: "1.2.3.1", Instance: dicom.UID(fmt.Sprintf("1.2.3.1.%d", n%100+1))}
			tr, err := h.s.Guard().Retrieve(context.Background(), reader(leadglass.Get, ref))
			if err == nil {
				err = tr.End(context.Background())
			}
			if err != nil {
				h.t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			costs = append(costs, time.Since(start))
		})
	}
	all.Wait()
	slices.Sort(costs)
	return costs
}

// bulk returns medians: of guard's part in a C-GET, and of all of it.
func (h *house) bulk(turns int) (own, whole time.Duration) {
	c, a := h.dial(nil, "BENCH")
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		_, _ = io.Copy(io.Discard, rq.Data)
		return dimse.Success
	}
	id := new(dicom.Dataset)
	id.SetString(0x00080052, "STUDY")
	id.SetString(0x0020000D, "1.2.3")
	var owns, wholes []time.Duration
	for range turns {
		start := time.Now()
		rsp, err := c.Get(context.Background(), &dimse.Query{Model: dimse.StudyRootGet, Identifier: id}, nil)
		if err != nil || rsp.Completed != 100 {
			h.t.Fatal(rsp, err)
		}
		wholes = append(wholes, time.Since(start))
		start = time.Now()
		tr, err := h.s.Guard().Retrieve(context.Background(), reader(leadglass.Get, leadglass.Ref{Study: "1.2.3"}))
		if err != nil {
			h.t.Fatal(err)
		}
		for o, err := range tr.Objects(context.Background()) {
			if err != nil {
				h.t.Fatal(err)
			}
			tr.Sent(o, o.Size)
		}
		if err := tr.End(context.Background()); err != nil {
			h.t.Fatal(err)
		}
		guarded := time.Since(start)
		start = time.Now() // what the archive takes without a guard
		for _, err := range h.s.Archive().Objects(context.Background(), leadglass.Ref{Study: "1.2.3"}) {
			if err != nil {
				h.t.Fatal(err)
			}
		}
		owns = append(owns, guarded-time.Since(start))
	}
	_ = a.Release(context.Background())
	slices.Sort(owns)
	slices.Sort(wholes)
	return owns[turns/2], wholes[turns/2]
}
