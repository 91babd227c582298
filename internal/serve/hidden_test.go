package serve_test

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
)

// inquiry asks for a study on one route, and says everything that comes back.
type inquiry struct {
	name string
	ask  func(study dicom.UID) string
}

// newInquiries is an archive, and how a person and a device of the north ask it for
// studies of others. Both have nothing else to see.
func newInquiries(t *testing.T, studies ...*kept) (h *house, all []inquiry, done func()) {
	t.Helper()
	is, to := newIssuer(t), new(sink)
	address := dimsetest.Serve(t, to, dimse.Limits{})
	h = start(t, func(c *serve.Config) { c.Issuers = []identity.Issuer{is.config()} })
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	fill(t, h.c.Data, studies)
	h = run(t, h.c)
	person := &asker{name: "eve", kind: leadglass.Person, roles: []leadglass.Role{leadglass.Referrer}, organisation: north}
	token := is.signed(goodHeader, claims(person))
	w := &asWeb{house: h, client: h.client(), purpose: "TREAT", sign: func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }}
	enrolled := h.device("ws", func(e *identity.Enrolment) { e.Organisation = north }, leadglass.Workstation)
	h.device("sink", func(e *identity.Enrolment) { e.Host, e.Port = hostPort(t, address) })
	d := h.connect(enrolled, "WS", to)
	return h, append(onWeb(w), onDIMSE(d)...), func() { d.assoc.Abort(0) }
}

func onWeb(w *asWeb) (all []inquiry) {
	for _, r := range [][2]string{
		{"/studies/S", `multipart/related; type="application/dicom"; transfer-syntax=*`},
		{"/studies/S/series/S.1", `multipart/related; type="application/dicom"; transfer-syntax=*`},
		{"/studies/S/series/S.1/instances/S.1.1", `multipart/related; type="application/dicom"; transfer-syntax=*`},
		{"/studies/S/metadata", "application/dicom+json"},
		{"/studies/S/series/S.1/instances/S.1.1/metadata", "application/dicom+json"},
		{"/studies/S/rendered", "image/jpeg"},
		{"/studies/S/thumbnail", "image/jpeg"},
		{"/studies/S/series/S.1/instances/S.1.1/rendered", "image/jpeg"},
		{"/studies/S/series/S.1/instances/S.1.1/frames/1", `multipart/related; type="application/octet-stream"`},
		{"/studies/S/series/S.1/instances/S.1.1/frames/99", `multipart/related; type="application/octet-stream"`},
		{"/studies/S/series/S.1/instances/S.1.1/bulkdata/7FE00010", `multipart/related; type="application/octet-stream"`},
		{"/studies?StudyInstanceUID=S&includefield=all", "application/dicom+json"},
		{"/studies/S/series", "application/dicom+json"},
		{"/studies/S/instances", "application/dicom+json"},
		{"/studies/S/series/S.1/instances?limit=1&offset=1", "application/dicom+json"},
		{"/wado?requestType=WADO&studyUID=S&seriesUID=S.1&objectUID=S.1.1", "image/jpeg"},
		{"/wado?requestType=WADO&studyUID=S&seriesUID=S.1&objectUID=S.1.1&contentType=application/dicom", "*/*"},
	} {
		all = append(all, inquiry{"GET " + r[0], func(study dicom.UID) string {
			status, header, body, err := w.do(named(r[0], study), r[1])
			header.Del("Date")
			header.Del("X-Request-Id")
			return fmt.Sprint(status, header, string(body), err)
		}})
	}
	return all
}

func onDIMSE(d *asDIMSE) []inquiry {
	study := func(uid dicom.UID) key { return key{dict.StudyInstanceUID, string(uid)} }
	series := func(uid dicom.UID) key { return key{dict.SeriesInstanceUID, string(uid) + ".1"} }
	one := func(uid dicom.UID) key { return key{dict.SOPInstanceUID, string(uid) + ".1.1"} }
	return []inquiry{
		{"C-FIND study", func(uid dicom.UID) string {
			return d.search(dimse.StudyRootFind, leadglass.StudyLevel, study(uid)).String()
		}},
		{"C-FIND series", func(uid dicom.UID) string {
			return d.search(dimse.StudyRootFind, leadglass.SeriesLevel, study(uid)).String()
		}},
		{"C-FIND image", func(uid dicom.UID) string {
			return d.search(dimse.PatientRootFind, leadglass.InstanceLevel, study(uid), series(uid)).String()
		}},
		{"C-GET study", func(uid dicom.UID) string {
			return d.get(dimse.StudyRootGet, leadglass.StudyLevel, study(uid)).String()
		}},
		{"C-GET image", func(uid dicom.UID) string {
			return d.get(dimse.StudyRootGet, leadglass.InstanceLevel, study(uid), series(uid), one(uid)).String()
		}},
		{"C-MOVE study", func(uid dicom.UID) string {
			return d.move(dimse.StudyRootMove, leadglass.StudyLevel, study(uid)).String()
		}},
		{"C-MOVE image", func(uid dicom.UID) string {
			return d.move(dimse.PatientRootMove, leadglass.InstanceLevel, study(uid), series(uid), one(uid)).String()
		}},
	}
}

