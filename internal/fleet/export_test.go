package fleet

import (
	"bytes"
	"net/http"
	"net/http/httptest"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/fleet/plan"
	"github.com/leadglass/leadglass/internal/product"
	"github.com/leadglass/leadglass/internal/report"
)

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
	for i := range plan.Catalogue {
		s := &plan.Catalogue[i]
		shown := Shown{Product: s.Product, Version: s.Version, Viewer: s.Page.Viewer(), Clues: product.Clues{
			ImplementationClassUID: s.ClassUID, ImplementationVersionName: s.VersionName,
		}}
		d := &plan.DICOMService{Software: s}
		var webs []*plan.WebService
		if s.Page != plan.NoPage {
			w := &plan.WebService{Port: 8080, Page: s.Page, Stack: plan.StackOf(s.Page, 0), Software: s}
			webs = append(webs, w)
			shown.Clues.Pages = read(newWeb(w, nil), w)
		}
		for _, r := range plan.Releases(d, webs) {
			shown.Releases = append(shown.Releases, [2]string{r.Product, r.Version})
		}
		shown.Vulnerabilities = plan.Vulnerabilities(plan.Releases(d, webs))
		for _, p := range shown.Clues.Pages {
			shown.Login = shown.Login || p.Status == 401 || bytes.Contains(p.Body, []byte("password"))
		}
		list = append(list, shown)
	}
	return list
}

// read reads the pages of a web service as a surveyor does.
func read(h http.Handler, w *plan.WebService) []product.Page {
	paths := []string{"/"}
	pages, _ := w.Pages()
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

// Find counts the answers to an identifier, and how many studies were looked at.
func Find(h *content.Holdings, id *dicom.Dataset) (answers, looked int, ok bool) {
	l, err := content.NewLexicon(content.TongueOf(""))
	if err != nil {
		return 0, 0, false
	}
	arc := newArchive(&plan.DICOMService{Holds: h}, l)
	q, ok := newQuery(arc, id, dicom.ExplicitVRLittleEndian)
	if !ok {
		return 0, 0, false
	}
	if q.only == nil && q.patient == nil {
		looked = int(q.studies.to - q.studies.from)
		if q.level == patientLevel {
			looked = int(q.patients.to - q.patients.from)
		}
	}
	for r := range q.each() {
		if n := len(q.encode(nil, r)); n%2 == 0 {
			answers++
		}
	}
	return answers, looked, true
}

// Roles counts the DICOM services of a plan by role.
func Roles(p *plan.Plan) map[string]int {
	m := map[string]int{}
	for _, h := range p.Hosts {
		for _, d := range h.DICOM {
			m[d.Role]++
		}
		for _, o := range h.Others {
			m["other "+string(o.Kind)]++
		}
		for _, w := range h.Web {
			m["page "+string(w.Page)]++
		}
	}
	return m
}

// Address is that of a service in that role, "" where the plan has none.
func Address(p *plan.Plan, role string) string {
	for _, h := range p.Hosts {
		for _, d := range h.DICOM {
			if d.Role == role && d.SameAs == nil {
				return h.Address(d.Port)
			}
		}
		for _, o := range h.Others {
			if "other "+string(o.Kind) == role {
				return h.Address(o.Port)
			}
		}
		for _, w := range h.Web {
			if "page "+string(w.Page) == role {
				return h.Address(w.Port)
			}
		}
	}
	return ""
}

// Cap is the most answers of the service at an address.
func Cap(p *plan.Plan, address string) int {
	for _, h := range p.Hosts {
		for _, d := range h.DICOM {
			if h.Address(d.Port) == address {
				return d.Cap
			}
		}
	}
	return 0
}
