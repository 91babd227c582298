package dicom

import (
	"errors"
	"fmt"
	"io"
	"slices"
)

// Writer lays down a data set piece by piece, the counterpart of Reader: what
// comes before the pixel data, then the pixel data from a stream, then the
// rest. Its caller keeps the order of tags. Close completes the data set.
type Writer struct {
	a       appender
	z       *deflater
	pending bool // encapsulated pixel data are open
}

// NewWriter returns a Writer of one data set.
func NewWriter(w io.Writer, ts *TransferSyntax) *Writer {
	d := &Writer{a: appender{w: w, ts: ts}}
	if ts.Deflated {
		d.z = newDeflater(w)
		d.a.w = d.z
	}
	return d
}

// Elements writes the elements of d as Encode does.
func (w *Writer) Elements(d *Dataset) error {
	w.a.dataset(d)
	w.a.flush(0)
	return w.a.err
}

// Value writes one element whose value comes from r in little endian, as a
// Reader gives it. The length must be even and exact.
func (w *Writer) Value(tag Tag, vr VR, length int64, r io.Reader) error {
	if length%2 != 0 {
		w.a.fail(tag, errors.New("odd length"))
	}
	if tag == PixelData && w.a.ts.Encapsulated {
		w.a.fail(tag, ErrNative)
	}
	if w.a.err == nil {
		w.a.header(tag, vr, length)
	}
	unit := 1
	if w.a.ts.BigEndian {
		unit = vr.unit()
	}
	return w.copy(tag, length, r, unit)
}

// Fragment writes one fragment of encapsulated pixel data, the offset table,
// which may be empty, first (PS3.5 section A.4). The next call of Elements or
// Value must follow EndFragments.
func (w *Writer) Fragment(length int64, r io.Reader) error {
	switch {
	case !w.a.ts.Encapsulated:
		w.a.fail(PixelData, ErrFragments)
	case length%2 != 0:
		w.a.fail(PixelData, errors.New("odd length"))
	case !w.pending:
		w.a.header(PixelData, OB, UndefinedLength)
		w.pending = true
	}
	if w.a.err == nil {
		w.a.header(Item, 0, length)
	}
	return w.copy(PixelData, length, r, 1)
}

// EndFragments ends encapsulated pixel data.
func (w *Writer) EndFragments() error {
	if w.pending {
		w.a.header(SequenceDelimitationItem, 0, 0)
		w.pending = false
	}
	w.a.flush(0)
	return w.a.err
}

// copy writes a value through the buffer of the appender.
func (w *Writer) copy(tag Tag, length int64, r io.Reader, unit int) error {
	for length > 0 && w.a.err == nil {
		at, n := len(w.a.b), int(min(length, flushAt))
		w.a.b = slices.Grow(w.a.b, n)[:at+n]
		if _, err := io.ReadFull(r, w.a.b[at:]); err != nil {
			w.a.fail(tag, fmt.Errorf("its value: %w", err))
			break
		}
		turn(w.a.b[at:], unit)
		length -= int64(n)
		w.a.flush(0)
	}
	w.a.flush(0)
	return w.a.err
}

// Close completes the data set; it does not close the stream below.
func (w *Writer) Close() error {
	err := w.EndFragments()
	if err == nil && w.z != nil {
		err = w.z.Close()
	}
	return err
}
