package ca_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/ca"
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

func config(t testing.TB) ca.Config {
	return ca.Config{Dir: filepath.Join(t.TempDir(), "ca"), Names: []string{"pacs.example.org", "192.0.2.10"}, Now: newClock().Now}
}

func open(t testing.TB, c ca.Config) *ca.CA {
	t.Helper()
	a, err := ca.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func read(t testing.TB, a *ca.CA) []byte {
	t.Helper()
	text, err := os.ReadFile(a.File())
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func TestOpen_MakesOneAuthority(t *testing.T) {
	c := config(t)
	first := open(t, c)
	for name, want := range map[string]fs.FileMode{c.Dir: 0o700, first.File(): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v, want %v", name, info.Mode(), err, want)
		}
	}
	again := open(t, c)
	if !bytes.Equal(first.PEM(), again.PEM()) {
		t.Error("another authority when it was opened again")
	}
	root := first.Roots()[0]
	if !root.IsCA || root.MaxPathLen != 0 || !root.MaxPathLenZero || root.KeyUsage != x509.KeyUsageCertSign|x509.KeyUsageCRLSign {
		t.Errorf("%+v is no root for leaves only", root)
	}
	if years := root.NotAfter.Sub(c.Now()).Hours() / 24 / 365; years != 10 {
		t.Errorf("holds for %v years", years)
	}
	if want := []string{"localhost", "pacs.example.org"}; !slices.Equal(root.PermittedDNSDomains, want) || !root.PermittedDNSDomainsCritical {
		t.Errorf("for %q, want %q", root.PermittedDNSDomains, want)
	}
}

// TestOpen_AtTheSameTime: the program and a command meet at the first start.
func TestOpen_AtTheSameTime(t *testing.T) {
	c := config(t)
	var wg sync.WaitGroup
	all := make([][]byte, 8)
	for i := range all {
		wg.Go(func() {
			if a, err := ca.Open(t.Context(), c); err != nil {
				t.Error(err)
			} else {
				all[i] = a.PEM()
			}
		})
	}
	wg.Wait()
	for _, text := range all {
		if !bytes.Equal(text, all[0]) {
			t.Fatal("several authorities")
		}
	}
}

func TestOpen_BrokenFiles(t *testing.T) {
	good := read(t, open(t, config(t)))
	other := read(t, open(t, config(t)))
	key := bytes.Index(good, []byte("-----BEGIN PRIVATE"))
	for name, text := range map[string][]byte{
		"empty":          {},
		"no_key":         good[:key],
		"no_certificate": good[key:],
		"key_of_another": slices.Concat(good[:key], other[bytes.Index(other, []byte("-----BEGIN PRIVATE")):]),
		"two_keys":       slices.Concat(good, good[key:]),
		"strange_block":  slices.Concat(good, []byte("-----BEGIN EC PARAMETERS-----\nAAAA\n-----END EC PARAMETERS-----\n")),
		"cut":            good[:len(good)-40],
		"long":           slices.Concat(good, bytes.Repeat([]byte("#"), 1<<20)),
	} {
		t.Run(name, func(t *testing.T) {
			c := config(t)
			os.MkdirAll(c.Dir, 0o700)
			if err := os.WriteFile(filepath.Join(c.Dir, "root.pem"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := ca.Open(t.Context(), c); err == nil {
				t.Error("opened; or made a new authority over one that is there")
			}
			if got, _ := os.ReadFile(filepath.Join(c.Dir, "root.pem")); !bytes.Equal(got, text) {
				t.Error("the file was changed")
			}
		})
	}
}

// TestCA_Constraints: who has the key of the authority cannot be anybody for those
// who believe it.
func TestCA_Constraints(t *testing.T) {
	clock := newClock()
	c := config(t)
	c.Now = clock.Now
	a := open(t, c)
	for name, good := range map[string]bool{
		"pacs.example.org": true, "a.pacs.example.org": true, "PACS.example.org.": true, "192.0.2.10": true, "10.1.2.3": true,
		"127.0.0.1": true, "::1": true, "fd00::1": true, "localhost": true,
		"example.org": false, "evilpacs.example.org": false, "login.example.com": false, "192.0.2.11": false, "8.8.8.8": false,
		"2001:db8::1": false, "*.pacs.example.org": false, "": false, "pacs..example.org": false, "-a.pacs.example.org": false,
		"pacs.example.org/": false, "pacs example.org": false,
	} {
		_, err := a.Server([]string{name})
		if (err == nil) != good {
			t.Errorf("%q: %v", name, err)
		}
		if e, ok := errors.AsType[*ca.NamesError](err); ok && (e.Hint() == "" || !strings.Contains(e.Error(), name)) {
			t.Errorf("%q: %v", name, e)
		}
	}
	// The same by those who check: a leaf that the key signed for another name all
	// the same.
	for name, good := range map[string]bool{"pacs.example.org": true, "login.example.com": false, "8.8.8.8": false} {
		leaf := ca.Forge(a, name)
		_, err := leaf.Verify(x509.VerifyOptions{Roots: a.Pool(), CurrentTime: clock.Now(), DNSName: name})
		if (err == nil) != good {
			t.Errorf("%q believed: %v", name, err)
		}
	}
}

func TestServer_RenewsByAge(t *testing.T) {
	clock := newClock()
	c := config(t)
	c.Now = clock.Now
	s, err := open(t, c).Server([]string{"pacs.example.org"})
	if err != nil {
		t.Fatal(err)
	}
	first, _ := s.Certificate(nil)
	for _, step := range []struct {
		pass  time.Duration
		renew bool
	}{
		{29 * 24 * time.Hour, false},
		{2 * 24 * time.Hour, true},
		{30*24*time.Hour - 2*time.Hour, false},
		{200 * 24 * time.Hour, true},
		{-400 * 24 * time.Hour, true}, // the clock went back
		{0, false},
	} {
		clock.pass(step.pass)
		now, err := s.Certificate(nil)
		if err != nil {
			t.Fatal(err)
		}
		if (now != first) != step.renew {
			t.Errorf("after %v: renewed %v, want %v", step.pass, now != first, step.renew)
		}
		if clock.Now().Before(now.Leaf.NotBefore) || clock.Now().After(now.Leaf.NotAfter) {
			t.Errorf("after %v: not valid", step.pass)
		}
		if now != first && ca.SPKI(now.Leaf) == ca.SPKI(first.Leaf) {
			t.Error("renewed with the same key")
		}
		first = now
	}
	for _, host := range []string{"pacs.example.org", "localhost", "127.0.0.1", "[::1]"} {
		if err := first.Leaf.VerifyHostname(host); err != nil {
			t.Error(err)
		}
	}
}

func TestCA_EndsWithItsRoot(t *testing.T) {
	clock := newClock()
	c := config(t)
	c.Now = clock.Now
	a := open(t, c)
	if words := a.Doctor(); len(words) != 0 {
		t.Errorf("new, and %q", words)
	}
	clock.pass(9 * 365 * 24 * time.Hour)
	d, err := a.Device(ca.DeviceRequest{Name: "CT1"})
	if err != nil || !d.Certificate.NotAfter.Equal(a.Roots()[0].NotAfter) {
		t.Errorf("a device's certificate until %v, %v", d.Certificate.NotAfter, err)
	}
	if words := a.Doctor(); len(words) != 1 || !strings.Contains(words[0], "expires on 2036-02-27") {
		t.Errorf("%q", words)
	}
	clock.pass(366 * 24 * time.Hour)
	if _, err := a.Device(ca.DeviceRequest{Name: "CT1"}); err == nil {
		t.Error("signed after its end")
	}
	if words := a.Doctor(); len(words) != 1 || !strings.Contains(words[0], "expired on") {
		t.Errorf("%q", words)
	}
}

func TestCA_RenewBelievesThoseOfBefore(t *testing.T) {
	clock := newClock()
	c := config(t)
	c.Now = clock.Now
	a := open(t, c)
	old, err := a.Device(ca.DeviceRequest{Name: "CT1"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.Server([]string{"new.example.org"}); err == nil {
		t.Fatal("it was not made for this name")
	}
	if err := a.Renew(t.Context(), []string{"new.example.org"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Server([]string{"new.example.org"}); err != nil {
		t.Error(err)
	}
	again := open(t, c)
	trust := ca.Trust{Roots: again.Pool(), Now: clock.Now}
	fresh, err := again.Device(ca.DeviceRequest{Name: "CT2"})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []*ca.Issued{old, fresh} {
		if err := trust.Verify([]*x509.Certificate{d.Certificate}); err != nil {
			t.Error(err)
		}
	}
	if n := len(again.Roots()); n != 2 || bytes.Count(read(t, again), []byte("PRIVATE KEY")) != 2 {
		t.Errorf("%d roots; or not one key", n)
	}
}

func TestDevice_KeyIsKeptNowhere(t *testing.T) {
	c := config(t)
	a := open(t, c)
	for _, rsa := range []bool{false, true} {
		d, err := a.Device(ca.DeviceRequest{Name: "CT.1", Hosts: []string{"10.0.0.7"}, RSA: rsa})
		if err != nil {
			t.Fatal(err)
		}
		if d.Certificate.Subject.CommonName != "CT.1 (device)" || len(d.Certificate.DNSNames) != 0 || len(d.Certificate.IPAddresses) != 1 {
			t.Errorf("%v", d.Certificate.Subject)
		}
		if !bytes.Contains(d.KeyPEM, []byte("PRIVATE KEY")) || !bytes.Equal(d.RootsPEM, a.PEM()) || len(ca.SPKI(d.Certificate)) != 64 {
			t.Error("not all that a device needs")
		}
		entries, _ := os.ReadDir(c.Dir)
		for _, e := range entries {
			if text, _ := os.ReadFile(filepath.Join(c.Dir, e.Name())); bytes.Contains(text, d.KeyPEM) {
				t.Errorf("%s has the device's key", e.Name())
			}
		}
	}
	for _, name := range []string{"", strings.Repeat("x", 41)} {
		if _, err := a.Device(ca.DeviceRequest{Name: name}); err == nil {
			t.Errorf("%q is a name", name)
		}
	}
}

func TestLock_GivesUp(t *testing.T) {
	c := config(t)
	a := open(t, c)
	held, err := ca.Lock(a)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
	defer cancel()
	if _, err := ca.Open(ctx, c); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
