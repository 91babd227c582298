package fleet

import (
	"bytes"
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// dicomweb answers QIDO-RS and WADO-RS (PS3.18 sections 10.4 and 10.6) with the
// same content that C-FIND shows.
type dicomweb struct {
	archive *archive
	base    string
	wado    bool
	most    uint64 // matches in one page; servers differ
}

func newDICOMweb(w *plan.WebService, a *archive) *dicomweb {
	unicoded := *a
	names := *a.names
	names.Coded, names.Charset = names.Utf8, "ISO_IR 192"
	unicoded.names = &names
	d := &dicomweb{archive: &unicoded, base: "/dicom-web", wado: w.WADO, most: []uint64{100, 500, 1 << 40}[a.Number%3]}
	if w.Page == plan.PageDcm4cheArc {
		d.base = "/dcm4chee-arc/aets/DCM4CHEE/rs"
	}
	return d
}

// ServeHTTP answers a request under the base.
func (d *dicomweb) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.URL.Path, d.base), "/"), "/")
	id := &dicom.Dataset{}
	resource := parts[len(parts)-1]
	for i, name := range parts[:len(parts)-1] {
		switch tag := map[string]dicom.Tag{"studies": dict.StudyInstanceUID, "series": dict.SeriesInstanceUID, "instances": dict.SOPInstanceUID}[name]; {
		case i%2 == 0 && tag != 0:
			id.SetString(tag, parts[i+1])
		case i%2 == 0:
			http.NotFound(w, r)
			return
		}
	}
	levels := map[string]string{"studies": "STUDY", "series": "SERIES", "instances": "IMAGE"}
	switch at, ok := levels[resource]; {
	case ok && len(parts)%2 == 1:
		id.SetString(dict.QueryRetrieveLevel, at)
		d.search(w, r, id)
	case !d.wado:
		w.Header().Set("WWW-Authenticate", `Bearer realm="dcm4che"`)
		http.Error(w, "401 Unauthorized", http.StatusUnauthorized)
	default:
		id.SetString(dict.QueryRetrieveLevel, "IMAGE")
		d.retrieve(w, r, id)
	}
}

// returned are the attributes that a search returns unasked (PS3.18 tables
// 10.6.3-3 to 10.6.3-5).
func returned(level string) []dicom.Tag {
	study := []dicom.Tag{
		dict.StudyDate, dict.StudyTime, dict.AccessionNumber, dict.InstanceAvailability, dict.ModalitiesInStudy,
		dict.ReferringPhysicianName, dict.PatientName, dict.PatientID, dict.PatientBirthDate, dict.PatientSex,
		dict.StudyInstanceUID, dict.StudyID, dict.NumberOfStudyRelatedSeries, dict.NumberOfStudyRelatedInstances,
	}
	series := []dicom.Tag{
		dict.Modality, dict.SeriesDescription, dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SeriesNumber,
		dict.NumberOfSeriesRelatedInstances,
	}
	switch level {
	case "STUDY":
		return study
	case "SERIES":
		return series
	}
	return []dicom.Tag{dict.SOPClassUID, dict.SOPInstanceUID, dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.InstanceNumber}
}

// search answers QIDO-RS.
func (d *dicomweb) search(w http.ResponseWriter, r *http.Request, id *dicom.Dataset) {
	params := r.URL.Query()
	limit, offset, err := pageOf(params)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, tag := range returned(id.String(dict.QueryRetrieveLevel)) {
		if id.Get(tag) == nil {
			id.SetString(tag)
		}
	}
	for name, values := range params {
		if tag, ok := tagOf(name); ok {
			id.SetString(tag, values[0])
		}
	}
	for _, field := range params["includefield"] {
		for one := range strings.SplitSeq(field, ",") {
			if tag, ok := tagOf(one); ok && id.Get(tag) == nil {
				id.SetString(tag)
			}
		}
	}
	q, ok := newQuery(d.archive, id, dicom.ExplicitVRLittleEndian)
	if !ok {
		http.Error(w, "the query cannot be understood", http.StatusBadRequest)
		return
	}
	d.write(w, q, min(limit, d.most), offset)
}

// pageOf reads limit and offset.
func pageOf(params url.Values) (limit, offset uint64, err error) {
	limit = 1 << 40
	if v := params.Get("limit"); v != "" {
		limit, err = strconv.ParseUint(v, 10, 40)
	}
	if v := params.Get("offset"); v != "" && err == nil {
		offset, err = strconv.ParseUint(v, 10, 40)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("limit and offset are whole numbers")
	}
	return limit, offset, nil
}

