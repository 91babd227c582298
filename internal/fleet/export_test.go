package fleet

import (
	"bytes"
	"net/http"
	"net/http/httptest"

	"github.com/leadglass/leadglass/internal/product"
	"github.com/leadglass/leadglass/internal/report"
)

// Tongues are the countries that stand for each set of names.
func Tongues() []string {
	list := []string{""}
	for i := range tongues {
		list = append(list, tongues[i].countries...)
	}
	return list
}

// Names encodes all names of a country's archives.
func Names(country string) (charset string, coded [][]byte, err error) {
	t := tongueOf(country)
	l, err := newLexicon(t)
	if err != nil {
		return t.charset, nil, err
	}
	return t.charset, l.coded, nil
}

// Shown is a software of the catalogue with what its pages show.
type Shown struct {
	Clues            product.Clues
	Product, Version string
	Viewer           bool
	Login            bool // its pages ask for a password
	Releases         [][2]string
	Vulnerabilities  []report.Vulnerability
}

// Catalogue is every software with its pages and what is around them.
func Catalogue() []Shown {
	var list []Shown
	for i := range catalogue {
		s := &catalogue[i]
		shown := Shown{Product: s.product, Version: s.version, Viewer: s.page.viewer(), Clues: product.Clues{
			ImplementationClassUID: s.classUID, ImplementationVersionName: s.versionName,
		}}
		d := &dicomService{software: s}
		var webs []*webService
		if s.page != noPage {
			w := &webService{port: 8080, page: s.page, stack: stackOf(s.page, 0), software: s}
			webs = append(webs, w)
			shown.Clues.Pages = read(newWeb(w, nil), w)
		}
		for _, r := range releases(d, webs) {
			shown.Releases = append(shown.Releases, [2]string{r.product, r.version})
		}
		shown.Vulnerabilities = vulnerabilities(releases(d, webs))
		for _, p := range shown.Clues.Pages {
			shown.Login = shown.Login || p.Status == 401 || bytes.Contains(p.Body, []byte("password"))
		}
		list = append(list, shown)
	}
	return list
}

// read reads the pages of a web service as a surveyor does.
func read(h http.Handler, w *webService) []product.Page {
	paths := []string{"/"}
	pages, _ := w.pages()
	for path := range pages {
		if path != "/" {
			paths = append(paths, path)
		}
	}
	var list []product.Page
	for _, path := range paths {
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, httptest.NewRequest("GET", path, nil))
		body := rec.Body.Bytes()
		p := product.Page{Path: path, Status: rec.Code, Header: rec.Header(), Body: body}
		if _, rest, ok := bytes.Cut(body, []byte("<title>")); ok {
			title, _, _ := bytes.Cut(rest, []byte("</title>"))
			p.Title = string(title)
		}
		list = append(list, p)
	}
	return list
}
