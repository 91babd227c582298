package ca_test

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
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/ca"
)

// authority is a site's own.
type authority struct {
	cert *x509.Certificate
	key  crypto.Signer
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func ecKey() crypto.Signer { return must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)) }

// signed makes a certificate; by is nil for one that signs for itself.
func signed(by *authority, key crypto.Signer, edit func(*x509.Certificate)) *authority {
	now := newClock().Now()
	c := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "somebody"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}
	if edit != nil {
		edit(c)
	}
	parent, signer := c, key
	if by != nil {
		parent, signer = by.cert, by.key
	}
	der := must(x509.CreateCertificate(rand.Reader, c, parent, key.Public(), signer))
	return &authority{must(x509.ParseCertificate(der)), key}
}

func isCA(c *x509.Certificate) {
	c.IsCA, c.BasicConstraintsValid, c.KeyUsage, c.ExtKeyUsage = true, true, x509.KeyUsageCertSign|x509.KeyUsageCRLSign, nil
	c.Subject.CommonName = "site CA " + rand.Text()
}

func (a *authority) tls() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{a.cert.Raw}, PrivateKey: a.key}
}

// revokes is a list of an authority with one certificate, in force for a day.
func revokes(by *authority, serial int64, from time.Time) *x509.RevocationList {
	der := must(x509.CreateRevocationList(rand.Reader, &x509.RevocationList{
		Number: big.NewInt(1), ThisUpdate: from, NextUpdate: from.Add(24 * time.Hour),
		RevokedCertificateEntries: []x509.RevocationListEntry{{SerialNumber: big.NewInt(serial), RevocationTime: from}},
	}, by.cert, by.key))
	return must(ca.ParseList(der))
}

// files writes certificate and key for ca.OpenFiles.
func (a *authority) files(t testing.TB, dir string) (cert, key string) {
	t.Helper()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	der := must(x509.MarshalPKCS8PrivateKey(a.key))
	for name, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: a.cert.Raw}, key: {Type: "PRIVATE KEY", Bytes: der}} {
		if err := os.WriteFile(name, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// listen serves TLS until the test ends: it answers one byte with the same.
func listen(t testing.TB, conf *tls.Config) string {
	t.Helper()
	ln, err := tls.Listen("tcp", "127.0.0.1:0", conf)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(10 * time.Second))
				var b [1]byte
				for {
					if _, err := conn.Read(b[:]); err != nil {
						return
					}
					conn.Write(b[:])
				}
			}()
		}
	}()
	return ln.Addr().String()
}

// talk connects and gets one byte back: with TLS 1.3 a client learns that it was
// refused no sooner.
func talk(address string, conf *tls.Config) (*tls.ConnectionState, error) {
	conn, err := tls.DialWithDialer(&net.Dialer{Timeout: 10 * time.Second}, "tcp", address, conf)
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Write([]byte{1}); err != nil {
		return nil, err
	}
	var b [1]byte
	if _, err := conn.Read(b[:]); err != nil {
		return nil, err
	}
	state := conn.ConnectionState()
	return &state, nil
}

