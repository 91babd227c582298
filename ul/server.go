package ul

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"sync"
	"time"
)

// Server accepts associations. One Server may serve any number of listeners,
// which then share its limits.
type Server struct {
	Config Config
	// Negotiate answers a request. It returns the answer, or a *RejectError.
	// Accept makes an answer from a table of supported contexts.
	Negotiate func(ctx context.Context, remote net.Addr, rq *AssociateRQ) (*AssociateAC, error)
	// Handle serves an association and may release or abort it. When it
	// returns the association is aborted if it is still open.
	Handle func(ctx context.Context, a *Assoc)
	// Refused, where set, hears why a connection did not become an association:
	// an error of TLS, a *RejectError that we sent, a *ProtocolError.
	Refused func(remote net.Addr, err error)

	mu        sync.Mutex // covers what follows
	closing   bool
	listeners map[net.Listener]struct{}
	visits    map[*visit]struct{}
	all       tally
	perPeer   map[netip.Addr]tally
	empty     chan struct{} // made by Shutdown, closed when there is no connection
}

// tally counts connections: those with a place, which have asked for an
// association, and those that did not yet or were told that there is no place.
type tally struct{ placed, waiting int }

func (t tally) with(place bool, n int) tally {
	if place {
		t.placed += n
	} else {
		t.waiting += n
	}
	return t
}

// visit is a connection being served.
type visit struct {
	peer   netip.Addr
	placed bool
	cancel context.CancelFunc
	assoc  *Assoc // nil until the transport connection is there
}

// Serve accepts on ln until Shutdown or Close, then returns net.ErrClosed.
func (s *Server) Serve(ln net.Listener) error {
	if !s.addListener(ln) {
		_ = ln.Close()
		return net.ErrClosed
	}
	defer s.removeListener(ln)
	for pause := time.Duration(0); ; {
		conn, err := ln.Accept()
		switch {
		case err == nil:
			pause = 0
			go s.ServeConn(context.Background(), conn) // ends with its connection, see Shutdown
		case s.isClosing():
			return net.ErrClosed
		case errors.Is(err, net.ErrClosed):
			return err
		default: // out of file descriptors, most often: others will close theirs
			pause = min(max(2*pause, 5*time.Millisecond), time.Second)
			time.Sleep(pause)
		}
	}
}

func (s *Server) addListener(ln net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing {
		return false
	}
	if s.listeners == nil {
		s.listeners = map[net.Listener]struct{}{}
	}
	s.listeners[ln] = struct{}{}
	return true
}

func (s *Server) removeListener(ln net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, ln)
	_ = ln.Close()
}

func (s *Server) isClosing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closing
}

// ServeConn serves one connection and returns when it is done.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) {
	v := &visit{peer: addrOf(conn)}
	ok := s.enter(v.peer)
	defer s.leave(v)
	if !ok {
		_ = conn.Close()
		return
	}
	ctx, v.cancel = context.WithCancel(ctx)
	defer v.cancel()
	s.track(v)
	defer s.untrack(v)
	s.serve(ctx, conn, v)
}

// serve is the life of an association, in order.
func (s *Server) serve(ctx context.Context, conn net.Conn, v *visit) {
	start := time.Now()
	conn, err := s.secure(ctx, conn)
	if err != nil {
		_ = conn.Close()
		s.refused(conn, err)
		return
	}
	a := newAssoc(conn, &s.Config, false, start)
	s.mu.Lock()
	v.assoc = a
	s.mu.Unlock()
	stop := context.AfterFunc(ctx, a.part)
	defer stop()
	if err := s.accept(ctx, a, v); err != nil {
		s.refused(conn, err)
		return
	}
	if s.isClosing() { // Shutdown came while we negotiated
		a.leave.Store(true)
		a.leaveIdle()
	}
	if s.Handle != nil {
		s.Handle(ctx, a)
	}
	_ = a.Abort(0)
}

