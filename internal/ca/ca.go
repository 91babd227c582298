package ca

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/leadglass/leadglass/internal/durable"
)

// How long certificates hold.
const (
	// A root is changed by hand on every device; ten years are the life of a modality.
	rootLifetime = 10 * 365 * 24 * time.Hour
	// As public authorities will have it from 2029 on (CA/Browser Forum ballot
	// SC-081v3: 47 days), with two days left.
	serverLifetime = 45 * 24 * time.Hour
	// Somebody carries the file to the device: not more often than its inspection.
	deviceLifetime = 2 * 365 * 24 * time.Hour
	// Clocks of modalities are minutes off, seldom more.
	backdated = time.Hour
)

// maxFile bounds what is read of a file of certificates: hundreds of roots.
const maxFile = 1 << 20

// maxRoots bounds how many roots a file may hold.
const maxRoots = 1000

// Config is where an authority lives.
type Config struct {
	Dir   string     // its folder, made where it is not there
	FS    durable.FS // nil is the system's
	Names []string   // host names and addresses that its certificates may be for
	Now   func() time.Time
}

// CA is an authority. Its methods may be called at the same time.
type CA struct {
	c Config

	mu    sync.RWMutex // covers what follows
	roots []*x509.Certificate
	key   crypto.Signer // of roots[0]
}

