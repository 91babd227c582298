package dicomweb

import (
	"bytes"
	"errors"
	"math"
	"net/http"
	"strconv"
	"strings"
)

const (
	typeJPEG = "image/jpeg"
	typePNG  = "image/png"
)

func badParameter(name string) error {
	return &Problem{HTTP: http.StatusBadRequest, Detail: name + " breaks the rules of PS3.18 section 8.3.5"}
}

// rendering reads how to render (PS3.18 section 8.3.5). What may be overlaid
// (annotation) and colour profiles are left to the renderer's default.
func (p parameters) rendering() (rd Rendering, err error) {
	if v := p.get("viewport"); v != "" {
		if err := rd.viewport(v); err != nil {
			return rd, err
		}
	}
	if v := p.get("window"); v != "" {
		parts := strings.Split(v, ",")
		if len(parts) != 3 {
			return rd, badParameter("window")
		}
		if err := rd.window(parts[0], parts[1], strings.ToLower(parts[2])); err != nil {
			return rd, err
		}
	}
	if v := p.get("quality"); v != "" {
		if err := rd.quality(v); err != nil {
			return rd, err
		}
	}
	return rd, nil
}

// maxViewport bounds a picture: mammograms are of 4,000 by 5,000.
const maxViewport = 8192

func (rd *Rendering) viewport(v string) error {
	parts := strings.Split(v, ",")
	if len(parts) != 2 && len(parts) != 6 {
		return badParameter("viewport")
	}
	var ok [2]bool
	rd.Width, ok[0] = number(parts[0], maxViewport)
	rd.Height, ok[1] = number(parts[1], maxViewport)
	if !ok[0] || !ok[1] || rd.Width == 0 || rd.Height == 0 {
		return badParameter("viewport")
	}
	for i, s := range parts[2:] {
		if s == "" {
			continue
		}
		f, ok := finite(s)
		if !ok || i < 2 && f < 0 {
			return badParameter("viewport")
		}
		rd.Source[i] = f
	}
	return nil
}

func (rd *Rendering) window(center, width, function string) error {
	c, ok1 := finite(center)
	w, ok2 := finite(width)
	switch function {
	case "linear", "linear-exact", "sigmoid":
	default:
		return badParameter("window")
	}
	if !ok1 || !ok2 || w < 1 && function == "linear" || w <= 0 {
		return badParameter("window")
	}
	rd.Window = Window{c, w, function}
	return nil
}

func (rd *Rendering) quality(v string) error {
	n, ok := number(v, 100)
	if !ok || n == 0 {
		return badParameter("quality")
	}
	rd.Quality = n
	return nil
}

func finite(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && len(s) <= 32 && !math.IsNaN(f) && !math.IsInf(f, 0)
}

// pictureForm chooses the media type of pictures, and whether they are parts.
func pictureForm(ranges []mediaRange, many bool) (mediaType string, parts, ok bool) {
	for _, m := range ranges {
		for _, t := range []string{typeJPEG, typePNG} {
			if m.covers(t) && (!many || m.kind == "*/*") {
				return t, many, true
			}
			if m.parts(t) {
				return t, true, true
			}
		}
	}
	for _, m := range ranges { // image/jpeg for several pictures means parts of it
		for _, t := range []string{typeJPEG, typePNG} {
			if m.covers(t) {
				return t, true, true
			}
		}
	}
	return "", false, false
}

// rendered answers with pictures (PS3.18 sections 10.4.1.1.3 and 10.4.1.1.4).
func (x *exchange) rendered() error {
	if !has[Renderer](x.backend) {
		return notImplemented()
	}
	rd, err := x.query.rendering()
	if err != nil {
		return err
	}
	ranges, problem := accepts(x.r, x.query)
	if problem != nil {
		return problem
	}
	t, list, err := x.begin(Retrieval{Resource: x.target.res, Want: WantRendered})
	if err != nil {
		return err
	}
	defer x.end(t)
	rd.Thumbnail = x.target.service == thumbnail
	which := x.target.frames
	if which == nil {
		which = []int{0}
	}
	if rd.Thumbnail {
		list, which = list[len(list)/2:][:1], which[:1]
	}
	var parts, ok bool
	rd.MediaType, parts, ok = pictureForm(ranges, len(list)*len(which) > 1)
	if !ok {
		return &Problem{HTTP: http.StatusNotAcceptable, Detail: "pictures are image/jpeg or image/png"}
	}
	if !parts {
		rd.Frame = which[0]
		return x.picture(t, list[0], rd)
	}
	return x.pictures(t, list, which, rd)
}

// picture answers with one.
func (x *exchange) picture(t Transfer, o *Object, rd Rendering) error {
	w := x.out()
	b, err := x.render(o, rd)
	if err == nil {
		x.w.Header().Set("Content-Type", rd.MediaType)
		x.w.Header().Set("Content-Length", strconv.Itoa(len(b)))
		if !x.head() {
			_, err = w.Write(b)
		}
	}
	if err != nil {
		t.Failed(o, w.n)
		if w.n > 0 {
			x.broken(&goneError{err})
		}
		return err
	}
	t.Sent(o, w.n)
	return nil
}

func (x *exchange) render(o *Object, rd Rendering) ([]byte, error) {
	c, err := o.Open(x.ctx)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return x.backend.(Renderer).Render(x.ctx, o, c, rd)
}

// pictures answers with one of each frame of each object. Objects without
// pictures, as reports, are left out, unless nothing is left.
func (x *exchange) pictures(t Transfer, list []*Object, which []int, rd Rendering) error {
	m := newMultipart(x.out())
	x.w.Header().Set("Content-Type", m.contentType(rd.MediaType))
	var left error
	for _, o := range list {
		before := m.w.n
		err := x.picturesOf(m, o, which, rd)
		var p *Problem
		switch {
		case err == nil:
			t.Sent(o, m.w.n-before)
			continue
		case m.w.n > 0 && (m.w.n > before || !errors.As(err, &p)):
			t.Failed(o, m.w.n-before)
			x.broken(err)
		case !errors.As(err, &p):
			t.Failed(o, 0)
			return err
		}
		t.Failed(o, 0)
		left = err
	}
	if m.w.n == 0 && left != nil {
		return left
	}
	if !x.head() {
		m.close()
	}
	return nil
}

func (x *exchange) picturesOf(m *multipartWriter, o *Object, which []int, rd Rendering) error {
	for _, rd.Frame = range which {
		b, err := x.render(o, rd)
		if err != nil {
			return err
		}
		if x.head() {
			continue
		}
		s := &stream{Reader: bytes.NewReader(b), Closer: http.NoBody, size: int64(len(b))}
		if err := m.object(s, "Content-Type: "+rd.MediaType+"\r\n"); err != nil {
			return err
		}
	}
	return nil
}
