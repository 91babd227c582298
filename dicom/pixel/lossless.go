package pixel

// lossless decodes process 14 (T.81 annex H): each sample is predicted from its
// neighbours, and the difference is coded.
//
//	c b     1: a    2: b    3: c    4: a+b-c
//	a x     5: a+(b-c)/2    6: b+(a-c)/2    7: (a+b)/2
//
// The first line has only a, the first sample of the others only b, and the very
// first is half of the range; after a restart all begins anew.
func (j *jpegStream) lossless(out *Frame) error {
	for _, c := range j.parts {
		if c.h != j.parts[0].h || c.v != j.parts[0].v || len(j.parts) > 1 && (c.h != 1 || c.v != 1) {
			return &UnsupportedFormat{"lossless JPEG with fewer samples of colour"}
		}
	}
	seen := 0
	for seen < len(j.parts) {
		seg, ok, err := j.nextScan()
		if err != nil {
			return err
		}
		if !ok {
			return truncated("a JPEG without all its scans")
		}
		n, err := j.losslessScan(seg, out)
		if err != nil {
			return err
		}
		seen += n
	}
	return nil
}

// predicted is a component of a scan while it is decoded.
type predicted struct {
	sample    int
	codes     *huffman
	cur, prev []int32
}

func (j *jpegStream) losslessScan(seg []byte, out *Frame) (int, error) {
	list, predictor, shift, err := j.scan(seg)
	if err != nil {
		return 0, err
	}
	if predictor < 1 || predictor > 7 || shift >= j.precision {
		return 0, corrupt("predictor %d of lossless JPEG", predictor)
	}
	if j.restart%j.columns != 0 {
		return 0, &UnsupportedFormat{"lossless JPEG with restarts within lines"}
	}
	parts := make([]predicted, len(list))
	for i, c := range list {
		p := predicted{codes: j.huffman[0][c.dc], cur: make([]int32, j.columns), prev: make([]int32, j.columns)}
		if p.codes == nil || p.codes.most > 16 {
			return 0, corrupt("a scan of lossless JPEG without its table")
		}
		for k := range j.parts {
			if &j.parts[k] == c {
				p.sample = k
			}
		}
		parts[i] = p
	}
	b := &bitReader{data: j.data, pos: j.pos}
	if err := j.losslessLines(b, parts, predictor, uint(shift), out); err != nil {
		return 0, err
	}
	j.pos = b.pos
	return len(list), nil
}

func (j *jpegStream) losslessLines(b *bitReader, parts []predicted, predictor int, shift uint, out *Frame) error {
	half := int32(1) << (j.precision - int(shift) - 1)
	for y, fresh := 0, true; y < j.rows; y, fresh = y+1, false {
		if y > 0 && j.restart > 0 && y%(j.restart/j.columns) == 0 {
			if fresh = b.again(); !fresh {
				return truncated("a lossless JPEG without its restart")
			}
		}
		switch {
		case len(parts) > 1:
			interleaved(b, parts, predictor, half, fresh)
		case fresh:
			firstLine(b, &parts[0], half)
		case predictor == 1:
			firstLine(b, &parts[0], parts[0].prev[0])
		default:
			line(b, &parts[0], predictor)
		}
		if b.ended() {
			return truncated("a lossless JPEG")
		}
		for i := range parts {
			p := &parts[i]
			out.put(y, p.sample, p.cur, shift)
			p.cur, p.prev = p.prev, p.cur
		}
	}
	return nil
}

// difference reads one (T.81 section H.1.2.2).
func (b *bitReader) difference(h *huffman) int32 {
	switch s := b.symbol(h); s {
	case 0:
		return 0
	case 16:
		return 1 << 15
	default:
		return b.extend(s)
	}
}

// firstLine decodes a line in which each sample follows from the one before it,
// the first from a.
func firstLine(b *bitReader, p *predicted, a int32) {
	for x := range p.cur {
		a = (a + b.difference(p.codes)) & 0xFFFF
		p.cur[x] = a
	}
}

func line(b *bitReader, p *predicted, predictor int) {
	a := (p.prev[0] + b.difference(p.codes)) & 0xFFFF
	p.cur[0] = a
	prev := p.prev[:len(p.cur)]
	for x := 1; x < len(p.cur); x++ {
		a = (predict(predictor, a, prev[x], prev[x-1]) + b.difference(p.codes)) & 0xFFFF
		p.cur[x] = a
	}
}

// interleaved decodes a line of several components, a pixel at a time.
func interleaved(b *bitReader, parts []predicted, predictor int, half int32, fresh bool) {
	for x := range parts[0].cur {
		for i := range parts {
			p := &parts[i]
			var v int32
			switch {
			case fresh && x == 0:
				v = half
			case fresh:
				v = p.cur[x-1]
			case x == 0:
				v = p.prev[0]
			default:
				v = predict(predictor, p.cur[x-1], p.prev[x], p.prev[x-1])
			}
			p.cur[x] = (v + b.difference(p.codes)) & 0xFFFF
		}
	}
}

// predict is table H.1 of T.81.
func predict(predictor int, a, b, c int32) int32 {
	switch predictor {
	case 1:
		return a
	case 2:
		return b
	case 3:
		return c
	case 4:
		return a + b - c
	case 5:
		return a + (b-c)>>1
	case 6:
		return b + (a-c)>>1
	}
	return (a + b) >> 1
}
