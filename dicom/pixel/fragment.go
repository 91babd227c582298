package pixel

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/leadglass/leadglass/dicom"
)

// Span is a piece of a file.
type Span struct{ At, Length int64 }

// Fragments finds where the frames of encapsulated pixel data are (PS3.5 section
// A.4). It is for one goroutine at a time.
type Fragments struct {
	From     io.ReaderAt
	Size     int64  // of From
	At       int64  // where the first item begins, which is the table of offsets
	Frames   int    // Number of Frames
	Extended []byte // the value of the Extended Offset Table, if there is one
	Limit    int64  // of items

	first  int64  // where the first fragment's item begins; 0 until it is known
	table  []byte // Basic Offset Table; empty where it cannot be right
	all    []Span // of every fragment, once they had to be looked for
	starts []int  // which of them begin frames, likewise
}

// Encoded returns a frame of encapsulated pixel data as it is stored, from 1.
func (im *Image) Encoded(n int) ([]byte, error) {
	if n < 1 || n > im.Format.Frames || !im.encapsulated {
		return nil, ErrNoFrame
	}
	spans, err := im.frames.Of(n)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, s := range spans {
		total += s.Length // each within the file
		if err := within("frame_bytes", total, im.lim.FrameBytes); err != nil {
			return nil, err
		}
	}
	b := make([]byte, total)
	at := b
	for _, s := range spans {
		if _, err := im.from.ReadAt(at[:s.Length], s.At); err != nil && err != io.EOF {
			return nil, fmt.Errorf("pixel: reading a fragment: %w", err)
		}
		at = at[s.Length:]
	}
	return b, nil
}

// Of returns the fragments of a frame, from 1. It fails with ErrNoFrame, with a
// *CorruptError where they break the rules or nothing tells which are the frame's,
// with a *LimitError, or with what reading fails with.
func (f *Fragments) Of(n int) ([]Span, error) {
	if n < 1 || n > f.Frames {
		return nil, ErrNoFrame
	}
	if err := f.begin(); err != nil {
		return nil, err
	}
	for _, t := range []struct {
		table []byte
		width int
	}{{f.Extended, 8}, {f.table, 4}} {
		if f.Frames > 1 && len(t.table) == t.width*f.Frames {
			if spans, err := f.byTable(n, t.table, t.width); err == nil {
				return spans, nil
			}
		}
	}
	if f.all == nil {
		all, err := f.items(f.first, -1)
		if err != nil {
			return nil, err
		}
		f.all = all
	}
	switch {
	case len(f.all) == 0:
		return nil, corrupt("no fragments")
	case f.Frames == 1:
		return f.all, nil
	case len(f.all) == f.Frames:
		return f.all[n-1 : n], nil
	}
	return f.byMarker(n)
}

// begin reads the table of offsets, once. One that is not of the frames is not
// believed.
func (f *Fragments) begin() error {
	if f.first > 0 {
		return nil
	}
	if int64(f.Frames) > f.Limit {
		return &LimitError{"fragments", f.Limit}
	}
	length, err := f.item(f.At)
	if err != nil {
		return err
	}
	if length < 0 {
		return corrupt("no table of offsets")
	}
	if length == 4*int64(f.Frames) {
		f.table = make([]byte, length)
		if _, err := f.From.ReadAt(f.table, f.At+8); err != nil && err != io.EOF {
			return fmt.Errorf("pixel: reading the table of offsets: %w", err)
		}
	}
	f.first = f.At + 8 + length
	return nil
}

// item reads the header of an item and returns the length of its value, -1 for
// the delimiter at the end.
func (f *Fragments) item(at int64) (int64, error) {
	var head [8]byte
	if at < 0 || at > f.Size-8 {
		return 0, truncated("the object ends within the fragments")
	}
	if _, err := f.From.ReadAt(head[:], at); err != nil && err != io.EOF {
		return 0, fmt.Errorf("pixel: reading a fragment: %w", err)
	}
	tag := dicom.NewTag(binary.LittleEndian.Uint16(head[:]), binary.LittleEndian.Uint16(head[2:]))
	length := int64(binary.LittleEndian.Uint32(head[4:]))
	switch {
	case tag == dicom.SequenceDelimitationItem:
		return -1, nil
	case tag != dicom.Item || length == dicom.UndefinedLength:
		return 0, corrupt("no item where a fragment should begin")
	case length > f.Size-8-at:
		return 0, truncated("the object ends within a fragment")
	}
	return length, nil
}

// items reads the headers of the items that begin from one place up to, and
// without, the other, or to the delimiter if that is -1.
func (f *Fragments) items(at, end int64) (all []Span, err error) {
	for end < 0 || at < end {
		n, err := f.item(at)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			if end >= 0 {
				return nil, corrupt("an offset past the last fragment")
			}
			return all, nil
		}
		if int64(len(all)) >= f.Limit {
			return nil, &LimitError{"fragments", f.Limit}
		}
		all = append(all, Span{at + 8, n})
		at += 8 + n
	}
	if at != end {
		return nil, corrupt("an offset into a fragment")
	}
	return all, nil
}

// byTable reads the items between the offset of a frame and that of the next.
func (f *Fragments) byTable(n int, table []byte, width int) ([]Span, error) {
	offset := func(i int) int64 {
		if width == 8 {
			return int64(binary.LittleEndian.Uint64(table[8*i:]))
		}
		return int64(binary.LittleEndian.Uint32(table[4*i:]))
	}
	begin, end := offset(n-1), int64(-1)
	if offset(0) != 0 {
		return nil, corrupt("a table of offsets that does not begin with the first fragment")
	}
	if n < f.Frames {
		if end = offset(n); end <= begin {
			return nil, corrupt("offsets that fall")
		}
	}
	if begin < 0 || begin > f.Size || end > f.Size {
		return nil, corrupt("an offset past the end")
	}
	if end >= 0 {
		end += f.first
	}
	spans, err := f.items(f.first+begin, end)
	if err == nil && len(spans) == 0 {
		err = corrupt("a frame without fragments")
	}
	return spans, err
}

// byMarker finds where frames begin by the marker SOI of JPEG.
func (f *Fragments) byMarker(n int) ([]Span, error) {
	if f.starts == nil {
		if err := f.markers(); err != nil {
			return nil, err
		}
	}
	end := len(f.all)
	if n < len(f.starts) {
		end = f.starts[n]
	}
	return f.all[f.starts[n-1]:end], nil
}

func (f *Fragments) markers() error {
	var starts []int
	var head [3]byte
	for i, s := range f.all {
		if s.Length < 3 {
			continue
		}
		if _, err := f.From.ReadAt(head[:], s.At); err != nil && err != io.EOF {
			return fmt.Errorf("pixel: reading a fragment: %w", err)
		}
		if head == [3]byte{0xFF, 0xD8, 0xFF} {
			starts = append(starts, i)
		}
	}
	if len(starts) != f.Frames || starts[0] != 0 {
		return corrupt("nothing tells which of %d fragments begins a frame", len(f.all))
	}
	f.starts = starts
	return nil
}
