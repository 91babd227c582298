package ultest_test

import (
	"crypto/tls"
	"crypto/x509"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul/ultest"
)

// TestAuthority_Faults: each kind of certificate has its fault and no other.
func TestAuthority_Faults(t *testing.T) {
	ca, now := ultest.NewAuthority(t), time.Now()
	as := func(usage x509.ExtKeyUsage) x509.VerifyOptions {
		return x509.VerifyOptions{Roots: ca.Pool, DNSName: "127.0.0.1", KeyUsages: []x509.ExtKeyUsage{usage}}
	}
	for _, tt := range []struct {
		name           string
		kind           ultest.Certificate
		server, client string // the error's kind, "" for none
	}{
		{"good", ultest.Certificate{}, "", ""},
		{"weak", ultest.Certificate{Bits: 1024}, "", ""},
		{"expired", ultest.Certificate{From: now.AddDate(-2, 0, 0), To: now.AddDate(-1, 0, 0)}, "invalid", "invalid"},
		{"wrong_name", ultest.Certificate{Host: "archive.example.org"}, "name", "name"},
		{"client_only", ultest.Certificate{ClientOnly: true}, "invalid", ""},
		{"self_signed", ultest.Certificate{SelfSigned: true}, "unknown", "unknown"},
	} {
		cert := ca.Issue(t, tt.kind)
		for usage, want := range map[x509.ExtKeyUsage]string{x509.ExtKeyUsageServerAuth: tt.server, x509.ExtKeyUsageClientAuth: tt.client} {
			_, err := cert.Leaf.Verify(as(usage))
			if got := kindOf(err); got != want {
				t.Errorf("%s as %d: %q, %v, want %q", tt.name, usage, got, err, want)
			}
		}
	}
	one := ultest.NewIdentity(t, "one")
	if c, err := tls.LoadX509KeyPair(one.CertFile, one.KeyFile); err != nil || c.Leaf.Subject.CommonName != "one" {
		t.Errorf("from files: %+v, %v", c.Leaf, err)
	}
}

func kindOf(err error) string {
	switch err.(type) {
	case nil:
		return ""
	case x509.CertificateInvalidError:
		return "invalid"
	case x509.HostnameError:
		return "name"
	case x509.UnknownAuthorityError:
		return "unknown"
	}
	return err.Error()
}
