package serve_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/serve"
	"github.com/leadglass/leadglass/ul"
)

// certificate is one of an authority that is not the archive's, or is.
func certificate(t *testing.T, a *ca.CA) tls.Certificate {
	t.Helper()
	made, err := a.Device(ca.DeviceRequest{Name: "ct1", Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made.CertPEM, made.KeyPEM)
	if err != nil {
		t.Fatal(err)
	}
	return pair
}

// TestHostile_Certificates: who shows a wrong certificate, wants an old TLS or says
// another's name gets no association and, on the web, nothing either; it is recorded.
func TestHostile_Certificates(t *testing.T) {
	for _, profile := range []ca.Profile{ca.BCP195, ca.ModifiedBCP195} {
		t.Run(string(profile), func(t *testing.T) {
			b := besiege(t, func(c *serve.Config) { c.TLS.Profile = profile })
			ours, err := b.c.OpenCA(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			other, err := ca.Open(t.Context(), ca.Config{Dir: filepath.Join(t.TempDir(), "ca")})
			if err != nil {
				t.Fatal(err)
			}
			gone := b.device("gone", nil, leadglass.Modality)
			if err := b.directory().Revoke(t.Context(), "gone"); err != nil {
				t.Fatal(err)
			}
			with := func(change func(*tls.Config)) *tls.Config {
				c := b.ct1.Clone()
				change(c)
				return c
			}
			attempts := 0
			for name, c := range map[string]*tls.Config{
				"none":         with(func(c *tls.Config) { c.Certificates = nil }),
				"other_ca":     with(func(c *tls.Config) { c.Certificates = []tls.Certificate{certificate(t, other)} }),
				"not_enrolled": with(func(c *tls.Config) { c.Certificates = []tls.Certificate{certificate(t, ours)} }),
				"revoked":      with(func(c *tls.Config) { c.Certificates = gone.Certificates }),
				"tls10":        with(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS10 }),
				"tls11":        with(func(c *tls.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS10, tls.VersionTLS11 }),
				"cbc": with(func(c *tls.Config) {
					c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_RSA_WITH_AES_128_GCM_SHA256}
				}),
				"rc4": with(func(c *tls.Config) {
					c.MaxVersion, c.CipherSuites = tls.VersionTLS12, []uint16{tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA}
				}),
			} {
				attempts++
				if a, err := ul.Dial(t.Context(), b.dimse, ask("CT1"), &ul.Config{TLS: c}); err == nil {
					a.Abort(0)
					t.Errorf("%s: an association", name)
				}
				if name != "none" {
					attempts++
				}
				w := &http.Client{Transport: &http.Transport{TLSClientConfig: c, DisableKeepAlives: true}, Timeout: 10 * time.Second}
				if rs, err := w.Get("https://" + b.web + "/dicom-web/studies"); err == nil {
					rs.Body.Close()
					if rs.StatusCode != http.StatusUnauthorized {
						t.Errorf("%s: %d", name, rs.StatusCode)
					}
				}
			}
			b.unharmed()
			if times, said := b.refusals(); times < attempts || said > attempts {
				t.Errorf("%d refusals in %d records, of %d attempts", times, said, attempts)
			}
		})
	}
}

// TestHostile_Titles: a title is its device's alone, and ours is ours.
func TestHostile_Titles(t *testing.T) {
	b := besiege(t, nil)
	b.device("ws", nil, leadglass.Workstation)
	for _, c := range []struct {
		calling, called ul.AETitle
		reason          byte
	}{
		{"WS", "LEADGLASS", ul.ReasonCallingNotRecognised},
		{"LEADGLASS", "LEADGLASS", ul.ReasonCallingNotRecognised},
		{"ct1", "LEADGLASS", ul.ReasonCallingNotRecognised},
		{"CT*", "LEADGLASS", ul.ReasonCallingNotRecognised},
		{"ANY-SCP", "LEADGLASS", ul.ReasonCallingNotRecognised},
		{"CT1", "ANY-SCP", ul.ReasonCalledNotRecognised},
		{"CT1", "leadglass", ul.ReasonCalledNotRecognised},
		{"CT1", "WS", ul.ReasonCalledNotRecognised},
	} {
		rq := ask(c.calling)
		rq.Called = c.called
		a, err := ul.Dial(t.Context(), b.dimse, rq, &ul.Config{TLS: b.ct1})
		if err == nil {
			a.Abort(0)
		}
		if rj, ok := errors.AsType[*ul.RejectError](err); !ok || byte(rj.Reason) != c.reason {
			t.Errorf("%s to %s: %v", c.calling, c.called, err)
		}
	}
	b.unharmed()
	if times, _ := b.refusals(); times < 8 {
		t.Errorf("%d refusals of 8", times)
	}
}

// TestHostile_Idle: thousands of connections that say nothing keep nobody out.
func TestHostile_Idle(t *testing.T) {
	b := besiege(t, nil)
	var open []net.Conn
	defer func() {
		for _, c := range open {
			c.Close()
		}
	}()
	hold := func(address string, half bool) {
		for i := range 1000 {
			d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(fmt.Sprintf("127.0.1.%d", 1+i/100))}}
			c, err := d.DialContext(context.Background(), "tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			if half { // a TLS record that does not end
				_, _ = c.Write([]byte{0x16, 3, 1, 2, 0, 1})
			}
			open = append(open, c)
		}
	}
	for _, half := range []bool{false, true} {
		hold(b.web, half)
		hold(b.dimse, half)
		b.serves()
	}
	for _, c := range open {
		c.Close()
	}
	b.unharmed()
}
