package origin

import (
	"context"
	"encoding/base64"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
)

// identify finds out who asks and why. It answers itself, and returns false,
// where that is nobody.
func (h *Handler) identify(w http.ResponseWriter, r *http.Request, c *caller) bool {
	wire := identity.Wire{Address: addressOf(r.RemoteAddr), TLS: r.TLS != nil}
	if wire.TLS && len(r.TLS.PeerCertificates) > 0 {
		wire.Certificate = r.TLS.PeerCertificates[0]
	}
	err := h.who(r, wire, c)
	switch leadglass.CodeOf(err) {
	case "":
		declare(r, c)
		return true
	case leadglass.Denied:
	case leadglass.Limited:
		_ = h.admit(r.Context(), wire, c.peer, leadglass.NoIdentity) // reported; the answer is no anyway
		w.Header().Set("Retry-After", strconv.Itoa(int(h.lim.FailureWindow.Seconds())+1))
		refuse(w, http.StatusTooManyRequests, "too many failures to sign in")
		return false
	default:
		h.report(r.Context(), err)
		refuse(w, statusOf(leadglass.CodeOf(err)), "")
		return false
	}
	if err := h.admit(r.Context(), wire, c.peer, leadglass.ReasonOf(err)); err != nil {
		refuse(w, http.StatusServiceUnavailable, string(leadglass.LogUnavailable))
		return false
	}
	challenge(w.Header(), wire.TLS, r.Header.Get("Authorization") != "")
	refuse(w, http.StatusUnauthorized, string(leadglass.NoIdentity))
	return false
}

// admit records an attempt that failed.
func (h *Handler) admit(ctx context.Context, wire identity.Wire, said *leadglass.Peer, reason leadglass.Reason) error {
	if reason == leadglass.NoReason {
		reason = leadglass.NoIdentity
	}
	peer := leadglass.Peer{Address: wire.Address, TLS: wire.TLS}
	if said != nil {
		peer.Kind, peer.ID, peer.Issuer = said.Kind, said.ID, said.Issuer
	}
	return h.refused.Refuse(ctx, guard.SignIn{
		Peer:    &peer,
		Route:   leadglass.Web,
		Device:  wire.Certificate != nil,
		Outcome: leadglass.MinorFailure,
		Reason:  reason,
	})
}

// who asks the directory. Of several ways to show who one is the header counts:
// a workstation's certificate and its user's token make the user.
func (h *Handler) who(r *http.Request, wire identity.Wire, c *caller) (err error) {
	given := r.Header.Values("Authorization")
	switch {
	case len(given) > 1:
		return nobody("several Authorization headers")
	case len(given) == 1:
		return h.authorization(r.Context(), given[0], wire, c)
	case wire.Certificate != nil:
		d, err := h.c.Directory.Device(r.Context(), wire, "", "")
		if err != nil {
			return err
		}
		c.peer, c.services = d.Peer, d.Services
		c.purpose = d.Purpose
		if c.purpose != leadglass.NoPurposeGiven {
			c.declared = leadglass.ByDevice
		}
		return nil
	}
	return nobody("nothing shown")
}

func nobody(why string) error {
	err := leadglass.Errorf(leadglass.Denied, "origin: %s", why).(*leadglass.Error)
	err.Reason = leadglass.NoIdentity
	return err
}

// maxCredentials bounds a token; those with many groups have 4 KiB.
const maxCredentials = 16 << 10

// authorization reads the header (RFC 9110 section 11.6.2).
func (h *Handler) authorization(ctx context.Context, given string, wire identity.Wire, c *caller) (err error) {
	scheme, value, _ := strings.Cut(given, " ")
	value = strings.TrimLeft(value, " ")
	if len(value) > maxCredentials || value == "" {
		return nobody("no credentials")
	}
	switch strings.ToLower(scheme) {
	case "bearer":
		c.peer, c.purpose, err = h.c.Directory.Bearer(ctx, wire, value)
		if err == nil && c.purpose != leadglass.NoPurposeGiven {
			c.declared = leadglass.ByToken
		}
		return err
	case "basic":
		if !wire.TLS {
			return nobody("a password in the clear")
		}
		name, password, ok := basic(value)
		if !ok {
			return nobody("no name and password")
		}
		return h.password(ctx, wire, name, password, c)
	}
	return nobody("a scheme that is not known")
}

// password asks for a local account. An address that failed too often waits: each
// attempt costs what a password's hash costs.
func (h *Handler) password(ctx context.Context, wire identity.Wire, name, password string, c *caller) error {
	if !h.passwords.may(wire.Address.Addr()) {
		return leadglass.Errorf(leadglass.Limited, "origin: signing in: too many failures")
	}
	peer, err := h.c.Directory.Person(ctx, wire, name, password)
	if err != nil {
		h.passwords.add(wire.Address.Addr())
		if len(name) <= 64 {
			c.peer = &leadglass.Peer{Kind: leadglass.Person, ID: name, Issuer: "local"}
		}
		return err
	}
	c.peer = peer
	return nil
}

// basic reads the credentials of RFC 7617, in UTF-8.
func basic(s string) (name, password string, ok bool) {
	b, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || !utf8.Valid(b) {
		return "", "", false
	}
	name, password, ok = strings.Cut(string(b), ":")
	return name, password, ok && name != ""
}

// declare reads the purpose of use of the request.
func declare(r *http.Request, c *caller) {
	given := r.Header.Values(PurposeHeader)
	if len(given) == 0 {
		return
	}
	p, ok := leadglass.ParsePurpose(given[0])
	if !ok || len(given) > 1 || c.declared == leadglass.ByToken && !p.Within(c.purpose) {
		p = leadglass.NoPurposeGiven
	}
	c.purpose, c.declared = p, leadglass.ByRequest
}

// serves says whether a device may use the service that the request is for.
func (h *Handler) serves(w http.ResponseWriter, r *http.Request, c *caller) bool {
	if len(c.services) == 0 || slices.Contains(c.services, routeOf(r)) {
		return true
	}
	err := h.c.Guard.Admit(r.Context(), guard.SignIn{
		Peer: c.peer, Route: routeOf(r), Device: true, Outcome: leadglass.MinorFailure, Reason: leadglass.Forbidden,
	})
	if err != nil {
		h.report(r.Context(), err)
		refuse(w, http.StatusServiceUnavailable, string(leadglass.LogUnavailable))
		return false
	}
	refuse(w, http.StatusForbidden, string(leadglass.Forbidden))
	return false
}

// routeOf is the service that a request is for, by its form alone.
func routeOf(r *http.Request) leadglass.Route {
	last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]
	switch {
	case r.Method == http.MethodPost:
		return leadglass.STOW
	case last == "wado":
		return leadglass.WADOURI
	case last == "studies" || last == "series" || last == "instances":
		return leadglass.QIDO
	}
	return leadglass.WADO
}

// challenge says how to show who one is (RFC 9110 section 11.6.1).
func challenge(h http.Header, tls, shown bool) {
	bearer := `Bearer realm="leadglass"`
	if shown {
		bearer += `, error="invalid_token"`
	}
	h.Add("WWW-Authenticate", bearer)
	if tls {
		h.Add("WWW-Authenticate", `Basic realm="leadglass", charset="UTF-8"`)
	}
}
