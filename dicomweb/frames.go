package dicomweb

import (
	"bytes"
	"net/http"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// frameType is the media type of a frame in a transfer syntax (PS3.18 table
// 8.7.3-5).
func frameType(syntax dicom.UID) string {
	last, ok := strings.CutPrefix(string(syntax), "1.2.840.10008.1.2.")
	if !ok {
		return typeOctets
	}
	for prefix, mediaType := range map[string]string{
		"4.5": "image/jpeg", "4.70": "image/jpeg", "4.8": "image/jls", "5": "image/dicom-rle",
		"4.90": "image/jp2", "4.91": "image/jp2", "4.92": "image/jpx", "4.93": "image/jpx",
		"4.20": "image/jphc", "4.11": "image/jxl",
	} {
		if strings.HasPrefix(last, prefix) {
			return mediaType
		}
	}
	return typeOctets
}

// frameForm is the form that bulk data are wanted in.
type frameForm struct {
	single    bool
	mediaType string
	syntax    dicom.UID
}

// frameFormOf reads what is accepted of the pixel data of an object; ok is false
// where nothing of it can be had. Uncompressed frames are the same bytes in every
// native transfer syntax, and are called Explicit VR Little Endian.
func frameFormOf(ranges []mediaRange, syntax dicom.UID) (f frameForm, ok bool) {
	native := !dicom.SyntaxOf(syntax).Encapsulated
	if native {
		syntax = dicom.ExplicitVRLittleEndian.UID
	}
	own := frameType(syntax)
	for _, m := range ranges {
		var s syntaxes
		s.add(m)
		for _, t := range []string{own, typeOctets} {
			single := !m.parts(t)
			if single && (!m.covers(t) || m.kind == "multipart/related") {
				continue
			}
			// An image type names its encoding well enough.
			if named := t != typeOctets && m.params["transfer-syntax"] == ""; named || s.has(syntax) {
				return frameForm{single, t, syntax}, true
			}
		}
	}
	return f, false
}

func notInThisForm() error {
	return &Problem{HTTP: http.StatusNotAcceptable, Detail: "pixel data are had as they are stored: transfer-syntax=* gives them"}
}

// frames answers with frames as they are stored (PS3.18 section 10.4.1.1.6).
func (x *exchange) frames() error {
	return x.pixelParts(func(p *pixels) ([]*stream, error) {
		var all []*stream
		list := x.target.frames
		for i := 0; i < len(list) || list == nil && i < p.frames; i++ {
			n := i + 1
			if list != nil {
				n = list[i]
			}
			if i >= x.lim.Parts {
				return nil, &LimitError{"parts", int64(x.lim.Parts)}
			}
			s, err := p.frame(n)
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		return all, nil
	})
}

// pixelParts answers with what choose takes of the pixel data of an instance, or
// of each instance of a resource.
func (x *exchange) pixelParts(choose func(*pixels) ([]*stream, error)) error {
	ranges, problem := accepts(x.r, x.query)
	if problem != nil {
		return problem
	}
	t, list, err := x.begin(Retrieval{Resource: x.target.res, Want: WantBulk})
	if err != nil {
		return err
	}
	defer x.end(t)
	m := newMultipart(x.out())
	begun := false
	for i, o := range list {
		before := m.w.n
		err := x.pixelsOf(o, ranges, choose, func(f frameForm, parts []*stream) error {
			if f.single && len(list) == 1 && len(parts) == 1 {
				return x.lone(m.w, f, parts[0])
			}
			if !begun {
				begun = true
				x.w.Header().Set("Content-Type", m.contentType(f.mediaType))
			}
			if x.head() {
				return nil
			}
			return m.frames(o, f, parts, x.base)
		})
		if err != nil {
			t.Failed(o, m.w.n-before)
			if m.w.n > 0 {
				x.broken(err)
			}
			if i+1 == len(list) || x.target.res.Instance != "" {
				return err
			}
			continue // of a series some have no pixel data
		}
		t.Sent(o, m.w.n-before)
	}
	if begun && !x.head() {
		m.close()
	}
	return nil
}

func (x *exchange) pixelsOf(o *Object, ranges []mediaRange, choose func(*pixels) ([]*stream, error), send func(frameForm, []*stream) error) error {
	f, ok := frameFormOf(ranges, o.Syntax)
	if !ok {
		return notInThisForm()
	}
	c, err := o.Open(x.ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	p, err := openPixels(c, o.Size, x.lim)
	if err != nil {
		return err
	}
	parts, err := choose(p)
	if err != nil {
		return err
	}
	return send(f, parts)
}

// lone answers with one value that is no part.
func (x *exchange) lone(w *out, f frameForm, s *stream) error {
	x.w.Header().Set("Content-Type", f.mediaType+"; transfer-syntax="+string(f.syntax))
	x.w.Header().Set("Content-Length", strconv.FormatInt(s.size, 10))
	if x.head() {
		return nil
	}
	return w.copyN(s, s.size)
}

func (m *multipartWriter) frames(o *Object, f frameForm, parts []*stream, base string) error {
	path, err := o.Resource.path()
	if err != nil {
		return err
	}
	for _, s := range parts {
		head := "Content-Type: " + f.mediaType + "; transfer-syntax=" + string(f.syntax) + "\r\n" +
			"Content-Length: " + strconv.FormatInt(s.size, 10) + "\r\nContent-Location: " + base + path + "\r\n"
		if err := m.object(s, head); err != nil {
			return err
		}
	}
	return nil
}

// bulk answers with the value of one attribute (PS3.18 section 10.4.1.1.5).
func (x *exchange) bulk() error {
	if x.target.tag == dicom.PixelData && len(x.target.bulk) == 0 {
		return x.pixelParts((*pixels).values)
	}
	ranges, problem := accepts(x.r, x.query)
	if problem != nil {
		return problem
	}
	f, ok := frameFormOf(ranges, dicom.ExplicitVRLittleEndian.UID)
	if !ok {
		return &Problem{HTTP: http.StatusNotAcceptable, Detail: "bulk data are application/octet-stream"}
	}
	t, list, err := x.begin(Retrieval{Resource: x.target.res, Want: WantBulk})
	if err != nil {
		return err
	}
	defer x.end(t)
	o, w := list[0], x.out()
	err = x.value(o, f, w)
	switch {
	case err == nil:
		t.Sent(o, w.n)
		return nil
	case w.n > 0:
		t.Failed(o, w.n)
		x.broken(err)
	}
	t.Failed(o, 0)
	return err
}

// value answers with the value that the target names.
func (x *exchange) value(o *Object, f frameForm, w *out) error {
	b, err := x.find(o)
	if err != nil {
		return err
	}
	s := &stream{Reader: bytes.NewReader(b), Closer: http.NoBody, size: int64(len(b))}
	if f.single {
		return x.lone(w, f, s)
	}
	m := newMultipart(w)
	x.w.Header().Set("Content-Type", m.contentType(f.mediaType))
	if x.head() {
		return nil
	}
	if err := m.frames(o, f, []*stream{s}, x.base); err != nil {
		return err
	}
	m.close()
	return nil
}

// find reads a stored instance up to the attribute that the target names.
func (x *exchange) find(o *Object) ([]byte, error) {
	c, err := o.Open(x.ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	top := x.target.tag
	if len(x.target.bulk) > 0 {
		top = x.target.bulk[0].Tag
	}
	_, r, err := dicom.Open(c, dicom.Options{StopBefore: top + 1, Limits: x.lim.stored()})
	if err != nil {
		return nil, wrap("reading a stored instance", err)
	}
	d, err := r.Decode()
	if err != nil {
		return nil, wrap("reading a stored instance", err)
	}
	for _, s := range x.target.bulk {
		items := d.Sequence(s.Tag)
		if s.Item >= len(items) {
			return nil, &Problem{HTTP: http.StatusNotFound, Detail: "the instance has no such attribute"}
		}
		d = items[s.Item]
	}
	if e := d.Get(x.target.tag); e != nil && e.Items == nil && e.Fragments == nil && top > 0x0002FFFF {
		return e.Value, nil
	}
	return nil, &Problem{HTTP: http.StatusNotFound, Detail: "the instance has no such attribute"}
}
