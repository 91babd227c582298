// Package origin is the DICOMweb face of the archive, the origin server of PS3.18:
// it says who asks and why, has the guard decide and record, and streams what comes
// of it. It holds no archive and decides nothing.
//
// A request passes, in this order:
//
//	identity        a bearer token, a password over TLS, or the certificate of an
//	                enrolled device; nothing else, and nothing at all is 401
//	                whatever the path, so that it tells nothing of what exists;
//	                addresses that failed too often by password wait (429)
//	purpose         the header Purpose-Of-Use, a code of PurposeOfUse as TREAT; or
//	                what the token says; or, for a device, what its enrolment says
//	path and form   package dicomweb
//	guard           decision and record, before anything is released
//
// Where a header and a token both declare a purpose the header must be within the
// token's, otherwise none is declared. Browsers get no permission to ask from
// pages of other origins.
package origin

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
)

// Base is the path that goes before "/studies".
const Base = "/dicom-web"

// PurposeHeader names the request header field that declares a purpose of use.
const PurposeHeader = "Purpose-Of-Use"

// Directory knows people, programs and devices, as identity.Directory does.
type Directory interface {
	Device(ctx context.Context, w identity.Wire, calling, called leadglass.AETitle) (*identity.Device, error)
	Person(ctx context.Context, w identity.Wire, name, password string) (*leadglass.Peer, error)
	Bearer(ctx context.Context, w identity.Wire, token string) (*leadglass.Peer, leadglass.Purpose, error)
}

// Config is what a Handler stands between.
type Config struct {
	Guard     *guard.Guard
	Directory Directory
	// Render makes pictures; nil for an archive that has none.
	Render      dicomweb.Renderer
	Limits      Limits
	Now         func() time.Time
	Diagnostics *slog.Logger
	// PublicURL is what goes before Base in URLs that are answered. Where it is
	// empty it is what the request says.
	PublicURL string
}

// Handler answers DICOMweb.
type Handler struct {
	c         Config
	lim       Limits
	passwords *failures       // to sign in by a password
	refused   *guard.Refusals // of any kind
	web       http.Handler
}

// New returns a Handler.
func New(c Config) *Handler {
	h := &Handler{c: c, lim: c.Limits.orDefault()}
	h.passwords = newFailures(h.lim, c.Now)
	h.refused = c.Guard.Refusals(h.lim.Addresses, c.Now, func(err error) { h.report(context.Background(), err) })
	opt := dicomweb.HandlerOptions{Limits: h.lim.Web, Report: h.report}
	if c.PublicURL != "" {
		opt.Base = strings.TrimSuffix(c.PublicURL, "/") + Base
	}
	var b dicomweb.Backend = &backend{h}
	if c.Render != nil {
		b = &struct {
			*backend
			dicomweb.Renderer
		}{&backend{h}, c.Render}
	}
	h.web = dicomweb.NewHandler(b, opt)
	return h
}

// Close records the refusals that are counted and not yet recorded.
func (h *Handler) Close(ctx context.Context) error { return h.refused.Close(ctx) }

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &caller{id: newID(), time: h.c.Now(), correlation: correlation(r), query: r.URL.RawQuery}
	secure(w.Header(), c.id)
	if len(r.TransferEncoding) > 0 && r.ProtoMajor < 2 {
		// Package http hides whether there was a length too. A proxy before us may
		// have believed that, so what follows is nobody's (RFC 9112 section 6.1).
		w.Header().Set("Connection", "close")
	}
	if !h.identify(w, r, c) {
		return
	}
	if !h.serves(w, r, c) {
		return
	}
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), Base)
	if !ok || r.URL.RawPath != "" {
		refuse(w, http.StatusNotFound, "no such resource")
		return
	}
	r2 := r.WithContext(context.WithValue(r.Context(), callerKey{}, c))
	u := *r.URL
	u.Path = rest
	r2.URL = &u
	h.web.ServeHTTP(w, r2)
}

// caller is who asks and why.
type caller struct {
	id          string
	time        time.Time
	peer        *leadglass.Peer
	purpose     leadglass.Purpose
	declared    leadglass.Declaration
	services    []leadglass.Route // empty for all
	correlation string
	query       string
}

type callerKey struct{}

// request is what the caller asks of the guard.
func (c *caller) request(verb leadglass.Verb, route leadglass.Route) *leadglass.Request {
	return &leadglass.Request{
		ID: c.id, Time: c.time, Verb: verb, Route: route, Peer: c.peer,
		Purpose: c.purpose, DeclaredBy: c.declared, Correlation: c.correlation,
	}
}

func newID() string {
	var b [16]byte
	rand.Read(b[:]) // never fails, crypto/rand
	return hex.EncodeToString(b[:])
}

// secure sets what keeps browsers and caches from doing more than they are asked.
// There is no header of CORS: pages of other origins may not read answers.
func secure(h http.Header, id string) {
	h.Set("X-Request-Id", id)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; sandbox")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
}

// correlation is the peer's own id of the request, of at most 128 characters that
// are harmless anywhere.
func correlation(r *http.Request) string {
	for _, name := range []string{"X-Request-Id", "Traceparent"} {
		v := r.Header.Get(name)
		if v != "" && len(v) <= 128 && strings.Trim(v, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.:") == "" {
			return v
		}
	}
	return ""
}

// report tells the operator what a peer is not told.
func (h *Handler) report(ctx context.Context, err error) {
	id := ""
	if c, ok := ctx.Value(callerKey{}).(*caller); ok {
		id = c.id
	}
	if h.c.Diagnostics != nil {
		h.c.Diagnostics.LogAttrs(ctx, slog.LevelError, "request failed", slog.String("request", id), slog.String("error", err.Error()))
	}
}

func addressOf(remote string) netip.AddrPort {
	a, _ := netip.ParseAddrPort(remote)
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}
