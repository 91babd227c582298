// Package fleet simulates the image archives of the internet of 2019 on
// loopback: thousands of DICOM, DICOMweb and other services, each on an address
// of its own, with content that is worked out when somebody asks and never
// stored.
//
// A Plan says what is where and what it holds; it follows from a Config alone.
// Start serves it. Truth says what a survey ought to find, worked out from the
// plan and not from anything that was asked over a network:
//
//	plan, err := fleet.NewPlan(fleet.Config{Preset: fleet.Tiny})
//	f, err := fleet.Start(ctx, plan)
//	defer f.Close()
//	truth := plan.Truth()
//
// All names, identifiers and dates are invented, and Planted lists what marks
// them, so that a test can look for them where they must not be.
package fleet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/fleet/plan"
	"github.com/leadglass/leadglass/ul"
)

// Fleet is a plan that is being served.
type Fleet struct {
	ctx    context.Context // ends with Close; strangers watch it
	cancel context.CancelFunc
	wg     sync.WaitGroup // the goroutines that serve

	archives []*ul.Server
	webs     []*http.Server
	plain    []net.Listener // of strangers
	conns    connections
}

// Start listens on every port of the plan and serves until ctx ends or Close.
// When it returns without an error, everything answers.
func Start(ctx context.Context, p *plan.Plan) (*Fleet, error) {
	s, err := newStarter(p)
	if err != nil {
		return nil, err
	}
	f := s.fleet
	f.ctx, f.cancel = context.WithCancel(ctx)
	for _, h := range p.Hosts {
		if err := s.host(h); err != nil {
			f.Close()
			return nil, err
		}
	}
	context.AfterFunc(f.ctx, f.stop) // ctx ended: the same as Close
	return f, nil
}

// Close stops listening, ends every connection and waits for all of it.
func (f *Fleet) Close() {
	f.cancel()
	f.stop()
	f.wg.Wait()
}

func (f *Fleet) stop() {
	for _, ln := range f.plain {
		_ = ln.Close()
	}
	for _, s := range f.archives {
		_ = s.Close()
	}
	for _, s := range f.webs {
		_ = s.Close()
	}
	f.conns.close()
}

// starter is what starting needs and serving does not.
type starter struct {
	fleet        *Fleet
	lexicons     map[*content.Tongue]*content.Lexicon
	archives     map[*plan.DICOMService]*archive
	certificates *certificateStore
}

func newStarter(p *plan.Plan) (*starter, error) {
	s := &starter{fleet: &Fleet{}, lexicons: map[*content.Tongue]*content.Lexicon{}, archives: map[*plan.DICOMService]*archive{}}
	if err := enoughDescriptors(p); err != nil {
		return nil, err
	}
	var err error
	s.certificates, err = newCertificates(p.Config.Now)
	return s, err
}

// enoughDescriptors: package os has raised the soft limit to the hard one.
func enoughDescriptors(p *plan.Plan) error {
	const spare = 2048 // for connections
	listeners := uint64(0)
	for _, h := range p.Hosts {
		listeners += uint64(len(h.DICOM) + len(h.Web) + len(h.Others))
	}
	most, err := openFiles()
	if err != nil {
		return fmt.Errorf("fleet: asking for the limit of open files: %w", err)
	}
	if most < listeners+spare {
		return fmt.Errorf("fleet: %d listeners and as many connections as come need %d open files, the limit is %d: raise it with ulimit -n, or choose fewer systems",
			listeners, listeners+spare, most)
	}
	return nil
}

// host starts everything on one address.
func (s *starter) host(h *plan.Host) error {
	for _, d := range h.DICOM {
		if err := s.dicom(h, d); err != nil {
			return err
		}
	}
	for _, w := range h.Web {
		if err := s.web(h, w); err != nil {
			return err
		}
	}
	for _, o := range h.Others {
		ln, err := listen(h, o.Port)
		if err != nil {
			return err
		}
		s.fleet.plain = append(s.fleet.plain, ln)
		s.fleet.wg.Go(func() { s.fleet.serveStranger(ln, o.Kind) }) // ends when Close closes ln
	}
	return nil
}

// sendBuffer is how much an answer may run ahead of its reader: as much as a
// wide area network would hold, not the megabytes that loopback would, so that a
// C-CANCEL arrives while there is something left to cancel.
const sendBuffer = 64 << 10

func listen(h *plan.Host, port uint16) (net.Listener, error) {
	lc := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		return c.Control(func(fd uintptr) { // connections inherit it; without it all works too
			setSendBuffer(fd, sendBuffer)
		})
	}}
	ln, err := lc.Listen(context.Background(), "tcp4", h.Address(port))
	if errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("fleet: listening: %w: ports below 1024 are for root; --high-ports leaves them out", err)
	}
	if err != nil {
		return nil, fmt.Errorf("fleet: listening: %w", err)
	}
	return ln, nil
}

func (s *starter) dicom(h *plan.Host, d *plan.DICOMService) error {
	a, err := s.archive(d)
	if err != nil {
		return err
	}
	ln, err := listen(h, d.Port)
	if err != nil {
		return err
	}
	server := (&session{service: d, archive: a}).server(s.certificates.config(d.TLS))
	s.fleet.archives = append(s.fleet.archives, server)
	s.fleet.wg.Go(func() { _ = server.Serve(ln) }) // ends when Close closes the server
	return nil
}

// archive returns what answers for the content of a service, nil where it has
// none.
func (s *starter) archive(d *plan.DICOMService) (*archive, error) {
	if d == nil || d.Holds == nil {
		return nil, nil
	}
	if d.SameAs != nil {
		d = d.SameAs
	}
	if a := s.archives[d]; a != nil {
		return a, nil
	}
	names := s.lexicons[d.Words]
	if names == nil {
		var err error
		if names, err = content.NewLexicon(d.Words); err != nil {
			return nil, err
		}
		s.lexicons[d.Words] = names
	}
	a := newArchive(d, names)
	s.archives[d] = a
	return a, nil
}

func (s *starter) web(h *plan.Host, w *plan.WebService) error {
	a, err := s.archive(w.Archive)
	if err != nil {
		return err
	}
	ln, err := listen(h, w.Port)
	if err != nil {
		return err
	}
	if c := s.certificates.config(w.HTTPS); c != nil {
		c.NextProtos = []string{"http/1.1"}
		ln = tls.NewListener(ln, c)
	}
	server := &http.Server{
		Handler:           newWeb(w, a),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       30 * time.Second,
		ErrorLog:          log.New(io.Discard, "", 0), // what peers do wrong is their affair
	}
	s.fleet.webs = append(s.fleet.webs, server)
	s.fleet.wg.Go(func() { _ = server.Serve(ln) }) // ends when Close closes the server
	return nil
}