// TestServerTLS_Matrix: each version and each suite that there is, against what the
// profiles list, with an ECDSA certificate of ours and an RSA one of the site.
func TestServerTLS_Matrix(t *testing.T) {
	clock := newClock()
	site := signed(nil, must(rsa.GenerateKey(rand.Reader, 2048)), nil)
	certFile, keyFile := site.files(t, t.TempDir())
	sitesOwn := must(ca.OpenFiles(certFile, keyFile))
	c := config(t)
	c.Now = clock.Now
	own := must(open(t, c).Server(nil))
	aead := []uint16{
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
	chacha := []uint16{tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256}
	for _, p := range []struct {
		profile ca.Profile
		listed  []uint16
	}{{ca.BCP195, aead}, {ca.ModifiedBCP195, slices.Concat(aead, chacha)}} {
		for kind, certs := range map[string]ca.Certificates{"ECDSA": own, "RSA": sitesOwn} {
			conf, err := ca.ServerTLS(p.profile, certs, &ca.Trust{Roots: x509.NewCertPool(), Now: clock.Now}, false)
			if err != nil {
				t.Fatal(err)
			}
			address := listen(t, conf)
			for version, want := range map[uint16]bool{tls.VersionTLS10: false, tls.VersionTLS11: false, tls.VersionTLS12: true, tls.VersionTLS13: true} {
				_, err := talk(address, &tls.Config{InsecureSkipVerify: true, MinVersion: version, MaxVersion: version})
				if (err == nil) != want {
					t.Errorf("%s, %s: %s: %v", p.profile, kind, tls.VersionName(version), err)
				}
			}
			tried := 0
			for _, suite := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
				if !slices.Contains(suite.SupportedVersions, tls.VersionTLS12) {
					continue
				}
				tried++
				want := slices.Contains(p.listed, suite.ID) && strings.Contains(suite.Name, "_"+kind+"_")
				state, err := talk(address, &tls.Config{InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{suite.ID}})
				if (err == nil) != want || err == nil && state.CipherSuite != suite.ID {
					t.Errorf("%s, %s: %s: %v, want %v", p.profile, kind, suite.Name, err, want)
				}
			}
			if tried < 15 {
				t.Errorf("only %d suites", tried)
			}
			if state, err := talk(address, &tls.Config{InsecureSkipVerify: true}); err != nil || state.Version != tls.VersionTLS13 {
				t.Errorf("%s: who can do 1.3 gets another: %v", p.profile, err)
			}
		}
	}
	if _, err := ca.ServerTLS("B.1", own, &ca.Trust{}, true); err == nil {
		t.Error("there is a profile B.1")
	}
}

// TestServerTLS_ClientCertificates: who gets in where a certificate is required, and
// where it is not.
func TestServerTLS_ClientCertificates(t *testing.T) {
	clock := newClock()
	c := config(t)
	c.Now = clock.Now
	a := open(t, c)
	own := must(a.Server(nil))
	site := signed(nil, ecKey(), isCA)
	between := signed(site, ecKey(), isCA)
	bad := signed(nil, ecKey(), isCA)
	lists := []*x509.RevocationList{
		revokes(site, 66, clock.Now().Add(-48*time.Hour)), // past its time, and counts
		revokes(bad, 7, clock.Now()),                      // of another authority: it has no say
	}
	device := must(a.Device(ca.DeviceRequest{Name: "CT1"}))
	rsaDevice := must(a.Device(ca.DeviceRequest{Name: "CT2", RSA: true}))
	self, withdrawn := signed(nil, ecKey(), nil), signed(site, ecKey(), nil)
	pool := a.Pool()
	pool.AddCert(site.cert)
	trust := &ca.Trust{
		Roots: pool, Lists: func() []*x509.RevocationList { return lists }, Now: clock.Now,
		Enrolled:  func(spki string) bool { return spki == ca.SPKI(self.cert) || spki == ca.SPKI(withdrawn.cert) },
		Withdrawn: func(spki string) bool { return spki == ca.SPKI(withdrawn.cert) },
	}
	if words := trust.Doctor(); len(words) != 1 || !strings.Contains(words[0], site.cert.Subject.CommonName) {
		t.Errorf("%q", words)
	}
	chain := func(leaf *authority) tls.Certificate {
		out := leaf.tls()
		out.Certificate = append(out.Certificate, between.cert.Raw)
		return out
	}
	issued := func(d *ca.Issued) tls.Certificate { return must(tls.X509KeyPair(d.CertPEM, d.KeyPEM)) }
	for _, peer := range []struct {
		name string
		cert tls.Certificate
		good bool
	}{
		{"ours", issued(device), true},
		{"ours_rsa", issued(rsaDevice), true},
		{"site", signed(site, ecKey(), nil).tls(), true},
		{"site_between", chain(signed(between, ecKey(), nil)), true},
		{"site_between_left_out", signed(between, ecKey(), nil).tls(), false},
		{"self_signed_enrolled", self.tls(), true},
		{"self_signed", signed(nil, ecKey(), nil).tls(), false},
		{"another_authority", signed(bad, ecKey(), nil).tls(), false},
		{"same_subject_other_key", signed(nil, ecKey(), func(c *x509.Certificate) { c.Subject = device.Certificate.Subject }).tls(), false},
		{"withdrawn", withdrawn.tls(), false},
		{"revoked", signed(site, ecKey(), func(c *x509.Certificate) { c.SerialNumber = big.NewInt(66) }).tls(), false},
		{"expired", signed(site, ecKey(), func(c *x509.Certificate) { c.NotAfter = clock.Now().Add(-time.Minute) }).tls(), false},
		{"not_yet", signed(site, ecKey(), func(c *x509.Certificate) { c.NotBefore = clock.Now().Add(time.Minute) }).tls(), false},
		{"for_servers_only", signed(site, ecKey(), func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }).tls(), false},
		{"device_as_authority", signed(&authority{device.Certificate, issued(device).PrivateKey.(crypto.Signer)}, ecKey(), nil).tls(), false},
		{"none", tls.Certificate{}, false},
	} {
		for _, required := range []bool{true, false} {
			conf := must(ca.ServerTLS(ca.BCP195, own, trust, required))
			address := listen(t, conf)
			for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
				client := &tls.Config{RootCAs: a.Pool(), Time: clock.Now, MinVersion: version, MaxVersion: version}
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &peer.cert, nil }
				_, err := talk(address, client)
				if want := peer.good || peer.name == "none" && !required; (err == nil) != want {
					t.Errorf("%s, required %v, %s: %v, want %v", peer.name, required, tls.VersionName(version), err, want)
				}
			}
		}
	}
}

