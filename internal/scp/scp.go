// Package scp is the archive's face in DIMSE (PS3.4 annexes A, B, C and J): it
// turns what a peer asks into requests for guard, and what guard permits into
// answers.
//
// # Who asks
//
// An association request is answered only where the identity.Directory knows the
// device: by the certificate of its TLS connection, its address and its titles, or
// by an exception that the configuration accepts in words. A user identity
// (PS3.7 section D.3.3.7) is passed over: anybody may write one. The attempt is
// recorded before it is answered. A stranger is told "calling AE title not
// recognised" whatever the cause; a device that calls another title than ours is
// told so.
//
//	Negotiate  TLS, address, titles → Device → record → what it may use → A-ASSOCIATE-AC
//	Handle     requests → guard → answers; the end of its Intake with the association's
//
// # What is answered
//
// Errors become statuses by one table, see status. What a peer may not have and
// what is not there look the same: a search has no rows, a retrieval is a success
// of nothing, a commitment fails with 0112.
//
// Objects leave in the transfer syntax that they came in. Where a peer does not
// take it and it is not compressed, they are laid down anew in explicit or
// implicit VR little endian while they leave; nothing is decompressed.
package scp

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/ul"
)

// Directory knows devices; *identity.Directory is one.
type Directory interface {
	Device(ctx context.Context, w identity.Wire, calling, called leadglass.AETitle) (*identity.Device, error)
	Destination(ctx context.Context, title leadglass.AETitle) (*identity.Device, error)
}

// Config is what a Server works with.
type Config struct {
	Guard     *guard.Guard
	Directory Directory

	// AETitle is ours: in answers, and as the calling title of our associations.
	AETitle leadglass.AETitle
	// Called are further titles that we answer to.
	Called []leadglass.AETitle
	// Private admits SOP classes and transfer syntaxes that no edition of the
	// standard has, to be stored and handed out.
	Private bool

	// TLS is for associations that we request of destinations that want it: our
	// certificate and whom we trust. Without, such destinations cannot be reached.
	TLS *tls.Config
	// DialContext replaces net.Dialer.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)

	Limits      Limits
	Messages    dimse.Limits // of one association
	Wire        ul.Limits    // of the associations that we request
	Now         func() time.Time
	Diagnostics *slog.Logger
}

// Server serves associations. Negotiate, Handle and Refused are those of a
// ul.Server; any number of listeners may share them.
type Server struct {
	c        Config
	lim      Limits
	objects  []dicom.UID // transfer syntaxes of objects, shared by all associations
	messages []dicom.UID // and of identifiers
	refusals *guard.Refusals
	reports  reports
}

// New returns a Server. Close ends it, after the ul.Server has ended.
func New(c Config) *Server {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.DiscardHandler)
	}
	s := &Server{c: c, lim: c.Limits.withDefaults(), objects: dimse.ObjectSyntaxes(), messages: dimse.MessageSyntaxes()}
	s.refusals = c.Guard.Refusals(s.lim.RefusalAddresses, c.Now, func(err error) {
		c.Diagnostics.Error("refused associations cannot be recorded", "error", err)
	})
	return s
}

// Handle serves an association that Negotiate answered.
func (s *Server) Handle(ctx context.Context, a *ul.Assoc) {
	ses, ok := a.Answer().Local.(*session)
	if !ok {
		return
	}
	ses.agreed = agreed(a)
	err := dimse.Serve(ctx, a, ses, s.c.Messages)
	if end := ses.end(context.WithoutCancel(ctx)); end != nil {
		s.c.Diagnostics.Error("the end of a transfer is not recorded", "session", ses.peer.Session, "error", end)
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		s.c.Diagnostics.Debug("association ended", "session", ses.peer.Session, "error", err)
	}
}

// Close records the refusals that were counted and not yet recorded, and gives
// up what is left to report of storage commitments.
func (s *Server) Close(ctx context.Context) error {
	s.reports.close()
	return s.refusals.Close(ctx)
}
