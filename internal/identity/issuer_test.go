package identity_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

// provider is an OpenID provider in this process.
type provider struct {
	*httptest.Server
	clock *clock

	mu       sync.Mutex // covers what follows
	keys     map[string]crypto.Signer
	rawKeys  string                                            // instead of keys
	answer   func(w http.ResponseWriter, r *http.Request) bool // before all else, true where it did
	asked    atomic.Int64
	fetching chan struct{} // gets one for each request, where it is not nil
}

const audience = "leadglass"

func newProvider(t testing.TB) *provider {
	t.Helper()
	p := &provider{clock: newClock(), keys: map[string]crypto.Signer{
		"rsa": must(rsa.GenerateKey(rand.Reader, 2048)),
		"ec":  must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)),
		"ed":  must(newEd25519()),
	}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func newEd25519() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func (p *provider) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	answer, fetching := p.answer, p.fetching
	p.mu.Unlock()
	p.asked.Add(1)
	if fetching != nil {
		fetching <- struct{}{}
	}
	if answer != nil && answer(w, r) {
		return
	}
	w.Header().Set("Content-Type", "application/json")
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		fmt.Fprintf(w, `{"issuer": %q, "jwks_uri": %q, "authorization_endpoint": "x", "token_endpoint": "x"}`, p.URL, p.URL+"/keys")
	case "/keys":
		fmt.Fprint(w, p.keySet())
	default:
		http.NotFound(w, r)
	}
}

func (p *provider) keySet() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.rawKeys != "" {
		return p.rawKeys
	}
	var set jose.JSONWebKeySet
	for kid, key := range p.keys {
		set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: kid, Use: "sig"})
	}
	return string(must(json.Marshal(set)))
}

// set changes something of the provider.
func (p *provider) set(change func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change()
}

func (p *provider) key(kid string) crypto.Signer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.keys[kid]
}

func (p *provider) issuer() identity.Issuer {
	return identity.Issuer{
		URL: p.URL, Audience: audience, RolesClaim: "groups", Purposes: true,
		Roles: map[string]leadglass.Role{"rad": leadglass.Radiologist, "admin-x": leadglass.Administrator},
	}
}

// house is a directory that believes the provider.
func (p *provider) house(t testing.TB, edit func(*identity.Config, *identity.Issuer)) *house {
	t.Helper()
	return open(t, func(c *identity.Config) {
		c.Now = p.clock.Now
		is := p.issuer()
		if edit != nil {
			edit(c, &is)
		}
		c.Issuers = append(c.Issuers, is)
	})
}

// claims are those of a good token, with changes; nil takes one away.
func (p *provider) claims(changes map[string]any) map[string]any {
	now := p.clock.Now().Unix()
	c := map[string]any{
		"iss": p.URL, "aud": audience, "sub": "248289761001", "exp": now + 300, "iat": now, "nbf": now, "azp": "viewer", "jti": "token-17",
		"groups": []string{"rad", "canteen"},
	}
	maps.Copy(c, changes)
	for k, v := range c {
		if v == nil {
			delete(c, k)
		}
	}
	return c
}

// token is a good token with changes, signed by RSA.
func (p *provider) token(changes map[string]any) string {
	return sign(map[string]any{"alg": "RS256", "kid": "rsa", "typ": "JWT"}, string(must(json.Marshal(p.claims(changes)))), p.key("rsa"))
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// sign makes a JWT of any header and any text.
func sign(header map[string]any, payload string, key crypto.Signer) string {
	return signText(string(must(json.Marshal(header))), header["alg"].(string), payload, key)
}

func signText(header, alg, payload string, key crypto.Signer) string {
	input := b64([]byte(header)) + "." + b64([]byte(payload))
	sum := sha256.Sum256([]byte(input))
	var sig []byte
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if alg == "PS256" {
			sig = must(rsa.SignPSS(rand.Reader, k, crypto.SHA256, sum[:], &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash}))
		} else {
			sig = must(rsa.SignPKCS1v15(rand.Reader, k, crypto.SHA256, sum[:]))
		}
	case *ecdsa.PrivateKey:
		r, s, err := ecdsa.Sign(rand.Reader, k, sum[:])
		if err != nil {
			panic(err)
		}
		sig = make([]byte, 64)
		r.FillBytes(sig[:32])
		s.FillBytes(sig[32:])
	case ed25519.PrivateKey:
		sig = ed25519.Sign(k, []byte(input))
	}
	return input + "." + b64(sig)
}

