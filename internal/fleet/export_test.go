package fleet

import (
	"bytes"
	"net/http"
	"net/http/httptest"

	"github.com/leadglass/leadglass/dicom"
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

// Archive is the arithmetic of an archive, for tests of it.
type Archive struct{ c content }

// NewArchive makes one of that many studies, images and patients.
func NewArchive(seed, studies, images, patients uint64) *Archive {
	return &Archive{content{seed: seed, studies: studies, images: images, patients: patients, firstDay: dayOf(2008, 2, 29), days: 4206}}
}

// The arithmetic.
func (a *Archive) ImagesOf(i uint64) uint64           { return a.c.imagesOf(i) }
func (a *Archive) ImagesBefore(i uint64) uint64       { return a.c.imagesBefore(i) }
func (a *Archive) SeriesOf(i uint64) uint64           { return a.c.seriesOf(i) }
func (a *Archive) ImagesOfSeries(i, s uint64) uint64  { return a.c.imagesOfSeries(i, s) }
func (a *Archive) When(i uint64) (int64, int)         { return a.c.when(i) }
func (a *Archive) Since(day int64, second int) uint64 { return a.c.since(day, second) }
func (a *Archive) Born(p uint64) int64                { return a.c.born(p) }
func (a *Archive) BornSince(day int64) uint64         { return a.c.bornSince(day) }
func (a *Archive) PatientOf(i uint64) uint64          { return a.c.patientOf(i) }
func (a *Archive) StudiesOf(p uint64) uint64          { return a.c.studiesOf(p) }
func (a *Archive) ImagesOfPatient(p uint64) uint64    { return a.c.imagesOfPatient(p) }
func (a *Archive) Busiest() uint64                    { return a.c.busiest() }

// Find counts the answers to an identifier, and how many studies were looked at.
func (a *Archive) Find(id *dicom.Dataset) (answers, looked int, ok bool) {
	l, err := newLexicon(tongueOf(""))
	if err != nil {
		return 0, 0, false
	}
	arc := newArchive(&dicomService{holds: &a.c}, l)
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

// Civil and the others are the calendar.
func Civil(day int64) (int, int, int)         { return civil(day) }
func DayOf(y, m, d int) int64                 { return dayOf(y, m, d) }
func ParseDate(s string) (int64, bool)        { return parseDate(s) }
func ParseTime(s string) (int, bool)          { return parseTime(s) }
func Apportion(n uint64, w []uint64) []uint64 { return apportion(n, w) }

// PatientID and PatientOfID are the two directions of an archive's numbering.
func PatientID(form int, p uint64) string            { return string(identifiers(form).append(nil, p)) }
func PatientOfID(form int, id string) (uint64, bool) { return identifiers(form).number(id) }

// Roles counts the DICOM services of a plan by role.
func (p *Plan) Roles() map[string]int {
	m := map[string]int{}
	for _, h := range p.hosts {
		for _, d := range h.dicom {
			m[d.role]++
		}
		for _, o := range h.others {
			m["other "+string(o.kind)]++
		}
		for _, w := range h.web {
			m["page "+string(w.page)]++
		}
	}
	return m
}

// Address is that of a service in that role, "" where the plan has none.
func (p *Plan) Address(role string) string {
	for _, h := range p.hosts {
		for _, d := range h.dicom {
			if d.role == role && d.sameAs == nil {
				return h.address(d.port)
			}
		}
		for _, o := range h.others {
			if "other "+string(o.kind) == role {
				return h.address(o.port)
			}
		}
		for _, w := range h.web {
			if "page "+string(w.page) == role {
				return h.address(w.port)
			}
		}
	}
	return ""
}

// Cap is the most answers of the service at an address.
func (p *Plan) Cap(address string) int {
	for _, h := range p.hosts {
		for _, d := range h.dicom {
			if h.address(d.port) == address {
				return d.cap
			}
		}
	}
	return 0
}
