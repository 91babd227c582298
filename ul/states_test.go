package ul_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// transitions records what an association did.
type transitions struct {
	mu   sync.Mutex
	list []transition
}

type transition struct {
	from ul.State
	e    ul.Event
	a    ul.Action
	to   ul.State
}

func (tr transition) String() string {
	return fmt.Sprintf("%s %s %s %s", tr.from.Name(), tr.e.Name(), tr.a.Name(), tr.to.Name())
}

func (r *transitions) observe(from ul.State, e ul.Event, a ul.Action, to ul.State) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, transition{from, e, a, to})
}

func (r *transitions) seen() []transition {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.list)
}

func (r *transitions) states() []ul.State {
	var all []ul.State
	for _, tr := range r.seen() {
		all = append(all, tr.from, tr.to)
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// pair is a TCP connection on loopback.
func pair(t testing.TB) (ours, theirs net.Conn) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	ours, err = net.Dial("tcp", ln.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if theirs, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = ours.Close(), theirs.Close() })
	return ours, theirs
}

// play runs a script on its own; the returned function waits for it and
// reports its failure.
func play(t testing.TB, conn net.Conn, script ...ultest.Step) (wait func()) {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- ultest.Run(conn, script...) }()
	return func() {
		t.Helper()
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
		case <-time.After(3 * time.Minute):
			t.Error("the script does not end")
		}
	}
}

// quick has short timers, for scripts in which they do not matter.
func quick(observe *transitions) *ul.Config {
	cfg := &ul.Config{Limits: ul.Limits{Linger: 100 * time.Millisecond}}
	if observe != nil {
		cfg.Observe = observe.observe
	}
	return cfg
}

func echoAC() *ul.AssociateAC {
	return ul.Accept(echoRQ(), ul.Supported{verification: {implicitLE}}, ul.UserInformation{MaxLength: 16384})
}

// requestor opens an association on a connection whose other end follows the
// script, which starts after the answer.
func requestor(t *testing.T, cfg *ul.Config, script ...ultest.Step) (*ul.Assoc, func()) {
	t.Helper()
	ours, theirs := pair(t)
	wait := play(t, theirs, append([]ultest.Step{ultest.Expect(ul.TypeAssociateRQ), ultest.Send(echoAC())}, script...)...)
	a, err := ul.Client(brief(t), ours, echoRQ(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	return a, wait
}

// acceptor accepts an association from a script, which starts after the
// answer, and handles it.
func acceptor(t *testing.T, cfg *ul.Config, handle func(ctx context.Context, a *ul.Assoc), script ...ultest.Step) {
	t.Helper()
	ours, theirs := pair(t)
	wait := play(t, theirs, append([]ultest.Step{ultest.Send(echoRQ()), ultest.Expect(ul.TypeAssociateAC)}, script...)...)
	s := &ul.Server{Config: *cfg, Negotiate: acceptAll, Handle: handle}
	s.ServeConn(brief(t), ours)
	wait()
}

func readToEnd(_ context.Context, a *ul.Assoc) {
	for {
		if _, err := a.ReadPDV(); err != nil {
			return
		}
	}
}

func TestStates_AllThirteen(t *testing.T) {
	req, acc := new(transitions), new(transitions)
	release := func(_ context.Context, a *ul.Assoc) {
		if err := a.Release(context.Background()); err != nil {
			t.Errorf("release: %v", err)
		}
	}
	rq, rp := ultest.Send(new(ul.ReleaseRQ)), ultest.Send(new(ul.ReleaseRP))
	wantRQ, wantRP := ultest.Expect(ul.TypeReleaseRQ), ultest.Expect(ul.TypeReleaseRP)

	// We release.
	a, wait := requestor(t, quick(req), wantRQ, rp, ultest.ExpectClosed())
	release(t.Context(), a)
	wait()
	// Both release: the requestor's side answers first.
	a, wait = requestor(t, quick(req), wantRQ, rq, wantRP, rp, ultest.ExpectClosed())
	release(t.Context(), a)
	wait()
	// The peer releases.
	a, wait = requestor(t, quick(req), rq, wantRP)
	readToEnd(t.Context(), a)
	wait()

	acceptor(t, quick(acc), readToEnd, rq, wantRP)
	acceptor(t, quick(acc), release, wantRQ, rp, ultest.ExpectClosed())
	acceptor(t, quick(acc), release, wantRQ, rq, rp, wantRP)

	if got, want := req.states(), []ul.State{1, 4, 5, 6, 7, 8, 9, 11, 13}; !slices.Equal(got, want) {
		t.Errorf("the requestor visited %d, want %d", got, want)
	}
	if got, want := acc.states(), []ul.State{1, 2, 3, 6, 7, 8, 10, 12, 13}; !slices.Equal(got, want) {
		t.Errorf("the acceptor visited %d, want %d", got, want)
	}
	both := append(req.states(), acc.states()...)
	slices.Sort(both)
	if both = slices.Compact(both); len(both) != 13 {
		t.Errorf("%d states were visited, want 13", len(both))
	}
}

// arrivals is each way in which something can arrive.
func arrivals() map[ul.Event]ultest.Step {
	return map[ul.Event]ultest.Step{
		ul.Evt3:  ultest.Send(echoAC()),
		ul.Evt4:  ultest.Send(&ul.RejectError{Result: 1, Source: 1, Reason: 1}),
		ul.Evt6:  ultest.Send(echoRQ()),
		ul.Evt10: ultest.Send(&ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Data: []byte("data")}}}),
		ul.Evt12: ultest.Send(new(ul.ReleaseRQ)),
		ul.Evt13: ultest.Send(new(ul.ReleaseRP)),
		ul.Evt16: ultest.Send(&ul.AbortError{}),
		ul.Evt17: ultest.Close(),
		ul.Evt19: ultest.Bytes(0x42, 0, 0, 0, 0, 0),
	}
}

