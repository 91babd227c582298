package dicomweb

import (
	"context"
	"errors"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options of a client.
type Options struct {
	// HTTP sends the requests; nil is http.DefaultTransport. Its CheckRedirect
	// is replaced. Limits on headers and on connections are its transport's.
	HTTP *http.Client
	// UserAgent names who asks (RFC 9110 section 10.1.5).
	UserAgent string
	// Header is added to each request, as Authorization.
	Header http.Header
	Limits Limits
}

// Client asks one origin server (PS3.18 section 8.1). Many goroutines may use it.
type Client struct {
	base *url.URL
	http http.Client
	opt  Options
	lim  Limits // in force
}

// NewClient returns a client of the server at base, the URL that goes before
// "/studies", as "http://pacs.example/dicom-web".
func NewClient(base string, opt Options) (*Client, error) {
	u, err := url.Parse(strings.TrimSuffix(base, "/"))
	if err != nil {
		return nil, wrap("reading the base URL", err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return nil, wrap("reading the base URL", errors.New("it is not one of http or https with a host"))
	}
	if u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, wrap("reading the base URL", errors.New("it has a user, a query or a fragment"))
	}
	c := &Client{base: u, opt: opt, lim: opt.Limits.orDefault()}
	if opt.HTTP != nil {
		c.http = *opt.HTTP
	}
	c.http.CheckRedirect = c.checkRedirect
	return c, nil
}

// checkRedirect keeps requests, and what their headers give away, at the
// server that was named: same scheme, same host, same port.
func (c *Client) checkRedirect(next *http.Request, via []*http.Request) error {
	if next.URL.Scheme != c.base.Scheme || next.URL.Host != c.base.Host {
		return ErrRedirect
	}
	if len(via) > c.lim.Redirects {
		return &LimitError{"redirects", int64(c.lim.Redirects)}
	}
	return nil
}

// answer is the head of a response and its body as a bounded stream.
type answer struct {
	status    int
	header    http.Header
	mediaType string
	params    map[string]string
	body      *body
}

// get sends a request and returns its answer if the status is a success,
// otherwise a Problem. Who gets an answer must close its body.
func (c *Client) get(ctx context.Context, path, query, accept string) (*answer, error) {
	u := c.base.JoinPath(path)
	u.RawQuery = query
	ctx, cancel := context.WithCancelCause(ctx)
	b := &body{cancel: cancel, idle: c.lim.Idle}
	b.limit, b.left = LimitError{"body_bytes", c.lim.BodyBytes}, c.lim.BodyBytes
	b.arm(ctx)
	resp, err := c.send(ctx, u.String(), accept)
	if err != nil {
		defer b.Close()
		return nil, b.reason(err)
	}
	b.rest()
	b.resp = resp.Body
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		b.Close()
		return nil, &Problem{HTTP: resp.StatusCode, Scheme: scheme(resp.Header)}
	}
	mediaType, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		mediaType, params = "", nil
	}
	return &answer{resp.StatusCode, resp.Header, mediaType, params, b}, nil
}

func (c *Client) send(ctx context.Context, target, accept string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	if err != nil {
		return nil, err
	}
	for name, values := range c.opt.Header {
		req.Header[name] = values
	}
	if c.opt.UserAgent != "" {
		req.Header.Set("User-Agent", c.opt.UserAgent)
	}
	req.Header.Set("Accept", accept)
	return c.http.Do(req)
}

// scheme returns the first authentication scheme that the server names (RFC
// 9110 section 11.6.1), if it is a word.
func scheme(h http.Header) string {
	s, _, _ := strings.Cut(h.Get("WWW-Authenticate"), " ")
	for _, c := range s {
		if (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' || len(s) > 32 {
			return ""
		}
	}
	return s
}

// body is the body of an answer with its limits: so many bytes, and none so
// long after the one before.
type body struct {
	ctx    context.Context
	cancel context.CancelCauseFunc
	resp   io.ReadCloser
	left   int64
	limit  LimitError // of bytes
	idle   time.Duration
	timer  *time.Timer
}

// arm starts to wait for the first byte of the head.
func (b *body) arm(ctx context.Context) {
	b.ctx = ctx
	if b.idle < math.MaxInt64 {
		b.timer = time.AfterFunc(b.idle, func() { b.cancel(&LimitError{"idle", int64(b.idle)}) })
	}
}

// rest stops waiting: what our side does with an answer takes its time.
func (b *body) rest() {
	if b.timer != nil {
		b.timer.Stop()
	}
}

func (b *body) Read(p []byte) (int, error) {
	if b.timer != nil {
		b.timer.Reset(b.idle)
	}
	n, err := b.resp.Read(p)
	b.rest()
	if int64(n) > b.left {
		n, b.left = int(b.left), 0
		limit := b.limit
		return n, &limit
	}
	b.left -= int64(n)
	if err != nil && err != io.EOF {
		err = b.reason(err)
	}
	return n, err
}

// atMost sets a limit for what is read from now on, where it is the lower one.
func (b *body) atMost(name string, bytes int64) {
	if bytes < b.left {
		b.limit, b.left = LimitError{name, bytes}, bytes
	}
}

// reason returns the limit that ended the request, if one did.
func (b *body) reason(err error) error {
	var limit *LimitError
	if cause := context.Cause(b.ctx); errors.As(cause, &limit) {
		return limit
	}
	return err
}

// Close ends the request, read to its end or not.
func (b *body) Close() error {
	b.rest()
	b.cancel(context.Canceled)
	if b.resp == nil {
		return nil
	}
	return b.resp.Close()
}