func TestTrust_Errors(t *testing.T) {
	clock := newClock()
	leaf := signed(nil, ecKey(), nil).cert
	expired := signed(nil, ecKey(), func(c *x509.Certificate) { c.NotAfter = clock.Now().Add(-time.Minute) }).cert
	yes := func(string) bool { return true }
	for _, c := range []struct {
		trust ca.Trust
		cert  *x509.Certificate
		want  error
	}{
		{ca.Trust{Enrolled: yes, Withdrawn: yes}, leaf, ca.ErrWithdrawn},
		{ca.Trust{Enrolled: yes}, expired, ca.ErrExpired},
		{ca.Trust{Enrolled: yes}, ca.Weak(), ca.ErrWeakKey},
		{ca.Trust{Enrolled: yes}, leaf, nil},
	} {
		c.trust.Now = clock.Now
		if err := c.trust.Verify([]*x509.Certificate{c.cert}); !errors.Is(err, c.want) {
			t.Errorf("%v, want %v", err, c.want)
		}
	}
	if err := (&ca.Trust{Now: clock.Now}).Verify([]*x509.Certificate{leaf}); err == nil {
		t.Error("without roots those of the system count")
	}
}

// TestServerTLS_ResumedIsCheckedAgain: a ticket is no way around a key that was
// withdrawn.
func TestServerTLS_ResumedIsCheckedAgain(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		clock := newClock()
		c := config(t)
		c.Now = clock.Now
		a := open(t, c)
		d := must(a.Device(ca.DeviceRequest{Name: "CT1"}))
		gone := make(chan struct{})
		trust := &ca.Trust{Roots: a.Pool(), Now: clock.Now, Withdrawn: func(string) bool {
			select {
			case <-gone:
				return true
			default:
				return false
			}
		}}
		address := listen(t, must(ca.ServerTLS(ca.BCP195, must(a.Server(nil)), trust, true)))
		client := &tls.Config{
			RootCAs: a.Pool(), Time: clock.Now, MinVersion: version, MaxVersion: version, ClientSessionCache: tls.NewLRUClientSessionCache(4),
			Certificates: []tls.Certificate{must(tls.X509KeyPair(d.CertPEM, d.KeyPEM))},
		}
		resumed := false
		for range 3 {
			state, err := talk(address, client)
			if err != nil {
				t.Fatal(err)
			}
			resumed = state.DidResume
		}
		if !resumed {
			t.Errorf("%s: nothing is resumed, this test shows nothing", tls.VersionName(version))
		}
		close(gone)
		if _, err := talk(address, client); err == nil {
			t.Errorf("%s: goes on with a key that was withdrawn", tls.VersionName(version))
		}
	}
}

