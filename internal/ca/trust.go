package ca

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"time"
)

// SPKI is what a certificate is known by: the SHA-256 of its
// SubjectPublicKeyInfo, in hex. It stays the same where a certificate is issued
// again for the same key.
func SPKI(c *x509.Certificate) string {
	sum := sha256.Sum256(c.RawSubjectPublicKeyInfo)
	return hex.EncodeToString(sum[:])
}

// Trust says whose certificates count.
type Trust struct {
	Roots *x509.CertPool
	// Enrolled says whether a key is enrolled by itself: such a certificate needs no
	// authority. It may be nil.
	Enrolled func(spki string) bool
	// Withdrawn says whether a key does not count any more, whoever signs for it. It
	// may be nil.
	Withdrawn func(spki string) bool
	// Lists returns the revocation lists of the site's authorities, those that count
	// now. It may be nil.
	Lists func() []*x509.RevocationList
	Now   func() time.Time // nil is time.Now
}

func (t *Trust) now() time.Time {
	if t.Now == nil {
		return time.Now()
	}
	return t.Now()
}

func (t *Trust) lists() []*x509.RevocationList {
	if t.Lists == nil {
		return nil
	}
	return t.Lists()
}

// What Verify refuses with, beside the errors of x509.
var (
	ErrWithdrawn = errors.New("ca: the key of the certificate was withdrawn")
	ErrRevoked   = errors.New("ca: the certificate is on a revocation list")
	ErrWeakKey   = errors.New("ca: the key of the certificate is too weak")
	ErrExpired   = errors.New("ca: the certificate is expired or not yet valid")
)

// Verify checks the certificate that a peer showed: the first is its own.
func (t *Trust) Verify(chain []*x509.Certificate) error {
	leaf, spki, now := chain[0], SPKI(chain[0]), t.now()
	switch {
	case t.Withdrawn != nil && t.Withdrawn(spki):
		return ErrWithdrawn
	case weak(leaf):
		return ErrWeakKey
	case now.Before(leaf.NotBefore) || now.After(leaf.NotAfter):
		return ErrExpired
	case t.Enrolled != nil && t.Enrolled(spki):
		return nil
	}
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	roots := t.Roots
	if roots == nil {
		roots = x509.NewCertPool() // nil would be those of the system
	}
	chains, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		return fmt.Errorf("ca: checking a certificate: %w", err)
	}
	for _, chain := range chains {
		if !t.revoked(chain) {
			return nil
		}
	}
	return ErrRevoked
}

// revoked says whether any certificate of a chain is on a list that its issuer
// signed. A list past its time counts on: doctor says that it is old, and what it
// names stays revoked.
func (t *Trust) revoked(chain []*x509.Certificate) bool {
	for i, c := range chain[:len(chain)-1] {
		for _, list := range t.lists() {
			if list.CheckSignatureFrom(chain[i+1]) != nil {
				continue
			}
			for _, entry := range list.RevokedCertificateEntries {
				if entry.SerialNumber.Cmp(c.SerialNumber) == 0 {
					return true
				}
			}
		}
	}
	return false
}

// Doctor says in words what the operator should know.
func (t *Trust) Doctor() (words []string) {
	for _, list := range t.lists() {
		if t.now().After(list.NextUpdate) {
			words = append(words, fmt.Sprintf("the revocation list of %q should have been replaced on %s: what was revoked since is believed", list.Issuer.CommonName, day(list.NextUpdate)))
		}
	}
	return words
}

// weak says whether a key has less than PS3.15 section B.13 asks: 2048 bits of RSA,
// 256 of a curve.
func weak(c *x509.Certificate) bool {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize < 256
	case ed25519.PublicKey:
		return false
	}
	return true
}

// ParseCertificates reads certificates from PEM, at least one: a site's own
// authorities.
func ParseCertificates(text []byte) ([]*x509.Certificate, error) {
	var all []*x509.Certificate
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type != "CERTIFICATE" || len(all) == maxRoots {
			return nil, fmt.Errorf("ca: reading certificates: an unexpected block %q", block.Type)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("ca: reading certificates: %w", err)
		}
		all = append(all, c)
	}
	if len(all) == 0 {
		return nil, errors.New("ca: reading certificates: there is none")
	}
	return all, nil
}

// ParseList reads a revocation list, in PEM or DER.
func ParseList(text []byte) (*x509.RevocationList, error) {
	if block, _ := pem.Decode(text); block != nil {
		if block.Type != "X509 CRL" {
			return nil, fmt.Errorf("ca: reading a revocation list: an unexpected block %q", block.Type)
		}
		text = block.Bytes
	}
	list, err := x509.ParseRevocationList(text)
	if err != nil {
		return nil, fmt.Errorf("ca: reading a revocation list: %w", err)
	}
	return list, nil
}
