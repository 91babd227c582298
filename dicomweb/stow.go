package dicomweb

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// The reasons for not storing an instance (PS3.18 table I.2-2), and for warning of
// one that is stored (table I.2-1).
const (
	FailureProcessing     uint16 = 0x0110 // anything else
	FailureOutOfResources uint16 = 0xA700
	FailureMismatch       uint16 = 0xA900 // the data set is not of the SOP class, or not of the study
	FailureNotUnderstood  uint16 = 0xC000
	FailureSyntax         uint16 = 0xC122 // the transfer syntax is not taken
	FailureRefused        uint16 = 0x0124 // the peer may not
	FailureClass          uint16 = 0x0122 // the SOP class is not taken

	WarningCoerced  uint16 = 0xB000
	WarningMismatch uint16 = 0xB007 // the data set is not of the SOP class
)

// store answers STOW-RS (PS3.18 section 10.5).
func (x *exchange) store() error {
	s, ok := x.backend.(Storer)
	if !ok {
		return notImplemented()
	}
	if err := x.acceptJSON(); err != nil {
		return err
	}
	of, boundary, err := storedForm(x.r)
	if err != nil {
		return err
	}
	in, err := s.Store(x.ctx, x.target.res.Study)
	if err != nil {
		return err
	}
	st := &storing{x: x, in: in}
	x.r.Body = http.MaxBytesReader(x.w, x.r.Body, x.lim.BodyBytes)
	err = st.read(of, boundary)
	if end := in.End(x.ctx); end != nil { // nothing is acknowledged that is not recorded
		return end
	}
	if err != nil && len(st.stored) == 0 {
		return unreadable(err)
	}
	x.report(err)
	return st.answer(err != nil)
}

// storedForm returns the media type of the parts, or of the body where boundary
// is empty.
func storedForm(r *http.Request) (of, boundary string, err error) {
	unsupported := &Problem{HTTP: http.StatusUnsupportedMediaType, Detail: "instances are stored as application/dicom or application/dicom+json, in multipart/related"}
	m, ok := parseRange(r.Header.Get("Content-Type"))
	if !ok {
		return "", "", unsupported
	}
	of = m.kind
	if m.kind == "multipart/related" {
		of, boundary = strings.ToLower(m.params["type"]), m.params["boundary"]
		if boundary == "" {
			return "", "", &Problem{HTTP: http.StatusBadRequest, Detail: "multipart/related without a boundary"}
		}
		if of == "" {
			of = typeDICOM
		}
	}
	if enc := r.Header.Get("Content-Encoding"); enc != "" && enc != "identity" {
		return "", "", &Problem{HTTP: http.StatusUnsupportedMediaType, Detail: "no content coding is taken"}
	}
	if of != typeDICOM && of != typeJSON {
		return "", "", unsupported
	}
	return of, boundary, nil
}

// unreadable is what a peer is told of a body that could not be read.
func unreadable(err error) error {
	var p *Problem
	var limit *LimitError
	var long *http.MaxBytesError
	switch {
	case errors.As(err, &p), errors.As(err, &limit), errors.As(err, &long):
		return err
	}
	return &Problem{HTTP: http.StatusBadRequest, Detail: "the body is no multipart message, or ends too early", Err: err}
}

// storing is one request under way.
type storing struct {
	x      *exchange
	in     Intake
	stored []*Stored
	failed []failure
	status int // of the worst failure
}

// failure is an instance that was not stored, as far as it is known.
type failure struct {
	class, instance dicom.UID
	reason          uint16
}

func (s *storing) read(of, boundary string) error {
	body := newIncoming(s.x)
	switch {
	case of == typeJSON:
		return s.json(body, boundary)
	case boundary == "":
		return s.put(body)
	}
	_, err := readParts(body, boundary, s.x.lim, func(p *Part) error {
		if p.ContentType != typeDICOM {
			return &Problem{HTTP: http.StatusUnsupportedMediaType, Detail: "a part is not of the type that was announced"}
		}
		return s.put(p)
	})
	return err
}

// put stores one instance and remembers what became of it. It fails only where
// nothing that follows can be read.
func (s *storing) put(r io.Reader) error {
	h := &headReader{r: r}
	st, err := s.in.Put(s.x.ctx, h)
	if h.err != nil && h.err != io.EOF {
		return h.err
	}
	if err == nil {
		s.stored = append(s.stored, st)
		return nil
	}
	s.fail(h, err)
	return s.x.ctx.Err()
}

