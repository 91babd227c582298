package scp

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/ul"
)

var errChanged = errors.New("scp: the device is not what it was when the association began")

// What an association request is refused with (PS3.8 table 9-21).
func strange() error {
	return &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCallingNotRecognised}
}

func notOurs() error {
	return &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCalledNotRecognised}
}

func notNow() error {
	return &ul.RejectError{Result: ul.RejectedTransient, Source: ul.ProviderPresentation, Reason: ul.ReasonTemporaryCongestion}
}

// Negotiate answers an association request, see ul.Server.
func (s *Server) Negotiate(ctx context.Context, remote net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
	w := wireOf(ctx, remote)
	calling, called := leadglass.AETitle(rq.Calling), leadglass.AETitle(rq.Called)
	d, err := s.c.Directory.Device(ctx, w, calling, called)
	if err == nil && d == nil {
		err = &leadglass.Error{Code: leadglass.Denied, Reason: leadglass.NoIdentity, Err: errNobody}
	}
	if err != nil {
		return nil, s.refuse(ctx, w, calling, called, err)
	}
	peer := *d.Peer
	peer.Session, peer.Calling, peer.Called = rand.Text(), calling, called
	peer.Address, peer.TLS = w.Address, w.TLS
	attempt := guard.SignIn{Peer: &peer, Route: routeOfAssociation(rq), Device: true}
	ours := called == s.c.AETitle || slices.Contains(s.c.Called, called)
	if !ours {
		attempt.Outcome, attempt.Reason = leadglass.MinorFailure, leadglass.NoIdentity
	}
	if err := s.c.Guard.Admit(ctx, attempt); err != nil {
		s.c.Diagnostics.Error("an association cannot be recorded", "peer", &peer, "error", err)
		return nil, notNow()
	}
	if !ours {
		return nil, notOurs()
	}
	ses := &session{s: s, device: d, peer: &peer, wire: w, offers: s.offer(rq, may(d)), checked: s.c.Now()}
	return ses.accept(rq)
}

var errNobody = errors.New("scp: nobody is enrolled so")

// accept makes the answer.
func (ses *session) accept(rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
	ac, err := dimse.Accept(rq, ses, ul.UserInformation{})
	if err != nil {
		return nil, err
	}
	ses.options = map[dicom.UID]options{}
	for _, e := range rq.User.Extended {
		if _, offered := ses.offers[e.SOPClass]; offered {
			o, info := negotiate(e)
			if ses.options[e.SOPClass] = o; info != nil {
				ac.User.Extended = append(ac.User.Extended, ul.ExtendedNegotiation{SOPClass: e.SOPClass, Info: info})
			}
		}
	}
	ses.offers = nil
	ac.Local = ses
	return ac, nil
}

// wireOf is what is known of the connection.
func wireOf(ctx context.Context, remote net.Addr) identity.Wire {
	w := identity.Wire{Address: addressOf(remote)}
	if state := ul.TLSState(ctx); state != nil {
		w.TLS = true
		if len(state.PeerCertificates) > 0 {
			w.Certificate = state.PeerCertificates[0]
		}
	}
	return w
}

func addressOf(remote net.Addr) netip.AddrPort {
	if t, ok := remote.(*net.TCPAddr); ok {
		a := t.AddrPort()
		return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
	}
	return netip.AddrPort{}
}

// routeOfAssociation is the first service that is asked for.
func routeOfAssociation(rq *ul.AssociateRQ) leadglass.Route {
	for _, c := range rq.Contexts {
		if r := routeOf(c.AbstractSyntax); r != "" {
			return r
		}
	}
	return leadglass.CStore
}