func TestBearer_Peer(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(_ *identity.Config, is *identity.Issuer) {
		is.OrganisationClaim, is.DepartmentClaim = "extensions.ihe_iua.subject_organization", "https://example.org/department"
	})
	w := from("192.0.2.1", nil)
	token := p.token(map[string]any{
		"sid": "session-1", "https://example.org/department": "Radiology",
		"extensions": map[string]any{"ihe_iua": map[string]any{
			"subject_organization": "Example Hospital",
			"purpose_of_use":       []any{map[string]any{"system": "urn:oid:2.16.840.1.113883.5.8", "code": "TREAT"}},
		}},
	})
	got, purpose, err := h.Bearer(t.Context(), w, token)
	if err != nil {
		t.Fatal(err)
	}
	want := leadglass.Peer{
		Kind: leadglass.Person, ID: "248289761001", Issuer: p.URL, Assurance: leadglass.Token, Active: true, Client: "viewer", Session: "session-1",
		TokenID: "token-17", Organisation: "Example Hospital", Department: "Radiology", Address: w.Address, TLS: true,
	}
	if fmt.Sprint(got.Roles) != "[radiologist]" || purpose != leadglass.Treatment {
		t.Errorf("roles %v, purpose %q", got.Roles, purpose)
	}
	got.Roles = nil
	if fmt.Sprintf("%+v", *got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got %+v, want %+v", *got, want)
	}
	for alg, kid := range map[string]string{"RS256": "rsa", "PS256": "rsa", "ES256": "ec", "EdDSA": "ed"} {
		token := sign(map[string]any{"alg": alg, "kid": kid, "typ": "at+jwt"}, string(must(json.Marshal(p.claims(nil)))), p.key(kid))
		if _, _, err := h.Bearer(t.Context(), w, token); err != nil {
			t.Errorf("%s: %v", alg, err)
		}
	}
	if n := p.asked.Load(); n != 2 {
		t.Errorf("asked %d times, want once each for the document and the keys", n)
	}
}

