package fleet

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"time"

	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// certificateStore holds one certificate of each kind for the whole fleet.
type certificateStore struct {
	pairs [plan.Certificates]tls.Certificate
	roots *x509.CertPool // of the fleet's own issuer, for client certificates
}

// newCertificates makes them: an issuer that nobody knows, and a leaf a kind.
func newCertificates(now time.Time) (*certificateStore, error) {
	s := &certificateStore{roots: x509.NewCertPool()}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("fleet: making a key: %w", err)
	}
	issuer := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Fleet Issuing CA"},
		NotBefore: now.AddDate(-8, 0, 0), NotAfter: now.AddDate(8, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	root, err := sign(issuer, issuer, key)
	if err != nil {
		return nil, err
	}
	if issuer, err = x509.ParseCertificate(root.Certificate[0]); err != nil {
		return nil, fmt.Errorf("fleet: reading our own certificate: %w", err)
	}
	for kind := range plan.Certificates {
		leaf := &x509.Certificate{
			SerialNumber: big.NewInt(int64(kind) + 2), Subject: pkix.Name{CommonName: "pacs.invalid"},
			DNSNames: []string{"pacs.invalid"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
			NotBefore: now.AddDate(-2, 0, 0), NotAfter: kind.NotAfter(now), KeyUsage: x509.KeyUsageDigitalSignature,
		}
		parent := issuer
		if kind == plan.SelfSigned {
			parent = leaf
		}
		if s.pairs[kind], err = sign(leaf, parent, key); err != nil {
			return nil, err
		}
	}
	s.roots.AddCert(issuer)
	return s, nil
}

// sign makes a certificate; one key serves them all.
func sign(leaf, parent *x509.Certificate, key *ecdsa.PrivateKey) (tls.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, leaf, parent, &key.PublicKey, key)
	if err != nil {
		return tls.Certificate{}, fmt.Errorf("fleet: making a certificate: %w", err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, nil
}

// config is how a service speaks TLS, nil without.
func (s *certificateStore) config(t *plan.TLS) *tls.Config {
	if t == nil {
		return nil
	}
	c := &tls.Config{
		Certificates: []tls.Certificate{s.pairs[t.Certificate]},
		MinVersion:   t.Min,
		MaxVersion:   t.Max,
	}
	if t.Demands {
		c.ClientAuth, c.ClientCAs = tls.RequireAndVerifyClientCert, s.roots
	}
	return c
}
