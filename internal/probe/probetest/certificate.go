package probetest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"
)

// Authority signs certificates of tests.
type Authority struct {
	Pool *x509.CertPool // trusts it
	cert *x509.Certificate
	key  crypto.Signer
}

// NewAuthority makes an authority that nobody knows yet.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{Pool: x509.NewCertPool(), key: ecKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "authority of a test"},
		NotBefore: time.Now().AddDate(-10, 0, 0), NotAfter: time.Now().AddDate(10, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = sign(t, template, template, a.key.Public(), a.key)
	a.Pool.AddCert(a.cert)
	return a
}

// DER is the authority's own certificate.
func (a *Authority) DER() []byte { return a.cert.Raw }

// Certificate says how a server's certificate is to be.
type Certificate struct {
	From, To   time.Time // zero is an hour ago, in a year
	SelfSigned bool
	Bits       int                     // of an RSA key; 0 is ECDSA
	Signature  x509.SignatureAlgorithm // 0 is the key's default
}

// Issue makes a certificate and its key.
func (a *Authority) Issue(t testing.TB, c Certificate) tls.Certificate {
	t.Helper()
	if c.From.IsZero() {
		c.From = time.Now().Add(-time.Hour)
	}
	if c.To.IsZero() {
		c.To = time.Now().AddDate(1, 0, 0)
	}
	var key crypto.Signer = ecKey(t)
	if c.Bits > 0 {
		k, err := rsa.GenerateKey(rand.Reader, c.Bits)
		if err != nil {
			t.Fatal(err)
		}
		key = k
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "archive of a test"},
		NotBefore: c.From, NotAfter: c.To, SignatureAlgorithm: c.Signature,
		DNSNames: []string{"archive.example.org"},
	}
	parent, signer := a.cert, a.key
	if c.SelfSigned {
		parent, signer = template, key
	}
	cert := sign(t, template, parent, key.Public(), signer)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func ecKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func sign(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, signer crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}