func (s *Server) refused(conn net.Conn, err error) {
	if s.Refused != nil {
		s.Refused(conn.RemoteAddr(), err)
	}
}

func addrOf(conn net.Conn) netip.Addr {
	if t, ok := conn.RemoteAddr().(*net.TCPAddr); ok {
		return t.AddrPort().Addr().Unmap()
	}
	return netip.Addr{}
}

// enter counts a connection, which has no place before it asks for an association:
// who connects and says nothing takes none away. It reports whether there may be one
// more that waits, of all and of this peer.
func (s *Server) enter(peer netip.Addr) (ok bool) {
	lim := s.Config.Limits.withDefaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.perPeer == nil {
		s.perPeer = map[netip.Addr]tally{}
	}
	own := s.perPeer[peer]
	ok = s.all.waiting < lim.Waiting && own.waiting < lim.PerPeer
	s.all, s.perPeer[peer] = s.all.with(false, 1), own.with(false, 1)
	return ok && !s.closing
}

// seat gives a connection a place if it is within the caps.
func (s *Server) seat(v *visit) bool {
	lim := s.Config.Limits.withDefaults()
	s.mu.Lock()
	defer s.mu.Unlock()
	own := s.perPeer[v.peer]
	if s.all.placed >= lim.Associations || own.placed >= lim.PerPeer {
		return false
	}
	v.placed = true
	s.all, s.perPeer[v.peer] = s.all.with(false, -1).with(true, 1), own.with(false, -1).with(true, 1)
	return true
}

func (s *Server) leave(v *visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = s.all.with(v.placed, -1)
	if own := s.perPeer[v.peer].with(v.placed, -1); own == (tally{}) {
		delete(s.perPeer, v.peer)
	} else {
		s.perPeer[v.peer] = own
	}
	if s.all == (tally{}) && s.empty != nil {
		close(s.empty)
		s.empty = nil
	}
}

func (s *Server) track(v *visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.visits == nil {
		s.visits = map[*visit]struct{}{}
	}
	s.visits[v] = struct{}{}
}

func (s *Server) untrack(v *visit) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.visits, v)
}

// secure does the TLS handshake, if there is to be TLS.
func (s *Server) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if s.Config.TLS == nil {
		return conn, nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.Config.Limits.withDefaults().ARTIM)
	defer cancel()
	secured := tls.Server(conn, s.Config.TLS)
	return secured, secured.HandshakeContext(ctx)
}

// accept is Sta1 to Sta6 of the acceptor, in wire order.
func (s *Server) accept(ctx context.Context, a *Assoc, v *visit) error {
	a.event(Evt5)
	a.rmu.Lock()
	defer a.rmu.Unlock()
	rq, err := a.awaitRequest(func() bool { return s.seat(v) })
	if err != nil {
		return err
	}
	if s.Negotiate == nil {
		return a.reject(errNoNegotiate)
	}
	if rq.ApplicationContext != ApplicationContext {
		return a.reject(&RejectError{RejectedPermanent, ServiceUser, ReasonApplicationContext})
	}
	ac, err := s.Negotiate(withTLS(ctx, a.tls), a.RemoteAddr(), rq)
	if err != nil {
		return a.reject(err)
	}
	return a.answer(rq, ac)
}

var errNoNegotiate = errors.New("ul: a server without Negotiate takes no request")

// awaitRequest is Sta2. A request that the provider cannot take is rejected
// here: no place, a protocol version that is not ours (PS3.8 table 9-21).
func (a *Assoc) awaitRequest(seat func() bool) (*AssociateRQ, error) {
	t, n, err := a.in.header()
	if err != nil {
		return nil, a.lost(err)
	}
	p, err := a.body(t, n)
	var lost *connError
	if errors.As(err, &lost) {
		return nil, a.lost(lost.error)
	}
	rq, ok := p.(*AssociateRQ)
	if !ok || err != nil {
		e := eventOf(t)
		if err != nil {
			e = Evt19
		}
		return nil, a.act(e, a.event(e), p, err)
	}
	if rj := refusal(rq, seat); rj != nil {
		a.eventIn(Evt6, anyState, true)
		return nil, a.sendReject(rj)
	}
	a.event(Evt6)
	return rq, nil
}

