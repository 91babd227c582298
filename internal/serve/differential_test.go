package serve_test

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"os"
	"slices"
	"sync"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// TestRoutes_OneAnswer: whoever asks, for whatever purpose and on whatever route, the
// same verb gets the same decision, rows and counts, and those of the oracle. The
// default looks at one study of each pair, INTEROP=1 at one of each labelling, LONG=1
// at all.
func TestRoutes_OneAnswer(t *testing.T) {
	w := newWorld(t)
	var wg sync.WaitGroup
	work := make(chan func())
	for range 8 {
		wg.Go(func() {
			for f := range work {
				f()
			}
		})
	}
	for _, a := range w.askers {
		if a.title != "" {
			d := w.connect(a.tls, a.title, w.sink)
			work <- func() { w.askDIMSE(a, d) }
		}
		as := asWeb{house: w.house, sign: a.sign, client: w.client()}
		if a.tls != nil {
			as.client = w.client(a.tls.Certificates...)
		}
		for _, p := range a.purposes {
			as.purpose = p
			own := as
			work <- func() { w.askWeb(a, &own) }
		}
	}
	close(work)
	wg.Wait()
	t.Logf("%d answers are as expected", w.checks)
	if w.checks < 1500 {
		t.Errorf("only %d answers", w.checks)
	}
}

// effective is the purpose that a request of the web has.
func (c *caller) effective(header leadglass.Purpose) leadglass.Purpose {
	switch {
	case header == "":
		return c.own
	case header == "JUNK":
		return ""
	case c.kind != leadglass.Device && c.own != "" && !treats(header):
		return "" // not within what the token says
	}
	return header
}

// thorough says whether there is time for more than the default.
func thorough() bool { return os.Getenv("LONG") != "" || os.Getenv("INTEROP") == "1" }

// brief says whether a pair is asked on four routes only: who is refused as such is
// so whatever the study, and a locked account may not be tried often.
func (c *caller) brief(p leadglass.Purpose) bool {
	return c.nobody && c.factors == leadglass.Password || !thorough() && c.refused(p, leadglass.Find) != "" && c.refused(p, leadglass.Get) != ""
}

// sample is which studies a pair is asked about, and one that does not exist.
func (w *world) sample(c *caller, p leadglass.Purpose) []*kept {
	all := append(slices.Clone(w.studies), missing())
	if os.Getenv("LONG") != "" {
		return all
	}
	h := fnv.New32()
	fmt.Fprint(h, c.name, p)
	at := int(h.Sum32() % uint32(len(w.studies)))
	some := []*kept{all[at], missing()}
	for i := 1; i < 7 && thorough(); i++ { // one of each labelling
		some = append(some, all[(at+i)%len(w.studies)])
	}
	return some
}

// check compares an answer with what the oracle says.
func (w *world) check(c *caller, p leadglass.Purpose, v leadglass.Verb, route string, got answer, rows []string) {
	slices.Sort(rows)
	want := answer{refused: c.refused(p, v), rows: rows}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.checks++; got.String() == want.String() {
		return
	}
	if w.failed++; w.failed < 20 {
		w.t.Errorf("%s for %q, %s by %s:\n got %s\nwant %s", c.name, p, v, route, got, want)
	}
}

// rows are those of a search that an asker gets, where it is about some objects.
func (w *world) rows(c *caller, p leadglass.Purpose, level leadglass.Level, about func(slice) bool) (rows []string) {
	patients := map[string][3]int{}
	for _, s := range w.studies {
		if c.may(p, leadglass.Find, s) {
			n := patients[s.patient]
			patients[s.patient] = [3]int{n[0] + 1, n[1] + s.parts(), n[2] + len(s.objects)}
		}
	}
	for _, s := range w.studies {
		if !c.may(p, leadglass.Find, s) {
			continue
		}
		for _, o := range s.objects {
			if about(o) {
				rows = append(rows, row(level, o.says(s, patients[s.patient])))
			}
		}
	}
	slices.Sort(rows)
	return slices.Compact(rows)
}

