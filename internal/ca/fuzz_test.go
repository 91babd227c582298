package ca_test

import (
	"crypto/x509"
	"testing"

	"github.com/leadglass/leadglass/internal/ca"
)

func FuzzParseRoots(f *testing.F) {
	a := open(f, config(f))
	f.Add(read(f, a))
	f.Add(a.PEM())
	f.Fuzz(func(t *testing.T, text []byte) {
		if roots, key, err := ca.ParseRoots(text); err == nil && (len(roots) == 0 || key == nil) {
			t.Error("no error and no key")
		}
		if all, err := ca.ParseCertificates(text); err == nil {
			trust := ca.Trust{Roots: x509.NewCertPool()}
			_ = trust.Verify(all)
		}
	})
}

func FuzzParseList(f *testing.F) {
	f.Add([]byte("-----BEGIN X509 CRL-----\nMAA=\n-----END X509 CRL-----\n"))
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, text []byte) {
		if list, err := ca.ParseList(text); err == nil && list == nil {
			t.Error("no error and no list")
		}
	})
}
