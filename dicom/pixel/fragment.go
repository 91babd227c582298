package pixel

import (
	"encoding/binary"
	"fmt"
	"io"

	"github.com/leadglass/leadglass/dicom"
)

// span is a piece of a file.
type span struct{ at, n int64 }

// fragments are the items of encapsulated pixel data, the table of offsets not
// among them.
type fragments struct {
	first int64  // where the first fragment's item begins
	table []byte // Basic Offset Table; empty where it cannot be right
	all   []span // of every fragment, once they had to be looked for
}

// Encoded returns a frame of encapsulated pixel data as it is stored, from 1.
func (im *Image) Encoded(n int) ([]byte, error) {
	if n < 1 || n > im.Format.Frames || !im.encapsulated {
		return nil, ErrNoFrame
	}
	spans, err := im.fragmentsOf(n)
	if err != nil {
		return nil, err
	}
	total := int64(0)
	for _, s := range spans {
		total += s.n // each within the file
		if err := within("frame_bytes", total, im.lim.FrameBytes); err != nil {
			return nil, err
		}
	}
	b := make([]byte, total)
	at := b
	for _, s := range spans {
		if _, err := im.from.ReadAt(at[:s.n], s.at); err != nil && err != io.EOF {
			return nil, fmt.Errorf("pixel: reading a fragment: %w", err)
		}
		at = at[s.n:]
	}
	return b, nil
}

// fragmentsOf finds the fragments of a frame (PS3.5 section A.4).
func (im *Image) fragmentsOf(n int) ([]span, error) {
	if im.frames == nil {
		fr, err := im.begin()
		if err != nil {
			return nil, err
		}
		im.frames = fr
	}
	fr, frames := im.frames, im.Format.Frames
	for _, t := range []struct {
		table []byte
		width int
	}{{im.extended, 8}, {fr.table, 4}} {
		if frames > 1 && len(t.table) == t.width*frames {
			if spans, err := im.byTable(n, t.table, t.width); err == nil {
				return spans, nil
			}
		}
	}
	if fr.all == nil {
		all, err := im.items(fr.first, -1)
		if err != nil {
			return nil, err
		}
		fr.all = all
	}
	switch {
	case len(fr.all) == 0:
		return nil, corrupt("no fragments")
	case frames == 1:
		return fr.all, nil
	case len(fr.all) == frames:
		return fr.all[n-1 : n], nil
	}
	return im.byMarker(n)
}

// begin reads the table of offsets. One that is not of the frames is not
// believed.
func (im *Image) begin() (*fragments, error) {
	length, err := im.item(im.at)
	if err != nil {
		return nil, err
	}
	if length < 0 {
		return nil, corrupt("no table of offsets")
	}
	fr := &fragments{first: im.at + 8 + length}
	if length == 4*int64(im.Format.Frames) {
		fr.table = make([]byte, length)
		if _, err := im.from.ReadAt(fr.table, im.at+8); err != nil && err != io.EOF {
			return nil, fmt.Errorf("pixel: reading the table of offsets: %w", err)
		}
	}
	return fr, nil
}

// item reads the header of an item and returns the length of its value, -1 for
// the delimiter at the end.
func (im *Image) item(at int64) (int64, error) {
	var head [8]byte
	if at < 0 || at > im.size-8 {
		return 0, truncated("the object ends within the fragments")
	}
	if _, err := im.from.ReadAt(head[:], at); err != nil && err != io.EOF {
		return 0, fmt.Errorf("pixel: reading a fragment: %w", err)
	}
	tag := dicom.NewTag(binary.LittleEndian.Uint16(head[:]), binary.LittleEndian.Uint16(head[2:]))
	length := int64(binary.LittleEndian.Uint32(head[4:]))
	switch {
	case tag == dicom.SequenceDelimitationItem:
		return -1, nil
	case tag != dicom.Item || length == dicom.UndefinedLength:
		return 0, corrupt("no item where a fragment should begin")
	case length > im.size-8-at:
		return 0, truncated("the object ends within a fragment")
	}
	return length, nil
}

// items reads the headers of the items that begin from one place up to, and
// without, the other, or to the delimiter if that is -1.
func (im *Image) items(at, end int64) (all []span, err error) {
	for end < 0 || at < end {
		n, err := im.item(at)
		if err != nil {
			return nil, err
		}
		if n < 0 {
			if end >= 0 {
				return nil, corrupt("an offset past the last fragment")
			}
			return all, nil
		}
		if int64(len(all)) >= im.lim.Fragments {
			return nil, &LimitError{"fragments", im.lim.Fragments}
		}
		all = append(all, span{at + 8, n})
		at += 8 + n
	}
	if at != end {
		return nil, corrupt("an offset into a fragment")
	}
	return all, nil
}

// byTable reads the items between the offset of a frame and that of the next.
func (im *Image) byTable(n int, table []byte, width int) ([]span, error) {
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
	if n < im.Format.Frames {
		if end = offset(n); end <= begin {
			return nil, corrupt("offsets that fall")
		}
	}
	if begin < 0 || begin > im.size || end > im.size {
		return nil, corrupt("an offset past the end")
	}
	if end >= 0 {
		end += im.frames.first
	}
	spans, err := im.items(im.frames.first+begin, end)
	if err == nil && len(spans) == 0 {
		err = corrupt("a frame without fragments")
	}
	return spans, err
}

// byMarker finds where frames begin by the marker SOI of JPEG.
func (im *Image) byMarker(n int) ([]span, error) {
	var starts []int
	var head [3]byte
	for i, s := range im.frames.all {
		if s.n < 3 {
			continue
		}
		if _, err := im.from.ReadAt(head[:], s.at); err != nil && err != io.EOF {
			return nil, fmt.Errorf("pixel: reading a fragment: %w", err)
		}
		if head == [3]byte{0xFF, 0xD8, 0xFF} {
			starts = append(starts, i)
		}
	}
	if len(starts) != im.Format.Frames || starts[0] != 0 {
		return nil, corrupt("nothing tells which of %d fragments begins a frame", len(im.frames.all))
	}
	end := len(im.frames.all)
	if n < len(starts) {
		end = starts[n]
	}
	return im.frames.all[starts[n-1]:end], nil
}