// TestBearer_Claims: what a token says, and what becomes of it.
func TestBearer_Claims(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	cert := certificate(nil)
	thumb := sha256.Sum256(cert.Raw)
	now := p.clock.Now().Unix()
	ok := leadglass.NoReason
	purpose := func(v any) map[string]any {
		return map[string]any{"extensions": map[string]any{"ihe_iua": map[string]any{"purpose_of_use": v}}}
	}
	for _, c := range []struct {
		name    string
		changes map[string]any
		reason  leadglass.Reason
		want    string // of the peer, as show writes it
	}{
		{"good", nil, ok, "person 248289761001 client viewer token [radiologist] "},
		{"audiences", map[string]any{"aud": []string{"other", audience}}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"other_audience", map[string]any{"aud": "other"}, leadglass.NoIdentity, ""},
		{"no_audience", map[string]any{"aud": nil}, leadglass.NoIdentity, ""},
		{"audience_in_capitals", map[string]any{"aud": "LEADGLASS"}, leadglass.NoIdentity, ""},
		{"other_issuer", map[string]any{"iss": "https://login.example.org"}, leadglass.NoIdentity, ""},
		{"issuer_and_slash", map[string]any{"iss": p.URL + "/"}, leadglass.NoIdentity, ""},
		{"no_issuer", map[string]any{"iss": nil}, leadglass.NoIdentity, ""},
		{"issuer_is_a_list", map[string]any{"iss": []string{p.URL}}, leadglass.NoIdentity, ""},
		{"expired", map[string]any{"exp": now - 60}, leadglass.NotActive, ""},
		{"expired_within_skew", map[string]any{"exp": now - 59}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"no_end", map[string]any{"exp": nil}, leadglass.NoIdentity, ""},
		{"end_as_text", map[string]any{"exp": fmt.Sprint(now + 300)}, leadglass.NoIdentity, ""},
		{"end_of_days", map[string]any{"exp": 1e300}, leadglass.NoIdentity, ""},
		{"not_yet", map[string]any{"nbf": now + 61}, leadglass.NotActive, ""},
		{"not_yet_within_skew", map[string]any{"nbf": now + 60, "iat": nil}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"of_the_future", map[string]any{"iat": now + 61}, leadglass.NotActive, ""},
		{"begin_as_text", map[string]any{"nbf": "now"}, leadglass.NoIdentity, ""},
		{"fractions", map[string]any{"exp": float64(now) + 300.5}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"a_day", map[string]any{"exp": now + 86400}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"over_a_day", map[string]any{"exp": now + 86401}, leadglass.NoIdentity, ""},
		{"over_a_day_no_iat", map[string]any{"exp": now + 86401, "iat": nil}, leadglass.NoIdentity, ""},
		{"no_subject", map[string]any{"sub": nil}, leadglass.NoIdentity, ""},
		{"empty_subject", map[string]any{"sub": ""}, leadglass.NoIdentity, ""},
		{"subject_is_a_number", map[string]any{"sub": 7}, leadglass.NoIdentity, ""},
		{"subject_of_two_lines", map[string]any{"sub": "a\nb"}, leadglass.NoIdentity, ""},
		{"long_subject", map[string]any{"sub": strings.Repeat("x", 256)}, leadglass.NoIdentity, ""},
		{"program", map[string]any{"sub": "viewer"}, ok, "program viewer client viewer token [radiologist] "},
		{"program_by_client_id", map[string]any{"sub": "reporter", "azp": nil, "client_id": "reporter"}, ok, "program reporter client reporter token [radiologist] "},
		{"program_at_entra", map[string]any{"idtyp": "app"}, ok, "program 248289761001 client viewer token [radiologist] "},
		{"two_clients", map[string]any{"client_id": "other"}, leadglass.NoIdentity, ""},
		{"two_factors", map[string]any{"amr": []string{"pwd", "mfa"}}, ok, "person 248289761001 client viewer multi-factor [radiologist] "},
		{"one_factor", map[string]any{"amr": []string{"pwd"}}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"actor", map[string]any{"act": map[string]any{"sub": "secretary"}}, ok, "person secretary for 248289761001 client viewer token [radiologist] "},
		{"actor_without_name", map[string]any{"act": map[string]any{}}, leadglass.NoIdentity, ""},
		{"actor_as_text", map[string]any{"act": "secretary"}, leadglass.NoIdentity, ""},
		{"actor_of_another", map[string]any{"act": map[string]any{"sub": "x", "iss": "https://other.example.org"}}, leadglass.NoIdentity, ""},
		{"no_roles", map[string]any{"groups": nil}, ok, "person 248289761001 client viewer token [] "},
		{"unknown_roles", map[string]any{"groups": []string{"radiologist", "RAD", "rad "}}, ok, "person 248289761001 client viewer token [] "},
		{"roles_of_other_types", map[string]any{"groups": []any{1, nil, map[string]any{"rad": "rad"}, "admin-x", "admin-x"}}, ok, "person 248289761001 client viewer token [administrator] "},
		{"one_role", map[string]any{"groups": "rad"}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"bound_to_certificate", map[string]any{"cnf": map[string]any{"x5t#S256": b64(thumb[:])}}, ok, "person 248289761001 client viewer token [radiologist] "},
		{"bound_to_another", map[string]any{"cnf": map[string]any{"x5t#S256": b64(make([]byte, 32))}}, leadglass.NoIdentity, ""},
		{"bound_to_dpop", map[string]any{"cnf": map[string]any{"jkt": "x"}}, leadglass.NoIdentity, ""},
		{"bound_to_both", map[string]any{"cnf": map[string]any{"x5t#S256": b64(thumb[:]), "jkt": "x"}}, leadglass.NoIdentity, ""},
		{"bound_to_nothing", map[string]any{"cnf": map[string]any{}}, leadglass.NoIdentity, ""},
		{"purpose", purpose("TREAT"), ok, "person 248289761001 client viewer token [radiologist] TREAT"},
		{"purpose_list", purpose([]any{"ETREAT"}), ok, "person 248289761001 client viewer token [radiologist] ETREAT"},
		{"purpose_coding", purpose(map[string]any{"code": "HRESCH"}), ok, "person 248289761001 client viewer token [radiologist] HRESCH"},
		{"purpose_two", purpose([]any{"TREAT", "HRESCH"}), ok, "person 248289761001 client viewer token [radiologist] "},
		{"purpose_unknown", purpose("CURIOSITY"), ok, "person 248289761001 client viewer token [radiologist] "},
		{"purpose_other_system", purpose(map[string]any{"system": "urn:x", "code": "TREAT"}), ok, "person 248289761001 client viewer token [radiologist] "},
	} {
		got, purpose, err := h.Bearer(t.Context(), from("192.0.2.1", cert), p.token(c.changes))
		if c.reason != ok {
			if !isDenied(err, c.reason) || got != nil || purpose != "" {
				t.Errorf("%s: %+v, %v, want %s", c.name, got, err, c.reason)
			}
			continue
		}
		if err != nil || show(got)+string(purpose) != c.want {
			t.Errorf("%s: got %q %q, %v, want %q", c.name, show(got), purpose, err, c.want)
		}
	}
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(map[string]any{"cnf": map[string]any{"x5t#S256": b64(thumb[:])}})); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("bound to a certificate, and none shown: %v", err)
	}
}

