package dicom

import (
	"encoding/binary"
	"io"
)

// header is what stands before a value (PS3.5 section 7.1).
type header struct {
	tag     Tag
	vr      VR
	length  uint32
	size    int  // bytes of the header itself
	untyped bool // the VR stood as UN and was found in the dictionary
}

// tagOf reads a tag from four bytes.
func tagOf(b []byte, big bool) Tag {
	if big {
		return Tag(binary.BigEndian.Uint32(b))
	}
	v := binary.LittleEndian.Uint32(b)
	return Tag(v<<16 | v>>16)
}

func uint32Of(b []byte, big bool) uint32 {
	if big {
		return binary.BigEndian.Uint32(b)
	}
	return binary.LittleEndian.Uint32(b)
}

func uint16Of(b []byte, big bool) uint16 {
	if big {
		return binary.BigEndian.Uint16(b)
	}
	return binary.LittleEndian.Uint16(b)
}

// header reads the header at the cursor into r.h and leaves the cursor there.
func (r *Reader) header(f *frame) error {
	b := r.src.peek(12)
	if len(b) < 8 {
		return r.short(f, b)
	}
	h := &r.h
	h.tag, h.vr, h.size, h.untyped = tagOf(b, f.big), 0, 8, false
	if f.implicit || h.tag.Group() == groupDelimiters {
		h.length = uint32Of(b[4:], f.big)
		if h.tag.Group() != groupDelimiters {
			h.vr = vrOf(h.tag, f.signed)
		}
		return nil
	}
	if h.vr = VR(b[4])<<8 | VR(b[5]); h.vr.short() {
		h.length = uint32(uint16Of(b[6:], f.big))
		return nil
	}
	return r.longHeader(f, h, b)
}

// longHeader reads on where the VR is none of those with a length of 16 bits.
//
// PS3.5 section 7.1.2 gives every VR that is not in its list two reserved bytes
// and 32 bits of length, those of the future included. Two capital letters
// that are no VR of today are read so, but as a short header where the
// reserved bytes are not zero, since some writers invent VRs. Anything else in
// the place of the VR is taken for an element in implicit VR, as some writers
// switch in private sequences.
func (r *Reader) longHeader(f *frame, h *header, b []byte) error {
	switch {
	case !h.vr.letters():
		h.length, h.vr = uint32Of(b[4:], f.big), vrOf(h.tag, f.signed)
		return r.plausible(f, h)
	case !h.vr.known() && (b[6] != 0 || b[7] != 0):
		h.length = uint32(uint16Of(b[6:], f.big))
		return nil
	case len(b) < 12:
		return r.short(f, b)
	}
	h.length, h.size = uint32Of(b[8:], f.big), 12
	if h.vr == UN && r.typed && h.length != UndefinedLength {
		h.vr = vrOf(h.tag, f.signed)
		h.untyped = h.vr != UN
	}
	return nil
}

// plausible guards the guess that a header is one of implicit VR.
func (r *Reader) plausible(f *frame, h *header) error {
	if h.length == UndefinedLength || int64(h.length) <= f.end-r.src.offset()-8 {
		return nil
	}
	return r.fail(h.tag, ErrVR)
}

// short is the answer to an input that ends where a header should begin: the
// end of the data set at the top level, truncation within.
func (r *Reader) short(f *frame, b []byte) error {
	if len(b) == 0 && len(r.stack) == 1 && r.src.ended() {
		return io.EOF
	}
	if r.onlyMeta && (len(b) < 2 || uint16Of(b, false) != groupFileMeta) {
		return io.EOF // a deflated data set can be that short
	}
	return r.fail(f.tag, r.src.readErr())
}
