package probe_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/ul"
)

// secured asks an archive within TLS; the asker trusts the authority.
func secured(t *testing.T, at netip.AddrPort, roots *x509.CertPool) (*probe.DICOM, *probetest.Network) {
	t.Helper()
	ctx := limited(t)
	n := probetest.NewNetwork()
	asker := probetest.NewAsker(n)
	asker.Trust.Roots = roots
	d, err := asker.Associate(ctx, target(at))
	if err != nil {
		t.Fatalf("Associate: %v", err)
	}
	d.AskAll(ctx, func(q string, err error) { t.Logf("%s: %v", q, err) })
	d.Close(ctx)
	return d.Facts, n
}

func TestTLS_Versions(t *testing.T) {
	ca := probetest.NewAuthority(t)
	cert := ca.Issue(t, probetest.Certificate{})
	for _, tt := range []struct {
		name     string
		min, max uint16
		want     []string
	}{
		{"all", tls.VersionTLS10, tls.VersionTLS13, []string{"1.0", "1.1", "1.2", "1.3"}},
		{"new", tls.VersionTLS12, tls.VersionTLS13, []string{"1.2", "1.3"}},
		{"newest", tls.VersionTLS13, tls.VersionTLS13, []string{"1.3"}},
		{"old", tls.VersionTLS10, tls.VersionTLS11, []string{"1.0", "1.1"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := open()
			a.TLS = &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tt.min, MaxVersion: tt.max}
			f, n := secured(t, a.Serve(t), ca.Pool)
			if f.Class != probe.TLSOnly || !f.InTLS || f.TLS == nil {
				t.Fatalf("facts %+v, want DICOM within TLS", f)
			}
			if !slices.Equal(f.TLS.Versions, tt.want) {
				t.Errorf("versions %q, want %q", f.TLS.Versions, tt.want)
			}
			if len(f.TLS.Faults) > 0 || f.TLS.ClientCert || !f.TLS.NotAfter.Equal(cert.Leaf.NotAfter) {
				t.Errorf("TLS %+v, want a faultless one", f.TLS)
			}
			if !f.Study.Open || !f.AnyAETitle || !f.Echo || !f.Retrieve {
				t.Errorf("the questions within TLS: %+v", f)
			}
			// In the clear, within TLS, the second pair, and three versions.
			if got := n.Dials.Load(); got != 6 {
				t.Errorf("%d connections, want 6", got)
			}
		})
	}
}

func TestTLS_Faults(t *testing.T) {
	ca, other := probetest.NewAuthority(t), probetest.NewAuthority(t)
	now := time.Now()
	for _, tt := range []struct {
		name string
		by   *probetest.Authority
		cert probetest.Certificate
		want []string
	}{
		{"none", ca, probetest.Certificate{}, nil},
		{"rsa_2048", ca, probetest.Certificate{Bits: 2048}, nil},
		{"expired", ca, probetest.Certificate{From: now.AddDate(-2, 0, 0), To: now.AddDate(-1, 0, 0)}, []string{probe.FaultExpired}},
		{"not_yet_valid", ca, probetest.Certificate{From: now.AddDate(1, 0, 0), To: now.AddDate(2, 0, 0)}, []string{probe.FaultNotYetValid}},
		{"self_signed", ca, probetest.Certificate{SelfSigned: true}, []string{probe.FaultSelfSigned}},
		{"unknown_issuer", other, probetest.Certificate{}, []string{probe.FaultUnknownIssuer}},
		{"weak_key", ca, probetest.Certificate{Bits: 1024}, []string{probe.FaultWeakKey}},
		{"expired_and_self_signed", ca, probetest.Certificate{SelfSigned: true, From: now.AddDate(-2, 0, 0), To: now.AddDate(-1, 0, 0)},
			[]string{probe.FaultExpired, probe.FaultSelfSigned}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			a := &probetest.Archive{TLS: &tls.Config{Certificates: []tls.Certificate{tt.by.Issue(t, tt.cert)}}}
			f, _ := secured(t, a.Serve(t), ca.Pool)
			if f.TLS == nil {
				t.Fatalf("no TLS: %+v", f)
			}
			if !slices.Equal(f.TLS.Faults, tt.want) {
				t.Errorf("faults %q, want %q", f.TLS.Faults, tt.want)
			}
		})
	}
}

