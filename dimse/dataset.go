package dimse

import (
	"bytes"

	"github.com/leadglass/leadglass/dicom"
)

// appendDataset appends a data set in the transfer syntax of its context; nil
// is one without elements.
func appendDataset(dst []byte, d *dicom.Dataset, ts *dicom.TransferSyntax) ([]byte, error) {
	if d == nil {
		d = &dicom.Dataset{}
	}
	if !ts.Deflated {
		return dicom.Append(dst, d, ts)
	}
	buf := bytes.NewBuffer(dst)
	err := dicom.Encode(buf, d, ts)
	return buf.Bytes(), err
}

// decodeData reads the data set of l.in into memory; nil where it has none. It
// outlives the buffer that it came in. A deflated one is inflated to what one
// that is not deflated may have, so that few bytes do not become many.
func (l *link) decodeData() (*dicom.Dataset, error) {
	if !l.in.HasDataset {
		return nil, nil
	}
	on := l.contexts.get(l.inID)
	raw, err := l.readData()
	if err != nil {
		return nil, err
	}
	d, err := dicom.DecodeBytes(bytes.Clone(raw), on.syntax, dicom.Options{
		Limits: dicom.Limits{InflatedBytes: l.lim.IdentifierBytes},
	})
	if err != nil {
		return nil, &identifierError{err}
	}
	return d, nil
}
