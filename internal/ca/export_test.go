package ca

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"time"
)

func (a *CA) File() string { return a.file() }

func Lock(a *CA) (io.Closer, error) { return a.lock(context.Background()) }

// Forge is what a thief of the key can sign.
func Forge(a *CA, name string) *x509.Certificate {
	root, key := a.inForce()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{
		NotBefore: a.c.Now().Add(-time.Hour), NotAfter: a.c.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if ip := net.ParseIP(name); ip != nil {
		template.IPAddresses = append(template.IPAddresses, ip)
	} else {
		template.DNSNames = append(template.DNSNames, name)
	}
	leaf, err := sign(template, root, own.Public(), key)
	if err != nil {
		panic(err)
	}
	return leaf
}

// Weak is a certificate with 1024 bits of RSA, which crypto/rsa makes no more.
func Weak() *x509.Certificate {
	n := new(big.Int).Lsh(big.NewInt(1), 1023)
	return &x509.Certificate{PublicKey: &rsa.PublicKey{N: n, E: 65537}, NotAfter: time.Unix(1<<40, 0)}
}

func PEM(c *x509.Certificate) []byte { return formatCertificates([]*x509.Certificate{c}) }