func (s *storing) fail(h *headReader, err error) {
	var p *Problem
	if !errors.As(err, &p) {
		p = &Problem{HTTP: http.StatusInternalServerError, Failure: FailureProcessing}
		s.x.report(err)
	}
	f := failure{reason: p.Failure}
	if f.reason == 0 {
		f.reason = FailureProcessing
	}
	f.class, f.instance = h.names()
	s.failed = append(s.failed, f)
	s.status = max(s.status, p.HTTP)
}

// answer is the Store Instances Response Module (PS3.18 section I.2) with the
// status of table 10.5.3-1.
func (s *storing) answer(cut bool) error {
	d := &dicom.Dataset{}
	if study := s.x.target.res.Study; study != "" {
		d.SetString(dict.RetrieveURL, s.x.base+"/studies/"+string(study))
	} else if len(s.stored) > 0 {
		d.SetString(dict.RetrieveURL, s.x.base+"/studies/"+string(s.stored[0].Resource.Study))
	}
	warned := false
	var items []*dicom.Dataset
	for _, st := range s.stored {
		items = append(items, s.item(st))
		warned = warned || st.Warning != 0
	}
	if len(items) > 0 {
		d.SetSequence(dict.ReferencedSOPSequence, items...)
	}
	items = nil
	for _, f := range s.failed {
		items = append(items, f.item())
	}
	if len(items) > 0 {
		d.SetSequence(dict.FailedSOPSequence, items...)
	}
	body := dicom.AppendJSON(nil, d, dicom.JSONOptions{})
	h := s.x.w.Header()
	h.Set("Content-Type", typeJSON)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	out := s.x.out()
	out.touch()
	s.x.w.WriteHeader(s.code(warned || cut))
	out.Write(body)
	return nil
}

// code is the status: 200 all stored, 202 some or with warnings, else the worst
// of the failures, and 409 where they are conflicts.
func (s *storing) code(warned bool) int {
	switch {
	case len(s.stored) > 0 && (len(s.failed) > 0 || warned):
		return http.StatusAccepted
	case len(s.stored) > 0:
		return http.StatusOK
	case len(s.failed) > 0:
		return s.status
	}
	return http.StatusBadRequest // a message without parts
}

func (s *storing) item(st *Stored) *dicom.Dataset {
	item := &dicom.Dataset{}
	item.SetString(dict.ReferencedSOPClassUID, string(st.Class))
	item.SetString(dict.ReferencedSOPInstanceUID, string(st.Resource.Instance))
	if path, err := st.Resource.path(); err == nil {
		item.SetString(dict.RetrieveURL, s.x.base+path)
	}
	if st.Warning != 0 {
		item.SetUint16(dict.WarningReason, st.Warning)
	}
	return item
}

func (f failure) item() *dicom.Dataset {
	item := &dicom.Dataset{}
	if f.class.Valid() {
		item.SetString(dict.ReferencedSOPClassUID, string(f.class))
	}
	if f.instance.Valid() {
		item.SetString(dict.ReferencedSOPInstanceUID, string(f.instance))
	}
	item.SetUint16(dict.FailureReason, f.reason)
	return item
}

// headReader keeps the beginning of an instance, which tells of a failed one
// what it was.
type headReader struct {
	r    io.Reader
	head []byte
	err  error
}

// headBytes has the file meta information, which is of a few hundred.
const headBytes = 2 << 10

func (h *headReader) Read(b []byte) (int, error) {
	n, err := h.r.Read(b)
	if left := headBytes - len(h.head); left > 0 {
		h.head = append(h.head, b[:min(n, left)]...)
	}
	if err != nil {
		h.err = err
	}
	return n, err
}

// names returns what the file meta information says.
func (h *headReader) names() (class, instance dicom.UID) {
	f, _, err := dicom.Open(bytes.NewReader(h.head), dicom.Options{})
	if err != nil {
		return "", ""
	}
	return f.Meta.UID(dict.MediaStorageSOPClassUID), f.Meta.UID(dict.MediaStorageSOPInstanceUID)
}

// incoming is the body of a request. It moves the deadline for reading as long
// as the peer sends.
type incoming struct {
	r     io.Reader
	rc    *http.ResponseController
	idle  time.Duration
	moved time.Time
}

func newIncoming(x *exchange) *incoming {
	return &incoming{r: x.r.Body, rc: http.NewResponseController(x.w), idle: x.lim.Idle}
}

func (i *incoming) Read(b []byte) (int, error) {
	if now := time.Now(); i.idle < forever && now.Sub(i.moved) > i.idle/8 {
		i.moved = now
		i.rc.SetReadDeadline(now.Add(i.idle)) // a recorder of a test has none
	}
	n, err := i.r.Read(b)
	if err != nil {
		i.rc.SetReadDeadline(time.Time{}) // one that passed would look as if the peer were gone
	}
	return n, err
}
