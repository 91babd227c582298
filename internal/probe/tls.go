package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
)

// versions are those that a handshake is tried with, ascending.
func versions() []struct {
	id   uint16
	name string
} {
	return []struct {
		id   uint16
		name string
	}{
		{tls.VersionTLS10, "1.0"},
		{tls.VersionTLS11, "1.1"},
		{tls.VersionTLS12, "1.2"},
		{tls.VersionTLS13, "1.3"},
	}
}

// handshake is what one TLS handshake showed.
type handshake struct {
	conn    *tls.Conn // nil where it did not succeed
	version string    // agreed on, even where the server then wanted a certificate
	chain   []*x509.Certificate
	asked   bool // for a certificate of ours
}

func (h *handshake) close() {
	if h.conn != nil {
		h.conn.Close()
	}
}

// shake makes a handshake on raw, which it then owns. The server is not
// verified here: what it shows is the finding.
func (a *Asker) shake(ctx context.Context, raw net.Conn, name string, low, high uint16) (*handshake, error) {
	h := &handshake{}
	conn := newBound(raw, "handshake_bytes", a.Limits.orDefault().HandshakeBytes)
	conn.begin()
	c := tls.Client(conn, &tls.Config{
		ServerName:         name,
		MinVersion:         low,
		MaxVersion:         high,
		CipherSuites:       everySuite(),
		InsecureSkipVerify: true, // Trust judges the chain
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			h.asked = true
			return &tls.Certificate{}, nil
		},
		VerifyConnection: func(s tls.ConnectionState) error {
			h.chain = s.PeerCertificates
			h.version = versionName(s.Version)
			return nil
		},
	})
	if err := c.HandshakeContext(ctx); err != nil {
		conn.Close()
		return h, unquoted(err)
	}
	conn.lift()
	h.conn = c
	return h, nil
}

// unwelcome says whether a handshake, or the first read after it, failed because
// the peer wanted a certificate and got none: it asked for one, and its alert
// speaks of that. In TLS 1.3 the alert comes after our side of the handshake is
// done (RFC 8446 section 4.4.2.4). A peer that hangs up, or fails in any other
// way, has not said why.
func (h *handshake) unwelcome(err error) bool {
	var op *net.OpError
	if h == nil || !h.asked || !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return false
	}
	// crypto/tls shows the number of an alert to users of QUIC only; the text is
	// the same.
	return slices.ContainsFunc(ofCertificates(), func(a tls.AlertError) bool { return a.Error() == op.Err.Error() })
}

// ofCertificates are the alerts that answer an empty certificate (RFC 5246
// section 7.4.6 and RFC 8446 section 6.2), with those that implementations
// send: OpenSSL and Mbed TLS handshake_failure, Go and Java bad_certificate,
// .NET certificate_unknown, and all of them certificate_required in TLS 1.3.
func ofCertificates() []tls.AlertError {
	return []tls.AlertError{
		40,  // handshake_failure
		41,  // no_certificate, of SSL 3.0
		42,  // bad_certificate
		43,  // unsupported_certificate
		46,  // certificate_unknown
		48,  // unknown_ca
		49,  // access_denied
		116, // certificate_required
	}
}

var errHandshake = errors.New("probe: no TLS, or a faulty handshake")

// unquoted leaves what a certificate says out of an error: package x509 quotes
// names that it cannot read.
func unquoted(err error) error {
	var n net.Error
	var limit *LimitError
	if errors.As(err, &n) || errors.As(err, &limit) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return errHandshake
}

func versionName(id uint16) string {
	for _, v := range versions() {
		if v.id == id {
			return v.name
		}
	}
	return ""
}

// everySuite includes those that nobody should use any more: whether a server
// can be talked to comes before how well.
func everySuite() []uint16 {
	var ids []uint16
	for _, s := range slices.Concat(tls.CipherSuites(), tls.InsecureCipherSuites()) {
		ids = append(ids, s.ID)
	}
	return ids
}

// learn notes what a handshake showed.
func (t *TLS) learn(h *handshake, trust *Trust) {
	if h.version != "" && !slices.Contains(t.Versions, h.version) {
		t.Versions = append(t.Versions, h.version)
		slices.Sort(t.Versions)
	}
	t.ClientCert = t.ClientCert || h.asked
	if len(h.chain) > 0 && t.NotAfter.IsZero() {
		t.NotAfter = h.chain[0].NotAfter.UTC()
		t.Faults = trust.Faults(h.chain)
	}
}

// askTLS asks where DICOM was found within TLS, or behind a demand for a
// certificate.
func askTLS(ctx context.Context, d *Dialogue) error {
	if d.Facts.TLS == nil {
		return nil
	}
	return d.asker.askTLS(ctx, d.target, d.Facts.TLS)
}

// askTLS tries each version that known does not list yet with a handshake of
// its own.
func (a *Asker) askTLS(ctx context.Context, t Target, known *TLS) error {
	for _, v := range versions() {
		if slices.Contains(known.Versions, v.name) {
			continue
		}
		conn, err := a.dial(ctx, t)
		if err != nil {
			return fmt.Errorf("probe: asking for TLS %s: %w", v.name, err)
		}
		hctx, cancel := context.WithTimeout(ctx, a.Network.Timeout)
		h, err := a.shake(hctx, conn, t.Name, v.id, v.id)
		cancel()
		if err == nil || h.asked { // anything else is a refusal of this version
			known.learn(h, a.Trust)
		}
		h.close()
	}
	return ctx.Err()
}
