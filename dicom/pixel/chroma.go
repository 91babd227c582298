package pixel

import "image"

// planes copies the three components as they are. Colour that was halved is
// interpolated: three quarters of the nearest sample and one of the next, in each
// direction that was halved, rounded as libjpeg does it, so that pictures are the
// same as elsewhere.
func planes(m *image.YCbCr, out *Frame) {
	w, h := out.Columns, out.Rows
	for y := range h {
		at := y * w * 3 * out.Cell
		for _, v := range m.Y[y*m.YStride:][:w] {
			out.Data[at] = v
			at += 3 * out.Cell
		}
	}
	c := chroma{ratio: m.SubsampleRatio, stride: m.CStride, columns: w, rows: h}
	c.sums, c.line = make([]int, (w+1)/2), make([]byte, w+1)
	for s, p := range [][]byte{m.Cb, m.Cr} {
		for y := range h {
			at := (y*w*3 + s + 1) * out.Cell
			for _, v := range c.lineOf(p, y)[:w] {
				out.Data[at] = v
				at += 3 * out.Cell
			}
		}
	}
}

// chroma interpolates lines of a component.
type chroma struct {
	ratio         image.YCbCrSubsampleRatio
	stride        int
	columns, rows int
	sums          []int
	line          []byte
}

func (c *chroma) lineOf(p []byte, y int) []byte {
	switch c.ratio {
	case image.YCbCrSubsampleRatio444:
		return p[y*c.stride:]
	case image.YCbCrSubsampleRatio422:
		for i, v := range p[y*c.stride:][:len(c.sums)] {
			c.sums[i] = int(v)
		}
		c.across(1, 2, 2)
		return c.line
	case image.YCbCrSubsampleRatio420:
		near := y / 2
		next := near - 1 + 2*(y%2)
		next = min(max(next, 0), (c.rows+1)/2-1)
		for i := range c.sums {
			c.sums[i] = 3*int(p[near*c.stride+i]) + int(p[next*c.stride+i])
		}
		c.across(8, 7, 4)
		return c.line
	}
	for x := range c.columns { // rarer ones repeat the nearest
		at := image.YCbCr{SubsampleRatio: c.ratio, CStride: c.stride, Rect: image.Rect(0, 0, c.columns, c.rows)}
		c.line[x] = p[at.COffset(x, y)]
	}
	return c.line
}

// across doubles the sums, which are of 2^(shift-2) samples. Rounding alternates.
func (c *chroma) across(even, odd, shift int) {
	s := c.sums
	for i, v := range s {
		before, after := v, v
		if i > 0 {
			before = s[i-1]
		}
		if i+1 < len(s) {
			after = s[i+1]
		}
		c.line[2*i] = byte((3*v + before + even) >> shift)
		if 2*i+1 < len(c.line) {
			c.line[2*i+1] = byte((3*v + after + odd) >> shift)
		}
	}
}