func show(p *leadglass.Peer) string {
	if p == nil {
		return ""
	}
	who := string(p.Kind) + " " + p.ID
	if p.OnBehalfOf != "" {
		who += " for " + p.OnBehalfOf
	}
	return fmt.Sprintf("%s client %s %v %v ", who, p.Client, p.Assurance, p.Roles)
}

// TestBearer_Forged: signatures that are none, and keys that are not the issuer's.
func TestBearer_Forged(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	good := p.token(nil)
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), good); err != nil {
		t.Fatal(err)
	}
	head, rest, _ := strings.Cut(good, ".")
	body, sig, _ := strings.Cut(rest, ".")
	payload := string(must(json.Marshal(p.claims(nil))))
	mine := must(rsa.GenerateKey(rand.Reader, 2048))
	public := must(x509.MarshalPKIXPublicKey(p.key("rsa").Public()))
	hs := func(secret []byte) string {
		input := b64([]byte(`{"alg":"HS256","kid":"rsa"}`)) + "." + b64([]byte(payload))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(input))
		return input + "." + b64(mac.Sum(nil))
	}
	own := jose.JSONWebKey{Key: mine.Public(), KeyID: "rsa"}
	deep := strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000)
	nested := func(n int) string {
		return strings.TrimSuffix(payload, "}") + `,"x":` + strings.Repeat(`[`, n) + strings.Repeat(`]`, n) + "}"
	}
	rs := func(payload string) string {
		return sign(map[string]any{"alg": "RS256", "kid": "rsa"}, payload, p.key("rsa"))
	}
	asked := p.asked.Load()
	for name, token := range map[string]string{
		"empty":                "",
		"dots":                 "..",
		"four_parts":           good + "." + sig,
		"two_parts":            head + "." + body,
		"no_signature":         head + "." + body + ".",
		"other_signature":      head + "." + body + "." + b64(make([]byte, 256)),
		"signature_cut":        good[:len(good)-2],
		"padded":               head + "." + body + "." + sig + "==",
		"other_base64":         head + "." + body + "." + strings.NewReplacer("-", "+", "_", "/").Replace(sig) + "A",
		"line_break":           head + "." + body[:8] + "\n" + body[8:] + "." + sig,
		"space":                " " + good,
		"other_body":           head + "." + b64([]byte(strings.Replace(payload, "248289761001", "248289761002", 1))) + "." + sig,
		"json_form":            `{"payload":"` + body + `","signatures":[{"protected":"` + head + `","signature":"` + sig + `"}]}`,
		"alg_none":             b64([]byte(`{"alg":"none"}`)) + "." + body + ".",
		"alg_None":             b64([]byte(`{"alg":"None"}`)) + "." + body + "." + sig,
		"alg_empty":            b64([]byte(`{"alg":""}`)) + "." + body + "." + sig,
		"alg_missing":          b64([]byte(`{"kid":"rsa"}`)) + "." + body + "." + sig,
		"alg_of_another_key":   b64([]byte(`{"alg":"ES256","kid":"rsa"}`)) + "." + body + "." + sig,
		"hmac_with_public_der": hs(public),
		"hmac_with_public_pem": hs([]byte("-----BEGIN PUBLIC KEY-----\n" + base64.StdEncoding.EncodeToString(public) + "\n-----END PUBLIC KEY-----\n")),
		"hmac_with_nothing":    hs(nil),
		"own_key":              sign(map[string]any{"alg": "RS256", "kid": "rsa"}, payload, mine),
		"own_key_in_header":    sign(map[string]any{"alg": "RS256", "kid": "rsa", "jwk": own}, payload, mine),
		"own_key_by_address":   sign(map[string]any{"alg": "RS256", "kid": "rsa", "jku": "http://127.0.0.1:1/keys", "x5u": "http://127.0.0.1:1/"}, payload, mine),
		"own_key_without_name": sign(map[string]any{"alg": "RS256"}, payload, mine),
		"critical":             sign(map[string]any{"alg": "RS256", "kid": "rsa", "crit": []string{"x"}, "x": 1}, payload, p.key("rsa")),
		"critical_unencoded":   sign(map[string]any{"alg": "RS256", "kid": "rsa", "crit": []string{"b64"}, "b64": false}, payload, p.key("rsa")),
		"kind_of_logout":       sign(map[string]any{"alg": "RS256", "kid": "rsa", "typ": "logout+jwt"}, payload, p.key("rsa")),
		"kind_of_dpop":         sign(map[string]any{"alg": "RS256", "kid": "rsa", "typ": "dpop+jwt"}, payload, p.key("rsa")),
		"kind_is_a_number":     sign(map[string]any{"alg": "RS256", "kid": "rsa", "typ": 1}, payload, p.key("rsa")),
		"huge":                 rs(strings.TrimSuffix(payload, "}") + `,"x":"` + strings.Repeat("x", 16<<10) + `"}`),
		"deep":                 rs(deep),
		"nested":               rs(nested(8)),
		"subject_twice":        rs(strings.TrimSuffix(payload, "}") + `,"sub":"somebody-else"}`),
		"issuer_twice":         rs(`{"iss":"https://other.example.org",` + strings.TrimPrefix(payload, "{")),
		"end_twice":            rs(strings.TrimSuffix(payload, "}") + `,"exp":9999999999}`),
		"end_in_capitals":      rs(strings.TrimSuffix(strings.Replace(payload, `"exp"`, `"EXP"`, 1), "}") + "}"),
		"member_twice_inside":  rs(strings.TrimSuffix(payload, "}") + `,"x":{"a":1,"a":2}}`),
		"header_twice":         signText(`{"alg":"RS256","kid":"rsa","kid":"ec"}`, "RS256", payload, p.key("rsa")),
		"claims_and_more":      rs(payload + `{"sub":"x"}`),
		"claims_are_a_list":    rs("[" + payload + "]"),
		"claims_are_null":      rs("null"),
		"claims_are_no_json":   rs("sub=248289761001"),
		"claims_are_empty":     rs(""),
		"claims_not_utf8":      rs(strings.Replace(payload, "248289761001", "\xff\xfe\n", 1)),
		"encrypted":            head + "." + body + "." + sig + "." + sig + "." + sig,
	} {
		got, purpose, err := h.Bearer(t.Context(), from("192.0.2.1", nil), token)
		if leadglass.CodeOf(err) != leadglass.Denied || got != nil || purpose != "" {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		if err != nil && len(token) > 100 && strings.Contains(err.Error(), token[len(token)-20:]) {
			t.Errorf("%s: the error has the token: %v", name, err)
		}
	}
	if n := p.asked.Load() - asked; n != 0 {
		t.Errorf("the issuer was asked %d times for keys that it has", n)
	}
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), rs(nested(7))); err != nil {
		t.Errorf("nested within the limit: %v", err)
	}
}

