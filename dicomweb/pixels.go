package dicomweb

import (
	"bytes"
	"errors"
	"io"
	"net/http"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// pixels are the pixel data of a stored instance, of which nothing was read yet.
type pixels struct {
	from   io.ReaderAt
	frames int
	// Of native pixel data.
	at, length int64
	frameBytes int64 // 0 where frames do not begin at a byte
	// Of encapsulated ones.
	fragments *pixel.Fragments
}

func noPixels() error {
	return &Problem{HTTP: http.StatusNotFound, Detail: "the instance has no such pixel data"}
}

// openPixels reads up to the pixel data (PS3.3 section C.7.6.3).
func openPixels(c Content, size int64, lim Limits) (*pixels, error) {
	f, r, err := dicom.Open(c, dicom.Options{StopBefore: dicom.PixelData, Limits: lim.stored()})
	if err != nil {
		return nil, wrap("reading a stored instance", err)
	}
	d, err := r.Decode()
	if err != nil {
		return nil, wrap("reading a stored instance", err)
	}
	r.Resume()
	v, err := r.Next()
	if err != nil || v.Tag != dicom.PixelData {
		return nil, noPixels()
	}
	p := &pixels{from: c, frames: framesOf(d), at: r.Offset(), length: int64(v.Length)}
	if v.Kind == dicom.SequenceStart {
		p.fragments = &pixel.Fragments{From: c, Size: size, At: p.at, Frames: p.frames, Limit: int64(lim.Elements)}
		if e := d.Get(dict.ExtendedOffsetTable); e != nil {
			p.fragments.Extended = e.Value
		}
		return p, nil
	}
	if f.TransferSyntax.BigEndian || f.TransferSyntax.Deflated {
		b, err := r.Value()
		if err != nil {
			return nil, wrap("reading a stored instance", err)
		}
		p.from, p.at, p.length = bytes.NewReader(bytes.Clone(b)), 0, int64(len(b))
	}
	p.frameBytes = frameBytes(d, p.frames)
	return p, nil
}

func framesOf(d *dicom.Dataset) int {
	if n, ok := d.Int(dict.NumberOfFrames); ok && n > 0 && n < 1<<31 {
		return int(n)
	}
	return 1
}

// frameBytes is how long a frame is (PS3.5 section 8.1). Frames of single bits
// follow each other without a gap.
func frameBytes(d *dicom.Dataset, frames int) int64 {
	bits := int64(1)
	for _, tag := range []dicom.Tag{dict.Rows, dict.Columns, dict.SamplesPerPixel, dict.BitsAllocated} {
		n, ok := d.Int(tag)
		if tag == dict.SamplesPerPixel {
			if !ok {
				n, ok = 1, true
			}
			if d.String(dict.PhotometricInterpretation) == "YBR_FULL_422" {
				n = 2 // PS3.3 section C.7.6.3.1.2: two pixels share their colour
			}
		}
		if !ok || n <= 0 || n > 1<<16 || bits > 1<<46 {
			return 0
		}
		bits *= n
	}
	if bits%8 != 0 && frames > 1 {
		return 0
	}
	return (bits + 7) / 8
}

// encapsulated returns a frame, from 1, as its fragments are.
func (p *pixels) encapsulated(n int) (*stream, error) {
	spans, err := p.fragments.Of(n)
	var corrupt *pixel.CorruptError
	var limit *pixel.LimitError
	switch {
	case err == nil:
		return p.join(spans), nil
	case errors.Is(err, pixel.ErrNoFrame):
		return nil, noPixels()
	case errors.As(err, &limit):
		return nil, &LimitError{"elements", limit.Limit}
	case errors.As(err, &corrupt):
		return nil, &Problem{HTTP: http.StatusNotAcceptable, Detail: "the frames cannot be told apart: " + corrupt.What, Err: err}
	}
	return nil, wrap("reading encapsulated pixel data", err)
}

// values returns the pixel data as bulk data: native ones as a whole, encapsulated
// ones frame by frame.
func (p *pixels) values() ([]*stream, error) {
	if p.fragments == nil {
		return []*stream{p.join([]pixel.Span{{At: p.at, Length: p.length}})}, nil
	}
	var all []*stream
	for n := range p.frames {
		s, err := p.encapsulated(n + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

// frame returns a frame, from 1, as it is stored.
func (p *pixels) frame(n int) (*stream, error) {
	if n < 1 || n > p.frames {
		return nil, noPixels()
	}
	if p.fragments != nil {
		return p.encapsulated(n)
	}
	if p.frameBytes == 0 {
		return nil, &Problem{HTTP: http.StatusNotAcceptable, Detail: "frames do not begin at a byte"}
	}
	if int64(n) > p.length/p.frameBytes {
		return nil, noPixels()
	}
	return p.join([]pixel.Span{{At: p.at + int64(n-1)*p.frameBytes, Length: p.frameBytes}}), nil
}

func (p *pixels) join(spans []pixel.Span) *stream {
	s := &stream{Closer: http.NoBody}
	readers := make([]io.Reader, len(spans))
	for i, sp := range spans {
		readers[i] = io.NewSectionReader(p.from, sp.At, sp.Length)
		s.size += sp.Length
	}
	s.Reader = io.MultiReader(readers...)
	if len(readers) == 1 {
		s.Reader = readers[0]
	}
	return s
}
