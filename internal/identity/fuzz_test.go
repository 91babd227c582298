package identity_test

import (
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/identity"
)

func FuzzParseAccounts(f *testing.F) {
	f.Add([]byte(`{"version": 1, "accounts": [{"name":"anna","roles":["radiologist"],"changed":"2026-03-01T12:00:00Z","password":"` + identity.WeakHash(secret) + `"}]}`))
	f.Add([]byte(`{"version": 1, "accounts": []}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, again, err := identity.ParseAccounts(text)
		if err != nil || len(text) == 0 {
			return
		}
		m, twice, err := identity.ParseAccounts([]byte(again))
		if err != nil || m != n || twice != again {
			t.Errorf("%d accounts, %d when written and read: %v\n%s\n%s", n, m, err, again, twice)
		}
	})
}

func FuzzParseDevices(f *testing.F) {
	f.Add([]byte(`{"version": 1, "devices": [{"name":"a","keys":["` + strings.Repeat("0", 64) + `"],"calling":["A"],"addresses":["192.0.2.0/24"],"services":["C-STORE"],"until":"2026-03-01T12:00:00Z"}]}`))
	f.Add([]byte(`{"version": 1, "devices": [{"name":"a","subject":"CN=a","host":"h","port":104,"revoked":"2026-03-01T12:00:00Z"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		n, again, err := identity.ParseDevices(text)
		if err != nil || len(text) == 0 {
			return
		}
		m, twice, err := identity.ParseDevices([]byte(again))
		if err != nil || m != n || twice != again {
			t.Errorf("%d devices, %d when written and read: %v\n%s\n%s", n, m, err, again, twice)
		}
	})
}

// FuzzToken: nothing that is shown as a token panics, and nothing that the issuer did
// not sign gets in.
func FuzzToken(f *testing.F) {
	p := newProvider(f)
	h := p.house(f, func(_ *identity.Config, is *identity.Issuer) { is.Keys = []byte(p.keySet()) })
	good := p.token(nil)
	f.Add(good)
	f.Add(p.token(map[string]any{"act": map[string]any{"sub": "x"}, "cnf": map[string]any{}}))
	f.Add(b64([]byte(`{"alg":"none"}`)) + "." + b64([]byte(`{"iss":"x"}`)) + ".")
	f.Fuzz(func(t *testing.T, token string) {
		_ = identity.ParseToken(token)
		if peer, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), token); err == nil && token != good && peer.ID != "x" {
			t.Errorf("%q got in", token)
		}
	})
}

func FuzzParseKeys(f *testing.F) {
	f.Add([]byte(newProvider(f).keySet()))
	f.Add([]byte(`{"keys": [{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, err := identity.ParseKeys(text); err == nil && n == 0 {
			t.Error("no error and no key")
		}
	})
}

func FuzzParseStretched(f *testing.F) {
	f.Add(identity.WeakHash(secret))
	f.Add("$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2hoYXNoaGFzaA")
	f.Fuzz(func(t *testing.T, text string) {
		if again, err := identity.ParseStretched(text); err == nil && again != text {
			t.Errorf("%q became %q", text, again)
		}
	})
}
