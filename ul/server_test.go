package ul_test

import (
	"context"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// refusal runs a script against a server and returns what it says of it.
func refusal(t *testing.T, s *ul.Server, script ...ultest.Step) error {
	t.Helper()
	ours, theirs := pair(t)
	wait := play(t, theirs, script...)
	var refused error
	s.Refused = func(_ net.Addr, err error) { refused = err }
	s.Config.Limits.Linger = 100 * time.Millisecond
	if s.Handle == nil {
		s.Handle = func(context.Context, *ul.Assoc) { t.Error("the association was handled") }
	}
	s.ServeConn(t.Context(), ours)
	wait()
	return refused
}

func TestServer_Refusals(t *testing.T) {
	version, application := echoRQ(), echoRQ()
	version.ProtocolVersion, application.ApplicationContext = 2, "1.2.3"
	user := ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCallingNotRecognised}
	refuse := func(err error) func(context.Context, net.Addr, *ul.AssociateRQ) (*ul.AssociateAC, error) {
		return func(context.Context, net.Addr, *ul.AssociateRQ) (*ul.AssociateAC, error) { return nil, err }
	}
	for name, c := range map[string]struct {
		rq        *ul.AssociateRQ
		negotiate func(context.Context, net.Addr, *ul.AssociateRQ) (*ul.AssociateAC, error)
		want      ul.RejectError
	}{
		"version":      {version, acceptAll, ul.RejectError{Result: 1, Source: ul.ProviderACSE, Reason: ul.ReasonProtocolVersion}},
		"application":  {application, acceptAll, ul.RejectError{Result: 1, Source: ul.ServiceUser, Reason: ul.ReasonApplicationContext}},
		"user":         {echoRQ(), refuse(&user), user},
		"other_error":  {echoRQ(), refuse(errors.New("disk full")), ul.RejectError{Result: 1, Source: ul.ServiceUser, Reason: ul.ReasonNoneGiven}},
		"no_negotiate": {echoRQ(), nil, ul.RejectError{Result: 1, Source: ul.ServiceUser, Reason: ul.ReasonNoneGiven}},
	} {
		t.Run(name, func(t *testing.T) {
			err := refusal(t, &ul.Server{Negotiate: c.negotiate}, ultest.Send(c.rq), ultest.ExpectPDU(&c.want))
			var rj *ul.RejectError
			if !errors.As(err, &rj) || *rj != c.want {
				t.Errorf("got %v, want %v", err, &c.want)
			}
		})
	}
}

// TestServer_Version3 has bit 0 set among others, which is enough (PS3.8
// section 9.3.2).
func TestServer_Version3(t *testing.T) {
	rq := echoRQ()
	rq.ProtocolVersion = 3
	err := refusal(t, &ul.Server{Negotiate: acceptAll, Handle: readToEnd}, ultest.Send(rq), ultest.Expect(ul.TypeAssociateAC),
		ultest.Send(new(ul.ReleaseRQ)), ultest.Expect(ul.TypeReleaseRP))
	if err != nil {
		t.Error(err)
	}
}

func TestServer_NotDICOM(t *testing.T) {
	err := refusal(t, &ul.Server{Negotiate: acceptAll}, ultest.Bytes([]byte("GET / HTTP/1.1\r\n\r\n")...),
		ultest.ExpectPDU(&ul.AbortError{Source: ul.AbortUser}))
	var protocol *ul.ProtocolError
	if !errors.As(err, &protocol) || string(protocol.Prefix) != "GET / HTTP/1.1\r\n\r\n" {
		t.Errorf("got %#v", err)
	}
}

func TestServer_HandlerLeavesItOpen(t *testing.T) {
	_ = refusal(t, &ul.Server{Negotiate: acceptAll, Handle: func(context.Context, *ul.Assoc) {}},
		ultest.Send(echoRQ()), ultest.Expect(ul.TypeAssociateAC), ultest.ExpectPDU(&ul.AbortError{Source: ul.AbortUser}))
}

// running is a server whose handlers can be held.
func running(t *testing.T, handle func(context.Context, *ul.Assoc)) (*ul.Server, string, <-chan error) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &ul.Server{Negotiate: acceptAll, Handle: handle, Config: *quick(nil)}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	return s, ln.Addr().String(), done
}

