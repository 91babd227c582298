package dicomweb

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"net/http"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// pixels are the pixel data of a stored instance, of which nothing was read yet.
type pixels struct {
	from   io.ReaderAt
	syntax *dicom.TransferSyntax
	frames int
	// Of native pixel data.
	at, length int64
	frameBytes int64 // 0 where frames do not begin at a byte
	// Of encapsulated ones: the fragments of each frame.
	parts [][]span
}

// span is a piece of a file.
type span struct{ at, n int64 }

// errFrames says that nothing tells where frames begin.
var errFrames = errors.New("nothing tells which fragment begins a frame")

func noPixels() error {
	return &Problem{HTTP: http.StatusNotFound, Detail: "the instance has no such pixel data"}
}

// openPixels reads up to the pixel data (PS3.3 section C.7.6.3).
func openPixels(c Content, lim Limits) (*pixels, error) {
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
	p := &pixels{from: c, syntax: f.TransferSyntax, frames: framesOf(d), at: r.Offset(), length: int64(v.Length)}
	if v.Kind == dicom.SequenceStart {
		return p, p.fragments(d, lim)
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

// fragments finds out which fragments each frame has (PS3.5 section A.4).
func (p *pixels) fragments(d *dicom.Dataset, lim Limits) error {
	all, table, err := p.items(lim)
	if err != nil {
		return wrap("reading encapsulated pixel data", err)
	}
	if e := d.Get(dict.ExtendedOffsetTable); e != nil && len(e.Value) == 8*p.frames {
		table = nil
		for b := e.Value; len(b) >= 8; b = b[8:] {
			table = append(table, int64(binary.LittleEndian.Uint64(b)))
		}
	}
	switch {
	case len(all) == 0:
		return noPixels()
	case p.frames == 1:
		p.parts = [][]span{all}
	case len(all) == p.frames:
		for i := range all {
			p.parts = append(p.parts, all[i:i+1])
		}
	case len(table) == p.frames:
		return p.split(all, table)
	default:
		return &Problem{HTTP: http.StatusNotAcceptable, Detail: errFrames.Error()}
	}
	return nil
}

// items reads the headers of the items: the first has the table of offsets.
func (p *pixels) items(lim Limits) (all []span, table []int64, err error) {
	var head [8]byte
	for at, n := p.at, 0; ; n++ {
		if n > lim.Elements {
			return nil, nil, &LimitError{"elements", int64(lim.Elements)}
		}
		if _, err := p.from.ReadAt(head[:], at); err != nil {
			return nil, nil, unexpected(err)
		}
		at += 8
		length := int64(binary.LittleEndian.Uint32(head[4:]))
		switch tag := binary.LittleEndian.Uint32(head[:]); {
		case tag == 0xE0DDFFFE:
			return all, table, nil
		case tag != 0xE000FFFE || length == dicom.UndefinedLength:
			return nil, nil, dicom.ErrNesting
		case n == 0:
			if table, err = p.table(at, length); err != nil {
				return nil, nil, err
			}
		default:
			all = append(all, span{at, length})
		}
		at += length
	}
}

func (p *pixels) table(at, length int64) ([]int64, error) {
	if length != 4*int64(p.frames) || length > 64<<20 {
		return nil, nil // it is not believed
	}
	b := make([]byte, length)
	if _, err := p.from.ReadAt(b, at); err != nil {
		return nil, unexpected(err)
	}
	var table []int64
	for ; len(b) >= 4; b = b[4:] {
		table = append(table, int64(binary.LittleEndian.Uint32(b)))
	}
	return table, nil
}

// split gives each frame the fragments from its offset to the next one's. Offsets
// count from the first item after the table.
func (p *pixels) split(all []span, table []int64) error {
	first := all[0].at - 8
	next := 0
	for i := range table {
		begin := next
		if all[begin].at-8-first != table[i] {
			return &Problem{HTTP: http.StatusNotAcceptable, Detail: errFrames.Error()}
		}
		next++
		for next < len(all) && (i+1 == len(table) || all[next].at-8-first < table[i+1]) {
			next++
		}
		p.parts = append(p.parts, all[begin:next])
		if next == len(all) && i+1 < len(table) {
			return &Problem{HTTP: http.StatusNotAcceptable, Detail: errFrames.Error()}
		}
	}
	return nil
}

// frame returns a frame, from 1, as it is stored.
func (p *pixels) frame(n int) (*stream, error) {
	if n < 1 || n > p.frames {
		return nil, noPixels()
	}
	if p.parts != nil {
		return p.join(p.parts[n-1]), nil
	}
	if p.frameBytes == 0 {
		return nil, &Problem{HTTP: http.StatusNotAcceptable, Detail: "frames do not begin at a byte"}
	}
	if int64(n) > p.length/p.frameBytes {
		return nil, noPixels()
	}
	return p.join([]span{{p.at + int64(n-1)*p.frameBytes, p.frameBytes}}), nil
}

// whole returns native pixel data.
func (p *pixels) whole() *stream { return p.join([]span{{p.at, p.length}}) }

func (p *pixels) join(spans []span) *stream {
	s := &stream{Closer: http.NoBody}
	readers := make([]io.Reader, len(spans))
	for i, sp := range spans {
		readers[i] = io.NewSectionReader(p.from, sp.at, sp.n)
		s.size += sp.n
	}
	s.Reader = io.MultiReader(readers...)
	if len(readers) == 1 {
		s.Reader = readers[0]
	}
	return s
}
