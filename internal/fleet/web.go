package fleet

import (
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// web serves the pages of one service: those of its product, its DICOMweb where
// that is open, and nothing else.
type web struct {
	service *plan.WebService
	pages   map[string]plan.WebPage // by path and query
	every   *plan.WebPage           // what all other paths show; nil is not found
	search  *dicomweb               // nil is none
}

func newWeb(w *plan.WebService, a *archive) http.Handler {
	h := &web{service: w}
	h.pages, h.every = w.Pages()
	if w.QIDO {
		h.search = newDICOMweb(w, a)
	}
	return h
}

// ServeHTTP answers a request.
func (h *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range h.service.Stack.Headers() {
		w.Header().Set(name, value)
	}
	if h.search != nil && strings.HasPrefix(r.URL.Path, h.search.base+"/") {
		h.search.ServeHTTP(w, r)
		return
	}
	if p, ok := h.pages[r.URL.RequestURI()]; ok {
		write(&p, w)
		return
	}
	if h.every != nil {
		write(h.every, w)
		return
	}
	notFound := plan.WebPage{Status: http.StatusNotFound, Title: "404 Not Found", Body: "<h1>Not Found</h1>"}
	write(&notFound, w)
}

// write sends a page.
func write(p *plan.WebPage, w http.ResponseWriter) {
	if p.Location != "" {
		w.Header().Set("Location", p.Location)
	}
	if p.Realm != "" {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", p.Realm))
	}
	kind, text := p.Kind, p.Body
	if kind == "" {
		kind = "text/html; charset=utf-8"
		text = "<!DOCTYPE html>\n<html><head><title>" + p.Title + "</title></head>\n<body>" + p.Body + "</body></html>\n"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(p.Status)
	_, _ = io.WriteString(w, text)
}
