// Package probetest has peers to probe: image archives and services that do
// what tests tell them and record what they were asked.
package probetest

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// Archive is a DICOM service. Its zero value takes any association, offers
// everything but the worklist, and holds nothing.
type Archive struct {
	ClassUID    dicom.UID
	VersionName string
	Reject      *ul.RejectError // every association
	RejectFirst int             // so many, with Reject, then no more
	Only        ul.AETitle      // the one calling title that is taken, "" any
	Offers      []dicom.UID     // abstract syntaxes; nil is Everything()
	AcceptAll   bool            // whatever is proposed, in the first syntax proposed
	Echoes      bool            // names the caller's implementation as its own
	Studies     []*dicom.Dataset
	Patients    []*dicom.Dataset
	Worklist    []*dicom.Dataset
	Find        dimse.Status  // refuses C-FIND, where not success
	Get, Move   dimse.Status  // answers retrieval
	EchoStatus  dimse.Status  // answers C-ECHO
	Completed   int           // sub-operations that a C-MOVE claims
	SameAnswer  bool          // matches whatever is asked
	Endless     bool          // answers C-FIND for ever, and does not heed C-CANCEL
	Late        int           // reads a C-CANCEL after so many answers to C-FIND
	Delay       time.Duration // before each answer
	TLS         *tls.Config

	mu       sync.Mutex // covers what follows
	requests []Request
	accepted int
}

// Request is one request that the archive got.
type Request struct {
	At          time.Time
	Op          string // "associate", "echo", "find", "get", "move", "store"
	Calling     ul.AETitle
	Called      ul.AETitle
	Model       dicom.UID
	Level       string
	Study       dicom.UID
	Destination ul.AETitle
	Sent        int  // answers
	Cancelled   bool // by the peer
}

// Everything is what an archive offers that is open to all.
func Everything() []dicom.UID {
	return []dicom.UID{
		dimse.Verification, dimse.StudyRootFind, dimse.PatientRootFind,
		dimse.StudyRootGet, dimse.PatientRootGet, dimse.StudyRootMove, dimse.PatientRootMove,
		dict.CTImageStorage, dict.MRImageStorage,
	}
}

// Requests returns what was asked so far.
func (a *Archive) Requests() []Request {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]Request(nil), a.requests...)
}

// Connections is how many were accepted so far.
func (a *Archive) Connections() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.accepted
}

func (a *Archive) note(r Request) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if r.At.IsZero() {
		r.At = time.Now()
	}
	a.requests = append(a.requests, r)
}

// Serve serves the archive on a port of loopback until the test ends.
func (a *Archive) Serve(t testing.TB) netip.AddrPort {
	t.Helper()
	ln := Listen(t)
	server := &ul.Server{
		Config:    ul.Config{TLS: a.TLS, Limits: ul.Limits{Linger: 50 * time.Millisecond}},
		Negotiate: a.negotiate,
		Handle:    a.handle,
	}
	go server.Serve(counting{ln, a})
	t.Cleanup(func() { server.Close() })
	return netip.MustParseAddrPort(ln.Addr().String())
}

func (a *Archive) handle(ctx context.Context, assoc *ul.Assoc) {
	if a.Endless || a.Late > 0 {
		endless(a, assoc)
		return
	}
	_ = dimse.Serve(ctx, assoc, &session{a}, dimse.Limits{})
}

type counting struct {
	net.Listener
	a *Archive
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.a.mu.Lock()
		c.a.accepted++
		c.a.mu.Unlock()
	}
	return conn, err
}

func (a *Archive) negotiate(_ context.Context, _ net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
	a.note(Request{Op: "associate", Calling: rq.Calling, Called: rq.Called})
	time.Sleep(a.Delay)
	if a.Reject != nil && (a.RejectFirst == 0 || a.Connections() <= a.RejectFirst) {
		return nil, a.Reject
	}
	if a.Only != "" && rq.Calling != a.Only {
		return nil, &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCallingNotRecognised}
	}
	user := ul.UserInformation{ImplementationClassUID: "1.2.3.4", ImplementationVersionName: a.VersionName}
	if a.ClassUID != "" {
		user.ImplementationClassUID = a.ClassUID
	}
	if a.Echoes {
		user.ImplementationClassUID, user.ImplementationVersionName = rq.User.ImplementationClassUID, rq.User.ImplementationVersionName
	}
	table := (&session{a}).Offers()
	if a.AcceptAll {
		for _, c := range rq.Contexts {
			table[c.AbstractSyntax] = append(table[c.AbstractSyntax], c.TransferSyntaxes...)
		}
	}
	return ul.Accept(rq, table, user), nil
}

// session is one association with the archive.
type session struct{ *Archive }

func (s *session) Offers() ul.Supported {
	offers := s.Archive.Offers
	if offers == nil {
		offers = Everything()
	}
	table := ul.Supported{}
	for _, class := range offers {
		table[class] = []dicom.UID{dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID}
	}
	return table
}

func (s *session) Echo(context.Context) dimse.Status {
	s.note(Request{Op: "echo"})
	time.Sleep(s.Delay)
	return s.EchoStatus
}

func (s *session) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	s.note(Request{Op: "store"})
	return dimse.OutOfResources
}

func (s *session) Find(_ context.Context, q *dimse.Query, match dimse.Matches) (dimse.Status, error) {
	r := request("find", q)
	defer func() { s.note(r) }()
	time.Sleep(s.Delay)
	if s.Archive.Find != dimse.Success {
		return s.Archive.Find, nil
	}
	for _, d := range s.answers(q) {
		if r.Study != "" && !s.SameAnswer && d.String(dict.StudyInstanceUID) != string(r.Study) {
			continue
		}
		if err := match.Send(d); err != nil {
			r.Cancelled = true
			return dimse.Cancel, err
		}
		r.Sent++
	}
	return dimse.Success, nil
}

func (s *session) answers(q *dimse.Query) []*dicom.Dataset {
	switch {
	case q.Model == dimse.WorklistFind:
		return s.Worklist
	case q.Identifier.String(dict.QueryRetrieveLevel) == "PATIENT":
		return s.Patients
	}
	return s.Studies
}

func (s *session) Get(_ context.Context, q *dimse.Query, _ dimse.SubOperations) (*dimse.Response, error) {
	s.note(request("get", q))
	time.Sleep(s.Delay)
	return &dimse.Response{Status: s.Archive.Get}, nil
}

func (s *session) Move(_ context.Context, q *dimse.Query, _ func(*dimse.Response) error) (*dimse.Response, error) {
	s.note(request("move", q))
	time.Sleep(s.Delay)
	return &dimse.Response{Status: s.Archive.Move, Completed: s.Completed}, nil
}

func request(op string, q *dimse.Query) Request {
	return Request{
		At: time.Now(), Op: op, Model: q.Model, Destination: q.Destination,
		Level: q.Identifier.String(dict.QueryRetrieveLevel),
		Study: dicom.UID(q.Identifier.String(dict.StudyInstanceUID)),
	}
}
