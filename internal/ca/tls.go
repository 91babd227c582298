package ca

import (
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
)

// Profile is a secure transport connection profile of PS3.15.
type Profile string

// The profiles.
const (
	BCP195         Profile = "B.12" // BCP 195, RFC 8996, 9325
	ModifiedBCP195 Profile = "B.13" // modified BCP 195, RFC 8996, 9325
)

// Suites are the cipher suites of a profile for TLS 1.2; those of 1.3 are not chosen
// in crypto/tls. ok is false for a profile that there is not.
func (p Profile) Suites() (suites []uint16, ok bool) {
	suites = []uint16{ // RFC 9325 section 4.2
		tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
		tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	}
	switch p {
	case BCP195, "":
		return suites, true
	case ModifiedBCP195:
		return append(suites, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256), true
	}
	return nil, false
}

// Certificates is where our own certificate comes from: *Server or *Files.
type Certificates interface {
	Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error)
	ClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error)
}

// ServerTLS is the configuration of a listener. Where required is set there is no
// connection without a certificate of the peer that trust believes (DIMSE); where
// it is not, there may be none, but never a wrong one (the web, where people sign
// in).
func ServerTLS(p Profile, own Certificates, trust *Trust, required bool) (*tls.Config, error) {
	c, err := config(p)
	if err != nil {
		return nil, err
	}
	c.GetCertificate = own.Certificate
	c.ClientAuth = tls.RequestClientCert
	if required {
		c.ClientAuth = tls.RequireAnyClientCert
	}
	c.ClientCAs = trust.Roots
	// Runs for resumed sessions too: a key that was withdrawn does not go on by a
	// ticket.
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) == 0 {
			if required {
				return errors.New("ca: the peer shows no certificate")
			}
			return nil
		}
		return trust.Verify(s.PeerCertificates)
	}
	return c, nil
}

// ClientTLS is the configuration of connections that we make: our certificate, and
// servers that the roots of trust believe, by their name. A device whose key is
// enrolled is checked by that instead, see identity.Device.
func ClientTLS(p Profile, own Certificates, trust *Trust) (*tls.Config, error) {
	c, err := config(p)
	if err != nil {
		return nil, err
	}
	c.GetClientCertificate = own.ClientCertificate
	c.RootCAs = trust.Roots
	c.Time = trust.Now
	return c, nil
}

func config(p Profile) (*tls.Config, error) {
	suites, ok := p.Suites()
	if !ok {
		return nil, fmt.Errorf("ca: there is no profile %q", string(p))
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, CipherSuites: suites}, nil
}

// IsHandshake reports whether an error is of TLS: a peer that shows no certificate or a
// wrong one, or wants a version or suite that is refused. Who merely connects and
// leaves is no attempt.
func IsHandshake(err error) bool {
	var alert tls.AlertError
	var verification *tls.CertificateVerificationError
	var record tls.RecordHeaderError
	return errors.As(err, &alert) || errors.As(err, &verification) || errors.As(err, &record) ||
		strings.HasPrefix(err.Error(), "tls: ") || strings.HasPrefix(err.Error(), "ca: ") || strings.HasPrefix(err.Error(), "remote error: tls: ")
}
