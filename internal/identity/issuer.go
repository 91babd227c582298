package identity

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/leadglass/leadglass"
)

// Issuer is an OpenID provider whose tokens count.
type Issuer struct {
	URL      string   // as its tokens have it in "iss"
	Audience string   // that its tokens for us have in "aud"
	Clients  []string // whose tokens count, by "azp" or "client_id"; empty for all
	// Algorithms that its keys sign with; empty is RS256, PS256, ES256, ES384, EdDSA.
	Algorithms []string

	// RolesClaim is the claim that lists roles: its name, or a path with dots,
	// "realm_access.roles"; empty is "roles". Roles are what its words are here; others
	// give none.
	RolesClaim string
	Roles      map[string]leadglass.Role
	// The claims that these are in; empty for none.
	OrganisationClaim string
	DepartmentClaim   string
	// Purposes says that the purpose of use in a token counts.
	Purposes bool

	// Keys is a JSON web key set (RFC 7517), where the issuer is not to be asked.
	Keys []byte
}

// algorithms that a token may be signed with: those with two keys. None of HMAC: who
// could check such a token could make it.
func algorithms() []string {
	return []string{"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
}

// issuer is an Issuer at work.
type issuer struct {
	Issuer
	now      func() time.Time
	lim      Limits
	keys     *keys
	verifier *oidc.IDTokenVerifier
}

func newIssuer(conf Issuer, c Config, lim Limits) (*issuer, error) {
	is := &issuer{Issuer: conf, now: c.Now, lim: lim}
	if len(is.Algorithms) == 0 {
		is.Algorithms = []string{"RS256", "PS256", "ES256", "ES384", "EdDSA"}
	}
	if is.RolesClaim == "" {
		is.RolesClaim = "roles"
	}
	if err := is.check(); err != nil {
		return nil, err
	}
	var err error
	if is.keys, err = newKeys(is.Issuer, c, lim); err != nil {
		return nil, err
	}
	is.verifier = oidc.NewVerifier(is.URL, is.keys, &oidc.Config{
		ClientID: is.Audience, SupportedSigningAlgs: is.Algorithms,
		SkipExpiryCheck: true, // checkTimes does it, with nbf, iat and our idea of skew
	})
	return is, nil
}

func (is *issuer) check() error {
	wrong := func(what string, args ...any) error {
		return leadglass.Errorf(leadglass.Invalid, "identity: the issuer %q %s", is.URL, fmt.Sprintf(what, args...))
	}
	u, err := url.Parse(is.URL)
	switch {
	case err != nil || u.Host == "" || !safe(u) || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return wrong("is no https URL")
	case is.Audience == "":
		return wrong("has no audience: tokens for others would count here")
	}
	for _, a := range is.Algorithms {
		if !slices.Contains(algorithms(), a) {
			return wrong("may not sign with %q; there are %s", a, list(algorithms()))
		}
	}
	for _, r := range is.Roles {
		if err := checkRoles([]leadglass.Role{r}); err != nil {
			return err
		}
	}
	return nil
}

// safe says whether what a URL answers can be believed: https, or this machine.
func safe(u *url.URL) bool {
	if u.Scheme == "https" {
		return true
	}
	a, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "http" && (err == nil && a.IsLoopback())
}

// unavailableKey is where keys put an error that is of the issuer, not of the token:
// the verifier makes text of it.
type unavailableKey struct{}

// verify checks a token that says it is of the issuer.
func (is *issuer) verify(ctx context.Context, token string, c claims) error {
	var unavailable error
	if _, err := is.verifier.Verify(context.WithValue(ctx, unavailableKey{}, &unavailable), token); err != nil {
		if unavailable != nil {
			return unavailable
		}
		return denied(leadglass.NoIdentity, "checking a token of %q: %w", is.URL, err)
	}
	return is.checkTimes(c)
}

// checkTimes checks that now is between the times of a token.
func (is *issuer) checkTimes(c claims) error {
	now := is.now()
	exp, ok := c.time("exp")
	if !ok {
		return denied(leadglass.NoIdentity, "the token does not say when it ends")
	}
	from := now
	for _, name := range []string{"nbf", "iat"} {
		t, ok := c.time(name)
		switch {
		case !ok && c[name] != nil:
			return denied(leadglass.NoIdentity, "%q in the token is no time", name)
		case ok && t.After(now.Add(is.lim.Skew)):
			return denied(leadglass.NotActive, "the token is not yet valid")
		case ok && name == "iat":
			from = t
		}
	}
	switch {
	case !now.Before(exp.Add(is.lim.Skew)):
		return denied(leadglass.NotActive, "the token is expired")
	case exp.Sub(from) > is.lim.TokenLifetime:
		return denied(leadglass.NoIdentity, "the token is for longer than %v", is.lim.TokenLifetime)
	}
	return nil
}

// Bearer returns the peer of a token (RFC 6750) of a configured issuer, checked
// against the issuer's keys, audience and time, with the purpose that the token
// names where its issuer is trusted for that.
func (d *Directory) Bearer(ctx context.Context, w Wire, token string) (*leadglass.Peer, leadglass.Purpose, error) {
	c, err := parseToken(token, d.lim)
	if err != nil {
		return nil, "", denied(leadglass.NoIdentity, "reading a token: %w", err)
	}
	is := d.issuers[c.text("iss")]
	if is == nil {
		return nil, "", denied(leadglass.NoIdentity, "the issuer of the token is not configured")
	}
	if err := is.verify(ctx, token, c); err != nil {
		return nil, "", err
	}
	return is.peer(w, token, c)
}

// parseToken reads the claims of a JWT in compact form (RFC 7515 section 3.1),
// before anybody has looked at its signature.
func parseToken(token string, lim Limits) (claims, error) {
	if len(token) > lim.TokenBytes {
		return nil, fmt.Errorf("longer than %d bytes", lim.TokenBytes)
	}
	part := strings.Split(token, ".")
	if len(part) != 3 {
		return nil, errors.New("not of three parts")
	}
	var text [3][]byte
	for i, p := range part {
		var err error
		if text[i], err = base64.RawURLEncoding.Strict().DecodeString(p); err != nil || strings.ContainsAny(p, "\r\n") {
			return nil, errors.New("no base64")
		}
	}
	header, err := parseObject(text[0], lim.TokenDepth)
	if err != nil {
		return nil, fmt.Errorf("its header: %w", err)
	}
	// RFC 8725 section 3.11: a token of another kind is not one for us. A header
	// without says nothing; neither does "JWT".
	if typ, has := header["typ"]; has {
		s, _ := typ.(string)
		switch strings.TrimPrefix(strings.ToLower(s), "application/") {
		case "jwt", "at+jwt":
		default:
			return nil, errors.New("a token of another kind")
		}
	}
	payload, err := parseObject(text[1], lim.TokenDepth)
	if err != nil {
		return nil, fmt.Errorf("its claims: %w", err)
	}
	return payload, nil
}