// Open opens the authority of a folder, and makes it where there is none.
func Open(ctx context.Context, c Config) (*CA, error) {
	if c.FS == nil {
		c.FS = durable.OS()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if err := c.FS.MkdirAll(c.Dir); err != nil {
		return nil, fmt.Errorf("ca: making its folder: %w", err)
	}
	a := &CA{c: c}
	unlock, err := a.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer unlock.Close()
	switch err := a.load(); {
	case errors.Is(err, fs.ErrNotExist):
		return a, a.renew(c.Names)
	case err != nil:
		return nil, fmt.Errorf("ca: reading %q: %w", a.file(), err)
	}
	return a, nil
}

func (a *CA) file() string { return filepath.Join(a.c.Dir, "root.pem") }

// lock keeps other processes from making another authority at the same time.
func (a *CA) lock(ctx context.Context) (io.Closer, error) {
	for {
		held, err := a.c.FS.Lock(filepath.Join(a.c.Dir, "lock"))
		if !errors.Is(err, durable.ErrLocked) {
			return held, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("ca: waiting for another process: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (a *CA) load() error {
	text, err := durable.ReadFile(a.c.FS, a.file(), maxFile)
	if err != nil {
		return err
	}
	roots, key, err := ParseRoots(text)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roots, a.key = roots, key
	return nil
}

// ParseRoots reads the file of an authority.
func ParseRoots(text []byte) ([]*x509.Certificate, crypto.Signer, error) {
	var roots []*x509.Certificate
	var key crypto.Signer
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		switch {
		case block.Type == "CERTIFICATE" && len(roots) < maxRoots:
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, err
			}
			roots = append(roots, cert)
		case block.Type == "PRIVATE KEY" && len(roots) == 1 && key == nil:
			k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, nil, err
			}
			key, _ = k.(crypto.Signer)
		default:
			return nil, nil, fmt.Errorf("an unexpected block %q", block.Type)
		}
	}
	if key == nil || !sameKey(key.Public(), roots[0].PublicKey) {
		return nil, nil, errors.New("the certificate in force has no key that fits")
	}
	return roots, key, nil
}

func sameKey(a, b crypto.PublicKey) bool {
	k, ok := a.(interface{ Equal(crypto.PublicKey) bool })
	return ok && k.Equal(b)
}

// Renew makes a new root for these names. Those of before are still believed: a
// device with a certificate of theirs goes on, and learns the new one when it gets
// its next.
func (a *CA) Renew(ctx context.Context, names []string) error {
	unlock, err := a.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock.Close()
	if err := a.load(); err != nil {
		return fmt.Errorf("ca: reading %q: %w", a.file(), err)
	}
	return a.renew(names)
}

func (a *CA) renew(names []string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("ca: making a key: %w", err)
	}
	now := a.c.Now()
	template := &x509.Certificate{
		Subject:               pkix.Name{Organization: []string{"leadglass"}, CommonName: "leadglass CA " + now.UTC().Format("2006-01-02") + " " + rand.Text()[:6]},
		NotBefore:             now.Add(-backdated),
		NotAfter:              now.Add(rootLifetime),
		IsCA:                  true,
		MaxPathLenZero:        true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if err := constrain(template, names); err != nil {
		return err
	}
	root, err := sign(template, template, key.Public(), key)
	if err != nil {
		return err
	}
	roots := append([]*x509.Certificate{root}, a.Roots()...)
	text, err := formatRoots(roots, key)
	if err != nil {
		return err
	}
	if err := a.write(a.file(), text); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.roots, a.key = roots, key
	return nil
}

func (a *CA) write(name string, text []byte) error {
	err := durable.WriteFile(a.c.FS, name, text)
	if err == nil {
		err = a.c.FS.SyncDir(a.c.Dir)
	}
	if err != nil {
		return fmt.Errorf("ca: %w", err)
	}
	return nil
}

// constrain sets what the authority may sign for.
func constrain(template *x509.Certificate, names []string) error {
	template.PermittedDNSDomainsCritical = true
	template.PermittedDNSDomains = []string{"localhost"}
	template.PermittedIPRanges = private()
	for _, name := range names {
		a, dns, err := host(name)
		if err != nil {
			return err
		}
		if dns != "" {
			template.PermittedDNSDomains = append(template.PermittedDNSDomains, dns)
		} else {
			template.PermittedIPRanges = append(template.PermittedIPRanges, network(netip.PrefixFrom(a, a.BitLen())))
		}
	}
	slices.Sort(template.PermittedDNSDomains)
	template.PermittedDNSDomains = slices.Compact(template.PermittedDNSDomains)
	return nil
}

// private are the networks that are nobody's on the internet: loopback, RFC 1918,
// RFC 6598, link-local, RFC 4193.
func private() []*net.IPNet {
	var all []*net.IPNet
	for _, p := range []string{
		"127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16",
		"::1/128", "fe80::/10", "fc00::/7",
	} {
		all = append(all, network(netip.MustParsePrefix(p)))
	}
	return all
}

func network(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Masked().Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// host tells an address from a host name. Wildcards are no names: a certificate is
// for machines that somebody has listed.
func host(name string) (a netip.Addr, dns string, err error) {
	if a, err := netip.ParseAddr(name); err == nil {
		return a.Unmap().WithZone(""), "", nil
	}
	dns = strings.ToLower(strings.TrimSuffix(name, "."))
	if len(dns) > 253 || dns == "" {
		return a, "", fmt.Errorf("ca: %q is no host name", name)
	}
	for label := range strings.SplitSeq(dns, ".") {
		if label == "" || len(label) > 63 || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || label[0] == '-' || label[len(label)-1] == '-' {
			return a, "", fmt.Errorf("ca: %q is no host name", name)
		}
	}
	return a, dns, nil
}

func sign(template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) (*x509.Certificate, error) {
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		return nil, fmt.Errorf("ca: signing a certificate: %w", err)
	}
	return x509.ParseCertificate(der)
}

func formatRoots(roots []*x509.Certificate, key crypto.Signer) ([]byte, error) {
	private, err := formatKey(key)
	if err != nil {
		return nil, err
	}
	return slices.Concat(formatCertificates(roots[:1]), private, formatCertificates(roots[1:])), nil
}

func formatKey(key crypto.Signer) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("ca: writing a key: %w", err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

func formatCertificates(certs []*x509.Certificate) []byte {
	var b bytes.Buffer
	for _, c := range certs {
		b.Write(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}))
	}
	return b.Bytes()
}

// Roots are the certificates of the authority, the one in force first.
func (a *CA) Roots() []*x509.Certificate {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return slices.Clone(a.roots)
}

// PEM is what a site imports in its machines: all roots.
func (a *CA) PEM() []byte { return formatCertificates(a.Roots()) }

// Pool is what a listener believes.
func (a *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	for _, c := range a.Roots() {
		pool.AddCert(c)
	}
	return pool
}

// inForce is the root that signs.
func (a *CA) inForce() (*x509.Certificate, crypto.Signer) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	return a.roots[0], a.key
}

// Doctor says in words what the operator should know.
func (a *CA) Doctor() []string {
	root, _ := a.inForce()
	left := root.NotAfter.Sub(a.c.Now())
	switch {
	case left <= 0:
		return []string{fmt.Sprintf("the certification authority expired on %s: nothing that it signed is believed any more; renew it and enrol the devices again", day(root.NotAfter))}
	case left < deviceLifetime:
		return []string{fmt.Sprintf("the certification authority expires on %s, and the certificates of devices with it: renew it soon, devices go on with theirs until then", day(root.NotAfter))}
	}
	return nil
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }
