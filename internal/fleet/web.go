package fleet

import (
	"fmt"
	"io"
	"net/http"
	"strings"
)

// webPage is one answer of a web server.
type webPage struct {
	status   int
	title    string
	body     string // HTML within <body>, or everything where kind is set
	kind     string // Content-Type, "" is HTML made of title and body
	location string // of a redirection
	realm    string // of a demand for a password
}

// web serves the pages of one service: those of its product, its DICOMweb where
// that is open, and nothing else.
type web struct {
	service *webService
	pages   map[string]webPage // by path and query
	every   *webPage           // what all other paths show; nil is not found
	search  *dicomweb          // nil is none
}

func newWeb(w *webService, a *archive) http.Handler {
	h := &web{service: w}
	h.pages, h.every = w.pages()
	if w.qido {
		h.search = newDICOMweb(w, a)
	}
	return h
}

// ServeHTTP answers a request.
func (h *web) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range h.service.stack.headers() {
		w.Header().Set(name, value)
	}
	if h.search != nil && strings.HasPrefix(r.URL.Path, h.search.base+"/") {
		h.search.ServeHTTP(w, r)
		return
	}
	if p, ok := h.pages[r.URL.RequestURI()]; ok {
		p.write(w)
		return
	}
	if h.every != nil {
		h.every.write(w)
		return
	}
	notFound := webPage{status: http.StatusNotFound, title: "404 Not Found", body: "<h1>Not Found</h1>"}
	notFound.write(w)
}

func (p *webPage) write(w http.ResponseWriter) {
	if p.location != "" {
		w.Header().Set("Location", p.location)
	}
	if p.realm != "" {
		w.Header().Set("WWW-Authenticate", fmt.Sprintf("Basic realm=%q", p.realm))
	}
	kind, text := p.kind, p.body
	if kind == "" {
		kind = "text/html; charset=utf-8"
		text = "<!DOCTYPE html>\n<html><head><title>" + p.title + "</title></head>\n<body>" + p.body + "</body></html>\n"
	}
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(p.status)
	_, _ = io.WriteString(w, text)
}