func TestBearer_TokenID(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	for name, jti := range map[string]any{"none": nil, "empty": "", "two_lines": "a\nb", "long": strings.Repeat("x", 129), "number": 7} {
		token := p.token(map[string]any{"jti": jti})
		got, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), token)
		if err != nil || got.TokenID != token[len(token)-32:] {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}

func TestBearer_Clients(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(_ *identity.Config, is *identity.Issuer) { is.Clients = []string{"viewer", "reporter"} })
	for client, good := range map[any]bool{"viewer": true, "reporter": true, "other": false, nil: false} {
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(map[string]any{"azp": client})); (err == nil) != good {
			t.Errorf("%v: %v", client, err)
		}
	}
}

func TestBearer_Configured(t *testing.T) {
	p := newProvider(t)
	asks := map[string]any{"extensions": map[string]any{"ihe_iua": map[string]any{"purpose_of_use": "TREAT"}}, "groups": nil, "realm_access": map[string]any{"roles": []string{"rad"}}}
	h := p.house(t, func(_ *identity.Config, is *identity.Issuer) {
		is.Purposes, is.RolesClaim = false, "realm_access.roles"
	})
	got, purpose, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(asks))
	if err != nil || purpose != "" || !got.Has(leadglass.Radiologist) {
		t.Errorf("%+v, purpose %q, %v", got, purpose, err)
	}
	only := p.house(t, func(_ *identity.Config, is *identity.Issuer) { is.Algorithms = []string{"ES256"} })
	if _, _, err := only.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("signed by an algorithm that is not configured: %v", err)
	}
	if _, _, err := open(t, nil).Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("without issuers: %v", err)
	}
	// Two issuers: each by its own keys.
	q := newProvider(t)
	both := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Issuers = append(c.Issuers, q.issuer()) })
	for _, c := range []struct {
		token string
		iss   string
	}{{p.token(nil), p.URL}, {q.token(nil), q.URL}, {q.token(map[string]any{"iss": p.URL}), ""}, {p.token(map[string]any{"iss": q.URL}), ""}} {
		got, _, err := both.Bearer(t.Context(), from("192.0.2.1", nil), c.token)
		if c.iss == "" && !isDenied(err, leadglass.NoIdentity) || c.iss != "" && (err != nil || got.Issuer != c.iss) {
			t.Errorf("%+v, %v", got, err)
		}
	}
}