// refusal is the provider's reason not to take a request, nil for none.
func refusal(rq *AssociateRQ, seat func() bool) *RejectError {
	switch {
	case rq.ProtocolVersion&1 == 0:
		return &RejectError{RejectedPermanent, ProviderACSE, ReasonProtocolVersion}
	case !seat():
		return &RejectError{RejectedTransient, ProviderPresentation, ReasonLocalLimitExceeded}
	}
	return nil
}

// reject is AE-8. An error that is no RejectError is not for the peer to see.
func (a *Assoc) reject(err error) error {
	var rj *RejectError
	if !errors.As(err, &rj) {
		rj = &RejectError{RejectedPermanent, ServiceUser, ReasonNoneGiven}
	}
	a.event(Evt8)
	return a.sendReject(rj)
}

// sendReject sends A-ASSOCIATE-RJ and waits for the peer to close.
func (a *Assoc) sendReject(rj *RejectError) error {
	a.because(rj)
	if err := a.send(rj); err != nil {
		return err
	}
	a.drain()
	return rj
}

// answer is AE-7.
func (a *Assoc) answer(rq *AssociateRQ, asked *AssociateAC) error {
	ac := *asked
	ac.User.MaxLength = a.lim.announce(ac.User.MaxLength)
	if err := a.agree(rq, &ac); err != nil {
		return a.reject(err)
	}
	out, err := ac.Append(nil)
	if err != nil {
		return a.reject(err)
	}
	a.event(Evt7)
	a.opened()
	a.wmu.Lock()
	defer a.wmu.Unlock()
	a.out = out
	return a.flush()
}

type tlsKey struct{}

func withTLS(ctx context.Context, state *tls.ConnectionState) context.Context {
	return context.WithValue(ctx, tlsKey{}, state)
}

// TLSState is the TLS connection that a request came over, for Negotiate; nil
// without TLS.
func TLSState(ctx context.Context) *tls.ConnectionState {
	state, _ := ctx.Value(tlsKey{}).(*tls.ConnectionState)
	return state
}

// Shutdown stops accepting, releases associations that are not Busy, waits for
// the others until ctx ends, then aborts them.
func (s *Server) Shutdown(ctx context.Context) error {
	empty := s.stopAccepting()
	for _, v := range s.visiting() {
		if a := v.assoc; ctx.Err() == nil && a != nil {
			a.leave.Store(true)
			if a.wmu.TryLock() { // otherwise somebody writes: that one is not idle
				a.wmu.Unlock()
				a.leaveIdle()
			}
		}
	}
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
	}
	for _, v := range s.visiting() {
		v.cancel()
	}
	select {
	case <-empty:
	case <-time.After(s.Config.Limits.withDefaults().Linger): // a handler that does not look at its context
	}
	return ctx.Err()
}

// Close is Shutdown without waiting.
func (s *Server) Close() error {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := s.Shutdown(ctx); err != nil && !errors.Is(err, context.Canceled) {
		return err
	}
	return nil
}

// stopAccepting returns a channel that closes when the last connection is done.
func (s *Server) stopAccepting() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closing = true
	for ln := range s.listeners {
		_ = ln.Close()
	}
	if s.empty == nil {
		s.empty = make(chan struct{})
	}
	empty := s.empty
	if s.all == (tally{}) {
		close(s.empty)
		s.empty = nil
	}
	return empty
}

// visiting copies what is being served.
func (s *Server) visiting() []visit {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]visit, 0, len(s.visits))
	for v := range s.visits {
		all = append(all, *v)
	}
	return all
}