func TestTrust_WeakSignature(t *testing.T) {
	ca := probetest.NewAuthority(t)
	for algorithm, want := range map[x509.SignatureAlgorithm]bool{
		x509.SHA1WithRSA: true, x509.MD5WithRSA: true, x509.ECDSAWithSHA1: true,
		x509.SHA256WithRSA: false, x509.ECDSAWithSHA256: false, x509.PureEd25519: false,
	} {
		leaf := *ca.Issue(t, probetest.Certificate{}).Leaf
		leaf.SignatureAlgorithm = algorithm // Go signs no other way, and peers do
		got := slices.Contains((&probe.Trust{Roots: ca.Pool}).Faults([]*x509.Certificate{&leaf}), probe.FaultWeakSignature)
		if got != want {
			t.Errorf("%v: weak %v, want %v", algorithm, got, want)
		}
	}
}

func TestTLS_ClientCertificate(t *testing.T) {
	ca := probetest.NewAuthority(t)
	for _, tt := range []struct {
		name  string
		max   uint16
		auth  tls.ClientAuthType
		class probe.Class
	}{
		{"required_1_3", tls.VersionTLS13, tls.RequireAndVerifyClientCert, probe.ClientCert},
		{"required_1_2", tls.VersionTLS12, tls.RequireAndVerifyClientCert, probe.ClientCert},
		{"asked_for", tls.VersionTLS13, tls.VerifyClientCertIfGiven, probe.TLSOnly},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := open()
			a.TLS = &tls.Config{
				Certificates: []tls.Certificate{ca.Issue(t, probetest.Certificate{})},
				ClientAuth:   tt.auth, ClientCAs: ca.Pool, MinVersion: tls.VersionTLS12, MaxVersion: tt.max,
			}
			f, _ := secured(t, a.Serve(t), ca.Pool)
			if f.Class != tt.class {
				t.Errorf("class %q, want %q", f.Class, tt.class)
			}
			want := []string{"1.2"}
			if tt.max == tls.VersionTLS13 {
				want = []string{"1.2", "1.3"}
			}
			if f.TLS == nil || !f.TLS.ClientCert || !slices.Equal(f.TLS.Versions, want) {
				t.Errorf("TLS %+v, want one that asks for a certificate in %q", f.TLS, want)
			}
		})
	}
}

// asks is a conn of a server that asks for a certificate and, where it sends an
// alert in the clear, sends another one instead, or hangs up.
type asks struct {
	net.Conn
	alert byte // 0 hangs up
}

func (c *asks) Write(b []byte) (int, error) {
	const record, description = 0x15, 6 // RFC 5246 sections 6.2.1 and 7.2
	if len(b) <= description || b[0] != record {
		return c.Conn.Write(b)
	}
	if c.alert == 0 {
		c.Conn.Close()
		return len(b), nil
	}
	changed := slices.Clone(b)
	changed[description] = c.alert
	_, err := c.Conn.Write(changed)
	return len(b), err
}