// tagOf reads an attribute by its tag or keyword.
func tagOf(name string) (dicom.Tag, bool) {
	if n, err := strconv.ParseUint(name, 16, 32); err == nil && len(name) == 8 {
		return dicom.Tag(n), true
	}
	if name == "" || !unicode.IsUpper(rune(name[0])) {
		return 0, false
	}
	e, ok := dict.ByKeyword(name)
	return dicom.Tag(e.Tag), ok
}

// write streams the matches of one page.
func (d *dicomweb) write(w http.ResponseWriter, q *query, limit, offset uint64) {
	offset -= q.skip(offset)
	var out bytes.Buffer
	out.WriteByte('[')
	n, more := uint64(0), false
	for r := range q.each() {
		if offset > 0 {
			offset--
			continue
		}
		if n == limit {
			more = true
			break
		}
		if n++; n > 1 {
			out.WriteByte(',')
		}
		q.json(&out, r)
	}
	out.WriteString("]\n")
	if n == 0 && d.archive.Number%2 == 0 {
		w.WriteHeader(http.StatusNoContent) // PS3.18 table 10.6.3-2; the others send an empty list
		return
	}
	if more {
		w.Header().Set("Warning", fmt.Sprintf(`299 %s: "There are additional results that can be requested"`, d.base))
	}
	w.Header().Set("Content-Type", "application/dicom+json")
	_, _ = w.Write(out.Bytes())
}

// skip leaves out the first n answers where that needs no looking at them, and
// says how many it left out.
func (q *query) skip(n uint64) uint64 {
	if q.level != studyLevel || q.only != nil || q.patient != nil || q.born != nil || len(q.matches) > 0 || q.none {
		return 0
	}
	n = min(n, q.studies.to-q.studies.from)
	q.studies.from += n
	return n
}

// json appends an answer in the DICOM JSON model (PS3.18 annex F).
func (q *query) json(out *bytes.Buffer, r *row) {
	out.WriteByte('{')
	for i := range q.columns {
		c := &q.columns[i]
		if i > 0 {
			out.WriteByte(',')
		}
		fmt.Fprintf(out, `"%08X":{"vr":"%c%c"`, uint32(c.tag), byte(c.vr>>8), byte(c.vr))
		if c.write != nil {
			c.json(out, c.write(nil, r))
		}
		out.WriteByte('}')
	}
	out.WriteByte('}')
}

func (c *column) json(out *bytes.Buffer, value []byte) {
	if len(value) == 0 {
		return
	}
	var v any = string(value)
	switch c.vr {
	case dicom.PN:
		name := map[string]string{}
		groups := strings.Split(string(value), "=")
		for i, key := range []string{"Alphabetic", "Ideographic", "Phonetic"} {
			if i < len(groups) {
				name[key] = groups[i]
			}
		}
		v = name
	case dicom.IS:
		v = json.RawMessage(value)
	}
	text, err := json.Marshal([]any{v})
	if err != nil {
		return
	}
	out.WriteString(`,"Value":`)
	out.Write(text)
}

// retrieve answers WADO-RS with the objects as files in a multipart body.
func (d *dicomweb) retrieve(w http.ResponseWriter, r *http.Request, id *dicom.Dataset) {
	q, ok := newQuery(d.archive, id, dicom.ExplicitVRLittleEndian)
	if !ok || q.only == nil {
		http.Error(w, "the request names no study", http.StatusBadRequest)
		return
	}
	var parts *multipart.Writer
	for row := range q.each() {
		if parts == nil {
			parts = multipart.NewWriter(w)
			w.Header().Set("Content-Type", `multipart/related; type="application/dicom"; boundary=`+parts.Boundary())
		}
		if r.Context().Err() != nil || d.part(parts, row) != nil {
			return
		}
	}
	if parts == nil {
		http.NotFound(w, r)
		return
	}
	_ = parts.Close()
}

func (d *dicomweb) part(parts *multipart.Writer, r *row) error {
	data, err := d.archive.image(r)
	if err != nil {
		return err
	}
	object, err := dicom.DecodeBytes(data, dicom.ExplicitVRLittleEndian, dicom.Options{})
	if err != nil {
		return fmt.Errorf("fleet: reading our own object: %w", err)
	}
	part, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/dicom"}})
	if err != nil {
		return err
	}
	return dicom.Write(part, &dicom.File{Dataset: object, TransferSyntax: dicom.ExplicitVRLittleEndian})
}
