package scp

import (
	"errors"
	"io"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// transcoder lays a data set without compression down in another transfer syntax
// while it leaves (PS3.5 section A.1 to A.3 and A.5). The header is held, the
// pixel data are not. It is an io.WriterTo, so it needs no goroutine.
type transcoder struct {
	data     io.Reader
	from, to *dicom.TransferSyntax
	header   int64 // most bytes that are held
}

var errOnlyWrites = errors.New("scp: what is laid down anew can only be written")

// Read does not work: see WriteTo.
func (t *transcoder) Read([]byte) (int, error) { return 0, errOnlyWrites }

// WriteTo writes the data set.
func (t *transcoder) WriteTo(w io.Writer) (int64, error) {
	n := counter{w: w}
	r := dicom.NewReader(t.data, t.from, dicom.Options{
		Limits: dicom.Limits{DatasetBytes: t.header, ElementBytes: t.header}, StopBefore: dict.FloatPixelData,
	})
	out := dicom.NewWriter(&n, t.to)
	head, err := r.Decode()
	if err == nil {
		err = out.Elements(head)
	}
	r.Resume()
	for err == nil {
		err = t.bulk(r, out)
	}
	if err == io.EOF {
		err = out.Close()
	}
	return n.n, err
}

// bulk passes the next element on, a long one as a stream. A sequence, which
// nobody has met there but digital signatures, is held with what follows.
func (t *transcoder) bulk(r *dicom.Reader, out *dicom.Writer) error {
	v, err := r.Next()
	if err != nil {
		return err
	}
	e := dicom.Element{Tag: v.Tag, VR: v.VR}
	if v.Kind == dicom.ElementValue && v.Length%2 == 0 {
		return out.Value(v.Tag, v.VR, int64(v.Length), r)
	}
	switch v.Kind {
	case dicom.ElementValue:
		if e.Value, err = r.Value(); err != nil {
			return err
		}
	case dicom.SequenceStart:
		if v.VR != dicom.SQ {
			return dicom.ErrFragments
		}
		if e.Items, err = items(r); err != nil {
			return err
		}
	}
	return out.Elements(&dicom.Dataset{Elements: []dicom.Element{e}})
}

// items reads a sequence to its end.
func items(r *dicom.Reader) (list []*dicom.Dataset, err error) {
	for {
		v, err := r.Next()
		if err != nil || v.Kind == dicom.SequenceEnd {
			return list, err
		}
		item, err := r.Decode()
		if err != nil {
			return list, err
		}
		list = append(list, item)
	}
}

// counter counts what is written.
type counter struct {
	w io.Writer
	n int64
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}
