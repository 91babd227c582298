package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/ul"
)

// Face is what is spoken on a listener.
type Face string

// The faces.
const (
	DIMSEOverTLS Face = "DICOM over TLS"
	PlainDIMSE   Face = "DICOM, not encrypted"
	HTTPS        Face = "DICOMweb over HTTPS"
	PlainHTTP    Face = "DICOMweb, not encrypted"
)

// listener is an address that the archive listens on.
type listener struct {
	net.Listener
	face  Face
	serve func(net.Listener) error
	stop  func(context.Context) error
}

// Listening is where an archive listens.
type Listening struct {
	Face    Face
	Address string // host and port
}

// Listening returns where the archive listens.
func (s *Server) Listening() []Listening {
	var all []Listening
	for _, l := range s.listening {
		all = append(all, Listening{l.face, l.Addr().String()})
	}
	return all
}

func (s *Server) listen(ctx context.Context) error {
	encrypted, err := ca.ServerTLS(s.c.TLS.Profile, s.own, s.trust, false)
	if err != nil {
		return err
	}
	for _, l := range []struct {
		key       string
		addresses []string
		add       func(net.Listener) listener
	}{
		{"dimse.tls", s.c.DIMSE.TLS, func(l net.Listener) listener { return associations(l, DIMSEOverTLS, s.dimse) }},
		{"dimse.plain", s.c.DIMSE.Plain, func(l net.Listener) listener { return associations(l, PlainDIMSE, s.plain) }},
		{"web.tls", s.c.Web.TLS, func(l net.Listener) listener { return s.requests(l, HTTPS, encrypted) }},
		{"web.plain", s.c.Web.Plain, func(l net.Listener) listener { return s.requests(l, PlainHTTP, nil) }},
	} {
		for _, address := range l.addresses {
			ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
			if err != nil {
				return cannotListen(l.key, address, err)
			}
			s.listening = append(s.listening, l.add(ln))
		}
	}
	return nil
}

func cannotListen(key, address string, err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		err = op.Err
	}
	return &ConfigError{
		Key: key, What: fmt.Sprintf("listening on %s: %v", address, err),
		Remedy: "another program may use the port, or it is below 1024, or the address is not this machine's: name another",
	}
}

func associations(l net.Listener, f Face, s *ul.Server) listener {
	return listener{l, f, s.Serve, s.Shutdown}
}

func (s *Server) requests(l net.Listener, f Face, t *tls.Config) listener {
	web := s.web.Server(t)
	mux := http.NewServeMux()
	mux.Handle("/", s.web)
	mux.HandleFunc("GET /healthz", s.healthz)
	web.Handler = mux
	serve := web.Serve
	if t != nil {
		serve = func(l net.Listener) error { return web.ServeTLS(l, "", "") }
	}
	return listener{s.web.Bounded(l), f, serve, web.Shutdown}
}
