package dimse

import (
	"bytes"
	"io"

	"github.com/leadglass/leadglass/dicom"
)

// encode returns a data set in the transfer syntax of its context; nil is one
// without elements.
func encode(d *dicom.Dataset, ts *dicom.TransferSyntax) ([]byte, error) {
	return appendDataset(nil, d, ts)
}

// appendDataset appends it to dst.
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

// decodeData reads the data set of l.in into memory; nil where it has none.
func (l *link) decodeData() (*dicom.Dataset, error) {
	if !l.in.HasDataset {
		return nil, nil
	}
	on := l.contexts.get(l.inID)
	raw, err := l.readData()
	if err != nil {
		return nil, err
	}
	d, err := dicom.DecodeBytes(bytes.Clone(raw), on.syntax, dicom.Options{})
	if err != nil {
		return nil, &identifierError{err}
	}
	return d, nil
}

// identifierError is a data set that cannot be read, while the messages around
// it are in order. It does not say what the data set held.
type identifierError struct{ err error }

func (e *identifierError) Error() string { return "dimse: data set cannot be decoded" }
func (e *identifierError) Unwrap() error { return e.err }

// command reads the next command set where a message must come: an orderly
// release is an error here.
func (l *link) command() error {
	err := l.readCommand()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