// says is what an object and all that it is part of say.
func (o slice) says(s *kept, patient [3]int) func(dicom.Tag) []string {
	of := map[dicom.Tag]any{
		dict.PatientID: s.patient, dict.StudyInstanceUID: s.uid, dict.SeriesInstanceUID: o.series(), dict.SOPInstanceUID: o.uid(),
		dict.Modality: o.modality, dict.ModalitiesInStudy: s.modalities(),
		dict.NumberOfPatientRelatedStudies: patient[0], dict.NumberOfPatientRelatedSeries: patient[1], dict.NumberOfPatientRelatedInstances: patient[2],
		dict.NumberOfStudyRelatedSeries: s.parts(), dict.NumberOfStudyRelatedInstances: len(s.objects),
		dict.NumberOfSeriesRelatedInstances: len(s.of(o.part)),
	}
	return func(tag dicom.Tag) []string { return []string{fmt.Sprint(of[tag])} }
}

// instances are those of a study that an asker gets.
func instances(c *caller, p leadglass.Purpose, v leadglass.Verb, s *kept, about func(slice) bool) (rows []string) {
	for _, o := range s.objects {
		if s.uid != missing().uid && c.may(p, v, s) && about(o) {
			rows = append(rows, string(o.uid()))
		}
	}
	return rows
}

func everything(slice) bool { return true }

// askWeb asks on every route of the web.
func (w *world) askWeb(c *caller, as *asWeb) {
	p := c.effective(as.purpose)
	const counts = "includefield=ModalitiesInStudy,NumberOfPatientRelatedStudies,NumberOfPatientRelatedSeries,NumberOfPatientRelatedInstances,NumberOfSeriesRelatedInstances"
	search := func(level leadglass.Level, path string, about func(slice) bool) {
		w.check(c, p, leadglass.Find, "QIDO "+path, as.search(level, path+"?"+counts), w.rows(c, p, level, about))
	}
	search(leadglass.StudyLevel, "/studies", everything)
	if c.brief(p) {
		s := w.studies[0]
		one := "/studies/" + string(s.uid) + "/series/" + string(s.objects[0].series()) + "/instances/" + string(s.objects[0].uid())
		w.check(c, p, leadglass.Get, "WADO "+one, as.ask(one, "*/*", something), nil)
		w.check(c, p, leadglass.Describe, "WADO "+one+"/metadata", as.ask(one+"/metadata", "*/*", something), nil)
		w.check(c, p, leadglass.View, "WADO "+one+"/rendered", as.ask(one+"/rendered", "image/jpeg", something), nil)
		return
	}
	search(leadglass.SeriesLevel, "/series", everything)
	search(leadglass.InstanceLevel, "/instances", everything)
	for _, s := range w.sample(c, as.purpose) {
		study, series, one := "/studies/"+string(s.uid), "/series/"+string(s.objects[0].series()), "/instances/"+string(s.objects[0].uid())
		ofStudy := func(o slice) bool { return o.study == s.uid }
		ofSeries := func(o slice) bool { return o.series() == s.objects[0].series() }
		ofOne := func(o slice) bool { return o.uid() == s.objects[0].uid() }
		search(leadglass.SeriesLevel, study+"/series", ofStudy)
		search(leadglass.InstanceLevel, study+"/instances", ofStudy)
		search(leadglass.InstanceLevel, study+series+"/instances", ofSeries)

		const multipart = `multipart/related; type="application/dicom"; transfer-syntax=*`
		retrieve := func(v leadglass.Verb, path, accept string, read func(http.Header, []byte) ([]string, error), about func(slice) bool) {
			w.check(c, p, v, "WADO "+path, as.ask(path, accept, read), instances(c, p, v, s, about))
		}
		retrieve(leadglass.Get, study, multipart, files, ofStudy)
		retrieve(leadglass.Get, study+series, multipart, files, ofSeries)
		retrieve(leadglass.Get, study+series+one, multipart, files, ofOne)
		retrieve(leadglass.Describe, study+"/metadata", "application/dicom+json", metadata, ofStudy)
		retrieve(leadglass.Describe, study+series+"/metadata", "application/dicom+json", metadata, ofSeries)
		retrieve(leadglass.Describe, study+series+one+"/metadata", "application/dicom+json", metadata, ofOne)
		uri := "/wado?requestType=WADO&studyUID=" + string(s.uid) + "&seriesUID=" + string(s.objects[0].series()) + "&objectUID=" + string(s.objects[0].uid())
		retrieve(leadglass.Get, uri+"&contentType=application/dicom", "*/*", file, ofOne)

		look := func(v leadglass.Verb, path, accept string) {
			var rows []string
			if len(instances(c, p, v, s, ofOne)) > 0 {
				rows = []string{"something"}
			}
			w.check(c, p, v, "WADO "+path, as.ask(path, accept, something), rows)
		}
		look(leadglass.View, study+"/thumbnail", "image/jpeg")
		look(leadglass.View, study+series+one+"/rendered", "image/jpeg")
		look(leadglass.View, study+series+one+"/frames/1/rendered", "image/png")
		look(leadglass.Get, study+series+one+"/frames/1", `multipart/related; type="application/octet-stream"`)
		look(leadglass.View, uri, "image/jpeg")
	}
}

