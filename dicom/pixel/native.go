package pixel

import (
	"fmt"
	"io"

	"github.com/leadglass/leadglass/dicom"
)

// native reads a frame of native pixel data.
func (im *Image) native(n int) (*Frame, error) {
	f := im.Format
	per := f.storedBits()
	if per == 0 {
		return nil, corrupt("%d columns in pairs of pixels", f.Columns)
	}
	first, last := int64(n-1)*per, int64(n)*per // at most 2^20 frames of 2^38 bits
	begin, end := first/8, (last+7)/8
	swap := im.swapped()
	if swap > 1 { // whole words are turned round
		begin, end = begin&^int64(swap-1), (end+int64(swap-1))&^int64(swap-1)
	}
	b, err := im.value(begin, end)
	if err != nil {
		return nil, err
	}
	turn(b, swap)
	if f.BitsAllocated == 1 {
		return f.frame(unpack(b, int(first-8*begin), f.pixels())), nil
	}
	return decodeCells(b[first/8-begin:last/8-begin], f)
}

// storedBits is how many a frame takes, 0 where it cannot be. Frames and limits
// were compared before; without limits 2^20 frames of 2^40 bits still fit.
func (f *Format) storedBits() int64 {
	pixels := int64(f.Rows) * int64(f.Columns)
	if f.Photometric == YBRFull422 {
		if f.Columns%2 != 0 {
			return 0
		}
		return pixels * 2 * int64(f.BitsAllocated)
	}
	return pixels * int64(f.Samples) * int64(f.BitsAllocated)
}

// swapped is how many bytes have to be turned round: cells of 32 bits as a whole,
// as pydicom and GDCM have it, everything else of OW in words (PS3.5 section 7.3).
func (im *Image) swapped() int {
	switch {
	case !im.ts.BigEndian || im.vr != dicom.OW:
		return 1
	case im.Format.BitsAllocated == 32:
		return 4
	}
	return 2
}

func turn(b []byte, n int) {
	for ; n > 1 && len(b) >= n; b = b[n:] {
		for i := range n / 2 {
			b[i], b[n-1-i] = b[n-1-i], b[i]
		}
	}
}

// value reads part of native pixel data. A whole word may end past an odd value.
func (im *Image) value(begin, end int64) ([]byte, error) {
	if end > im.length+1 || begin >= im.length {
		return nil, truncated(fmt.Sprintf("frames end at byte %d of %d", end, im.length))
	}
	end = min(end, im.length)
	if im.ts.Deflated {
		return im.inflated(begin, end)
	}
	if end > im.size-im.at {
		return nil, truncated("the object ends within the pixel data")
	}
	b := make([]byte, end-begin)
	if _, err := im.from.ReadAt(b, im.at+begin); err != nil && err != io.EOF {
		return nil, fmt.Errorf("pixel: reading pixel data: %w", err)
	}
	return b, nil
}

// inflated inflates everything before it and drops it.
func (im *Image) inflated(begin, end int64) ([]byte, error) {
	_, rd, err := im.open()
	if err != nil {
		return nil, err
	}
	rd.Resume()
	for {
		v, err := rd.Next()
		if err != nil {
			return nil, fmt.Errorf("pixel: inflating: %w", err)
		}
		if v.Tag == dicom.PixelData && v.Depth == 0 {
			break
		}
	}
	if _, err := io.CopyN(io.Discard, rd, begin); err != nil {
		return nil, truncated("inflating")
	}
	b, err := io.ReadAll(io.LimitReader(rd, end-begin)) // grows with what is there
	if err != nil {
		return nil, fmt.Errorf("pixel: inflating: %w", err)
	}
	if int64(len(b)) < end-begin {
		return nil, truncated("inflating")
	}
	return b, nil
}

// unpack gives each bit a byte.
func unpack(b []byte, first, n int) []byte {
	out := make([]byte, n)
	for i := range out {
		if at := first + i; at/8 < len(b) {
			out[i] = b[at/8] >> (at % 8) & 1
		}
	}
	return out
}

// decodeCells reads a native frame, in little endian.
func decodeCells(b []byte, f Format) (*Frame, error) {
	if f.BitsAllocated == 1 {
		if len(b) < (f.pixels()+7)/8 {
			return nil, truncated("a frame")
		}
		return f.frame(unpack(b, 0, f.pixels())), nil
	}
	need := f.storedBits() / 8
	if need == 0 || int64(len(b)) < need {
		return nil, truncated("a frame")
	}
	b = b[:need]
	switch {
	case f.Photometric == YBRFull422:
		b = spread(b, f.cell())
	case f.Planar:
		b = interleave(b, f.Samples, f.cell())
	}
	out := f.frame(b)
	if out.Photometric == YBRFull422 {
		out.Photometric = YBRFull
	}
	out.clean(f.HighBit)
	return out, nil
}

// interleave puts the samples of a pixel side by side.
func interleave(b []byte, samples, cell int) []byte {
	out := make([]byte, len(b))
	plane := len(b) / samples
	for s := range samples {
		from, at := b[s*plane:(s+1)*plane], s*cell
		for i := 0; i < plane; i += cell {
			copy(out[at:at+cell], from[i:i+cell])
			at += samples * cell
		}
	}
	return out
}

// spread gives each pixel the colour that it shares with its neighbour: Y Y Cb Cr
// becomes Y Cb Cr Y Cb Cr.
func spread(b []byte, cell int) []byte {
	out := make([]byte, 0, len(b)/2*3)
	for ; len(b) >= 4*cell; b = b[4*cell:] {
		out = append(append(out, b[:cell]...), b[2*cell:4*cell]...)
		out = append(append(out, b[cell:2*cell]...), b[2*cell:4*cell]...)
	}
	return out
}

// clean moves values down to bit 0, clears what is above them and extends the
// sign.
func (f *Frame) clean(high int) {
	if 8*f.Cell == f.Bits {
		return
	}
	down, up := uint(high+1-f.Bits), uint(32-f.Bits)
	for at := 0; at+f.Cell <= len(f.Data); at += f.Cell {
		cell := f.Data[at : at+f.Cell]
		u := uint32(0)
		for i, c := range cell {
			u |= uint32(c) << (8 * i)
		}
		u = u >> down << up
		if f.Signed {
			u = uint32(int32(u) >> up)
		} else {
			u >>= up
		}
		for i := range cell {
			cell[i] = byte(u >> (8 * i))
		}
	}
}
