package ca

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"strings"
	"sync"
	"time"
)

// NamesError says that a certificate was asked for names which the authority was
// not made for.
type NamesError struct{ Name string }

func (e *NamesError) Error() string {
	return fmt.Sprintf("ca: the certification authority was not made for %q", e.Name)
}

// Hint is what helps.
func (e *NamesError) Hint() string {
	return "renew the authority for the new names and import it in the devices, or use a certificate of the site's own"
}

// Server is the certificate of our listeners.
type Server struct {
	ca    *CA
	names []string

	mu      sync.Mutex // covers what follows
	current *tls.Certificate
	renewal time.Time // when it is due
}

// Server makes a certificate for host names and addresses; loopback is always among
// them.
func (a *CA) Server(names []string) (*Server, error) {
	s := &Server{ca: a, names: append([]string{"localhost", "127.0.0.1", "::1"}, names...)}
	_, err := s.get()
	return s, err
}

// Certificate is tls.Config.GetCertificate. It renews when two thirds of the time are
// over, as ACME clients do; and where the clock went back before the beginning.
func (s *Server) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.get() }

// ClientCertificate is tls.Config.GetClientCertificate, for where we connect.
func (s *Server) ClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return s.get()
}

func (s *Server) get() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.ca.c.Now()
	if s.current != nil && now.Before(s.renewal) && !now.Before(s.current.Leaf.NotBefore) {
		return s.current, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("ca: making a key: %w", err)
	}
	leaf, err := s.ca.leaf(pkix.Name{Organization: []string{"leadglass"}, CommonName: "leadglass"}, s.names, key.Public(), serverLifetime)
	if err != nil {
		return nil, err
	}
	s.current = &tls.Certificate{Certificate: [][]byte{leaf.Raw}, PrivateKey: key, Leaf: leaf}
	s.renewal = leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) * 2 / 3)
	return s.current, nil
}

// leaf signs a certificate for TLS. It holds no longer than the root.
func (a *CA) leaf(subject pkix.Name, names []string, public crypto.PublicKey, lifetime time.Duration) (*x509.Certificate, error) {
	root, key := a.inForce()
	now := a.c.Now()
	if now.After(root.NotAfter) {
		return nil, fmt.Errorf("ca: the authority expired on %s", day(root.NotAfter))
	}
	template := &x509.Certificate{
		Subject:     subject,
		NotBefore:   now.Add(-backdated),
		NotAfter:    now.Add(lifetime),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	if template.NotAfter.After(root.NotAfter) {
		template.NotAfter = root.NotAfter
	}
	for _, name := range names {
		ip, dns, err := host(name)
		switch {
		case err != nil:
			return nil, err
		case !permits(root, name):
			return nil, &NamesError{Name: name}
		case dns != "":
			template.DNSNames = append(template.DNSNames, dns)
		default:
			template.IPAddresses = append(template.IPAddresses, ip.AsSlice())
		}
	}
	return sign(template, root, public, key)
}

// permits says whether a root may sign for a name.
func permits(root *x509.Certificate, name string) bool {
	ip, dns, err := host(name)
	if err != nil {
		return false
	}
	for _, domain := range root.PermittedDNSDomains {
		if dns != "" && (dns == domain || strings.HasSuffix(dns, "."+domain)) {
			return true
		}
	}
	for _, n := range root.PermittedIPRanges {
		if ip.IsValid() && n.Contains(ip.AsSlice()) {
			return true
		}
	}
	return false
}

// DeviceRequest asks for a certificate of a device.
type DeviceRequest struct {
	Name     string
	Hosts    []string      // where it is reached, if it is connected to
	Lifetime time.Duration // 0 is two years
	RSA      bool          // for machines that cannot do ECDSA: a key of 3072 bits
}

// Issued is a certificate with its key, which is kept nowhere else.
type Issued struct {
	Certificate *x509.Certificate
	CertPEM     []byte // the certificate
	KeyPEM      []byte // its key, PKCS #8
	RootsPEM    []byte // what the device must believe
}

// Device makes a key and a certificate for a device. Its subject ends in a word in
// brackets, so that nobody takes the name of a device for that of a host.
func (a *CA) Device(rq DeviceRequest) (*Issued, error) {
	if rq.Name == "" || len(rq.Name) > 40 { // a common name has 64 (RFC 5280 appendix A.1)
		return nil, fmt.Errorf("ca: %q is no name for a device", rq.Name)
	}
	if rq.Lifetime == 0 {
		rq.Lifetime = deviceLifetime
	}
	key, err := deviceKey(rq.RSA)
	if err != nil {
		return nil, fmt.Errorf("ca: making a key: %w", err)
	}
	subject := pkix.Name{Organization: []string{"leadglass"}, CommonName: rq.Name + " (device)"}
	cert, err := a.leaf(subject, rq.Hosts, key.Public(), rq.Lifetime)
	if err != nil {
		return nil, err
	}
	private, err := formatKey(key)
	if err != nil {
		return nil, err
	}
	return &Issued{Certificate: cert, CertPEM: formatCertificates([]*x509.Certificate{cert}), KeyPEM: private, RootsPEM: a.PEM()}, nil
}

func deviceKey(useRSA bool) (crypto.Signer, error) {
	if useRSA {
		return rsa.GenerateKey(rand.Reader, 3072)
	}
	return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
}