func TestIssuer_Refuses(t *testing.T) {
	good := identity.Issuer{URL: "https://login.example.org/realms/a", Audience: audience}
	for name, edit := range map[string]func(*identity.Issuer){
		"no_url":      func(is *identity.Issuer) { is.URL = "" },
		"http":        func(is *identity.Issuer) { is.URL = "http://login.example.org" },
		"http_name":   func(is *identity.Issuer) { is.URL = "http://127.0.0.1.example.org" },
		"query":       func(is *identity.Issuer) { is.URL += "?a=b" },
		"fragment":    func(is *identity.Issuer) { is.URL += "#a" },
		"user":        func(is *identity.Issuer) { is.URL = "https://a:b@login.example.org" },
		"no_audience": func(is *identity.Issuer) { is.Audience = "" },
		"none":        func(is *identity.Issuer) { is.Algorithms = []string{"RS256", "none"} },
		"hmac":        func(is *identity.Issuer) { is.Algorithms = []string{"HS256"} },
		"role":        func(is *identity.Issuer) { is.Roles = map[string]leadglass.Role{"a": "*"} },
		"keys":        func(is *identity.Issuer) { is.Keys = []byte(`{"keys": []}`) },
	} {
		is := good
		edit(&is)
		if _, err := identity.Open(t.Context(), identity.Config{Dir: t.TempDir(), Issuers: []identity.Issuer{is}}); leadglass.CodeOf(err) != leadglass.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := identity.Open(t.Context(), identity.Config{Dir: t.TempDir(), Issuers: []identity.Issuer{good, good}}); err == nil {
		t.Error("the same issuer twice")
	}
	for _, alg := range identity.Algorithms() {
		is := good
		is.Algorithms = []string{alg}
		if _, err := identity.Open(t.Context(), identity.Config{Dir: t.TempDir(), Issuers: []identity.Issuer{is}}); err != nil || strings.HasPrefix(alg, "HS") {
			t.Errorf("%s: %v", alg, err)
		}
	}
}

// TestKeys_Rotate: a new key counts at once, where nobody asked just now, and one that
// the issuer withdrew does not count for longer than a quarter of an hour.
func TestKeys_Rotate(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	sign := func(kid string, key crypto.Signer) error {
		token := sign(map[string]any{"alg": "RS256", "kid": kid}, string(must(json.Marshal(p.claims(nil)))), key)
		_, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), token)
		return err
	}
	old, fresh := p.key("rsa"), must(rsa.GenerateKey(rand.Reader, 2048))
	if err := sign("rsa", old); err != nil {
		t.Fatal(err)
	}
	p.set(func() { delete(p.keys, "rsa"); p.keys["rsa-2"] = fresh })
	if err := sign("rsa-2", fresh); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("asked again within ten seconds: %v", err)
	}
	if err := sign("rsa", old); err != nil {
		t.Errorf("before it was asked again: %v", err)
	}
	p.clock.pass(10 * time.Second)
	if err := sign("rsa-2", fresh); err != nil {
		t.Errorf("the new key: %v", err)
	}
	if err := sign("rsa", old); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("the old key: %v", err)
	}
	// Withdrawn, and nobody shows another: by age.
	p.set(func() { delete(p.keys, "rsa-2") })
	p.clock.pass(15 * time.Minute)
	if err := sign("rsa-2", fresh); err != nil {
		t.Errorf("at a quarter of an hour: %v", err)
	}
	p.clock.pass(time.Second)
	if err := sign("rsa-2", fresh); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("after a quarter of an hour: %v", err)
	}
}