// named puts a study into a path in the place of S.
func named(path string, study dicom.UID) string {
	return regexp.MustCompile(`\bS\b`).ReplaceAllLiteralString(path, string(study))
}

// hiddenStudy is of another organisation, and has been there all the time.
func hiddenStudy() *kept {
	s := &kept{uid: "1.2.840.99999.7.1", patient: "PLANTED", organisation: south}
	for n := range 3 {
		s.objects = append(s.objects, slice{
			name: "PLANTED^NAME", patient: s.patient, study: s.uid, part: 1, n: n + 1, institution: south, date: "20260101",
			rows: 8, columns: 8, pixels: 64,
		})
	}
	return s
}

// nowhere is a UID as long as that of the hidden study, of nothing.
const nowhere dicom.UID = "1.2.840.99999.7.2"

// TestHidden_IsMissing: whoever may not see a study gets, to the byte, what he gets
// for one that does not exist, and as many records of the same kind are written.
func TestHidden_IsMissing(t *testing.T) {
	hidden := hiddenStudy()
	h, all, done := newInquiries(t, hidden)
	for _, q := range all {
		there, not := q.ask(hidden.uid), q.ask(nowhere)
		if there != not {
			t.Errorf("%s:\nof what is hidden  %q\nof what is missing %q", q.name, there, not)
		}
		if strings.HasPrefix(there, "200") || strings.HasPrefix(there, "odd") || strings.HasPrefix(there, "refused") {
			t.Errorf("%s: %q, which is no answer about nothing", q.name, there)
		}
	}
	done()
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	var kinds []string
	for _, r := range records(t, h.c.Data) {
		if r.Verb != "" {
			kinds = append(kinds, fmt.Sprint(r.Event, r.Type, r.Action, r.Outcome, r.Reason, r.Verb, r.Route, r.Peer.ID, len(r.Refs), r.Subject != ""))
		}
	}
	if len(kinds) != 2*len(all) {
		t.Fatalf("%d records of %d requests", len(kinds), 2*len(all))
	}
	for i, q := range all {
		if kinds[2*i] != kinds[2*i+1] {
			t.Errorf("%s is recorded as %s and as %s", q.name, kinds[2*i], kinds[2*i+1])
		}
	}
	if strings.Contains(h.said.String(), "PLANTED") {
		t.Error("diagnostics have the patient")
	}
}

// TestHidden_TakesAsLong: nor does the time tell. Of pairs of requests, in either
// order, the differences are ranked (Wilcoxon); a mean rank that is off by so much
// comes of chance once in a million.
func TestHidden_TakesAsLong(t *testing.T) {
	hidden := hiddenStudy()
	_, all, _ := newInquiries(t, hidden)
	pairs := 30
	if thorough() {
		pairs = 150
	}
	for _, q := range all {
		if !thorough() && !slices.Contains([]string{"GET /studies/S/series/S.1/instances/S.1.1", "GET /studies/S/series", "C-FIND image"}, q.name) {
			continue
		}
		var difference []float64
		var both [2][]float64
		for range pairs {
			var took [2]float64
			first := rand.IntN(2)
			for _, i := range []int{first, 1 - first} {
				began := time.Now()
				q.ask([]dicom.UID{hidden.uid, nowhere}[i])
				took[i] = time.Since(began).Seconds()
				both[i] = append(both[i], took[i])
			}
			difference = append(difference, took[0]-took[1])
		}
		z := signedRank(difference)
		t.Logf("%-60s hidden %.3f ms, missing %.3f ms, z %+.1f", q.name, 1e3*median(both[0]), 1e3*median(both[1]), z)
		if math.Abs(z) > 4.9 {
			t.Errorf("%s tells by its time: z is %.1f", q.name, z)
		}
	}
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// signedRank is the statistic of Wilcoxon's test in standard deviations.
func signedRank(d []float64) float64 {
	slices.SortFunc(d, func(a, b float64) int { return cmp.Compare(math.Abs(a), math.Abs(b)) })
	sum, n := 0.0, float64(len(d))
	for i, v := range d {
		if v > 0 {
			sum += float64(i + 1)
		}
	}
	return (sum - n*(n+1)/4) / math.Sqrt(n*(n+1)*(2*n+1)/24)
}
