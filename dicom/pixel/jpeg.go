package pixel

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/jpeg"
)

// Markers of ITU-T T.81 table B.1.
const (
	markSOF0 = 0xC0 // baseline
	markSOF1 = 0xC1 // extended sequential
	markSOF2 = 0xC2 // progressive
	markSOF3 = 0xC3 // lossless
	markDHT  = 0xC4
	markJPG  = 0xC8
	markDAC  = 0xCC
	markRST0 = 0xD0
	markSOI  = 0xD8
	markEOI  = 0xD9
	markSOS  = 0xDA
	markDQT  = 0xDB
	markDRI  = 0xDD
	markAPP0 = 0xE0
	markAdob = 0xEE
)

// jpegStream is a JPEG as far as it was read.
type jpegStream struct {
	data []byte
	pos  int

	sof       byte // the kind of frame
	precision int
	rows      int
	columns   int
	parts     []component
	huffman   [2][4]*huffman // of DC and lossless, of AC
	quant     [4]*[64]uint16
	restart   int // MCUs between two restarts
	transform int // of the Adobe marker, -1 without
}

type component struct {
	id     byte
	h, v   int
	tq     byte
	dc, ac byte // tables of the scan
}

// DecodeJPEG decodes a frame in JPEG of any process that is supported.
func DecodeJPEG(b []byte, f Format) (*Frame, error) {
	j := &jpegStream{data: b, transform: -1}
	if err := j.header(); err != nil {
		return nil, err
	}
	if j.rows != f.Rows || j.columns != f.Columns || len(j.parts) != f.Samples {
		return nil, corrupt("a JPEG of %d by %d with %d components", j.columns, j.rows, len(j.parts))
	}
	if f.BitsAllocated == 1 || j.precision > f.BitsAllocated {
		return nil, corrupt("JPEG of %d bits in cells of %d", j.precision, f.BitsAllocated)
	}
	out := f.frame(nil)
	out.Photometric = j.colours(f.Photometric)
	var err error
	switch {
	case j.sof == markSOF3:
		err = j.lossless(out)
	case j.sof > markSOF2:
		return nil, &UnsupportedFormat{"JPEG with arithmetic coding, or hierarchical"}
	case j.precision == 8:
		err = baseline(b, out)
	case j.sof == markSOF2:
		return nil, &UnsupportedFormat{"progressive JPEG of 12 bits"}
	default:
		err = j.extended(out)
	}
	if err != nil {
		return nil, err
	}
	out.clean(f.BitsStored - 1)
	return out, nil
}

// colours says what the components are. DICOM forbids to convert without saying
// so, but the marker of Adobe is right more often than the attribute. Components
// of lossless JPEG were not converted.
func (j *jpegStream) colours(p Photometric) Photometric {
	switch {
	case len(j.parts) != 3:
		return p
	case j.sof == markSOF3:
	case j.transform == 0:
		return RGB
	case j.transform == 1:
		return YBRFull
	case j.parts[0].id == 'R' && j.parts[1].id == 'G' && j.parts[2].id == 'B':
		return RGB
	case p == RGB && j.parts[0].h*j.parts[0].v > j.parts[1].h*j.parts[1].v:
		return YBRFull // nobody halves green and blue
	}
	if p == YBRFull422 {
		return YBRFull
	}
	return p
}

// baseline decodes DCT of 8 bits.
func baseline(b []byte, out *Frame) error {
	c, err := jpeg.DecodeConfig(bytes.NewReader(b)) // it allocates by what it reads itself
	if err != nil {
		return &CorruptError{"decoding JPEG", err}
	}
	if c.Width != out.Columns || c.Height != out.Rows {
		return corrupt("a JPEG of %d by %d", c.Width, c.Height)
	}
	m, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return &CorruptError{"decoding JPEG", err}
	}
	switch m := m.(type) {
	case *image.Gray:
		for y := range out.Rows {
			for x, v := range m.Pix[y*m.Stride:][:out.Columns] {
				out.Data[(y*out.Columns+x)*out.Cell] = v
			}
		}
	case *image.YCbCr:
		planes(m, out)
	case *image.RGBA: // converted by nothing: the components are RGB
		for i := range out.Rows * out.Columns {
			at := i/out.Columns*m.Stride + i%out.Columns*4
			for s := range 3 {
				out.Data[(3*i+s)*out.Cell] = m.Pix[at+s]
			}
		}
	default:
		return &UnsupportedFormat{"JPEG of four components"}
	}
	return nil
}

// header reads up to the first scan, so that the frame is known.
func (j *jpegStream) header() error {
	if len(j.data) < 4 || j.data[0] != 0xFF || j.data[1] != markSOI {
		return corrupt("no JPEG")
	}
	j.pos = 2
	for {
		mark, seg, err := j.segment()
		if err != nil {
			return err
		}
		if mark == markSOS {
			j.pos -= len(seg) + 4 // it is read again
			break
		}
		if mark == markEOI {
			return truncated("a JPEG without a scan")
		}
		if err := j.take(mark, seg); err != nil {
			return err
		}
	}
	if j.sof == 0 {
		return corrupt("a scan of JPEG before its frame")
	}
	return nil
}

