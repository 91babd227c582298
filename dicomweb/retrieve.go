package dicomweb

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"

	"github.com/leadglass/leadglass/dicom"
)

const (
	typeDICOM  = "application/dicom"
	typeJSON   = "application/dicom+json"
	typeOctets = "application/octet-stream"
)

// begin starts a retrieve and returns what is retrieved. The list is short
// beside the objects: a hundred bytes for each.
func (x *exchange) begin(rt Retrieval) (Transfer, []*Object, error) {
	b, ok := x.backend.(Retriever)
	if !ok {
		return nil, nil, notImplemented()
	}
	t, err := b.Retrieve(x.ctx, rt)
	if err != nil {
		return nil, nil, err
	}
	var list []*Object
	for o, err := range t.Objects(x.ctx) {
		if err == nil && len(list) >= x.lim.Parts {
			err = &LimitError{"parts", int64(x.lim.Parts)}
		}
		if err != nil {
			x.end(t)
			return nil, nil, err
		}
		list = append(list, o)
	}
	if len(list) == 0 {
		x.end(t)
		return nil, nil, &Problem{HTTP: http.StatusNotFound}
	}
	return t, list, nil
}

func (x *exchange) end(t Transfer) { x.report(t.End(x.ctx)) }

// form is the form that objects are wanted in.
type form struct {
	single   bool // one object that is no part of a multipart message
	syntaxes syntaxes
}

// objectForm reads what is accepted of objects (PS3.18 section 8.7.3).
func objectForm(ranges []mediaRange, instance bool) (form, bool) {
	var f form
	for _, m := range ranges {
		switch {
		case m.parts(typeDICOM):
			f.syntaxes.add(m)
		case instance && m.covers(typeDICOM):
			f.single = f.single || f.syntaxes.none()
			f.syntaxes.add(m)
		}
	}
	return f, !f.syntaxes.none()
}

// syntax returns the transfer syntax in which an object is answered, "" for
// none. As it is stored goes before all others: nothing is lost and it is
// fastest.
func (f form) syntax(o *Object) dicom.UID {
	if f.syntaxes.has(o.Syntax) {
		return o.Syntax
	}
	if explicit := dicom.ExplicitVRLittleEndian.UID; f.syntaxes.has(explicit) && !dicom.SyntaxOf(o.Syntax).Encapsulated {
		return explicit
	}
	return ""
}

// objects answers a retrieve of whole instances (PS3.18 section 10.4.1.1.1).
func (x *exchange) objects() error {
	ranges, p := accepts(x.r, x.query)
	if p != nil {
		return p
	}
	f, ok := objectForm(ranges, x.target.res.Instance != "")
	if !ok {
		return &Problem{HTTP: http.StatusNotAcceptable, Detail: "objects are application/dicom, by themselves or in multipart/related"}
	}
	t, list, err := x.begin(Retrieval{Resource: x.target.res, Want: WantObjects})
	if err != nil {
		return err
	}
	defer x.end(t)
	send, err := x.acceptable(f, list)
	if err != nil {
		return err
	}
	if f.single {
		return x.one(t, send[0], f)
	}
	return x.multipart(t, send, len(send) < len(list), f)
}

// acceptable leaves out what cannot be had in an acceptable transfer syntax
// (PS3.18 section 8.7.3.5.2).
func (x *exchange) acceptable(f form, list []*Object) ([]*Object, error) {
	var send []*Object
	for _, o := range list {
		if f.syntax(o) != "" {
			send = append(send, o)
		}
	}
	if len(send) == 0 {
		return nil, &Problem{HTTP: http.StatusNotAcceptable, Detail: "no instance can be had in a transfer syntax that is accepted; transfer-syntax=* gives them as they are stored"}
	}
	return send, nil
}

// one answers with an object by itself.
func (x *exchange) one(t Transfer, o *Object, f form) error {
	return x.whole(t, o, f.syntax(o), "application/dicom; transfer-syntax="+string(f.syntax(o)))
}

// whole answers with an object as the body.
func (x *exchange) whole(t Transfer, o *Object, syntax dicom.UID, contentType string) error {
	s, err := x.open(o, syntax)
	if err != nil {
		t.Failed(o, 0)
		return err
	}
	defer s.Close()
	x.w.Header().Set("Content-Type", contentType)
	x.w.Header().Set("Content-Length", strconv.FormatInt(s.size, 10))
	if x.head() {
		t.Failed(o, 0)
		return nil
	}
	w := x.out()
	if err := w.copyN(s, s.size); err != nil {
		t.Failed(o, w.n)
		x.broken(err)
	}
	t.Sent(o, w.n)
	return nil
}

// broken ends an answer whose header has gone. The peer must not take it for
// whole: where its length was announced net/http closes the connection, and
// where it was not, this is the way to have it closed.
func (x *exchange) broken(err error) {
	var gone *goneError
	if !errors.As(err, &gone) {
		x.report(err)
	}
	panic(http.ErrAbortHandler)
}

