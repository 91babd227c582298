package dicomweb

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// HandlerOptions of a Handler.
type HandlerOptions struct {
	Limits Limits
	// Base is the URL that goes before "/studies" in what is answered. Where it
	// is empty it follows from the request: its Host and what http.StripPrefix
	// took away.
	Base string
	// Report is told each error that the peer is not told, nil for nobody. It
	// holds no patient data.
	Report func(ctx context.Context, err error)
}

// Handler serves PS3.18: paths begin with "/studies", "/series", "/instances" or
// are "/wado" or "/". Whoever mounts it below another path strips that. It
// authenticates nobody.
type Handler struct {
	backend Backend
	opt     HandlerOptions
	lim     Limits // in force
	pools   *pools
}

// NewHandler returns a Handler of what the backend has.
func NewHandler(b Backend, opt HandlerOptions) *Handler {
	return &Handler{b, opt, opt.Limits.orDefault(), newPools()}
}

// exchange is one request under way.
type exchange struct {
	*Handler
	w      http.ResponseWriter
	r      *http.Request
	ctx    context.Context
	target target
	query  parameters
	base   string
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{Handler: h, w: w, r: r, ctx: r.Context()}
	if err := x.serve(); err != nil {
		x.problem(err)
	}
}

func (x *exchange) serve() error {
	var ok bool
	if x.target, ok = parsePath(x.r.URL.EscapedPath(), x.lim); !ok {
		return &Problem{HTTP: http.StatusNotFound, Detail: "no such resource"}
	}
	methods := x.target.methods()
	if !slices.Contains(methods, x.r.Method) {
		x.w.Header().Set("Allow", strings.Join(methods, ", "))
		return &Problem{HTTP: http.StatusMethodNotAllowed}
	}
	var err error
	if x.query, err = parseParameters(x.r.URL.RawQuery, x.lim); err != nil {
		return err
	}
	x.base = x.baseURL()
	switch x.r.Method {
	case http.MethodOptions:
		return x.capabilities(methods)
	case http.MethodPost:
		return x.store()
	case http.MethodDelete:
		return x.delete()
	}
	return x.get()
}

func (x *exchange) get() error {
	switch x.target.service {
	case root:
		return x.capabilities(x.target.methods())
	case search:
		return x.search()
	case objects:
		return x.objects()
	case metadata:
		return x.metadata()
	case bulk:
		return x.bulk()
	case frames, pixeldata:
		return x.frames()
	case rendered, thumbnail:
		return x.rendered()
	case wadoURI:
		return x.wadoURI()
	}
	return &Problem{HTTP: http.StatusNotFound}
}

// baseURL returns what goes before "/studies" in URLs that are answered.
func (x *exchange) baseURL() string {
	if x.opt.Base != "" {
		return x.opt.Base
	}
	scheme := "http://"
	if x.r.TLS != nil {
		scheme = "https://"
	}
	prefix := ""
	if u, err := url.ParseRequestURI(x.r.RequestURI); err == nil {
		prefix, _ = strings.CutSuffix(u.EscapedPath(), x.r.URL.EscapedPath())
	}
	return scheme + x.r.Host + prefix
}

// problem answers with a Problem, as JSON of RFC 9457: PS3.18 section 8.6.3 leaves
// the form of a status report open.
func (x *exchange) problem(err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = asProblem(err)
	}
	if x.opt.Report != nil && (p.HTTP >= 500 || p.Err != nil) {
		x.opt.Report(x.ctx, err)
	}
	body, _ := json.Marshal(struct {
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}{http.StatusText(p.HTTP), p.HTTP, p.Detail})
	h := x.w.Header()
	for _, stale := range []string{"Content-Encoding", "Warning", "Content-Location", "Link"} {
		h.Del(stale)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	out := x.out()
	out.touch()
	x.w.WriteHeader(p.HTTP)
	out.Write(body)
}

// asProblem is what a peer is told of an error that is none of its own.
func asProblem(err error) *Problem {
	var limit *LimitError
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &limit):
		return &Problem{HTTP: http.StatusRequestEntityTooLarge, Detail: "over the limit " + limit.Name, Err: err}
	case errors.As(err, &long):
		return &Problem{HTTP: http.StatusRequestEntityTooLarge, Err: err}
	}
	return &Problem{HTTP: http.StatusInternalServerError, Err: err}
}

// notImplemented answers for what the backend has no method for.
func notImplemented() *Problem { return &Problem{HTTP: http.StatusNotImplemented} }

// report tells an error that comes too late for the peer.
func (x *exchange) report(err error) {
	if err != nil && x.opt.Report != nil {
		x.opt.Report(x.ctx, err)
	}
}

// warn adds a Warning (PS3.18 section 8.3.4.4, RFC 7234 section 5.5).
func (x *exchange) warn(text string) {
	x.w.Header().Add("Warning", `299 dicomweb "`+text+`"`)
}

// head says that only the header is wanted.
func (x *exchange) head() bool { return x.r.Method == http.MethodHead }
