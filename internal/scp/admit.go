package scp

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/netip"
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/ca"
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
	_ = s.refusals.Refuse(ctx, guard.SignIn{
		Peer: peer, Route: leadglass.CEcho, Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.ReasonOf(err),
	})
	return strange()
}

// Refused hears of connections that became no association, see ul.Server: those
// whose TLS handshake came to nothing are recorded, as node authentication.
func (s *Server) Refused(remote net.Addr, err error) {
	var rj *ul.RejectError
	var limit *ul.LimitError
	if errors.As(err, &rj) || errors.As(err, &limit) || !ca.IsHandshake(err) {
		return
	}
	_ = s.refusals.Refuse(context.Background(), guard.SignIn{
		Peer:  &leadglass.Peer{Kind: leadglass.Device, Address: addressOf(remote), Session: rand.Text()},
		Route: leadglass.CEcho, Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.NoIdentity,
	})
}
