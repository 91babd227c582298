package probe

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/leadglass/leadglass/internal/compromise"
	"github.com/leadglass/leadglass/internal/product"
)

// Site is the exchange with one HTTP service. It keeps one connection from
// request to request where the service does. It speaks HTTP/1.1 by itself and
// not through http.Transport: that one prints what a peer says out of turn.
// One goroutine uses it.
type Site struct {
	Facts *HTTP
	// Pages are what was read, for package product. They may show patient data:
	// whoever has them drops them once the product is known.
	Pages []product.Page

	asker  *Asker
	target Target
	limits Limits

	conn      net.Conn    // nil between two
	stop      func() bool // of what ends waiting on conn when a request's time is over
	reader    *bufio.Reader
	allowed   *io.LimitedReader // what the answer may still bring
	nowhere   product.Page      // the answer to a path that cannot exist
	bases     []string          // where DICOMweb seems to be
	unhurried bool              // whoever asks bounds the time of a request
	failed    int               // pages that were not answered
}

// anything is the Accept header of a page.
const anything = "*/*"

var errNotHTTP = errors.New("probe: the answer is not HTTP")

// send makes one request, on the connection that is open or on a new one. A
// connection that the peer closed meanwhile is replaced once.
func (s *Site) send(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	ctx, cancel := s.within(ctx)
	kept := s.conn != nil
	rsp, err := s.exchange(ctx, path, header)
	if err != nil && kept && ctx.Err() == nil {
		rsp, err = s.exchange(ctx, path, header)
	}
	if err != nil {
		cancel()
		return nil, err
	}
	rsp.Body = &body{ReadCloser: rsp.Body, site: s, reuse: !rsp.Close, cancel: cancel}
	return rsp, nil
}

// within is the time for one request, unless whoever asks has an own.
func (s *Site) within(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.unhurried {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, s.asker.Network.Timeout)
}

func (s *Site) exchange(ctx context.Context, path string, header http.Header) (*http.Response, error) {
	if err := s.connect(ctx); err != nil {
		return nil, err
	}
	conn := s.conn
	conn.SetDeadline(time.Time{})
	s.stop = context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	rq, err := s.request(path, header)
	if err == nil {
		err = rq.Write(s.conn)
	}
	if err != nil {
		s.Close()
		return nil, fmt.Errorf("probe: sending a request: %w", err)
	}
	s.allowed.N = int64(s.limits.HeaderBytes)
	rsp, err := s.read(rq)
	if err != nil {
		s.Close()
		return nil, err
	}
	s.allowed.N = int64(s.limits.BodyBytes) + int64(s.limits.HeaderBytes) // and what chunks cost
	return rsp, nil
}

func (s *Site) request(path string, header http.Header) (*http.Request, error) {
	u, err := url.ParseRequestURI(path)
	if err != nil {
		return nil, errors.New("probe: a path that is none")
	}
	rq := &http.Request{
		Method: http.MethodGet, URL: u, Host: s.target.host(),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{},
	}
	for k, v := range header {
		rq.Header[k] = v
	}
	rq.Header.Set("User-Agent", s.asker.userAgent())
	return rq, nil
}

// read reads the header of the final answer. An error does not quote the peer.
func (s *Site) read(rq *http.Request) (*http.Response, error) {
	for interim := 0; ; interim++ {
		if first, err := s.reader.Peek(5); err != nil && len(first) == 0 {
			return nil, fmt.Errorf("probe: waiting for an answer: %w", err)
		} else if !bytes.Equal(first, []byte("HTTP/")) {
			return nil, errNotHTTP
		}
		rsp, err := http.ReadResponse(s.reader, rq)
		switch {
		case timedOut(err):
			return nil, fmt.Errorf("probe: reading an answer: %w", context.DeadlineExceeded)
		case err != nil && s.allowed.N <= 0:
			return nil, &LimitError{"header_bytes", int64(s.limits.HeaderBytes)}
		case err != nil:
			return nil, errNotHTTP
		case rsp.StatusCode >= 200:
			return rsp, nil
		case rsp.StatusCode == http.StatusSwitchingProtocols:
			return nil, errNotHTTP
		case interim >= s.limits.Interim:
			return nil, &LimitError{"interim", int64(s.limits.Interim)}
		}
	}
}

