package serve_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
	"github.com/leadglass/leadglass/ul"
)

// authority is a site's own.
type authority struct {
	t    *testing.T
	key  *ecdsa.PrivateKey
	cert *x509.Certificate
	dir  string
}

func newAuthority(t *testing.T) *authority {
	a := &authority{t: t, dir: t.TempDir()}
	a.cert, a.key = a.issue(&x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Site CA"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	})
	a.write("ca.pem", "CERTIFICATE", a.cert.Raw)
	return a
}

// issue makes a certificate, signed by the authority or, for the first, by itself.
func (a *authority) issue(c *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	c.NotBefore, c.NotAfter = time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	parent, signer := c, key
	if a.cert != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, signer)
	if err != nil {
		a.t.Fatal(err)
	}
	out, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return out, key
}

func (a *authority) write(name, kind string, der []byte) string {
	path := filepath.Join(a.dir, name)
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		a.t.Fatal(err)
	}
	return path
}

// revoke writes the list of what is revoked.
func (a *authority) revoke(number int64, serials ...int64) string {
	list := &x509.RevocationList{Number: big.NewInt(number), ThisUpdate: time.Now(), NextUpdate: time.Now().Add(time.Hour)}
	for _, s := range serials {
		list.RevokedCertificateEntries = append(list.RevokedCertificateEntries, x509.RevocationListEntry{SerialNumber: big.NewInt(s), RevocationTime: time.Now()})
	}
	der, err := x509.CreateRevocationList(rand.Reader, list, a.cert, a.key)
	if err != nil {
		a.t.Fatal(err)
	}
	return a.write("site.crl", "X509 CRL", der)
}

// TestReload_RevokedBySite: a device with a certificate of the site's authority gets
// in until the site revokes it and the archive reads the list.
func TestReload_RevokedBySite(t *testing.T) {
	site := newAuthority(t)
	h := start(t, func(c *serve.Config) {
		c.TLS.Clients, c.TLS.Revoked = filepath.Join(site.dir, "ca.pem"), []string{site.revoke(1)}
	})
	cert, key := site.issue(&x509.Certificate{
		SerialNumber: big.NewInt(77), Subject: pkix.Name{CommonName: "ct9"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
		KeyUsage: x509.KeyUsageDigitalSignature,
	})
	own := h.device("ct9", func(e *identity.Enrolment) { e.Keys, e.Subject = nil, "CN=ct9" }, leadglass.Modality)
	own.Certificates = []tls.Certificate{{Certificate: [][]byte{cert.Raw}, PrivateKey: key}}
	dial := func() error {
		a, err := ul.Dial(context.Background(), h.dimse, ask("CT9"), &ul.Config{TLS: own})
		if err == nil {
			err = a.Release(context.Background())
		}
		return err
	}
	if err := dial(); err != nil {
		t.Fatal(err)
	}
	site.revoke(2, 77)
	if err := dial(); err != nil {
		t.Errorf("before the list is read: %v", err)
	}
	if err := h.s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := dial(); err == nil {
		t.Error("a revoked certificate got in")
	}
	if err := os.WriteFile(filepath.Join(site.dir, "site.crl"), []byte("nothing"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := h.s.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "site.crl") {
		t.Errorf("a list that is none: %v", err)
	}
	if err := dial(); err == nil {
		t.Error("the list that was there does not count any more")
	}
}
