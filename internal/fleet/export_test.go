package fleet

import (
	"bytes"
	"net/http"
	"net/http/httptest"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/fleet/plan"
	"github.com/leadglass/leadglass/internal/product"
	"github.com/leadglass/leadglass/internal/report"
)

// Tongues are the countries that stand for each set of names.
func Tongues() []string {
	list := []string{""}
	for i := range plan.Tongues {
		list = append(list, plan.Tongues[i].Countries...)
	}
	return list
}

// Names encodes all names of a country's archives.
func Names(country string) (charset string, coded [][]byte, err error) {
	t := plan.TongueOf(country)
	l, err := plan.NewLexicon(t)
	if err != nil {
		return t.Charset, nil, err
	}
	return t.Charset, l.Coded, nil
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

// Archive is the arithmetic of an archive, for tests of it.
type Archive struct{ c plan.Content }

// NewArchive makes one of that many studies, images and patients.
func NewArchive(seed, studies, images, patients uint64) *Archive {
	return &Archive{plan.Content{Seed: seed, Studies: studies, Images: images, Patients: patients, FirstDay: plan.DayOf(2008, 2, 29), Days: 4206}}
}

// The arithmetic.
func (a *Archive) ImagesOf(i uint64) uint64           { return a.c.ImagesOf(i) }
func (a *Archive) ImagesBefore(i uint64) uint64       { return a.c.ImagesBefore(i) }
func (a *Archive) SeriesOf(i uint64) uint64           { return a.c.SeriesOf(i) }
func (a *Archive) ImagesOfSeries(i, s uint64) uint64  { return a.c.ImagesOfSeries(i, s) }
func (a *Archive) When(i uint64) (int64, int)         { return a.c.When(i) }
func (a *Archive) Since(day int64, second int) uint64 { return a.c.Since(day, second) }
func (a *Archive) Born(p uint64) int64                { return a.c.Born(p) }
func (a *Archive) BornSince(day int64) uint64         { return a.c.BornSince(day) }
func (a *Archive) PatientOf(i uint64) uint64          { return a.c.PatientOf(i) }
func (a *Archive) StudiesOf(p uint64) uint64          { return a.c.StudiesOf(p) }
func (a *Archive) ImagesOfPatient(p uint64) uint64    { return a.c.ImagesOfPatient(p) }
func (a *Archive) Busiest() uint64                    { return a.c.Busiest() }

// Find counts the answers to an identifier, and how many studies were looked at.
func (a *Archive) Find(id *dicom.Dataset) (answers, looked int, ok bool) {
	l, err := plan.NewLexicon(plan.TongueOf(""))
	if err != nil {
		return 0, 0, false
	}
	arc := newArchive(&plan.DICOMService{Holds: &a.c}, l)
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
func Civil(day int64) (int, int, int)         { return plan.Civil(day) }
func DayOf(y, m, d int) int64                 { return plan.DayOf(y, m, d) }
func ParseDate(s string) (int64, bool)        { return plan.ParseDate(s) }
func ParseTime(s string) (int, bool)          { return plan.ParseTime(s) }
func Apportion(n uint64, w []uint64) []uint64 { return plan.Apportion(n, w) }

// PatientID and PatientOfID are the two directions of an archive's numbering.
func PatientID(form int, p uint64) string            { return string(plan.Identifiers(form).Append(nil, p)) }
func PatientOfID(form int, id string) (uint64, bool) { return plan.Identifiers(form).Number(id) }

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
