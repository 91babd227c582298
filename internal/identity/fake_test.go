package identity_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
)

// clock is a time that tests move.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func newClock() *clock { return &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)} }

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// house is a directory with its clock and folder.
type house struct {
	*identity.Directory
	clock *clock
	conf  identity.Config
}

// open opens a directory in a folder of its own; edit may change how.
func open(t testing.TB, edit func(*identity.Config)) *house {
	t.Helper()
	h := &house{clock: newClock()}
	h.conf = identity.Config{Dir: filepath.Join(t.TempDir(), "identity"), Now: h.clock.Now}
	if edit != nil {
		edit(&h.conf)
	}
	var err error
	if h.Directory, err = identity.Open(t.Context(), h.conf); err != nil {
		t.Fatal(err)
	}
	return h
}

// certificate makes one with a new key; edit may change it.
func certificate(edit func(*x509.Certificate)) *x509.Certificate {
	cert, _ := withKey(edit)
	return cert
}

func withKey(edit func(*x509.Certificate)) (*x509.Certificate, crypto.Signer) {
	now := newClock().Now()
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	c := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "device"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(365 * 24 * time.Hour),
	}
	if edit != nil {
		edit(c)
	}
	return must(x509.ParseCertificate(must(x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)))), key
}

// from is a connection over TLS.
func from(address string, cert *x509.Certificate) identity.Wire {
	return identity.Wire{Address: netip.AddrPortFrom(netip.MustParseAddr(address), 40000), TLS: true, Certificate: cert}
}

// plain is one without.
func plain(address string) identity.Wire {
	return identity.Wire{Address: netip.AddrPortFrom(netip.MustParseAddr(address), 40000)}
}

func spki(c *x509.Certificate) string { return ca.SPKI(c) }

func isDenied(err error, reason leadglass.Reason) bool {
	return leadglass.CodeOf(err) == leadglass.Denied && leadglass.ReasonOf(err) == reason
}

const secret = "correct horse battery staple"