// refuse records the refusal of a stranger and returns what he is told, which is
// the same whatever the cause.
func (s *Server) refuse(ctx context.Context, w identity.Wire, calling, called leadglass.AETitle, err error) error {
	if leadglass.CodeOf(err) != leadglass.Denied {
		s.c.Diagnostics.Error("a device cannot be looked up", "address", w.Address.Addr().String(), "error", err)
		return notNow()
	}
	peer := &leadglass.Peer{
		Kind: leadglass.Device, Address: w.Address, TLS: w.TLS, Calling: calling, Called: called, Session: rand.Text(),
	}
	s.refusal(ctx, guard.SignIn{
		Peer: peer, Route: leadglass.CEcho, Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.ReasonOf(err),
	})
	return strange()
}

// Refused hears of connections that became no association, see ul.Server: those
// whose TLS handshake came to nothing are recorded, as node authentication.
func (s *Server) Refused(remote net.Addr, err error) {
	var rj *ul.RejectError
	var limit *ul.LimitError
	if errors.As(err, &rj) || errors.As(err, &limit) || !handshake(err) {
		return
	}
	s.refusal(context.Background(), guard.SignIn{
		Peer:  &leadglass.Peer{Kind: leadglass.Device, Address: addressOf(remote), Session: rand.Text()},
		Route: leadglass.CEcho, Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.NoIdentity,
	})
}

// refusals counts the refusals of a minute. The first of each address is recorded
// at once, the others when the minute is over, as one that says how many.
type refusals struct {
	mu    sync.Mutex // covers what follows
	since time.Time
	timer *time.Timer             // flushes when the minute is over; nil while nothing is counted
	by    map[netip.Addr]*refusal // the zero address is all that have no place
}

type refusal struct {
	last guard.SignIn
	more int // after the first
}

// refusal records one or counts it. That it cannot be recorded is no reason to
// tell the peer anything else: nothing is released.
func (s *Server) refusal(ctx context.Context, a guard.SignIn) {
	now := s.c.Now()
	due, first := s.refusals.add(now, network(a.Peer.Address.Addr()), a, s.lim.RefusalAddresses)
	if first {
		due = append(due, a)
	} else {
		s.refusals.later(func() { s.flushed(s.flushRefusals(context.Background())) })
	}
	s.flushed(s.admitAll(ctx, due))
}

func (s *Server) flushed(err error) {
	if err != nil {
		s.c.Diagnostics.Error("refused associations cannot be recorded", "error", err)
	}
}

// later has what is counted recorded when the minute is over, although nobody
// else may knock.
func (r *refusals) later(flush func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.timer == nil {
		r.timer = time.AfterFunc(time.Minute, flush)
	}
}

// add counts an attempt, and returns those of a minute that is over.
func (r *refusals) add(now time.Time, from netip.Addr, a guard.SignIn, most int) (due []guard.SignIn, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) >= time.Minute {
		due = r.take()
		r.since = now
	}
	if r.by == nil {
		r.by = map[netip.Addr]*refusal{}
	}
	if r.by[from] == nil && len(r.by) >= most {
		from = netip.Addr{}
	}
	if known := r.by[from]; known != nil {
		known.last = a
		known.more++
		return due, false
	}
	r.by[from] = &refusal{last: a}
	return due, true
}

// take empties the count; mu is held.
func (r *refusals) take() []guard.SignIn {
	var due []guard.SignIn
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

func (s *Server) flushRefusals(ctx context.Context) error {
	s.refusals.mu.Lock()
	due := s.refusals.take()
	s.refusals.mu.Unlock()
	return s.admitAll(ctx, due)
}

func (s *Server) admitAll(ctx context.Context, attempts []guard.SignIn) (err error) {
	for _, a := range attempts {
		err = errors.Join(err, s.c.Guard.Admit(ctx, a))
	}
	return err
}

// network is what counts as one address: of IPv6 the 64 bits that one site has.
func network(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		if p, err := a.Prefix(64); err == nil {
			return p.Addr()
		}
	}
	return a
}

// handshake reports whether an error is of TLS: a peer that shows no certificate
// or a wrong one, or wants a version or suite that is refused. Who merely
// connects and leaves is no attempt.
func handshake(err error) bool {
	var alert tls.AlertError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &alert) || errors.As(err, &verification) || errors.As(err, &record) ||
		strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "remote error: tls: ")
}
