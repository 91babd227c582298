package ul_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// certificate makes one for 127.0.0.1, and a pool that trusts it.
func certificate(t testing.TB, name string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	ca := ultest.NewAuthority(t)
	return ca.Issue(t, ultest.Certificate{Name: name}), ca.Pool
}

func TestTLS_ClientCertificate(t *testing.T) {
	serverCert, serverPool := certificate(t, "archive")
	clientCert, clientPool := certificate(t, "modality")
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		var named string
		s := &ul.Server{
			Config: ul.Config{TLS: &tls.Config{
				Certificates: []tls.Certificate{serverCert}, ClientCAs: clientPool, ClientAuth: tls.RequireAndVerifyClientCert, MaxVersion: version,
			}},
			Negotiate: func(ctx context.Context, remote net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
				named = ul.TLSState(ctx).PeerCertificates[0].Subject.CommonName
				return acceptAll(ctx, remote, rq)
			},
			Handle: echo,
		}
		addr := served(t, s)
		a, err := ul.Dial(brief(t), addr, echoRQ(), &ul.Config{TLS: &tls.Config{RootCAs: serverPool, Certificates: []tls.Certificate{clientCert}}})
		if err != nil {
			t.Fatal(err)
		}
		if got := a.TLS(); got == nil || got.Version != version || got.PeerCertificates[0].Subject.CommonName != "archive" {
			t.Errorf("TLS state %+v", got)
		}
		if got := exchange(t, a, []byte("data")); string(got) != "data" {
			t.Errorf("%q came back", got)
		}
		if err := a.Release(brief(t)); err != nil {
			t.Error(err)
		}
		if named != "modality" {
			t.Errorf("Negotiate saw the certificate of %q", named)
		}

		// Without one: with TLS 1.3 the alert comes when we read the answer.
		_, err = ul.Dial(brief(t), addr, echoRQ(), &ul.Config{TLS: &tls.Config{RootCAs: serverPool}})
		var alert tls.AlertError
		if !errors.Is(err, ul.ErrClientCertificate) {
			t.Errorf("version %x without a certificate: %v, want ErrClientCertificate", version, err)
		}
		if !errors.As(err, &alert) {
			t.Logf("version %x without a certificate: no alert: %v", version, err)
		} else if want := map[uint16]tls.AlertError{tls.VersionTLS12: 40, tls.VersionTLS13: 116}[version]; alert != want {
			t.Errorf("version %x: alert %d, want %d", version, alert, want)
		}
	}
}

func TestTLS_UntrustedServer(t *testing.T) {
	cert, _ := certificate(t, "archive")
	_, other := certificate(t, "other")
	addr := served(t, &ul.Server{Config: ul.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}}, Negotiate: acceptAll, Handle: echo})
	_, err := ul.Dial(brief(t), addr, echoRQ(), &ul.Config{TLS: &tls.Config{RootCAs: other}})
	var unknown *tls.CertificateVerificationError
	if !errors.As(err, &unknown) {
		t.Errorf("got %v", err)
	}
}

// TestTLS_PlainServer speaks TLS to who does not: the answer to ClientHello is
// an A-ABORT, whose first bytes the error shows.
func TestTLS_PlainServer(t *testing.T) {
	addr := served(t, &ul.Server{Negotiate: acceptAll, Handle: echo})
	_, err := ul.Dial(brief(t), addr, echoRQ(), &ul.Config{TLS: &tls.Config{InsecureSkipVerify: true}})
	var record tls.RecordHeaderError
	if !errors.As(err, &record) || record.RecordHeader != [5]byte{7, 0, 0, 0, 0} {
		t.Errorf("got %#v", err)
	}
}

// TestTLS_PlainClient speaks DICOM to who wants TLS: an alert comes back.
func TestTLS_PlainClient(t *testing.T) {
	cert, _ := certificate(t, "archive")
	refused := make(chan error, 1)
	addr := served(t, &ul.Server{
		Config:    ul.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}},
		Negotiate: acceptAll, Handle: echo, Refused: func(_ net.Addr, err error) { refused <- err },
	})
	_, err := ul.Dial(brief(t), addr, echoRQ(), nil)
	var protocol *ul.ProtocolError
	if errors.As(err, &protocol) && len(protocol.Prefix) > 0 && protocol.Prefix[0] != 0x15 {
		t.Errorf("prefix %x, want an alert", protocol.Prefix)
	} else if err == nil {
		t.Error("no error")
	}
	var record tls.RecordHeaderError
	if err := <-refused; !errors.As(err, &record) {
		t.Errorf("the server saw %v", err)
	}
}

// TestTLS_SilentPeer does not hold a server in the handshake.
func TestTLS_SilentPeer(t *testing.T) {
	cert, _ := certificate(t, "archive")
	ours, theirs := pair(t)
	wait := play(t, theirs, ultest.Bytes(22, 3, 1), ultest.ExpectClosed())
	var refused error
	s := &ul.Server{
		Config:  ul.Config{TLS: &tls.Config{Certificates: []tls.Certificate{cert}}, Limits: ul.Limits{ARTIM: 50 * time.Millisecond}},
		Refused: func(_ net.Addr, err error) { refused = err },
	}
	s.ServeConn(t.Context(), ours)
	wait()
	if refused == nil {
		t.Error("no error")
	}
}