// TestKeys_Flood: whatever keys tokens name, the issuer is asked six times a minute.
func TestKeys_Flood(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil {
		t.Fatal(err)
	}
	before := p.asked.Load()
	payload := string(must(json.Marshal(p.claims(nil))))
	for i := range 600 {
		token := sign(map[string]any{"alg": "EdDSA", "kid": fmt.Sprint("unknown", i)}, payload, p.key("ed"))
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), token); !isDenied(err, leadglass.NoIdentity) {
			t.Fatal(err)
		}
		p.clock.pass(100 * time.Millisecond)
	}
	if n := (p.asked.Load() - before) / 2; n > 6 || n < 5 {
		t.Errorf("asked %d times in a minute", n)
	}
}

// TestKeys_OneAsks: of many who need new keys one asks, those who need none go on.
func TestKeys_OneAsks(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil {
		t.Fatal(err)
	}
	fetching := make(chan struct{})
	p.set(func() { p.keys["new"] = must(rsa.GenerateKey(rand.Reader, 2048)); p.fetching = fetching })
	p.clock.pass(20 * time.Minute)
	before := p.asked.Load()
	errs := make(chan error, 50)
	fresh := sign(map[string]any{"alg": "RS256", "kid": "new"}, string(must(json.Marshal(p.claims(nil)))), p.key("new"))
	for range 50 {
		go func() { _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), fresh); errs <- err }()
	}
	<-fetching // one of them waits for the issuer
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil {
		t.Errorf("with a key that is known, meanwhile: %v", err)
	}
	<-fetching
	for range 50 {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	if n := p.asked.Load() - before; n != 2 {
		t.Errorf("%d requests, want 2", n)
	}
}

// TestKeys_IssuerIsDown: what is known goes on for a day.
func TestKeys_IssuerIsDown(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, nil)
	try := func() error {
		_, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil))
		return err
	}
	down := func(w http.ResponseWriter, _ *http.Request) bool { w.WriteHeader(http.StatusBadGateway); return true }
	p.set(func() { p.answer = down })
	if err := try(); leadglass.CodeOf(err) != leadglass.Unavailable {
		t.Errorf("never reached: %v", err)
	}
	if words := h.Doctor(); len(words) != 1 || !strings.Contains(words[0], "could not be fetched") {
		t.Errorf("%q", words)
	}
	p.set(func() { p.answer = nil })
	if err := try(); leadglass.CodeOf(err) != leadglass.Unavailable {
		t.Errorf("within ten seconds: %v", err)
	}
	p.clock.pass(10 * time.Second)
	if err := try(); err != nil {
		t.Fatal(err)
	}
	p.set(func() { p.answer = down })
	p.clock.pass(24 * time.Hour)
	if err := try(); err != nil {
		t.Errorf("after a day: %v", err)
	}
	p.clock.pass(time.Second)
	if err := try(); leadglass.CodeOf(err) != leadglass.Unavailable {
		t.Errorf("after more than a day: %v", err)
	}
	p.set(func() { p.answer = nil })
	p.clock.pass(10 * time.Second)
	if err := try(); err != nil || len(h.Doctor()) != 0 {
		t.Errorf("it is back: %v, %q", err, h.Doctor())
	}
}

