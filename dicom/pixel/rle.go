package pixel

import "encoding/binary"

// rleHeader is what stands before the segments: how many there are and up to
// fifteen offsets.
const rleHeader = 64

// DecodeRLE decodes a frame in RLE Lossless (PS3.5 annex G).
func DecodeRLE(b []byte, f Format) (*Frame, error) {
	if f.BitsAllocated == 1 {
		return nil, &UnsupportedFormat{"RLE of single bits"}
	}
	cell := f.cell()
	want := f.Samples * cell
	if len(b) < rleHeader {
		return nil, truncated("the header of RLE")
	}
	if n := binary.LittleEndian.Uint32(b); int64(n) != int64(want) {
		return nil, corrupt("%d segments of RLE, not %d", n, want)
	}
	if f.Photometric == YBRFull422 { // annex G has no pairs of pixels
		f.Photometric = YBRFull
	}
	out := f.frame(nil)
	for s := range want {
		begin, end := int64(binary.LittleEndian.Uint32(b[4+4*s:])), int64(len(b))
		if s+1 < want {
			end = int64(binary.LittleEndian.Uint32(b[8+4*s:]))
		}
		if begin < rleHeader || end < begin || end > int64(len(b)) {
			return nil, corrupt("segments of RLE out of order")
		}
		// The bytes of a cell come most significant first, and stand last.
		at := s/cell*cell + cell - 1 - s%cell
		if !unpackBits(out.Data[at:], want, f.pixels(), b[begin:end]) {
			return nil, truncated("a segment of RLE")
		}
	}
	out.clean(f.HighBit)
	return out, nil
}

// unpackBits puts n bytes at every stride-th place of dst (PS3.5 section G.3.2)
// and says whether there were enough. What follows is padding.
func unpackBits(dst []byte, stride, n int, src []byte) bool {
	at := 0
	for n > 0 {
		if len(src) < 2 {
			return false
		}
		c := int(int8(src[0]))
		src = src[1:]
		switch {
		case c >= 0:
			run := min(c+1, n)
			if run > len(src) {
				return false
			}
			for _, v := range src[:run] {
				dst[at] = v
				at += stride
			}
			n -= run
			src = src[min(c+1, len(src)):]
		case c != -128:
			run := min(1-c, n)
			v := src[0]
			for range run {
				dst[at] = v
				at += stride
			}
			n -= run
			src = src[1:]
		}
	}
	return true
}