// TestTLS_ClientCertificateOrNot: asking for a certificate is no demand of one.
// What fails for another reason, or without a word, is another service.
func TestTLS_ClientCertificateOrNot(t *testing.T) {
	ca := probetest.NewAuthority(t)
	cert := ca.Issue(t, probetest.Certificate{})
	serve := func(version uint16, auth tls.ClientAuthType, alert byte, then func(net.Conn)) func(*testing.T) netip.AddrPort {
		return peer(func(conn net.Conn) {
			s := tls.Server(&asks{conn, alert}, &tls.Config{
				Certificates: []tls.Certificate{cert}, ClientAuth: auth, MinVersion: tls.VersionTLS12, MaxVersion: version,
			})
			if s.Handshake() == nil {
				then(s)
			}
			s.Close()
		})
	}
	none := func(net.Conn) {}
	alert := func(description byte) func(*testing.T) netip.AddrPort {
		return serve(tls.VersionTLS12, tls.RequireAnyClientCert, description, none)
	}
	asked := func(version uint16, then func(net.Conn)) func(*testing.T) netip.AddrPort {
		return serve(version, tls.RequestClientCert, 0, then)
	}
	web := probetest.Says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
	for _, tt := range []struct {
		name  string
		at    func(*testing.T) netip.AddrPort
		class probe.Class
	}{
		{"handshake_failure", alert(40), probe.ClientCert},
		{"no_certificate", alert(41), probe.ClientCert},
		{"bad_certificate", alert(42), probe.ClientCert},
		{"unsupported_certificate", alert(43), probe.ClientCert},
		{"certificate_unknown", alert(46), probe.ClientCert},
		{"unknown_ca", alert(48), probe.ClientCert},
		{"access_denied", alert(49), probe.ClientCert},
		{"certificate_required", alert(116), probe.ClientCert},
		{"certificate_required_1_3", serve(tls.VersionTLS13, tls.RequireAnyClientCert, 0, none), probe.ClientCert},
		{"unexpected_message", alert(10), probe.OtherService},
		{"decrypt_error", alert(51), probe.OtherService},
		{"internal_error", alert(80), probe.OtherService},
		{"hangs_up_in_the_handshake", alert(0), probe.OtherService},
		{"web_1_2", asked(tls.VersionTLS12, web), probe.OtherService},
		{"web_1_3", asked(tls.VersionTLS13, web), probe.OtherService},
		{"hangs_up_1_2", asked(tls.VersionTLS12, probetest.HangsUp), probe.OtherService},
		{"hangs_up_1_3", asked(tls.VersionTLS13, probetest.HangsUp), probe.OtherService},
		{"closes_1_3", asked(tls.VersionTLS13, none), probe.OtherService},
		{"silent_1_2", asked(tls.VersionTLS12, probetest.Silent), probe.OtherService},
		{"silent_1_3", asked(tls.VersionTLS13, probetest.Silent), probe.OtherService},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := probetest.NewNetwork()
			n.Timeout = 2 * time.Second // so many handshakes at once take theirs
			d, err := probetest.NewAsker(n).Associate(limited(t), target(tt.at(t)))
			if err != nil {
				t.Fatal(err)
			}
			if d.Facts.Class != tt.class || d.DICOM() || d.Accepted() {
				t.Errorf("class %q, want %q", d.Facts.Class, tt.class)
			}
			if f := d.Facts.TLS; f == nil || !f.ClientCert {
				t.Errorf("TLS %+v, want one that asks for a certificate", f)
			}
		})
	}
}

func TestTLS_Rejects(t *testing.T) {
	ca := probetest.NewAuthority(t)
	a := &probetest.Archive{
		TLS:    &tls.Config{Certificates: []tls.Certificate{ca.Issue(t, probetest.Certificate{})}},
		Reject: &ul.RejectError{Result: 1, Source: 1, Reason: 7},
	}
	f, _ := secured(t, a.Serve(t), ca.Pool)
	if f.Class != probe.TLSOnly || f.Reject != "called-ae-title-not-recognized" || !f.InTLS {
		t.Errorf("facts %+v, want a rejection within TLS", f)
	}
	if want := []string{"1.2", "1.3"}; f.TLS == nil || !slices.Equal(f.TLS.Versions, want) {
		t.Errorf("TLS %+v, want %q", f.TLS, want)
	}
}

// TestTLS_NoDICOM: what speaks TLS and no DICOM is another service.
func TestTLS_NoDICOM(t *testing.T) {
	w := serveWeb(t, true, status(200))
	if d := associate(t, w.at()); d.Facts.Class != probe.OtherService || d.DICOM() {
		t.Errorf("HTTPS was taken for %+v", d.Facts)
	}
}

// TestTLS_Unquoted: a certificate may name a person, and an error may quote it.
func TestTLS_Unquoted(t *testing.T) {
	if err := probe.Unquoted(errors.New(`x509: cannot parse dnsName "FROLLO^CLAUDE"`)); strings.Contains(err.Error(), "FROLLO") {
		t.Errorf("the error is %v", err)
	}
	for _, kept := range []error{io.EOF, context.DeadlineExceeded, &net.OpError{Op: "remote error", Err: errors.New("tls: bad certificate")}} {
		if err := probe.Unquoted(kept); err != kept {
			t.Errorf("%v became %v", kept, err)
		}
	}
}

func TestPrintable(t *testing.T) {
	if got := probe.Printable("A\x00B\x1b[31m" + strings.Repeat("x", 1000)); got != "AB[31m"+strings.Repeat("x", 64-8) {
		t.Errorf("got %q", got)
	}
}
