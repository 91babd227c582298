package serve_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

// issuer is an OpenID provider whose keys the archive is configured with.
type issuer struct {
	t   testing.TB
	key *ecdsa.PrivateKey
}

// issuerURL is nowhere: the archive has no need to ask it.
const issuerURL = "https://login.example.org"

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return &issuer{t, key}
}

func b64(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// jwk is the issuer's public key (RFC 7517).
func (is *issuer) jwk() string {
	point, err := is.key.PublicKey.Bytes()
	if err != nil {
		is.t.Fatal(err)
	}
	return fmt.Sprintf(`{"kty":"EC","crv":"P-256","kid":"k","use":"sig","x":%q,"y":%q}`, b64(point[1:33]), b64(point[33:]))
}

func (is *issuer) config() identity.Issuer {
	roles := map[string]leadglass.Role{}
	for _, r := range []leadglass.Role{
		leadglass.Radiologist, leadglass.Referrer, leadglass.Technologist, leadglass.Clerk, leadglass.Researcher, leadglass.Auditor, leadglass.Administrator,
	} {
		roles[string(r)] = r
	}
	return identity.Issuer{
		URL: issuerURL, Audience: "leadglass", Roles: roles, OrganisationClaim: "org", DepartmentClaim: "dept", Purposes: true,
		Keys: []byte(`{"keys":[` + is.jwk() + `]}`),
	}
}

// claims are those of a good token for an asker.
func claims(a *asker) map[string]any {
	now := time.Now().Unix()
	c := map[string]any{
		"iss": issuerURL, "aud": "leadglass", "sub": a.name, "azp": "viewer", "iat": now, "exp": now + 3600,
		"roles": a.roles, "org": a.organisation, "dept": a.department,
	}
	if a.kind == leadglass.Program {
		c["azp"] = a.name
	}
	if a.factors == leadglass.MultiFactor {
		c["amr"] = []string{"pwd", "mfa"}
	}
	if a.own != "" {
		c["extensions"] = map[string]any{"ihe_iua": map[string]any{"purpose_of_use": a.own}}
	}
	if a.nobody {
		c["iat"], c["exp"] = now-7200, now-3600
	}
	return c
}

// signed is a token in compact form, by the issuer's key whatever the header says.
func (is *issuer) signed(header string, claims map[string]any) string {
	payload, err := json.Marshal(claims)
	if err != nil {
		is.t.Fatal(err)
	}
	input := b64([]byte(header)) + "." + b64(payload)
	sum := sha256.Sum256([]byte(input))
	r, s, err := ecdsa.Sign(rand.Reader, is.key, sum[:])
	if err != nil {
		is.t.Fatal(err)
	}
	sig := make([]byte, 64)
	r.FillBytes(sig[:32])
	s.FillBytes(sig[32:])
	return input + "." + b64(sig)
}

// goodHeader is that of a token.
const goodHeader = `{"alg":"ES256","kid":"k"}`

// signs shows the token of an asker, which is read when it is first needed.
func (is *issuer) signs(a *asker) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+is.signed(goodHeader, claims(a))) }
}