// stream is an object in the transfer syntax in which it is answered.
type stream struct {
	io.Reader
	io.Closer
	size int64
}

// open opens an object. One that changes its transfer syntax is held in memory.
func (x *exchange) open(o *Object, syntax dicom.UID) (*stream, error) {
	c, err := o.Open(x.ctx)
	if err != nil {
		return nil, err
	}
	if syntax == o.Syntax {
		return &stream{c, c, o.Size}, nil
	}
	defer c.Close()
	if o.Size > x.lim.ObjectBytes {
		return nil, &Problem{HTTP: http.StatusNotAcceptable, Detail: "the instance is too long to change its transfer syntax"}
	}
	file, err := dicom.Read(c, dicom.Options{Limits: dicom.Limits{
		ElementBytes: x.lim.ObjectBytes, DatasetBytes: x.lim.ObjectBytes, InflatedBytes: x.lim.ObjectBytes,
	}})
	if err != nil {
		return nil, wrap("reading a stored instance", err)
	}
	file.TransferSyntax = dicom.SyntaxOf(syntax)
	var b bytes.Buffer
	if err := dicom.Write(&b, file); err != nil {
		return nil, wrap("changing a transfer syntax", err)
	}
	return &stream{&b, http.NoBody, int64(b.Len())}, nil
}

// multipart answers with each object as a part (PS3.18 section 8.6.1.2). Where
// all are sent as they are stored the length is known ahead, which spares
// chunks and tells the peer an end that comes too early.
func (x *exchange) multipart(t Transfer, list []*Object, partial bool, f form) error {
	m := newMultipart(x.out())
	head := x.w.Header()
	head.Set("Content-Type", m.contentType(typeDICOM))
	if size, known := m.length(list, f, x.base); known {
		head.Set("Content-Length", strconv.FormatInt(size, 10))
	}
	if partial {
		x.warn("Instances were left out that cannot be had in a transfer syntax that is accepted")
	}
	first, err := x.open(list[0], f.syntax(list[0])) // while the status can still say so
	if err != nil {
		t.Failed(list[0], 0)
		head.Del("Content-Length")
		return err
	}
	if partial {
		x.w.WriteHeader(http.StatusPartialContent)
	}
	if x.head() {
		first.Close()
		t.Failed(list[0], 0)
		return nil
	}
	for i, o := range list {
		s := first
		if i > 0 {
			if s, err = x.open(o, f.syntax(o)); err != nil {
				t.Failed(o, 0)
				x.broken(err)
			}
		}
		before := m.w.n
		if err := m.object(s, partHead(o, f, x.base)); err != nil {
			t.Failed(o, m.w.n-before)
			x.broken(err)
		}
		t.Sent(o, m.w.n-before)
	}
	m.close()
	return nil
}

// partHead are the header fields of an object as a part.
func partHead(o *Object, f form, base string) string {
	path, _ := o.Resource.path()
	return "Content-Type: application/dicom; transfer-syntax=" + string(f.syntax(o)) + "\r\nContent-Location: " + base + path + "\r\n"
}

// multipartWriter writes a message of RFC 2046 section 5.1.
type multipartWriter struct {
	w        *out
	boundary string
}

// newMultipart chooses a boundary that no object has in it but by a chance of
// one to 2^128.
func newMultipart(w *out) *multipartWriter {
	var b [16]byte
	rand.Read(b[:]) // never fails, crypto/rand
	return &multipartWriter{w, hex.EncodeToString(b[:])}
}

func (m *multipartWriter) contentType(of string) string {
	return `multipart/related; type="` + of + `"; boundary=` + m.boundary
}

func (m *multipartWriter) begin(head string) string {
	return "--" + m.boundary + "\r\n" + head + "\r\n"
}

func (m *multipartWriter) last() string { return "--" + m.boundary + "--\r\n" }

// object writes one part and closes it.
func (m *multipartWriter) object(s *stream, head string) error {
	defer s.Close()
	if _, err := io.WriteString(m.w, m.begin(head)); err != nil {
		return &goneError{err}
	}
	if err := m.w.copyN(s, s.size); err != nil {
		return err
	}
	if _, err := io.WriteString(m.w, "\r\n"); err != nil {
		return &goneError{err}
	}
	return nil
}

func (m *multipartWriter) close() { io.WriteString(m.w, m.last()) }

// length returns how long the message will be; known is false where an object
// changes its transfer syntax.
func (m *multipartWriter) length(list []*Object, f form, base string) (n int64, known bool) {
	for _, o := range list {
		if f.syntax(o) != o.Syntax {
			return 0, false
		}
		n += int64(len(m.begin(partHead(o, f, base)))) + o.Size + 2
	}
	return n + int64(len(m.last())), true
}
