package dicom

import (
	"bytes"
	"errors"
	"io"
)

// Why bytes are not of the DICOM JSON model; a SyntaxError wraps one of them
// or io.ErrUnexpectedEOF.
var (
	// ErrJSON: the text breaks the grammar of RFC 8259.
	ErrJSON = errors.New("not JSON")
	// ErrJSONModel: it is JSON, but no data set of PS3.18 section F.2.
	ErrJSONModel = errors.New("not the DICOM JSON model")
	// ErrJSONValue: a value that the element's VR cannot have.
	ErrJSONValue = errors.New("value does not fit its VR")
)

// JSONOptions say how a data set and the DICOM JSON model (PS3.18 Annex F)
// become each other.
//
// The model and a data set differ in what they can say, so:
//
//   - JSON is UTF-8. Where a data set has a Specific Character Set (0008,0005)
//     it is ISO_IR 192 on the other side, and a data set that is read gets one
//     if it has text that is not ASCII.
//   - Group lengths (gggg,0000) are left out (section F.2.2).
//   - IS, DS, SV and UV are JSON numbers if that keeps every digit, else
//     strings (section F.2.3). Both are read, for every numeric VR. FL and FD
//     that are no numbers are the strings NaN, inf and -inf.
//   - Encapsulated pixel data that get no URI are inline: the items as they
//     stand in a file, without the delimiter. They become fragments again.
type JSONOptions struct {
	Limits Limits
	// BulkURI is asked for each element that has a value when a data set is
	// written. What it returns, unless empty, stands as BulkDataURI in the
	// place of the value (section F.2.6). The path is good until it returns.
	BulkURI func(Path, *Element) string
	// OnBulk is shown each element that has a BulkDataURI when a data set is
	// read, and may give it a value. Without it the element is empty. An error
	// ends the reading and is returned.
	OnBulk func(at Path, e *Element, uri string) error
}

// MarshalJSON gives the DICOM JSON model (PS3.18 Annex F).
func (d *Dataset) MarshalJSON() ([]byte, error) { return AppendJSON(nil, d, JSONOptions{}), nil }

// UnmarshalJSON reads the DICOM JSON model (PS3.18 Annex F), within the default
// limits.
func (d *Dataset) UnmarshalJSON(b []byte) error {
	read, err := DecodeJSON(bytes.NewReader(b), JSONOptions{})
	if err != nil {
		return err
	}
	*d = Dataset{Elements: read.Elements, parent: d.parent}
	for _, e := range d.Elements {
		for _, item := range e.Items {
			item.parent = d
		}
	}
	return nil
}

// DecodeJSON reads one data set, after which r must end.
func DecodeJSON(r io.Reader, opt JSONOptions) (*Dataset, error) {
	j := newJSONReader(r, opt)
	if c := j.scan.next(); c != '{' {
		return nil, j.expected(c)
	}
	d, err := j.dataset()
	if err != nil {
		return nil, err
	}
	return d, j.end()
}

// JSONDecoder reads an array of data sets one at a time, as the answers of
// QIDO-RS and the metadata of WADO-RS are (PS3.18 sections 8.7.3 and F.2.1).
// It holds no more than one data set and the limits apply to each of them; how
// much there is in all is for the reader to bound.
type JSONDecoder struct {
	json  *jsonReader
	first bool
	done  error
}

// NewJSONDecoder returns a decoder of r.
func NewJSONDecoder(r io.Reader, opt JSONOptions) *JSONDecoder {
	return &JSONDecoder{json: newJSONReader(r, opt), first: true}
}

// Next returns the next data set, or io.EOF after the last. No input at all is
// an array of none, as servers answer, and a data set without an array is one
// of one. An error is final.
func (d *JSONDecoder) Next() (*Dataset, error) {
	if d.done != nil {
		return nil, d.done
	}
	set, err := d.next()
	if err != nil {
		d.done = err
	}
	return set, err
}

func (d *JSONDecoder) next() (*Dataset, error) {
	j := d.json
	c := j.scan.next()
	if d.first {
		d.first = false
		switch c {
		case 0:
			if j.scan.err == io.EOF {
				return nil, io.EOF
			}
		case '{':
			set, err := j.dataset()
			if err == nil {
				d.done = io.EOF
				if end := j.end(); end != nil {
					d.done = end
				}
			}
			return set, err
		case '[':
			if c = j.scan.next(); c == ']' {
				return nil, d.last()
			}
			return d.element(c)
		}
		return nil, j.expected(c)
	}
	switch c {
	case ',':
		return d.element(j.scan.next())
	case ']':
		return nil, d.last()
	}
	return nil, j.expected(c)
}

func (d *JSONDecoder) element(c byte) (*Dataset, error) {
	if c != '{' {
		return nil, d.json.expected(c)
	}
	return d.json.dataset()
}

func (d *JSONDecoder) last() error {
	if err := d.json.end(); err != nil {
		return err
	}
	return io.EOF
}