// segment reads a marker and what belongs to it (T.81 section B.1.1).
func (j *jpegStream) segment() (mark byte, seg []byte, err error) {
	for j.pos+1 < len(j.data) {
		if j.data[j.pos] != 0xFF || j.data[j.pos+1] == 0xFF {
			j.pos++ // fill bytes, and what should not be there
			continue
		}
		mark = j.data[j.pos+1]
		j.pos += 2
		switch {
		case mark == 0 || mark == 1 || mark >= markRST0 && mark <= markSOI:
			continue
		case mark == markEOI:
			return mark, nil, nil
		}
		if j.pos+2 > len(j.data) {
			break
		}
		n := int(binary.BigEndian.Uint16(j.data[j.pos:]))
		if n < 2 || n > len(j.data)-j.pos {
			return 0, nil, truncated("a segment of JPEG")
		}
		seg = j.data[j.pos+2 : j.pos+n]
		j.pos += n
		return mark, seg, nil
	}
	return 0, nil, truncated("a JPEG")
}

// take keeps what a segment says.
func (j *jpegStream) take(mark byte, seg []byte) error {
	switch {
	case mark == markDHT:
		return j.tables(seg)
	case mark == markDQT:
		return j.quants(seg)
	case mark == markDRI:
		if len(seg) < 2 {
			return truncated("a restart interval of JPEG")
		}
		j.restart = int(binary.BigEndian.Uint16(seg))
	case mark == markAdob:
		if len(seg) >= 12 && string(seg[:5]) == "Adobe" {
			j.transform = int(seg[11])
		}
	case mark >= markSOF0 && mark < markRST0 && mark != markJPG && mark != markDAC:
		return j.frame(mark, seg)
	}
	return nil
}

// frame reads the header of a frame (T.81 section B.2.2).
func (j *jpegStream) frame(mark byte, seg []byte) error {
	if j.sof != 0 {
		return corrupt("a second frame in a JPEG")
	}
	if len(seg) < 6 || len(seg) < 6+3*int(seg[5]) {
		return truncated("the frame header of JPEG")
	}
	j.sof, j.precision = mark, int(seg[0])
	j.rows, j.columns = int(binary.BigEndian.Uint16(seg[1:])), int(binary.BigEndian.Uint16(seg[3:]))
	n := int(seg[5])
	if n != 1 && n != 3 || j.precision < 2 || j.precision > 16 {
		return corrupt("%d components of %d bits in a JPEG", n, j.precision)
	}
	for i := range n {
		s := seg[6+3*i:]
		c := component{id: s[0], h: int(s[1] >> 4), v: int(s[1] & 15), tq: s[2]}
		if c.h < 1 || c.h > 4 || c.v < 1 || c.v > 4 || c.tq > 3 {
			return corrupt("a component of JPEG")
		}
		j.parts = append(j.parts, c)
	}
	return nil
}

// scan reads the header of a scan (T.81 section B.2.3): which components, and
// two numbers whose meaning depends on the process: in a sequential scan they are 0,
// whatever stands there.
func (j *jpegStream) scan(seg []byte) (list []*component, ss, al int, err error) {
	if len(seg) < 1 || len(seg) < 4+2*int(seg[0]) || seg[0] == 0 || int(seg[0]) > len(j.parts) {
		return nil, 0, 0, corrupt("the scan header of JPEG")
	}
	n := int(seg[0])
	for i := range n {
		id, t := seg[1+2*i], seg[2+2*i]
		var c *component
		for k := range j.parts {
			if j.parts[k].id == id {
				c = &j.parts[k]
			}
		}
		if c == nil || t>>4 > 3 || t&15 > 3 || len(list) > 0 && list[len(list)-1] == c {
			return nil, 0, 0, corrupt("a component of a scan of JPEG")
		}
		c.dc, c.ac = t>>4, t&15
		list = append(list, c)
	}
	s := seg[1+2*n:]
	return list, int(s[0]), int(s[2] & 15), nil
}

// nextScan reads segments up to the next scan; ok is false at the end.
func (j *jpegStream) nextScan() (seg []byte, ok bool, err error) {
	for {
		mark, seg, err := j.segment()
		switch {
		case err != nil:
			return nil, false, err
		case mark == markSOS:
			return seg, true, nil
		case mark == markEOI:
			return nil, false, nil
		}
		if err := j.take(mark, seg); err != nil {
			return nil, false, err
		}
	}
}

// put writes a line of a sample.
func (f *Frame) put(y, sample int, line []int32, up uint) {
	at := (y*f.Columns*f.Samples + sample) * f.Cell
	step := f.Samples * f.Cell
	if f.Cell == 1 {
		for _, v := range line[:f.Columns] {
			f.Data[at] = byte(v << up)
			at += step
		}
		return
	}
	for _, v := range line[:f.Columns] {
		binary.LittleEndian.PutUint16(f.Data[at:], uint16(v<<up))
		at += step
	}
}
