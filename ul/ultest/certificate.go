package ultest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Authority signs certificates of tests.
type Authority struct {
	Pool *x509.CertPool // trusts it
	cert *x509.Certificate
	key  crypto.Signer
}

// Certificate says how a certificate is to be. The zero value is a good one for
// 127.0.0.1, as server and as client.
type Certificate struct {
	Name       string    // its common name, "" is a test's
	Host       string    // the only name that it is for, "" is 127.0.0.1 and localhost
	From, To   time.Time // zero is an hour ago, in a year
	SelfSigned bool      // by its own key and not by the authority
	ClientOnly bool      // not for servers
	Bits       int       // of an RSA key, 1024 is a weak one; 0 is ECDSA P-256
	Signature  x509.SignatureAlgorithm
}

// NewAuthority makes an authority that nobody knows yet.
func NewAuthority(t testing.TB) *Authority {
	t.Helper()
	a := &Authority{Pool: x509.NewCertPool(), key: newKey(t, 0)}
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

// Issue makes a certificate and its key.
func (a *Authority) Issue(t testing.TB, c Certificate) tls.Certificate {
	t.Helper()
	key := newKey(t, c.Bits)
	template := c.template()
	parent, signer := a.cert, a.key
	if c.SelfSigned {
		parent, signer = template, key
	}
	leaf := sign(t, template, parent, key.Public(), signer)
	return tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
}

func (c Certificate) template() *x509.Certificate {
	if c.Name == "" {
		c.Name = "archive of a test"
	}
	if c.From.IsZero() {
		c.From = time.Now().Add(-time.Hour)
	}
	if c.To.IsZero() {
		c.To = time.Now().AddDate(1, 0, 0)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: c.Name},
		NotBefore: c.From, NotAfter: c.To, SignatureAlgorithm: c.Signature,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if !c.ClientOnly {
		cert.ExtKeyUsage = append(cert.ExtKeyUsage, x509.ExtKeyUsageServerAuth)
	}
	if c.Host != "" {
		cert.DNSNames = []string{c.Host}
	} else {
		cert.IPAddresses, cert.DNSNames = []net.IP{net.IPv4(127, 0, 0, 1)}, []string{"localhost"}
	}
	return cert
}

// Identity is somebody with a certificate and an authority of their own, in
// memory and in files as other programs read them, which go with the test.
type Identity struct {
	Certificate                      tls.Certificate
	Pool                             *x509.CertPool // trusts it
	CertFile, KeyFile, AuthorityFile string
}

// NewIdentity makes somebody of that name on 127.0.0.1.
func NewIdentity(t testing.TB, name string) *Identity {
	t.Helper()
	return NewAuthority(t).Identity(t, Certificate{Name: name})
}

// Identity issues a certificate and writes it, its key and the authority.
func (a *Authority) Identity(t testing.TB, c Certificate) *Identity {
	t.Helper()
	issued := a.Issue(t, c)
	key, err := x509.MarshalPKCS8PrivateKey(issued.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name, kind string, der []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return &Identity{
		Certificate: issued, Pool: a.Pool,
		CertFile: file("cert.pem", "CERTIFICATE", issued.Certificate[0]), KeyFile: file("key.pem", "PRIVATE KEY", key),
		AuthorityFile: file("ca.pem", "CERTIFICATE", a.cert.Raw),
	}
}

func newKey(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	var key crypto.Signer
	var err error
	if bits > 0 {
		key, err = rsa.GenerateKey(rand.Reader, bits)
	} else {
		key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
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
