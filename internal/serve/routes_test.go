package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// answer is what came of a request, in a form in which routes can be compared: a
// reason, or rows.
type answer struct {
	refused leadglass.Reason
	rows    []string
	odd     string // what is none of both
}

func (a answer) String() string {
	switch {
	case a.odd != "":
		return "odd: " + a.odd
	case a.refused != "":
		return "refused: " + string(a.refused)
	}
	return fmt.Sprintf("%d rows: %s", len(a.rows), strings.Join(a.rows, " "))
}

// row is a match of a level as text, of what it says and how much it counts.
func row(level leadglass.Level, get func(dicom.Tag) []string) string {
	tags := map[leadglass.Level][]dicom.Tag{
		leadglass.PatientLevel: {dict.PatientID, dict.NumberOfPatientRelatedStudies, dict.NumberOfPatientRelatedSeries, dict.NumberOfPatientRelatedInstances},
		leadglass.StudyLevel: {dict.StudyInstanceUID, dict.PatientID, dict.ModalitiesInStudy, dict.NumberOfStudyRelatedSeries, dict.NumberOfStudyRelatedInstances,
			dict.NumberOfPatientRelatedStudies, dict.NumberOfPatientRelatedSeries, dict.NumberOfPatientRelatedInstances},
		leadglass.SeriesLevel:   {dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.Modality, dict.NumberOfSeriesRelatedInstances},
		leadglass.InstanceLevel: {dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID},
	}[level]
	var all []string
	for _, tag := range tags {
		values := slices.Clone(get(tag))
		slices.Sort(values)
		all = append(all, strings.Join(values, ","))
	}
	return strings.Join(all, "|")
}

// asWeb is a caller of the web.
type asWeb struct {
	house   *house
	client  *http.Client
	sign    func(*http.Request) // shows who it is
	purpose leadglass.Purpose   // of the header, empty for none
}

// do asks, and reads the whole answer.
func (w *asWeb) do(path string, accept string) (int, http.Header, []byte, error) {
	rq, err := http.NewRequest(http.MethodGet, "https://"+w.house.web+"/dicom-web"+path, nil)
	if err != nil {
		return 0, nil, nil, err
	}
	if w.sign != nil {
		w.sign(rq)
	}
	if w.purpose != "" {
		rq.Header.Set("Purpose-Of-Use", string(w.purpose))
	}
	rq.Header.Set("Accept", accept)
	rs, err := w.client.Do(rq)
	if err != nil {
		return 0, nil, nil, err
	}
	defer rs.Body.Close()
	body, err := io.ReadAll(rs.Body)
	return rs.StatusCode, rs.Header, body, err
}

// ask asks and hands a good answer to read; what is not there is no rows.
func (w *asWeb) ask(path, accept string, read func(http.Header, []byte) ([]string, error)) answer {
	status, header, body, err := w.do(path, accept)
	if err != nil {
		return answer{odd: err.Error()}
	}
	switch status {
	case http.StatusOK:
		rows, err := read(header, body)
		if err != nil {
			return answer{odd: err.Error()}
		}
		slices.Sort(rows)
		return answer{rows: rows}
	case http.StatusNoContent, http.StatusNotFound:
		return answer{}
	case http.StatusUnauthorized, http.StatusForbidden:
		var p struct{ Detail leadglass.Reason }
		if json.Unmarshal(body, &p) == nil && p.Detail != "" {
			return answer{refused: p.Detail}
		}
	}
	return answer{odd: fmt.Sprintf("%d %s", status, body)}
}

// search asks QIDO-RS.
func (w *asWeb) search(level leadglass.Level, path string) answer {
	return w.ask(path, "application/dicom+json", func(_ http.Header, body []byte) (rows []string, err error) {
		found, err := fromJSON(body)
		for _, get := range found {
			rows = append(rows, row(level, get))
		}
		return rows, err
	})
}

// fromJSON are data sets as functions that get a value.
func fromJSON(body []byte) (all []func(dicom.Tag) []string, err error) {
	var found []map[string]struct{ Value []any }
	err = json.Unmarshal(body, &found)
	for _, m := range found {
		all = append(all, func(tag dicom.Tag) (values []string) {
			for _, v := range m[fmt.Sprintf("%08X", uint32(tag))].Value {
				values = append(values, fmt.Sprint(v))
			}
			return values
		})
	}
	return all, err
}

// metadata are the instances that metadata are of.
func metadata(_ http.Header, body []byte) (rows []string, err error) {
	found, err := fromJSON(body)
	for _, get := range found {
		rows = append(rows, get(dict.SOPInstanceUID)...)
	}
	return rows, err
}

// parts are those of a multipart body.
func parts(header http.Header, body []byte) (all [][]byte, err error) {
	_, parameters, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return nil, err
	}
	for r := multipart.NewReader(bytes.NewReader(body), parameters["boundary"]); ; {
		p, err := r.NextPart()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		one, err := io.ReadAll(p)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
}

