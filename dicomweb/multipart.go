package dicomweb

import (
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"

	"github.com/leadglass/leadglass/dicom"
)

// Part is one object of a multipart answer, a stream (PS3.18 section 8.6.1.2).
type Part struct {
	ContentType    string // without parameters
	TransferSyntax dicom.UID
	Location       string // Content-Location
	body           *partBody
}

// Read reads the object. A part is good until the function that it was shown
// to returns.
func (p *Part) Read(b []byte) (int, error) { return p.body.Read(b) }

// partBody bounds one part.
type partBody struct {
	r           io.Reader
	left, limit int64
}

func (p *partBody) Read(b []byte) (int, error) {
	n, err := p.r.Read(b)
	if int64(n) > p.left {
		n = int(p.left)
		p.left = 0
		return n, &LimitError{"part_bytes", p.limit}
	}
	p.left -= int64(n)
	return n, err
}

// readParts shows each part of a multipart body to each and returns how many.
func readParts(r io.Reader, boundary string, lim Limits, each func(*Part) error) (int, error) {
	if boundary == "" {
		return 0, errors.New("a multipart answer without a boundary")
	}
	head := &headReader{r: r, lim: lim}
	m := multipart.NewReader(head, boundary)
	for n := 0; ; n++ {
		head.begin()
		raw, err := m.NextRawPart()
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		case n >= lim.Parts:
			return n, &LimitError{"parts", int64(lim.Parts)}
		case headerBytes(raw.Header) > lim.PartHeaderBytes:
			return n, &LimitError{"part_header_bytes", lim.PartHeaderBytes}
		}
		head.end()
		part := newPart(raw, lim)
		if err := each(part); err != nil {
			return n + 1, err
		}
		// What is left of the part counts against its limit too.
		if _, err := io.Copy(io.Discard, part); err != nil {
			return n + 1, err
		}
	}
}

func newPart(raw *multipart.Part, lim Limits) *Part {
	mediaType, params, _ := mime.ParseMediaType(raw.Header.Get("Content-Type"))
	return &Part{
		ContentType:    mediaType,
		TransferSyntax: dicom.UID(params["transfer-syntax"]),
		Location:       raw.Header.Get("Content-Location"),
		body:           &partBody{r: raw, left: lim.PartBytes, limit: lim.PartBytes},
	}
}

func headerBytes(h textproto.MIMEHeader) int64 {
	n := 0
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return int64(n)
}

// headReader ends the reading of a header that goes on: mime/multipart would
// hold up to 10 MiB of it. What it reads ahead is at most its buffer.
type headReader struct {
	r       io.Reader
	lim     Limits
	inside  bool
	allowed int64
}

const multipartBuffer = 8 << 10

func (h *headReader) begin() {
	h.inside, h.allowed = true, h.lim.PartHeaderBytes
	if h.allowed < h.allowed+multipartBuffer {
		h.allowed += multipartBuffer
	}
}

func (h *headReader) end() { h.inside = false }

func (h *headReader) Read(p []byte) (int, error) {
	if !h.inside {
		return h.r.Read(p)
	}
	if h.allowed <= 0 {
		return 0, &LimitError{"part_header_bytes", h.lim.PartHeaderBytes}
	}
	n, err := h.r.Read(p[:min(int64(len(p)), h.allowed)])
	h.allowed -= int64(n)
	return n, err
}