// TestKeys_WrongAnswers: an issuer, or who is in its place, cannot make us hang, hold
// or believe.
func TestKeys_WrongAnswers(t *testing.T) {
	text := func(s string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool { fmt.Fprint(w, s); return true }
	}
	forKeys := func(s string) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, r *http.Request) bool {
			if r.URL.Path != "/keys" {
				return false
			}
			fmt.Fprint(w, s)
			return true
		}
	}
	for name, answer := range map[string]func(http.ResponseWriter, *http.Request) bool{
		"other_issuer": text(`{"issuer": "https://other.example.org", "jwks_uri": "http://127.0.0.1/"}`),
		"no_json":      text("<html>"),
		"keys_in_the_clear": func(w http.ResponseWriter, r *http.Request) bool {
			fmt.Fprintf(w, `{"issuer": "http://%s", "jwks_uri": "http://keys.example.org/"}`, r.Host)
			return true
		},
		"endless": func(w http.ResponseWriter, r *http.Request) bool {
			for range 2 << 20 >> 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					break
				}
			}
			return true
		},
		"endless_keys": forKeys(`{"keys": [` + strings.Repeat(" ", 1<<20) + "]}"),
		"hangs": func(w http.ResponseWriter, r *http.Request) bool {
			select {
			case <-r.Context().Done():
			case <-time.After(5 * time.Second):
			}
			return true
		},
		"redirects": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.Path, http.StatusFound)
			return true
		},
		"redirects_away": func(w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, "http://login.example.org/", http.StatusFound)
			return true
		},
		"no_keys":    forKeys(`{"keys": []}`),
		"keys_null":  forKeys(`null`),
		"symmetric":  forKeys(`{"keys": [{"kty":"oct","k":"AAAA","kid":"rsa","alg":"HS256"}]}`),
		"encryption": forKeys(`{"keys": [{"kty":"OKP","crv":"Ed25519","use":"enc","kid":"rsa","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}`),
		"unknown":    forKeys(`{"keys": [{"kty":"OKP","crv":"Ed448","kid":"rsa","x":"AAAA"}, {"kty":"?"}, 7]}`),
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			p.answer = answer
			h := p.house(t, func(c *identity.Config, _ *identity.Issuer) { c.Limits.IssuerTime = 300 * time.Millisecond })
			begin := time.Now()
			if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); leadglass.CodeOf(err) != leadglass.Unavailable {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestKeys_Kinds: of a set with strange keys the others count; a secret one is not
// taken for a public one, and a key is for its algorithm only.
func TestKeys_Kinds(t *testing.T) {
	p := newProvider(t)
	weak := `{"kty":"RSA","kid":"weak","e":"AQAB","n":"` + b64(append([]byte{0x80}, make([]byte, 127)...)) + `"}`
	private := string(must(json.Marshal(jose.JSONWebKey{Key: p.key("ec"), KeyID: "ec"})))
	only := string(must(json.Marshal(jose.JSONWebKey{Key: p.key("rsa").Public(), KeyID: "rsa", Algorithm: "PS256"})))
	p.rawKeys = `{"keys": [{"kty":"?"}, ` + weak + "," + private + "," + only + `, {"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}]}`
	if n, err := identity.ParseKeys([]byte(p.rawKeys)); n != 1 || err != nil {
		t.Errorf("%d keys count, %v", n, err)
	}
	h := p.house(t, nil)
	payload := string(must(json.Marshal(p.claims(nil))))
	for _, c := range []struct {
		alg, kid string
		good     bool
	}{{"PS256", "rsa", true}, {"RS256", "rsa", false}, {"ES256", "ec", false}} {
		if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), sign(map[string]any{"alg": c.alg, "kid": c.kid}, payload, p.key(c.kid))); (err == nil) != c.good {
			t.Errorf("%s: %v", c.alg, err)
		}
	}
}

func TestKeys_Static(t *testing.T) {
	p := newProvider(t)
	h := p.house(t, func(_ *identity.Config, is *identity.Issuer) { is.Keys = []byte(p.keySet()) })
	p.clock.pass(1000 * time.Hour)
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), p.token(nil)); err != nil {
		t.Error(err)
	}
	unknown := sign(map[string]any{"alg": "RS256", "kid": "x"}, string(must(json.Marshal(p.claims(nil)))), p.key("rsa"))
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), unknown); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("got %v", err)
	}
	if n := p.asked.Load(); n != 0 {
		t.Errorf("asked %d times", n)
	}
}