func TestClientTLS_ChecksTheServer(t *testing.T) {
	clock := newClock()
	c := config(t)
	c.Now = clock.Now
	a, other := open(t, c), open(t, config(t))
	trust := &ca.Trust{Roots: a.Pool(), Now: clock.Now}
	mine := must(a.Server(nil))
	for name, with := range map[string]struct {
		server *ca.Server
		host   string
		good   bool
	}{
		"ours":          {mine, "127.0.0.1", true},
		"other_name":    {mine, "pacs.example.org", false},
		"other_signer":  {must(other.Server(nil)), "127.0.0.1", false},
		"by_other_name": {must(a.Server([]string{"pacs.example.org"})), "pacs.example.org", true},
	} {
		address := listen(t, must(ca.ServerTLS(ca.BCP195, with.server, trust, true)))
		conf := must(ca.ClientTLS(ca.BCP195, mine, trust))
		conf.ServerName = with.host
		if _, err := talk(address, conf); (err == nil) != with.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFiles_ReadAgain(t *testing.T) {
	dir := t.TempDir()
	first, second := signed(nil, ecKey(), nil), signed(nil, ecKey(), nil)
	cert, key := first.files(t, dir)
	f := must(ca.OpenFiles(cert, key))
	in := func(want *authority) {
		t.Helper()
		if got, err := f.Certificate(nil); err != nil || ca.SPKI(got.Leaf) != ca.SPKI(want.cert) {
			t.Errorf("another certificate, %v", err)
		}
	}
	in(first)
	os.WriteFile(cert, []byte("broken, and longer than nothing"), 0o600)
	in(first)
	now := first.cert.NotBefore.Add(time.Hour)
	if words := f.Doctor(now); len(words) != 2 || !strings.Contains(words[0], "cannot be read again") || !strings.Contains(words[1], "expires on") {
		t.Errorf("%q", words)
	}
	second.files(t, dir)
	for _, name := range []string{cert, key} {
		os.Chtimes(name, now, now)
	}
	in(second)
	if words := f.Doctor(second.cert.NotAfter); len(words) != 1 || !strings.Contains(words[0], "expired on") {
		t.Errorf("%q", words)
	}
	os.Remove(cert)
	in(second)
	if _, err := ca.OpenFiles(cert, key); err == nil || !strings.Contains(err.Error(), "certificate of the site") {
		t.Errorf("got %v", err)
	}
}

func TestParse_Refuses(t *testing.T) {
	for _, text := range []string{"", "x", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "-----BEGIN X509 CRL-----\nAAAA\n-----END X509 CRL-----\n", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"} {
		if _, err := ca.ParseCertificates([]byte(text)); err == nil {
			t.Errorf("certificates: %q", text)
		}
		if _, err := ca.ParseList([]byte(text)); err == nil {
			t.Errorf("list: %q", text)
		}
	}
	a := open(t, config(t))
	if all, err := ca.ParseCertificates(a.PEM()); err != nil || fmt.Sprint(ca.SPKI(all[0])) != ca.SPKI(a.Roots()[0]) {
		t.Error(err)
	}
}