// files are the instances of a multipart body of files.
func files(header http.Header, body []byte) (rows []string, err error) {
	all, err := parts(header, body)
	for _, one := range all {
		got, err := file(header, one)
		if err != nil {
			return nil, err
		}
		rows = append(rows, got...)
	}
	return rows, err
}

func file(_ http.Header, body []byte) ([]string, error) {
	f, err := dicom.Read(bytes.NewReader(body), dicom.Options{})
	if err != nil {
		return nil, err
	}
	return []string{f.Dataset.String(dict.SOPInstanceUID)}, nil
}

// something is of an answer whose content does not name what it is of.
func something(_ http.Header, body []byte) ([]string, error) { return []string{"something"}, nil }

// asDIMSE is a caller of DIMSE. Its methods are not called at the same time.
type asDIMSE struct {
	client *dimse.Client
	assoc  *ul.Assoc
	sink   *sink
	got    []string
}

// connect makes an association that asks for relational queries and retrievals.
func (h *house) connect(t *tls.Config, title ul.AETitle, to *sink) *asDIMSE {
	h.t.Helper()
	rq := ask(title)
	for _, c := range rq.Contexts {
		if c.AbstractSyntax != ctImage && c.AbstractSyntax != dimse.Verification && c.AbstractSyntax != dimse.StorageCommitment {
			rq.User.Extended = append(rq.User.Extended, ul.ExtendedNegotiation{SOPClass: c.AbstractSyntax, Info: []byte{1}})
		}
	}
	a, err := ul.Dial(context.Background(), h.dimse, rq, &ul.Config{TLS: t})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { a.Abort(0) })
	d := &asDIMSE{client: dimse.NewClient(a, dimse.Limits{}), assoc: a, sink: to}
	d.client.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		_, _ = io.Copy(io.Discard, rq.Data)
		d.got = append(d.got, string(rq.SOPInstance))
		return dimse.Success
	}
	return d
}

// key is of an identifier.
type key struct {
	tag   dicom.Tag
	value string
}

func identifier(level leadglass.Level, keys []key) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(dict.QueryRetrieveLevel, level.String())
	for _, k := range keys {
		d.SetString(k.tag, k.value)
	}
	return d
}

// search asks C-FIND.
func (d *asDIMSE) search(model dicom.UID, level leadglass.Level, keys ...key) answer {
	id := identifier(level, keys)
	row(level, func(tag dicom.Tag) []string { // all of a row is asked for
		if id.Get(tag) == nil {
			id.SetString(tag, "")
		}
		return nil
	})
	var rows []string
	rsp, err := d.client.Find(context.Background(), &dimse.Query{Model: model, Identifier: id}, func(b []byte, ts *dicom.TransferSyntax) error {
		found, err := dicom.DecodeBytes(b, ts, dicom.Options{})
		if err == nil {
			rows = append(rows, row(level, found.Strings))
		}
		return err
	})
	return outcome(rsp, err, rows)
}

// get asks C-GET.
func (d *asDIMSE) get(model dicom.UID, level leadglass.Level, keys ...key) answer {
	d.got = nil
	rsp, err := d.client.Get(context.Background(), &dimse.Query{Model: model, Identifier: identifier(level, keys)}, nil)
	return outcome(rsp, err, d.got)
}

// move asks C-MOVE, to the sink.
func (d *asDIMSE) move(model dicom.UID, level leadglass.Level, keys ...key) answer {
	d.sink.one.Lock()
	defer d.sink.one.Unlock()
	rsp, err := d.client.Move(context.Background(), &dimse.Query{Model: model, Identifier: identifier(level, keys), Destination: "SINK"}, nil)
	return outcome(rsp, err, d.sink.take())
}

func outcome(rsp *dimse.Response, err error, rows []string) answer {
	switch {
	case err != nil:
		return answer{odd: err.Error()}
	case rsp.Status == dimse.NotAuthorised && len(rows) == 0:
		return answer{refused: leadglass.Reason(rsp.Comment)}
	case rsp.Status != dimse.Success || rsp.Comment != "":
		return answer{odd: fmt.Sprintf("%v %q", rsp.Status, rsp.Comment)}
	}
	slices.Sort(rows)
	return answer{rows: rows}
}

// sink is the destination of C-MOVE.
type sink struct {
	one sync.Mutex // held by who moves

	mu  sync.Mutex // covers got
	got []string
}

func (s *sink) Echo(context.Context) dimse.Status { return dimse.Success }

func (s *sink) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	_, _ = io.Copy(io.Discard, rq.Data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got = append(s.got, string(rq.SOPInstance))
	return dimse.Success
}

func (s *sink) take() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}
