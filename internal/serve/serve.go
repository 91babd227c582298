package serve

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/origin"
	"github.com/leadglass/leadglass/internal/policy"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
)

// Server is an archive. What is not set up yet is nil.
type Server struct {
	c Config

	log       *audit.Log
	archive   *archive.Archive
	policies  *policy.Live
	guard     *guard.Guard
	directory *identity.Directory
	own       ca.Certificates // that our listeners show
	trust     *ca.Trust
	revoked   atomic.Pointer[[]*x509.RevocationList]
	known     registry // as it was recorded last; nil before, then the chore's that records it

	scp   *scp.Server
	dimse *ul.Server // encrypted
	plain *ul.Server
	web   *origin.Handler

	listening []listener
	closers   []func() error // what is open, the first first
}

// Open opens everything that an archive consists of and listens, so that what is
// wrong is known before anybody is told that it runs. Close must be called.
func Open(ctx context.Context, c Config) (*Server, error) {
	s := &Server{c: c.withDefaults()}
	return s.open(ctx, s.folder, s.openLog, s.openArchive, s.openPolicies, s.openDirectory, s.openTLS, s.openDIMSE, s.openWeb, s.listen, s.recordStart, s.recordRegistry)
}

// open takes steps, and takes all back where one fails.
func (s *Server) open(ctx context.Context, steps ...func(context.Context) error) (*Server, error) {
	for _, step := range steps {
		if err := step(ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// The archive of a configuration that says nothing: on loopback, encrypted.
const (
	defaultTitle = "LEADGLASS"
	defaultDIMSE = "127.0.0.1:2762" // dicom-tls (IANA)
	defaultWeb   = "127.0.0.1:8443"
)

func (c Config) withDefaults() Config {
	if c.DIMSE.Title == "" {
		c.DIMSE.Title = defaultTitle
	}
	if c.DIMSE.TLS == nil {
		c.DIMSE.TLS = []string{defaultDIMSE}
	}
	if c.Web.TLS == nil {
		c.Web.TLS = []string{defaultWeb}
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.DiscardHandler)
	}
	return c
}

// opened notes what is to be closed.
func (s *Server) opened(f func() error) { s.closers = append(s.closers, f) }

// Serve serves until ctx ends, then stops: nobody new comes in, who is idle is
// let go, and who is in the middle of something has a while to end it.
func (s *Server) Serve(ctx context.Context) error {
	failed := make(chan error, len(s.listening))
	for _, l := range s.listening {
		go func() { failed <- l.serve(l.Listener) }() // ended by stop
	}
	ctx, cancel := context.WithCancel(ctx)
	var chores sync.WaitGroup
	for _, c := range s.chores() {
		chores.Go(func() { s.regularly(ctx, c) }) // ended by cancel
	}
	err := s.wait(ctx, failed)
	cancel()
	chores.Wait()
	return errors.Join(err, s.stop())
}

// wait waits for the end, and reads policies and lists again when it is told to.
func (s *Server) wait(ctx context.Context, failed <-chan error) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return fmt.Errorf("serve: listening: %w", err)
		case <-s.c.Reload:
			if err := s.Reload(ctx); err != nil {
				s.c.Diagnostics.Error("what cannot be read stays as it was", slog.String("error", err.Error()))
			}
		}
	}
}

// grace is how long those who are in the middle of something have to end it; as
// long as a service manager waits before it kills.
const grace = 20 * time.Second

// lastRecords is how long the records of the end may take, once all are gone.
const lastRecords = 5 * time.Second

func (s *Server) stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	var errs []error
	done := make(chan error, len(s.listening))
	for _, l := range s.listening {
		go func() { done <- l.stop(ctx) }() // ends with ctx
	}
	for range s.listening {
		errs = append(errs, ended(<-done))
	}
	ctx, cancel = context.WithTimeout(context.Background(), lastRecords)
	defer cancel()
	return errors.Join(append(errs, s.scp.Close(ctx), s.web.Close(ctx), s.recordStop(ctx))...)
}

// ended is no error where somebody had to be cut off.
func ended(err error) error {
	for _, usual := range []error{context.DeadlineExceeded, net.ErrClosed, http.ErrServerClosed} {
		if errors.Is(err, usual) {
			return nil
		}
	}
	return err
}

// Close closes what is open, the last first.
func (s *Server) Close() error {
	var errs []error
	for _, l := range s.listening {
		if err := l.Close(); !errors.Is(err, net.ErrClosed) {
			errs = append(errs, err)
		}
	}
	for i := len(s.closers) - 1; i >= 0; i-- {
		errs = append(errs, s.closers[i]())
	}
	s.closers, s.listening = nil, nil
	return errors.Join(errs...)
}

// Title is the archive's AE title.
func (s *Server) Title() string { return string(s.c.DIMSE.Title) }

// Policy is the hash of the policies in force.
func (s *Server) Policy() string { return s.policies.Policy() }

// Known returns how many may get in: accounts, devices, exceptions and issuers.
func (s *Server) Known() (int, error) {
	accounts, err := s.directory.Accounts()
	if err != nil {
		return 0, err
	}
	devices, err := s.directory.Devices()
	return len(accounts) + len(devices) + len(s.c.Exceptions) + len(s.c.Issuers), err
}
