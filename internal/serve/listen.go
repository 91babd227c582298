package serve

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/leadglass/leadglass/internal/ca"
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

func (f Face) encrypted() bool { return f == DIMSEOverTLS || f == HTTPS }

// configured is where an archive shall listen with a face.
type configured struct {
	table, key string // of the configuration
	face       Face
	addresses  []string
}

func (c *Config) listeners() []configured {
	return []configured{
		{"dimse", "tls", DIMSEOverTLS, c.DIMSE.TLS}, {"dimse", "plain", PlainDIMSE, c.DIMSE.Plain},
		{"web", "tls", HTTPS, c.Web.TLS}, {"web", "plain", PlainHTTP, c.Web.Plain},
	}
}

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
	for _, l := range s.c.listeners() {
		for _, address := range l.addresses {
			ln, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
			if err != nil {
				return cannotListen(l.table+"."+l.key, address, err)
			}
			s.listening = append(s.listening, s.listener(ln, l.face, encrypted))
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

// listener speaks a face on l.
func (s *Server) listener(l net.Listener, f Face, web *tls.Config) listener {
	switch f {
	case DIMSEOverTLS:
		return listener{l, f, s.dimse.Serve, s.dimse.Shutdown}
	case PlainDIMSE:
		return listener{l, f, s.plain.Serve, s.plain.Shutdown}
	case PlainHTTP:
		web = nil
	}
	return s.requests(l, f, web)
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