// TestStates_EachArrival lets each PDU arrive in each state that waits for
// one, in either role, and holds what was done against the table.
func TestStates_EachArrival(t *testing.T) {
	rq, wantRQ := ultest.Send(new(ul.ReleaseRQ)), ultest.Expect(ul.TypeReleaseRQ)
	release := func(ctx context.Context, a *ul.Assoc) { _ = a.Release(ctx) }
	abort := func(_ context.Context, a *ul.Assoc) { _ = a.Abort(0) }
	wantAbort := ultest.Expect(ul.TypeAbort)
	opened := []ultest.Step{ultest.Expect(ul.TypeAssociateRQ), ultest.Send(echoAC())}
	asked := []ultest.Step{ultest.Send(echoRQ()), ultest.Expect(ul.TypeAssociateAC)}
	for _, c := range []struct {
		name      string
		state     ul.State
		requestor bool
		handle    func(context.Context, *ul.Assoc)
		script    []ultest.Step
	}{
		{"requestor_5", ul.Sta5, true, readToEnd, opened[:1]},
		{"requestor_6", ul.Sta6, true, readToEnd, opened},
		{"requestor_7", ul.Sta7, true, release, append(slices.Clone(opened), wantRQ)},
		{"requestor_11", ul.Sta11, true, release, append(slices.Clone(opened), wantRQ, rq, ultest.Expect(ul.TypeReleaseRP))},
		{"requestor_13", ul.Sta13, true, abort, append(slices.Clone(opened), wantAbort)},
		{"acceptor_2", ul.Sta2, false, readToEnd, nil},
		{"acceptor_6", ul.Sta6, false, readToEnd, asked},
		{"acceptor_7", ul.Sta7, false, release, append(slices.Clone(asked), wantRQ)},
		{"acceptor_10", ul.Sta10, false, release, append(slices.Clone(asked), wantRQ, rq)},
		{"acceptor_13", ul.Sta13, false, readToEnd, append(slices.Clone(asked), rq, ultest.Expect(ul.TypeReleaseRP))},
	} {
		for e, arrival := range arrivals() {
			t.Run(fmt.Sprintf("%s_%s", c.name, e.Name()), func(t *testing.T) {
				t.Parallel()
				seen := new(transitions)
				ours, theirs := pair(t)
				script := append(slices.Clone(c.script), arrival, ultest.Do("read to the end", readAll))
				wait := play(t, theirs, script...)
				if c.requestor {
					if a, err := ul.Client(brief(t), ours, echoRQ(), quick(seen)); err == nil {
						c.handle(t.Context(), a)
						_ = a.Abort(0)
					}
				} else {
					s := &ul.Server{Config: *quick(seen), Negotiate: acceptAll, Handle: c.handle}
					s.ServeConn(t.Context(), ours)
				}
				wait()
				checkTransition(t, seen.seen(), c.state, e)
			})
		}
	}
}

// readAll sends no more and reads whatever comes until the connection ends.
func readAll(p *ultest.Peer) error {
	if c, ok := p.Conn.(*net.TCPConn); ok {
		_ = c.CloseWrite()
	}
	_ = p.Conn.SetReadDeadline(time.Now().Add(10 * time.Minute))
	for b := make([]byte, 512); ; {
		if _, err := p.Conn.Read(b); err != nil {
			return nil
		}
	}
}

func checkTransition(t *testing.T, seen []transition, s ul.State, e ul.Event) {
	t.Helper()
	act, to := ul.Next(s, e)
	for _, tr := range seen {
		if tr.from != s || tr.e != e {
			continue
		}
		if tr.a != act || tr.to != to && tr.to != ul.Otherwise(act) {
			t.Errorf("%s, want %s to %s", tr, act.Name(), to.Name())
		}
		if last := seen[len(seen)-1]; last.to != ul.Sta1 {
			t.Errorf("ended in %s, want Sta1: %v", last.to.Name(), seen)
		}
		return
	}
	t.Errorf("%s never came in %s: %v", e.Name(), s.Name(), seen)
}
