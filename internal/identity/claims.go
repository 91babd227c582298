package identity

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/leadglass/leadglass"
)

// claims are those of a token. A claim of another type than it should have is as if
// it was not there.
type claims map[string]any

func (c claims) text(name string) string { s, _ := c[name].(string); return s }

// time reads a NumericDate (RFC 7519 section 2).
func (c claims) time(name string) (time.Time, bool) {
	n, ok := c[name].(json.Number)
	if !ok {
		return time.Time{}, false
	}
	f, err := n.Float64()
	const year10000 = 253402300800
	if err != nil || f < 0 || f >= year10000 {
		return time.Time{}, false
	}
	return time.Unix(int64(f), 0), true
}

// at follows a name, or a path with dots where nothing has the whole as its name.
func (c claims) at(path string) any {
	if v, ok := c[path]; ok || path == "" {
		return v
	}
	first, rest, more := strings.Cut(path, ".")
	if inner, ok := c[first].(map[string]any); ok && more {
		return claims(inner).at(rest)
	}
	return nil
}

// words are the texts of a claim: a list, or one.
func words(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// peer is who a token that holds speaks for.
func (is *issuer) peer(w Wire, token string, c claims) (*leadglass.Peer, leadglass.Purpose, error) {
	p := &leadglass.Peer{
		Kind: leadglass.Person, ID: c.text("sub"), Issuer: is.URL, Assurance: leadglass.Token, Active: true, Roles: is.roles(c),
		Client: c.text("azp"), Session: sessionOf(c), TokenID: tokenID(token, c),
		Address: w.Address, TLS: w.TLS, Certificate: w.spki(),
	}
	if client := c.text("client_id"); client != "" {
		if p.Client != "" && p.Client != client {
			return nil, "", denied(leadglass.NoIdentity, "the token names two clients")
		}
		p.Client = client
	}
	if slices.Contains(words(c["amr"]), "mfa") { // RFC 8176
		p.Assurance = leadglass.MultiFactor
	}
	if err := actor(p, c); err != nil {
		return nil, "", err
	}
	switch {
	case p.ID == "" || !printable(p.ID, 255) || !printable(p.OnBehalfOf, 255) || !printable(p.Client, 255):
		return nil, "", denied(leadglass.NoIdentity, "the token names nobody, or somebody whose name cannot be recorded")
	case len(is.Clients) > 0 && !slices.Contains(is.Clients, p.Client):
		return nil, "", denied(leadglass.NoIdentity, "the token is for a client that is not configured")
	case !confirmed(w, c):
		return nil, "", denied(leadglass.NoIdentity, "the token is bound to a key that the peer did not show")
	}
	if ofProgram(p, c) {
		p.Kind = leadglass.Program
	}
	p.Organisation, p.Department = is.word(c, is.OrganisationClaim), is.word(c, is.DepartmentClaim)
	return p, is.purpose(c), nil
}

// actor is who acts where it is not the subject (RFC 8693 section 4.1).
func actor(p *leadglass.Peer, c claims) error {
	act, there := c["act"]
	if !there {
		return nil
	}
	who, _ := act.(map[string]any)
	id := claims(who).text("sub")
	if id == "" || claims(who).text("iss") != "" && claims(who).text("iss") != p.Issuer {
		return denied(leadglass.NoIdentity, "the token does not say who acts, or one of another issuer")
	}
	p.ID, p.OnBehalfOf = id, p.ID
	return nil
}

// ofProgram says whether nobody in person is behind a token: its subject is its
// client (RFC 9068 section 5), or its issuer says so in its own way (Microsoft Entra
// "idtyp", Auth0 "gty").
func ofProgram(p *leadglass.Peer, c claims) bool {
	return p.ID == p.Client || c.text("idtyp") == "app" || c.text("gty") == "client-credentials"
}

// confirmed says whether whoever bears a token may (RFC 7800): a token that is bound
// to a certificate is good with it only (RFC 8705 section 3.1). Other bindings, such
// as DPoP, we cannot check.
func confirmed(w Wire, c claims) bool {
	cnf, there := c["cnf"]
	if !there {
		return true
	}
	object, _ := cnf.(map[string]any)
	want, ok := object["x5t#S256"].(string)
	if !ok || len(object) != 1 || w.Certificate == nil {
		return false
	}
	sum := sha256.Sum256(w.Certificate.Raw)
	return want == base64.RawURLEncoding.EncodeToString(sum[:])
}

// roles are ours for the issuer's words.
func (is *issuer) roles(c claims) []leadglass.Role {
	var all []leadglass.Role
	for _, word := range words(c.at(is.RolesClaim)) {
		if r, ok := is.Roles[word]; ok && !slices.Contains(all, r) {
			all = append(all, r)
		}
	}
	return all
}

// word is one text of a claim, empty where it has several or what cannot be
// recorded.
func (is *issuer) word(c claims, path string) string {
	all := words(c.at(path))
	if path == "" || len(all) != 1 || !printable(all[0], 128) {
		return ""
	}
	return all[0]
}

// sessionOf is the issuer's word for the sign-in, or one of ours.
func sessionOf(c claims) string {
	if sid := c.text("sid"); sid != "" && printable(sid, 128) {
		return sid
	}
	return rand.Text()
}

// tokenID is what may be known of a token (IHE BALP): its id, or the last 32
// characters; those are of its signature, of which it has more.
func tokenID(token string, c claims) string {
	if jti := c.text("jti"); jti != "" && printable(jti, 128) {
		return jti
	}
	return token[max(0, len(token)-32):]
}

// The code systems of purposes: ActReason and the value set, as URL and as OID.
func purposeSystems() []string {
	return []string{
		"", "http://terminology.hl7.org/CodeSystem/v3-ActReason", "http://terminology.hl7.org/ValueSet/v3-PurposeOfUse",
		"2.16.840.1.113883.5.8", "urn:oid:2.16.840.1.113883.5.8", "2.16.840.1.113883.1.11.20448", "urn:oid:2.16.840.1.113883.1.11.20448",
	}
}

// purpose is that of IHE IUA (ITI-71), where the issuer is trusted for it: one code,
// as a text or a coding, alone or in a list. Of several none counts: which of them is
// it now?
func (is *issuer) purpose(c claims) leadglass.Purpose {
	if !is.Purposes {
		return leadglass.NoPurposeGiven
	}
	v := c.at("extensions.ihe_iua.purpose_of_use")
	if all, ok := v.([]any); ok && len(all) == 1 {
		v = all[0]
	}
	if coding, ok := v.(map[string]any); ok {
		if !slices.Contains(purposeSystems(), claims(coding).text("system")) {
			return leadglass.NoPurposeGiven
		}
		v = coding["code"]
	}
	code, _ := v.(string)
	p, _ := leadglass.ParsePurpose(code)
	return p
}
