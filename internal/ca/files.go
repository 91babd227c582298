package ca

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// Files is a certificate of the site's own. It is read again where the files
// changed; one that cannot be read leaves that of before in force.
type Files struct {
	cert, key string

	mu      sync.Mutex // covers what follows
	current *tls.Certificate
	read    [2]stamp
	failed  error // of the last reading
}

// stamp tells one state of a file from another.
type stamp struct {
	modified time.Time
	size     int64
}

// OpenFiles reads a certificate, with those that stand between it and its root, and
// its key, both in PEM.
func OpenFiles(cert, key string) (*Files, error) {
	f := &Files{cert: cert, key: key}
	if _, err := f.get(); err != nil {
		return nil, err
	}
	return f, f.failed
}

// Certificate is tls.Config.GetCertificate.
func (f *Files) Certificate(*tls.ClientHelloInfo) (*tls.Certificate, error) { return f.get() }

// ClientCertificate is tls.Config.GetClientCertificate.
func (f *Files) ClientCertificate(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return f.get()
}

// Doctor says in words what the operator should know.
func (f *Files) Doctor(now time.Time) []string {
	c, err := f.get()
	f.mu.Lock()
	failed := f.failed
	f.mu.Unlock()
	var words []string
	if failed != nil {
		words = append(words, fmt.Sprintf("the certificate of the site cannot be read again, that of before is in force: %v", failed))
	}
	if err != nil {
		return append(words, err.Error())
	}
	switch left := c.Leaf.NotAfter.Sub(now); {
	case left <= 0:
		words = append(words, fmt.Sprintf("the certificate of the site expired on %s", day(c.Leaf.NotAfter)))
	case left < 30*24*time.Hour:
		words = append(words, fmt.Sprintf("the certificate of the site expires on %s", day(c.Leaf.NotAfter)))
	}
	return words
}

func (f *Files) get() (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now, err := f.stamps()
	if err == nil && now == f.read && f.current != nil {
		return f.current, nil
	}
	if err == nil {
		var c tls.Certificate
		if c, err = tls.LoadX509KeyPair(f.cert, f.key); err == nil {
			f.current, f.read, f.failed = &c, now, nil
			return f.current, nil
		}
	}
	f.failed = fmt.Errorf("ca: reading the certificate of the site: %w", err)
	if f.current == nil {
		return nil, f.failed
	}
	return f.current, nil
}

func (f *Files) stamps() (s [2]stamp, err error) {
	for i, name := range []string{f.cert, f.key} {
		info, err := os.Stat(name)
		if err != nil {
			return s, err
		}
		s[i] = stamp{info.ModTime(), info.Size()}
	}
	return s, nil
}
