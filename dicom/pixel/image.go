package pixel

import (
	"errors"
	"fmt"
	"io"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// firstBulk is where the header ends: tables of offsets and pixel data of other
// kinds stand before Pixel Data.
const firstBulk dicom.Tag = 0x7FE00001

// Image gives the frames of a stored object. It is for one goroutine at a time.
type Image struct {
	Header *dicom.Dataset // what stands before the pixel data
	Syntax dicom.UID
	Format Format

	from io.ReaderAt
	size int64
	lim  Limits
	ts   *dicom.TransferSyntax
	vr   dicom.VR // of the pixel data

	at, length   int64 // of the value; encapsulated pixel data have no length
	encapsulated bool
	extended     []byte     // Extended Offset Table
	frames       *Fragments // of encapsulated ones
}

// Open reads the header of a PS3.10 file of size bytes and finds its pixel data.
func Open(r io.ReaderAt, size int64, lim Limits) (*Image, error) {
	im := &Image{from: r, size: size, lim: lim.orDefault()}
	file, rd, err := im.open()
	if err != nil {
		return nil, err
	}
	im.ts, im.Syntax = file.TransferSyntax, file.TransferSyntax.UID
	if im.Header, err = rd.Decode(); err != nil {
		return nil, fmt.Errorf("pixel: reading the header: %w", err)
	}
	if err := im.find(rd); err != nil {
		return nil, err
	}
	if im.encapsulated != im.ts.Encapsulated {
		return nil, corrupt("pixel data are not as the transfer syntax says")
	}
	if im.Format, err = FormatOf(im.Header, lim); err == nil {
		im.frames = &Fragments{From: im.from, Size: im.size, At: im.at, Frames: im.Format.Frames, Extended: im.extended, Limit: im.lim.Fragments}
		return im, nil
	}
	if im.encapsulated { // formats that only such syntaxes have
		if _, reason := decoderOf(im.Syntax); reason != nil {
			err = reason
		}
	}
	return nil, err
}

func (im *Image) open() (*dicom.File, *dicom.Reader, error) {
	file, rd, err := dicom.Open(io.NewSectionReader(im.from, 0, im.size), dicom.Options{StopBefore: firstBulk, Limits: im.lim.Header})
	if err != nil {
		return nil, nil, fmt.Errorf("pixel: reading the header: %w", err)
	}
	return file, rd, nil
}

// find moves the reader from the end of the header to the pixel data.
func (im *Image) find(rd *dicom.Reader) error {
	for rd.Resume(); ; {
		v, err := rd.Next()
		switch {
		case errors.Is(err, io.EOF):
			return ErrNoPixels
		case err != nil:
			return fmt.Errorf("pixel: looking for the pixel data: %w", err)
		case v.Tag == dict.ExtendedOffsetTable && v.Kind == dicom.ElementValue:
			if err := within("fragments", int64(v.Length)/8, im.lim.Fragments); err != nil {
				return err
			}
			b, err := rd.Value()
			if err != nil {
				return fmt.Errorf("pixel: reading the table of offsets: %w", err)
			}
			im.extended = append([]byte(nil), b...)
		case v.Tag == dict.FloatPixelData, v.Tag == dict.DoubleFloatPixelData:
			return &UnsupportedFormat{"pixels of floating point"}
		case v.Tag == dicom.PixelData:
			im.at, im.length, im.vr = rd.Offset(), int64(v.Length), v.VR
			im.encapsulated = v.Kind == dicom.SequenceStart
			return nil
		case v.Tag > dicom.PixelData:
			return ErrNoPixels
		}
	}
}

// Frame is one decoded frame.
type Frame struct {
	Rows, Columns int
	Samples       int // of a pixel
	Cell          int // bytes of a sample: 1, 2 or 4
	Bits          int // of a sample that count
	Signed        bool
	Photometric   Photometric
	// Data has the samples of a pixel side by side, little endian. What is not
	// of the value is cleared, or filled with the sign.
	Data []byte
}

// Sample returns the i-th sample.
func (f *Frame) Sample(i int) int64 {
	var u uint32
	switch f.Cell {
	case 1:
		if f.Signed {
			return int64(int8(f.Data[i]))
		}
		return int64(f.Data[i])
	case 2:
		u = uint32(f.Data[2*i]) | uint32(f.Data[2*i+1])<<8
		if f.Signed {
			return int64(int16(u))
		}
		return int64(u)
	}
	b := f.Data[4*i : 4*i+4]
	u = uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
	if f.Signed {
		return int64(int32(u))
	}
	return int64(u)
}

// Frame decodes a frame, from 1.
func (im *Image) Frame(n int) (*Frame, error) {
	if n < 1 || n > im.Format.Frames {
		return nil, ErrNoFrame
	}
	if !im.encapsulated {
		return im.native(n)
	}
	decode, err := decoderOf(im.Syntax)
	if err != nil {
		return nil, err
	}
	b, err := im.Encoded(n)
	if err != nil {
		return nil, err
	}
	if im.Format.bytes()/im.lim.Ratio > int64(len(b)) {
		return nil, &LimitError{"ratio", im.lim.Ratio}
	}
	return decode(b, im.Format)
}

// frame makes one of the format; its data are all zero, or of data.
func (f *Format) frame(data []byte) *Frame {
	if data == nil {
		data = make([]byte, f.bytes())
	}
	return &Frame{
		Rows: f.Rows, Columns: f.Columns, Samples: f.Samples, Cell: f.cell(),
		Bits: f.BitsStored, Signed: f.Signed, Photometric: f.Photometric, Data: data,
	}
}

// A decoder turns a compressed frame into one of the format, whose size was
// compared with the limits.
type decoder func(b []byte, f Format) (*Frame, error)

// decoderOf chooses by transfer syntax (PS3.5 section 10).
func decoderOf(uid dicom.UID) (decoder, error) {
	switch uid {
	case "1.2.840.10008.1.2.1.98": // Encapsulated Uncompressed Explicit VR Little Endian
		return decodeCells, nil
	case "1.2.840.10008.1.2.5":
		return DecodeRLE, nil
	case "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70":
		return DecodeJPEG, nil
	}
	return nil, unsupported(uid)
}
