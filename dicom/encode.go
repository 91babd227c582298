package dicom

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// Why a data set cannot be written.
var (
	// ErrFragments: encapsulated pixel data in a transfer syntax without
	// encapsulation; they would have to be decompressed first.
	ErrFragments = errors.New("encapsulated pixel data in a native transfer syntax")
	// ErrNative: native pixel data in a transfer syntax that encapsulates them.
	ErrNative = errors.New("native pixel data in an encapsulated transfer syntax")
	// ErrTooLong: a value or a sequence that 32 bits of length cannot hold.
	ErrTooLong = errors.New("value too long for its length field")
)

// Append appends the encoded data set to dst.
//
// Sequences and items get defined lengths, so that a reader can pass over
// them; encapsulated pixel data cannot. Values are padded to even length.
// Group lengths are left out but in groups 0000 and 0002, where they are
// computed. A value too long for a length of 16 bits becomes VR UN (PS3.5
// section 6.2.2, note 5).
func Append(dst []byte, d *Dataset, ts *TransferSyntax) ([]byte, error) {
	if ts.Deflated {
		var b bytes.Buffer
		err := Encode(&b, d, ts)
		return append(dst, b.Bytes()...), err
	}
	a := appender{b: dst, ts: ts}
	a.dataset(d)
	return a.b, a.err
}

// Encode writes the data set, one element of the top level at a time, and long
// values without a copy.
func Encode(w io.Writer, d *Dataset, ts *TransferSyntax) error {
	out := NewWriter(w, ts)
	if err := out.Elements(d); err != nil {
		return err
	}
	return out.Close()
}

// flushAt is how much Encode gathers before it writes.
const flushAt = 32 << 10

// appender lays down a data set in b, which it hands to w, if there is one,
// whenever no length in b is still open.
type appender struct {
	b     []byte
	w     io.Writer
	ts    *TransferSyntax
	depth int
	err   error
}

func (a *appender) dataset(d *Dataset) {
	length := -1 // where the group length stands, while its group goes on
	var group uint16
	for i := range d.Elements {
		e := &d.Elements[i]
		if length >= 0 && e.Tag.Group() != group {
			a.patch(length)
			length = -1
		}
		if !e.Tag.IsGroupLength() {
			a.element(e)
		} else if group = e.Tag.Group(); group <= groupFileMeta {
			a.element(&Element{Tag: e.Tag, VR: UL, Value: make([]byte, 4)})
			length = len(a.b)
		}
		if a.depth == 0 && length < 0 {
			a.flush(flushAt)
		}
	}
	if length >= 0 {
		a.patch(length)
	}
}

// flush writes what has gathered if there is more than that.
func (a *appender) flush(more int) {
	if a.w == nil || a.err != nil || len(a.b) <= more {
		return
	}
	_, a.err = a.w.Write(a.b)
	a.b = a.b[:0]
}

// patch puts the length of what follows at into the four bytes before it.
func (a *appender) patch(at int) {
	n := len(a.b) - at
	if int64(n) >= UndefinedLength {
		a.fail(0, ErrTooLong)
		return
	}
	a.putUint32(a.b[at-4:at], uint32(n))
}

func (a *appender) fail(tag Tag, err error) {
	if a.err == nil {
		a.err = fmt.Errorf("dicom: writing %v: %w", tag, err)
	}
}

func (a *appender) element(e *Element) {
	vr := e.VR
	if vr == 0 {
		vr = vrOf(e.Tag, false)
	}
	switch {
	case a.err != nil:
	case e.Fragments != nil:
		a.fragments(e)
	case vr == SQ || len(e.Items) > 0:
		a.sequence(e)
	case e.Tag == PixelData && a.depth == 0 && a.ts.Encapsulated && len(e.Value) > 0:
		a.fail(e.Tag, ErrNative)
	default:
		a.header(e.Tag, vr, int64(len(e.Value)+len(e.Value)%2))
		a.value(e.Value, vr)
	}
}

// header writes what stands before a value (PS3.5 section 7.1).
func (a *appender) header(tag Tag, vr VR, length int64) {
	if length > UndefinedLength {
		a.fail(tag, ErrTooLong)
	}
	a.tag(tag)
	switch {
	case a.ts.ImplicitVR || tag.Group() == groupDelimiters:
		a.uint32(uint32(length))
		return
	case vr.short() && length <= math.MaxUint16:
		a.b = append(a.b, byte(vr>>8), byte(vr))
		a.uint16(uint16(length))
		return
	case vr.short():
		vr = UN
	}
	a.b = append(a.b, byte(vr>>8), byte(vr), 0, 0)
	a.uint32(uint32(length))
}

// value writes a value, padded to even length, in the byte order of the syntax.
func (a *appender) value(v []byte, vr VR) {
	if a.err != nil {
		return
	}
	at, turned := len(a.b), a.ts.BigEndian && vr.unit() > 1
	if a.w != nil && a.depth == 0 && len(v) > flushAt && !turned {
		a.flush(0)
		if a.err == nil {
			_, a.err = a.w.Write(v)
		}
	} else {
		a.b = append(a.b, v...)
	}
	if len(v)%2 == 1 {
		a.b = append(a.b, vr.padding())
	}
	if turned {
		turn(a.b[at:], vr.unit())
	}
}

// sequence writes a sequence. One that a reader of implicit VR cannot know to
// be one, since the dictionary does not, gets an undefined length, by which it
// is recognised.
func (a *appender) sequence(e *Element) {
	if a.ts.ImplicitVR && vrOf(e.Tag, false) != SQ {
		a.header(e.Tag, SQ, UndefinedLength)
		defer a.header(SequenceDelimitationItem, 0, 0)
	} else {
		a.header(e.Tag, SQ, 0)
		defer a.patch(len(a.b))
	}
	a.depth++
	for _, item := range e.Items {
		a.header(Item, 0, 0)
		at := len(a.b)
		a.dataset(item)
		a.patch(at)
	}
	a.depth--
}

// fragments writes encapsulated pixel data (PS3.5 section A.4).
func (a *appender) fragments(e *Element) {
	if !a.ts.Encapsulated {
		a.fail(e.Tag, ErrFragments)
		return
	}
	a.header(e.Tag, OB, UndefinedLength)
	for _, f := range e.Fragments {
		a.header(Item, 0, int64(len(f)+len(f)%2))
		a.value(f, OB)
	}
	a.header(SequenceDelimitationItem, 0, 0)
}

func (a *appender) tag(t Tag) {
	a.uint16(t.Group())
	a.uint16(t.Element())
}

func (a *appender) uint16(v uint16) {
	if a.ts.BigEndian {
		a.b = binary.BigEndian.AppendUint16(a.b, v)
		return
	}
	a.b = binary.LittleEndian.AppendUint16(a.b, v)
}

func (a *appender) uint32(v uint32) {
	a.b = append(a.b, 0, 0, 0, 0)
	a.putUint32(a.b[len(a.b)-4:], v)
}

func (a *appender) putUint32(b []byte, v uint32) {
	if a.ts.BigEndian {
		binary.BigEndian.PutUint32(b, v)
		return
	}
	binary.LittleEndian.PutUint32(b, v)
}
