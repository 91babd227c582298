package scp

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/ul"
)

// session is one association. It is a dimse.Session: requests come one at a time,
// but that which is running may still run while the next is read.
type session struct {
	s       *Server
	device  *identity.Device
	peer    *leadglass.Peer
	wire    identity.Wire
	offers  ul.Supported // until the request is answered
	agreed  contexts
	options map[dicom.UID]options // of information models, by extended negotiation

	mu      sync.Mutex // covers checked
	checked time.Time  // when the device was looked up last

	intake *guard.Intake // of the objects that the peer stores; nil before the first
	denied error         // why it may store none
}

// Offers is what the device may use, see dimse.Offerer.
func (ses *session) Offers() ul.Supported { return ses.offers }

// offer makes the table of what a device may use of what is asked. Classes and
// syntaxes that we do not know belong in it where the configuration says so, for
// those who may store.
func (s *Server) offer(rq *ul.AssociateRQ, may func(leadglass.Route) bool) ul.Supported {
	table := ul.Supported{}
	for _, c := range rq.Contexts {
		class := c.AbstractSyntax
		switch route := routeOf(class); {
		case route == leadglass.CStore || route == "" && s.c.Private:
			if may(leadglass.CStore) || may(leadglass.CGet) {
				table[class] = s.objectSyntaxes(table[class], c.TransferSyntaxes)
				if slices.Contains(rq.User.Roles, ul.RoleSelection{SOPClass: class, SCP: true}) {
					table[class] = compressedFirst(table[class], c.TransferSyntaxes)
				}
			}
		case route != "" && may(route):
			table[class] = s.messages
		}
	}
	return table
}

// objectSyntaxes are those of the standard, and of those proposed the others.
func (s *Server) objectSyntaxes(have, proposed []dicom.UID) []dicom.UID {
	if have == nil {
		have = s.objects
	}
	for _, ts := range proposed {
		if s.c.Private && !slices.Contains(have, ts) {
			have = append(slices.Clip(have), ts)
		}
	}
	return have
}

// compressedFirst prefers the compressed syntax that a peer names first who is only
// given objects: a context has room for one, and where it is native, none of those
// that are kept compressed can go on it. One that names a native syntax first is
// given native objects as they are, in ours.
func compressedFirst(have, proposed []dicom.UID) []dicom.UID {
	if len(proposed) == 0 || native(proposed[0]) || !slices.Contains(have, proposed[0]) {
		return have
	}
	return slices.Concat(proposed[:1], have)
}

// routeOf is the service of a SOP class, empty for one that we do not know.
func routeOf(class dicom.UID) leadglass.Route {
	switch class {
	case dimse.Verification:
		return leadglass.CEcho
	case dimse.PatientRootFind, dimse.StudyRootFind, dimse.PatientStudyOnlyFind:
		return leadglass.CFind
	case dimse.PatientRootGet, dimse.StudyRootGet, dimse.PatientStudyOnlyGet:
		return leadglass.CGet
	case dimse.PatientRootMove, dimse.StudyRootMove, dimse.PatientStudyOnlyMove:
		return leadglass.CMove
	case dimse.StorageCommitment:
		return leadglass.NAction
	}
	if dimse.IsStorage(class) {
		return leadglass.CStore
	}
	return ""
}

// may reports whether the device may use a service.
func may(d *identity.Device) func(leadglass.Route) bool {
	return func(r leadglass.Route) bool { return len(d.Services) == 0 || slices.Contains(d.Services, r) }
}

// request begins a request. It fails where the device is no longer what it was
// when the association began.
func (ses *session) request(ctx context.Context, verb leadglass.Verb, route leadglass.Route) (*leadglass.Request, error) {
	rq := &leadglass.Request{
		ID: rand.Text(), Time: ses.s.c.Now(), Verb: verb, Route: route, Peer: ses.peer, Purpose: ses.device.Purpose,
	}
	if rq.Purpose != leadglass.NoPurposeGiven {
		rq.DeclaredBy = leadglass.ByDevice
	}
	return rq, ses.recheck(ctx, rq.Time, route)
}

func (ses *session) recheck(ctx context.Context, now time.Time, route leadglass.Route) error {
	ses.mu.Lock()
	defer ses.mu.Unlock()
	if now.Sub(ses.checked) < ses.s.lim.Recheck {
		return nil
	}
	d, err := ses.s.c.Directory.Device(ctx, ses.wire, ses.peer.Calling, ses.peer.Called)
	if err != nil {
		return err
	}
	if d == nil || d.Peer.ID != ses.peer.ID || !may(d)(route) {
		return &leadglass.Error{Code: leadglass.Denied, Reason: leadglass.NotActive, Err: errChanged}
	}
	ses.checked = now
	return nil
}

// end ends what was begun for the whole association.
func (ses *session) end(ctx context.Context) error {
	if ses.intake == nil {
		return nil
	}
	return ses.intake.End(ctx)
}
