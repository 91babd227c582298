package dicomweb

import (
	"bytes"
	"io"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// json stores instances whose attributes come as JSON and whose bulk data, if
// any, as the parts after it, each named by its Content-Location (PS3.18 section
// 10.5.2). They are held until the message ends.
func (s *storing) json(body io.Reader, boundary string) error {
	m := message{left: s.x.lim.ObjectBytes, limit: s.x.lim.ObjectBytes, bulk: map[string]bulkPart{}}
	if boundary == "" {
		if err := m.take(&m.attributes, body); err != nil {
			return err
		}
	} else if _, err := readParts(body, boundary, s.x.lim, m.part); err != nil {
		return err
	}
	dec := dicom.NewJSONDecoder(bytes.NewReader(m.attributes), dicom.JSONOptions{Limits: s.x.lim.dataset(), OnBulk: m.fill})
	for {
		m.syntax = ""
		d, err := dec.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return &Problem{HTTP: 400, Detail: "a part is not of the DICOM JSON model", Err: err}
		}
		file, err := m.file(d)
		if err != nil {
			s.failed = append(s.failed, failure{d.UID(0x00080016), d.UID(0x00080018), FailureNotUnderstood})
			s.status = max(s.status, 409)
			continue
		}
		if err := s.put(bytes.NewReader(file)); err != nil {
			return err
		}
	}
}

// message is a request with instances in JSON.
type message struct {
	attributes []byte
	bulk       map[string]bulkPart
	syntax     dicom.UID // of the bulk data of the instance at hand
	left       int64
	limit      int64
	n          int
}

type bulkPart struct {
	data   []byte
	syntax dicom.UID
}

// part takes one part: the first has the attributes.
func (m *message) part(p *Part) error {
	m.n++
	if p.ContentType == typeJSON && m.n == 1 {
		return m.take(&m.attributes, p)
	}
	if m.n == 1 || p.Location == "" {
		return &Problem{HTTP: 400, Detail: "the first part has no attributes, or a later one no Content-Location"}
	}
	b := bulkPart{syntax: p.TransferSyntax}
	err := m.take(&b.data, p)
	m.bulk[p.Location] = b
	return err
}

func (m *message) take(into *[]byte, r io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(r, min(m.left, 1<<62)+1))
	if m.left -= int64(len(data)); m.left < 0 {
		return &LimitError{"object_bytes", m.limit}
	}
	*into = data
	return err
}

// fill gives an element the bulk data that its URI names.
func (m *message) fill(_ dicom.Path, e *dicom.Element, uri string) error {
	b, ok := m.bulk[uri]
	if !ok {
		return &Problem{HTTP: 400, Detail: "bulk data are named that no part has"}
	}
	if e.Tag == dicom.PixelData && b.syntax != "" {
		m.syntax = b.syntax
		if dicom.SyntaxOf(b.syntax).Encapsulated {
			e.Fragments = [][]byte{{}, b.data} // one frame, without a table of offsets
			return nil
		}
	}
	e.Value = b.data
	return nil
}

// file returns the PS3.10 file of an instance.
func (m *message) file(d *dicom.Dataset) ([]byte, error) {
	syntax := m.syntax
	if syntax == "" {
		syntax = d.UID(dict.AvailableTransferSyntaxUID)
	}
	ts := dicom.ExplicitVRLittleEndian
	if pixels := d.Get(dicom.PixelData); pixels != nil && pixels.Fragments != nil && syntax.Valid() {
		ts = dicom.SyntaxOf(syntax)
	}
	// Group 0002 is allowed in the message (PS3.18 section F.3) and not part of
	// a data set.
	data := &dicom.Dataset{}
	for _, e := range d.Elements {
		if e.Tag.Group() > 2 {
			data.Elements = append(data.Elements, e)
		}
	}
	var b bytes.Buffer
	err := dicom.Write(&b, &dicom.File{Dataset: data, TransferSyntax: ts})
	return b.Bytes(), err
}
