package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/origin"
	"github.com/leadglass/leadglass/internal/regular"
	"github.com/leadglass/leadglass/internal/render"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
)

// OpenDirectory opens accounts and devices. It may be open in any number of
// processes.
func (c *Config) OpenDirectory(ctx context.Context) (*identity.Directory, error) {
	d, err := identity.Open(ctx, identity.Config{
		Dir: c.in("identity"), Exceptions: c.Exceptions, Issuers: c.Issuers, Now: c.Now, Diagnostics: c.Diagnostics,
	})
	if err != nil {
		return nil, fmt.Errorf("serve: opening accounts and devices: %w", err)
	}
	return d, nil
}

// OpenCA opens our own authority, and makes it where there is none.
func (c *Config) OpenCA(ctx context.Context) (*ca.CA, error) {
	a, err := ca.Open(ctx, ca.Config{Dir: c.in("ca"), Names: c.TLS.Names, Now: c.Now})
	if err != nil {
		return nil, fmt.Errorf("serve: opening the authority: %w", err)
	}
	return a, nil
}

func (s *Server) openDirectory(ctx context.Context) (err error) {
	s.directory, err = s.c.OpenDirectory(ctx)
	return err
}

// openTLS finds out what we show and whom we believe.
func (s *Server) openTLS(ctx context.Context) error {
	a, err := s.c.OpenCA(ctx)
	if err != nil {
		return err
	}
	if err := s.readLists(); err != nil {
		return err
	}
	s.trust = &ca.Trust{
		Roots: a.Pool(), Enrolled: s.directory.Enrolled, Withdrawn: s.directory.Withdrawn, Now: s.c.Now,
		Lists: func() []*x509.RevocationList { return *s.revoked.Load() },
	}
	if err := s.c.TLS.roots(s.trust.Roots); err != nil {
		return err
	}
	if s.c.TLS.Certificate != "" {
		s.own, err = ca.OpenFiles(s.c.TLS.Certificate, s.c.TLS.Key)
	} else {
		s.own, err = a.Server(s.c.TLS.Names)
	}
	if err != nil {
		return &ConfigError{Key: "tls.certificate", What: err.Error(), Remedy: hint(err, "name a certificate and its key, both in PEM")}
	}
	return nil
}

// hint is what an error says that helps, or else what is said here.
func hint(err error, otherwise string) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return h.Hint()
	}
	return otherwise
}

// maxPEM bounds files of authorities and revocation lists, in bytes.
const maxPEM = 16 << 20

// parsed reads a file of certificates or of a revocation list.
func parsed[T any](name string, parse func([]byte) (T, error)) (v T, err error) {
	text, err := regular.Read(name, maxPEM)
	if err != nil {
		return v, err
	}
	return parse(text)
}

// roots adds the site's own authorities to ours.
func (t *TLS) roots(pool *x509.CertPool) error {
	if t.Clients == "" {
		return nil
	}
	more, err := parsed(t.Clients, ca.ParseCertificates)
	if err != nil {
		return &ConfigError{File: t.Clients, Key: "tls.clients", What: regular.Reason(err), Remedy: "name a PEM file with the certificates of the authorities"}
	}
	for _, c := range more {
		pool.AddCert(c)
	}
	return nil
}

// lists reads what the site's authorities revoked.
func (t *TLS) lists() ([]*x509.RevocationList, error) {
	var all []*x509.RevocationList
	for _, name := range t.Revoked {
		list, err := parsed(name, ca.ParseList)
		if err != nil {
			return nil, &ConfigError{File: name, Key: "tls.revoked", What: regular.Reason(err), Remedy: "name a certificate revocation list, in PEM or DER"}
		}
		all = append(all, list)
	}
	return all, nil
}

// readLists reads revocation lists again; those that cannot be read leave all as
// they were.
func (s *Server) readLists() error {
	lists, err := s.c.TLS.lists()
	if err == nil {
		s.revoked.Store(&lists)
	}
	return err
}

func (s *Server) openDIMSE(context.Context) error {
	client, err := ca.ClientTLS(s.c.TLS.Profile, s.own, s.trust)
	if err != nil {
		return err
	}
	server, err := ca.ServerTLS(s.c.TLS.Profile, s.own, s.trust, true)
	if err != nil {
		return err
	}
	s.scp = scp.New(scp.Config{
		Guard: s.guard, Directory: s.directory, AETitle: s.c.DIMSE.Title, Called: s.c.DIMSE.Called,
		TLS: client, Now: s.c.Now, Diagnostics: s.c.Diagnostics,
	})
	s.dimse, s.plain = s.associations(server), s.associations(nil)
	return nil
}

func (s *Server) associations(t *tls.Config) *ul.Server {
	return &ul.Server{Config: ul.Config{TLS: t}, Negotiate: s.scp.Negotiate, Handle: s.scp.Handle, Refused: s.scp.Refused}
}

func (s *Server) openWeb(context.Context) error {
	s.web = origin.New(origin.Config{
		Guard: s.guard, Directory: s.directory, Render: origin.NewPictures(render.Limits{}, 0),
		Now: s.c.Now, Diagnostics: s.c.Diagnostics, PublicURL: s.c.Web.URL,
	})
	return nil
}
