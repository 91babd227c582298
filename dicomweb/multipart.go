package dicomweb

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"mime"
	"strings"

	"github.com/leadglass/leadglass/dicom"
)

// Part is one object of a multipart answer, a stream (PS3.18 section 8.6.1.2).
// It is good until the function that it was shown to returns.
type Part struct {
	ContentType    string // without parameters
	TransferSyntax dicom.UID
	Location       string // Content-Location
	body           io.Reader
	left, limit    int64
}

func newPart(header map[string]string, body io.Reader, lim Limits) *Part {
	mediaType, params, _ := mime.ParseMediaType(header["content-type"])
	return &Part{
		ContentType:    mediaType,
		TransferSyntax: dicom.UID(params["transfer-syntax"]),
		Location:       header["content-location"],
		body:           body,
		left:           lim.PartBytes,
		limit:          lim.PartBytes,
	}
}

// Read reads the object.
func (p *Part) Read(b []byte) (int, error) {
	n, err := p.body.Read(b)
	if int64(n) > p.left {
		n, p.left = int(p.left), 0
		return n, &LimitError{"part_bytes", p.limit}
	}
	p.left -= int64(n)
	return n, err
}

// maxBoundary bounds a boundary. RFC 2046 section 5.1.1 has 70 characters, Orthanc
// 1.10 sends 73.
const maxBoundary = 256

// errMultipart: the body breaks the grammar of RFC 2046 section 5.1.1.
var errMultipart = errors.New("not a multipart body")

// readParts shows each part of a multipart body to each and returns how many.
// A body that ends before its last boundary is an error: mime/multipart takes
// the end within a header for the end of all, and an object would be missing.
func readParts(r io.Reader, boundary string, lim Limits, each func(*Part) error) (int, error) {
	if boundary == "" || len(boundary) > maxBoundary {
		return 0, errMultipart
	}
	m := &multipartReader{r: bufio.NewReaderSize(r, multipartBuffer), delimiter: []byte("\r\n--" + boundary), lim: lim}
	last, err := m.preamble()
	for n := 0; ; n++ {
		switch {
		case err != nil:
			return n, err
		case last:
			return n, nil
		case n >= lim.Parts:
			return n, &LimitError{"parts", int64(lim.Parts)}
		}
		header, err := m.header()
		if err != nil {
			return n, err
		}
		m.fresh, m.inside = true, true
		part := newPart(header, m, lim)
		if err := each(part); err != nil {
			return n + 1, err
		}
		// What is left of the part counts against its limit too.
		if _, err := io.Copy(io.Discard, part); err != nil {
			return n + 1, err
		}
		if last, err = m.boundary(); err != nil {
			return n + 1, err
		}
	}
}

const multipartBuffer = 32 << 10

// multipartReader is the body as a whole and, between header and boundary, one
// part of it.
type multipartReader struct {
	r         *bufio.Reader
	delimiter []byte // with the line end before it, which belongs to it
	lim       Limits
	inside    bool // a part, before its end
	fresh     bool // nothing of the part was read
	ahead     int  // bytes of the delimiter that ended the part
}

// preamble skips what stands before the first boundary.
func (m *multipartReader) preamble() (last bool, err error) {
	for left := m.lim.PartHeaderBytes; ; {
		line, err := m.line(&left)
		if rest, ok := bytes.CutPrefix(line, m.delimiter[2:]); ok {
			// After the last one there need be no line end.
			if last, ok := isBoundaryEnd(rest); ok && (err == nil || last && err == io.ErrUnexpectedEOF) {
				return last, nil
			}
		}
		if err != nil {
			return false, err
		}
	}
}

// isBoundaryEnd says what follows the delimiter on its line: nothing, or the
// dashes of the last one, and white space.
func isBoundaryEnd(rest []byte) (last, ok bool) {
	rest, last = bytes.CutPrefix(rest, []byte("--"))
	return last, len(bytes.Trim(rest, " \t")) == 0
}

