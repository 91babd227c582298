package probe

import (
	"crypto/rsa"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// Trust judges certificates. Its zero value trusts the system's roots.
type Trust struct {
	Roots *x509.CertPool // nil is the system's
	Now   func() time.Time
}

func (t *Trust) now() time.Time {
	if t == nil || t.Now == nil {
		return time.Now()
	}
	return t.Now()
}

func (t *Trust) roots() *x509.CertPool {
	if t == nil {
		return nil
	}
	return t.Roots
}

// Faults lists what is wrong with a chain as a server sent it, sorted. Whether
// it names the right host is not asked: a survey comes by address.
func (t *Trust) Faults(chain []*x509.Certificate) []string {
	if len(chain) == 0 {
		return nil
	}
	leaf, now := chain[0], t.now()
	var faults []string
	if now.After(leaf.NotAfter) {
		faults = append(faults, FaultExpired)
	}
	if now.Before(leaf.NotBefore) {
		faults = append(faults, FaultNotYetValid)
	}
	if f := t.untrusted(chain); f != "" {
		faults = append(faults, f)
	}
	if weakKey(leaf) {
		faults = append(faults, FaultWeakKey)
	}
	if weakSignature(leaf) {
		faults = append(faults, FaultWeakSignature)
	}
	slices.Sort(faults)
	return faults
}

// untrusted looks at the chain as of a moment when the leaf was valid, so that
// an expired certificate of a known issuer is expired and nothing else.
func (t *Trust) untrusted(chain []*x509.Certificate) string {
	leaf := chain[0]
	intermediates := x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots:         t.roots(),
		Intermediates: intermediates,
		CurrentTime:   within(leaf, t.now()),
		KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	var unknown x509.UnknownAuthorityError
	var roots x509.SystemRootsError
	var weak x509.InsecureAlgorithmError
	switch {
	case errors.As(err, &roots):
		return "" // cannot be told on this machine
	case errors.As(err, &unknown), errors.As(err, &weak):
		if string(leaf.RawIssuer) == string(leaf.RawSubject) {
			return FaultSelfSigned
		}
		return FaultUnknownIssuer
	}
	return ""
}

func within(leaf *x509.Certificate, now time.Time) time.Time {
	switch {
	case now.After(leaf.NotAfter):
		return leaf.NotAfter
	case now.Before(leaf.NotBefore):
		return leaf.NotBefore
	}
	return now
}

// weakKey: RSA below 2048 bits (NIST SP 800-131A revision 2, table 2).
func weakKey(c *x509.Certificate) bool {
	key, ok := c.PublicKey.(*rsa.PublicKey)
	return ok && key.N.BitLen() < 2048
}

// weakSignature: MD5 and SHA-1 (NIST SP 800-131A revision 2, table 8).
func weakSignature(c *x509.Certificate) bool {
	switch c.SignatureAlgorithm {
	case x509.MD2WithRSA, x509.MD5WithRSA, x509.SHA1WithRSA, x509.DSAWithSHA1, x509.ECDSAWithSHA1:
		return true
	}
	return false
}
