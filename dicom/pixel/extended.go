package pixel

import (
	"encoding/binary"
	"math"
)

// zigzag is the order of coefficients in a block (T.81 figure A.6).
var zigzag = [64]uint8{
	0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
	12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
	35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
	58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
}

// quants reads quantisation tables (T.81 section B.2.4.1).
func (j *jpegStream) quants(seg []byte) error {
	for len(seg) > 0 {
		wide, id := seg[0]>>4, seg[0]&15
		need := 1 + 64*(1+int(wide))
		if wide > 1 || id > 3 || len(seg) < need {
			return corrupt("a quantisation table of JPEG")
		}
		q := new([64]uint16)
		for i := range q {
			if wide == 0 {
				q[i] = uint16(seg[1+i])
			} else {
				q[i] = binary.BigEndian.Uint16(seg[1+2*i:])
			}
		}
		j.quant[id] = q
		seg = seg[need:]
	}
	return nil
}

// extended decodes sequential DCT of more than 8 bits (T.81 annex F, process 4).
// Objects with it have one component.
func (j *jpegStream) extended(out *Frame) error {
	if len(j.parts) != 1 || j.precision != 12 {
		return &UnsupportedFormat{"sequential JPEG of more than 8 bits but for grey of 12"}
	}
	seg, ok, err := j.nextScan()
	if err != nil {
		return err
	}
	if !ok {
		return truncated("a JPEG without a scan")
	}
	list, _, _, err := j.scan(seg)
	if err != nil {
		return err
	}
	c := list[0]
	d := &blockReader{dc: j.huffman[0][c.dc], ac: j.huffman[1][c.ac], quant: j.quant[c.tq]}
	if d.dc == nil || d.ac == nil || d.quant == nil || d.dc.most > 15 {
		return corrupt("a scan of JPEG without its tables")
	}
	d.cosines()
	d.bits = bitReader{data: j.data, pos: j.pos}
	return j.blocks(d, out)
}

// blocks decodes the blocks of one component, which stand line by line whatever
// its sampling factors (T.81 section A.2.2).
func (j *jpegStream) blocks(d *blockReader, out *Frame) error {
	across := (j.columns + 7) / 8
	half := float64(int(1) << (j.precision - 1))
	top := float64(int(1)<<j.precision - 1)
	for i := range across * ((j.rows + 7) / 8) {
		if j.restart > 0 && i > 0 && i%j.restart == 0 {
			if d.last = 0; !d.bits.again() {
				return truncated("a JPEG without its restart")
			}
		}
		d.read()
		if d.bits.ended() {
			return truncated("a JPEG")
		}
		d.inverse()
		x0, y0 := i%across*8, i/across*8
		for y := range min(8, j.rows-y0) {
			for x := range min(8, j.columns-x0) {
				v := min(max(math.Round(d.block[8*y+x]+half), 0), top)
				binary.LittleEndian.PutUint16(out.Data[out.Cell*((y0+y)*j.columns+x0+x):], uint16(v))
			}
		}
	}
	return nil
}

// blockReader reads blocks of 8 by 8 coefficients.
type blockReader struct {
	bits   bitReader
	dc, ac *huffman
	quant  *[64]uint16
	last   int32 // DC of the block before
	block  [64]float64
	cos    [8][8]float64 // of place and frequency
}

func (d *blockReader) cosines() {
	for x := range 8 {
		for u := range 8 {
			scale := 0.5
			if u == 0 {
				scale = math.Sqrt2 / 4
			}
			d.cos[x][u] = scale * math.Cos(float64((2*x+1)*u)*math.Pi/16)
		}
	}
}

// read reads the coefficients of a block (T.81 section F.2.2).
func (d *blockReader) read() {
	d.block = [64]float64{}
	if s := d.bits.symbol(d.dc); s > 0 {
		d.last += d.bits.extend(s)
	}
	d.block[0] = float64(d.last) * float64(d.quant[0])
	for k := 1; k < 64; k++ {
		rs := d.bits.symbol(d.ac)
		run, s := int(rs>>4), rs&15
		if s == 0 {
			if run != 15 {
				return // end of block
			}
			k += 15
			continue
		}
		if k += run; k > 63 {
			d.bits.bad = true
			return
		}
		d.block[zigzag[k]] = float64(d.bits.extend(s)) * float64(d.quant[k])
	}
}

// inverse is the inverse DCT (T.81 section A.3.3), lines first.
func (d *blockReader) inverse() {
	var mid [64]float64
	for v := range 8 {
		row := d.block[8*v : 8*v+8]
		for x := range 8 {
			sum := 0.0
			for u, c := range row {
				sum += c * d.cos[x][u]
			}
			mid[8*v+x] = sum
		}
	}
	for y := range 8 {
		for x := range 8 {
			sum := 0.0
			for v := range 8 {
				sum += mid[8*v+x] * d.cos[y][v]
			}
			d.block[8*y+x] = sum
		}
	}
}