// boundary reads the delimiter at which a part ended.
func (m *multipartReader) boundary() (last bool, err error) {
	m.r.Discard(m.ahead)
	if dashes, _ := m.r.Peek(2); string(dashes) == "--" {
		return true, nil
	}
	left := m.lim.PartHeaderBytes
	line, err := m.line(&left)
	if err != nil {
		return false, err
	}
	if last, ok := isBoundaryEnd(line); ok {
		return last, nil
	}
	return false, errMultipart
}

// line reads a line without its end, or what there is at the end of input. It
// is good until the next read.
func (m *multipartReader) line(left *int64) ([]byte, error) {
	var long []byte
	for {
		chunk, err := m.r.ReadSlice('\n')
		if *left -= int64(len(chunk)); *left < 0 {
			return nil, &LimitError{"part_header_bytes", m.lim.PartHeaderBytes}
		}
		switch {
		case err == bufio.ErrBufferFull:
			long = append(long, chunk...)
			continue
		case err == io.EOF:
			return append(long, chunk...), io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		if long != nil {
			chunk = append(long, chunk...)
		}
		return bytes.TrimSuffix(chunk[:len(chunk)-1], []byte("\r")), nil
	}
}

// header reads the header fields of a part by their names in lower case. The
// empty line after them does not count against the limit.
func (m *multipartReader) header() (map[string]string, error) {
	fields, name := map[string]string{}, ""
	left := m.lim.PartHeaderBytes
	if left <= left+2 {
		left += 2
	}
	for {
		line, err := m.line(&left)
		if err != nil {
			return nil, err
		}
		if len(line) == 0 {
			return fields, nil
		}
		if line[0] == ' ' || line[0] == '\t' { // a line that goes on
			fields[name] += " " + string(bytes.Trim(line, " \t"))
			continue
		}
		key, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return nil, errMultipart
		}
		name = strings.ToLower(string(bytes.Trim(key, " \t")))
		fields[name] = string(bytes.Trim(value, " \t"))
	}
}

// Read reads the part at hand up to its delimiter.
func (m *multipartReader) Read(p []byte) (int, error) {
	if !m.inside {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	n, err := m.available()
	if n == 0 {
		if err == nil {
			m.inside, err = false, io.EOF
		}
		return 0, err
	}
	m.fresh = false
	return m.r.Read(p[:min(n, len(p))])
}

// available returns how many buffered bytes surely belong to the part; zero
// without an error means that its delimiter comes next.
func (m *multipartReader) available() (int, error) {
	if m.fresh { // the line end of an empty header may serve as the delimiter's
		if ok, err := m.delimited(m.delimiter[2:]); ok || err != nil {
			return 0, err
		}
	}
	if _, err := m.r.Peek(1); err != nil {
		return 0, unexpected(err)
	}
	buf, _ := m.r.Peek(m.r.Buffered())
	at := bytes.Index(buf, m.delimiter)
	if at < 0 {
		at = m.mayBegin(buf)
	}
	if at > 0 {
		return at, nil
	}
	// The delimiter, its beginning, or bytes that only look like it.
	ok, err := m.delimited(m.delimiter)
	if ok || err != nil {
		return 0, err
	}
	m.fresh = false
	return 1, nil
}

// mayBegin returns where a delimiter may begin at the end of buf, or its length.
func (m *multipartReader) mayBegin(buf []byte) int {
	at := bytes.LastIndexByte(buf, '\r')
	if at >= 0 && bytes.HasPrefix(m.delimiter, buf[at:]) {
		return at
	}
	return len(buf)
}

// delimited says whether the delimiter comes next, and after it what ends its
// line: a longer word is none.
func (m *multipartReader) delimited(delimiter []byte) (bool, error) {
	b, err := m.r.Peek(len(delimiter) + 2)
	if n := min(len(b), len(delimiter)); !bytes.Equal(b[:n], delimiter[:n]) {
		return false, nil
	}
	if err != nil {
		return false, unexpected(err)
	}
	rest := b[len(delimiter):]
	m.ahead = len(delimiter)
	return string(rest) == "--" || strings.IndexByte(" \t\r\n", rest[0]) >= 0, nil
}

func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