// connect opens a connection where there is none, and makes the TLS handshake.
func (s *Site) connect(ctx context.Context) error {
	if s.conn != nil {
		return s.asker.Network.Pause(ctx)
	}
	conn, err := s.asker.dial(ctx, s.target)
	if err != nil {
		return &unreachable{err}
	}
	if s.Facts.HTTPS {
		h, err := s.asker.shake(ctx, conn, s.target.Name, tls.VersionTLS10, tls.VersionTLS13)
		if err != nil {
			return fmt.Errorf("probe: securing: %w", err)
		}
		if s.Facts.TLS == nil {
			s.Facts.TLS = &TLS{}
		}
		s.Facts.TLS.learn(h, s.asker.Trust)
		conn = h.conn
	}
	s.conn = conn
	s.allowed = &io.LimitedReader{R: conn}
	s.reader = bufio.NewReader(s.allowed)
	return nil
}

// unreachable is an error of connecting, before a byte was sent.
type unreachable struct{ err error }

func (e *unreachable) Error() string { return "probe: connecting: " + e.err.Error() }
func (e *unreachable) Unwrap() error { return e.err }

// Close closes the connection, if there is one.
func (s *Site) Close() {
	if s.stop != nil {
		s.stop()
	}
	if s.conn != nil {
		s.conn.Close()
		s.conn = nil
	}
}

// body gives the connection back when it was read to its end.
type body struct {
	io.ReadCloser
	site   *Site
	reuse  bool
	ended  bool
	cancel context.CancelFunc
}

func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.ended = b.ended || err == io.EOF
	return n, err
}

func (b *body) Close() error {
	// Closing an http body that was not read to its end would read on. A request
	// whose time is over leaves a deadline on the connection.
	inTime := b.site.stop()
	if !b.reuse || !b.ended || !inTime {
		b.site.Close()
	}
	b.cancel()
	return nil
}

// page requests a path and reads the page, up to the limit.
func (s *Site) page(ctx context.Context, path, accept string) (product.Page, error) {
	if s.failed >= s.limits.Failures {
		return product.Page{}, &LimitError{"failures", int64(s.limits.Failures)}
	}
	rsp, err := s.send(ctx, path, http.Header{"Accept": {accept}})
	if err != nil {
		s.failed++
		return product.Page{}, err
	}
	defer rsp.Body.Close()
	// A body that ends early shows what it shows.
	content, _ := io.ReadAll(io.LimitReader(rsp.Body, int64(s.limits.BodyBytes)))
	return product.Page{
		Path: path, Status: rsp.StatusCode, Header: rsp.Header, Title: title(content), Body: content,
	}, nil
}

// visit requests a path, unless it was read already, follows redirects that
// stay on the host and port, and keeps each page. The last one comes back.
func (s *Site) visit(ctx context.Context, path string) (product.Page, error) {
	for hop := 0; ; hop++ {
		p, known := s.known(path)
		if !known {
			var err error
			if p, err = s.page(ctx, path, anything); err != nil {
				return p, err
			}
			s.keep(p)
		}
		next := s.here(path, p)
		if next == "" || hop >= s.limits.Redirects {
			return p, nil
		}
		path = next
	}
}

func (s *Site) known(path string) (product.Page, bool) {
	i := slices.IndexFunc(s.Pages, func(p product.Page) bool { return p.Path == path })
	if i < 0 {
		return product.Page{}, false
	}
	return s.Pages[i], true
}

// keep looks for marks of an intruder and keeps the page for package product.
func (s *Site) keep(p product.Page) {
	for _, m := range compromise.Page(p.Body) {
		s.Facts.mark(m)
	}
	s.Pages = append(s.Pages, p)
}

// here is the path that a redirect leads to, "" where there is none or it
// leaves this service.
func (s *Site) here(from string, p product.Page) string {
	if p.Status < 300 || p.Status > 399 {
		return ""
	}
	base := &url.URL{Scheme: s.scheme(), Host: s.target.host()}
	if u, err := base.Parse(from); err == nil {
		base = u
	}
	u, err := base.Parse(http.Header(p.Header).Get("Location"))
	if err != nil || u.Scheme != s.scheme() || !strings.EqualFold(withPort(u), s.target.host()) {
		return ""
	}
	if next := u.RequestURI(); next != from {
		return next
	}
	return ""
}

func withPort(u *url.URL) string {
	if u.Port() != "" {
		return u.Host
	}
	port := "80"
	if u.Scheme == "https" {
		port = "443"
	}
	return net.JoinHostPort(u.Hostname(), port)
}

func (s *Site) scheme() string {
	if s.Facts.HTTPS {
		return "https"
	}
	return "http"
}

// AskAll asks the questions of WebQuestions that OpenSite has not asked yet.
// noted is told of those that were not answered.
func (s *Site) AskAll(ctx context.Context, noted func(question string, err error)) {
	for _, q := range WebQuestions()[1:] {
		if ctx.Err() != nil {
			return
		}
		if err := q.Ask(ctx, s); err != nil {
			noted(q.Name, err)
		}
	}
}