func TestServer_ShutdownReleasesWhoIsIdle(t *testing.T) {
	s, addr, done := running(t, readToEnd)
	a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(brief(t)) }()
	var ended error
	for ended == nil {
		_, ended = a.ReadPDV()
	}
	if ended.Error() != "EOF" {
		t.Errorf("the peer saw %v, want an orderly release", ended)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve: %v", err)
	}
	if _, err := ul.Dial(brief(t), addr, echoRQ(), nil); err == nil {
		t.Error("it still accepts")
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Serve(ln); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

func TestServer_ShutdownWaitsForWhoIsBusy(t *testing.T) {
	begun, finish := make(chan struct{}), make(chan struct{})
	s, addr, _ := running(t, func(ctx context.Context, a *ul.Assoc) {
		a.Busy(true)
		close(begun)
		<-finish
		if ctx.Err() != nil {
			t.Error("the context of a busy association ended")
		}
		_ = a.WritePDV(ul.PDV{ContextID: 1, Command: true, Last: true, Data: []byte("done")})
		_ = a.Flush()
		a.Busy(false)
		_ = a.Release(ctx)
	})
	a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(brief(t)) }()
	select {
	case err := <-down:
		t.Fatalf("Shutdown did not wait: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	close(finish)
	if p, err := a.ReadPDV(); err != nil || string(p.Data) != "done" {
		t.Errorf("%q, %v", p.Data, err)
	}
	if _, err := a.ReadPDV(); err == nil || err.Error() != "EOF" {
		t.Errorf("then %v, want a release", err)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

// TestServer_ShutdownDuringNegotiation releases who has just come in.
func TestServer_ShutdownDuringNegotiation(t *testing.T) {
	asked, answer := make(chan struct{}), make(chan struct{})
	s, addr, _ := running(t, readToEnd)
	s.Negotiate = func(ctx context.Context, remote net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
		close(asked)
		<-answer
		return acceptAll(ctx, remote, rq)
	}
	dialled := make(chan error, 1)
	go func() {
		a, err := ul.Dial(t.Context(), addr, echoRQ(), nil)
		if err == nil {
			_, err = a.ReadPDV()
		}
		dialled <- err
	}()
	<-asked
	down := make(chan error, 1)
	go func() { down <- s.Shutdown(brief(t)) }()
	time.Sleep(20 * time.Millisecond)
	close(answer)
	if err := <-dialled; err == nil || err.Error() != "EOF" {
		t.Errorf("the peer saw %v, want a release", err)
	}
	if err := <-down; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
}

func TestServer_ShutdownAbortsWhenTimeIsUp(t *testing.T) {
	begun := make(chan struct{})
	s, addr, _ := running(t, func(ctx context.Context, a *ul.Assoc) {
		a.Busy(true)
		close(begun)
		<-ctx.Done()
	})
	a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	<-begun
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := s.Shutdown(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Shutdown: %v", err)
	}
	var abort *ul.AbortError
	if _, err := a.ReadPDV(); !errors.As(err, &abort) {
		t.Errorf("the peer saw %v, want an abort", err)
	}
}

func TestServer_CloseEndsHandshakesAndNegotiations(t *testing.T) {
	s, addr, done := running(t, readToEnd)
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	<-done
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("Close took %v", d)
	}
}

// TestServer_ManyListeners is a fleet: one Server, many listeners, many peers
// at once.
func TestServer_ManyListeners(t *testing.T) {
	const listeners, peers = 300, 4
	var handled atomic.Int64
	s := &ul.Server{
		Config: ul.Config{Limits: ul.Limits{Associations: -1, PerPeer: -1}}, Negotiate: acceptAll,
		Handle: func(ctx context.Context, a *ul.Assoc) { handled.Add(1); echo(ctx, a) },
	}
	var serving, asking sync.WaitGroup
	var addrs []string
	for range listeners {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		addrs = append(addrs, ln.Addr().String())
		serving.Go(func() {
			if err := s.Serve(ln); !errors.Is(err, net.ErrClosed) {
				t.Errorf("Serve: %v", err)
			}
		})
	}
	for _, addr := range addrs {
		asking.Go(func() {
			for range peers {
				a, err := ul.Dial(t.Context(), addr, echoRQ(), nil)
				if err == nil {
					err = a.Release(t.Context())
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	asking.Wait()
	if err := s.Shutdown(brief(t)); err != nil {
		t.Error(err)
	}
	serving.Wait()
	if got := handled.Load(); got != listeners*peers {
		t.Errorf("%d associations were handled, want %d", got, listeners*peers)
	}
}
