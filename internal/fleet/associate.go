package fleet

import (
	"context"
	"crypto/tls"
	"net"
	"sync"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet/plan"
	"github.com/leadglass/leadglass/ul"
)

// titles is a pair of AE titles.
type titles struct{ calling, called ul.AETitle }

// acceptor answers association requests as its service behaves.
type acceptor struct {
	session *session

	mu    sync.Mutex        // covers bound
	bound map[string]titles // by peer address, the titles that it came with first
}

// server serves the DICOM service; secure is nil without TLS.
func (s *session) server(secure *tls.Config) *ul.Server {
	a := &acceptor{session: s, bound: map[string]titles{}}
	return &ul.Server{
		Config: ul.Config{
			TLS: secure,
			// Whoever asks the fleet may come with as many connections as it likes.
			Limits: ul.Limits{Associations: -1, PerPeer: -1},
		},
		Negotiate: a.negotiate,
		Handle:    dimse.Handle(s, dimse.Limits{}),
	}
}

func (a *acceptor) negotiate(_ context.Context, remote net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
	d := a.session.service
	if d.Reject != nil {
		reason := *d.Reject
		return nil, &reason
	}
	if d.Binds && !a.bind(remote, titles{rq.Calling, rq.Called}) {
		return nil, &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCallingNotRecognised}
	}
	user := ul.UserInformation{
		ImplementationClassUID:    dicom.UID(d.Software.ClassUID),
		ImplementationVersionName: d.Software.VersionName,
	}
	if d.Honeypot != plan.Honest {
		return trapAnswer(d.Honeypot, rq, user), nil
	}
	return dimse.Accept(rq, a.session, user)
}

// bind remembers the titles that a peer came with first and says whether these
// are the same.
func (a *acceptor) bind(remote net.Addr, t titles) bool {
	peer, _, err := net.SplitHostPort(remote.String())
	if err != nil {
		peer = remote.String()
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	first, ok := a.bound[peer]
	if !ok {
		a.bound[peer] = t
	}
	return !ok || first == t
}

// trapAnswer accepts whatever is proposed, with the first transfer syntax, as
// DicomPot does (github.com/nsmfoo/dicompot, contextmanager.go).
func trapAnswer(kind plan.Honeypot, rq *ul.AssociateRQ, user ul.UserInformation) *ul.AssociateAC {
	ac := &ul.AssociateAC{
		ProtocolVersion: 1, Called: rq.Called, Calling: rq.Calling,
		ApplicationContext: rq.ApplicationContext, User: user,
	}
	for _, c := range rq.Contexts {
		answer := ul.PresentationContextAC{ID: c.ID, Result: ul.Acceptance}
		if len(c.TransferSyntaxes) > 0 {
			answer.TransferSyntax = c.TransferSyntaxes[0]
		}
		ac.Contexts = append(ac.Contexts, answer)
	}
	if kind == plan.TrapParrot {
		ac.User = ul.UserInformation{
			ImplementationClassUID:    rq.User.ImplementationClassUID,
			ImplementationVersionName: rq.User.ImplementationVersionName,
		}
	}
	return ac
}
