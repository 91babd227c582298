package identity_test

import (
	"encoding/json"
	"testing"

	"github.com/leadglass/leadglass"
)

func BenchmarkDevice(b *testing.B) {
	h := open(b, nil)
	cert := certificate(nil)
	if err := h.Enrol(b.Context(), ct(cert)); err != nil {
		b.Fatal(err)
	}
	w := from("192.0.2.5", cert)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Device(b.Context(), w, "CT1", "ARCHIVE"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBearer(b *testing.B) {
	p := newProvider(b)
	h := p.house(b, nil)
	for _, alg := range []struct{ name, kid string }{{"RS256", "rsa"}, {"ES256", "ec"}, {"EdDSA", "ed"}} {
		token := sign(map[string]any{"alg": alg.name, "kid": alg.kid}, string(must(json.Marshal(p.claims(nil)))), p.key(alg.kid))
		b.Run(alg.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, _, err := h.Bearer(b.Context(), from("192.0.2.1", nil), token); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkPerson(b *testing.B) {
	h := open(b, nil)
	if err := h.AddAccount(b.Context(), anna(), secret); err != nil {
		b.Fatal(err)
	}
	w := from("192.0.2.1", nil)
	b.ReportAllocs()
	for b.Loop() {
		if p, err := h.Person(b.Context(), w, "anna", secret); err != nil || !p.Has(leadglass.Radiologist) {
			b.Fatal(err)
		}
	}
}