// askDIMSE asks on every route of DIMSE, for the purpose that the device is enrolled
// for.
func (w *world) askDIMSE(c *caller, d *asDIMSE) {
	search := func(model dicom.UID, level leadglass.Level, about func(slice) bool, keys ...key) {
		w.check(c, c.own, leadglass.Find, "C-FIND "+string(model)+" "+level.String(), d.search(model, level, keys...), w.rows(c, c.own, level, about))
	}
	for level := leadglass.PatientLevel; level <= leadglass.InstanceLevel; level++ {
		search(dimse.PatientRootFind, level, everything)
		if level > leadglass.PatientLevel {
			search(dimse.StudyRootFind, level, everything)
		}
	}
	for _, s := range w.sample(c, "") {
		study := []key{{dict.StudyInstanceUID, string(s.uid)}}
		series := append(study, key{dict.SeriesInstanceUID, string(s.objects[0].series())})
		one := append(series, key{dict.SOPInstanceUID, string(s.objects[0].uid())})
		ofStudy := func(o slice) bool { return o.study == s.uid }
		ofSeries := func(o slice) bool { return o.series() == s.objects[0].series() }
		search(dimse.StudyRootFind, leadglass.SeriesLevel, ofStudy, study...)
		search(dimse.StudyRootFind, leadglass.InstanceLevel, ofSeries, series...)
		search(dimse.PatientRootFind, leadglass.StudyLevel, func(o slice) bool { return o.patient == s.patient }, key{dict.PatientID, s.patient})
		w.retrieve(c, d, s, leadglass.StudyLevel, ofStudy, study)
		w.retrieve(c, d, s, leadglass.SeriesLevel, ofSeries, series)
		w.retrieve(c, d, s, leadglass.InstanceLevel, func(o slice) bool { return o.uid() == s.objects[0].uid() }, one)
		w.retrieve(c, d, s, leadglass.PatientLevel, everything, nil)
	}
}

// retrieve asks C-GET and C-MOVE for a part of a study, or for all of its patient.
func (w *world) retrieve(c *caller, d *asDIMSE, s *kept, level leadglass.Level, about func(slice) bool, keys []key) {
	of := []*kept{s}
	if level == leadglass.PatientLevel {
		of = w.studies
		about = func(o slice) bool { return o.patient == s.patient }
	}
	rows := func(v leadglass.Verb) (all []string) {
		for _, s := range of {
			all = append(all, instances(c, c.own, v, s, about)...)
		}
		return all
	}
	whole := append([]key{{dict.PatientID, s.patient}}, keys...)
	w.check(c, c.own, leadglass.Get, "C-GET patient root "+level.String(), d.get(dimse.PatientRootGet, level, whole...), rows(leadglass.Get))
	w.check(c, c.own, leadglass.Move, "C-MOVE patient root "+level.String(), d.move(dimse.PatientRootMove, level, whole...), rows(leadglass.Move))
	if level > leadglass.PatientLevel {
		w.check(c, c.own, leadglass.Get, "C-GET study root "+level.String(), d.get(dimse.StudyRootGet, level, keys...), rows(leadglass.Get))
		w.check(c, c.own, leadglass.Move, "C-MOVE study root "+level.String(), d.move(dimse.StudyRootMove, level, keys...), rows(leadglass.Move))
	}
}
