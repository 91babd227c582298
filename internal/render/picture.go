package render

import (
	"image"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// picture makes one of a frame, a pixel for each: *image.Gray or *image.RGBA.
func picture(d *dicom.Dataset, f *pixel.Frame, n int, asked Window) (image.Image, error) {
	switch f.Photometric {
	case pixel.Monochrome1, pixel.Monochrome2:
		c, err := curveOf(d, f.Photometric, n, asked)
		if err != nil {
			return nil, err
		}
		return grey(f, c), nil
	case pixel.PaletteColor:
		p, err := pixel.PaletteOf(d)
		if err != nil {
			return nil, err
		}
		return palette(f, p), nil
	}
	if err := f.ToRGB(); err != nil {
		return nil, err
	}
	return colour(f), nil
}

func grey(f *pixel.Frame, c *curve) *image.Gray {
	m := image.NewGray(image.Rect(0, 0, f.Columns, f.Rows))
	if f.Cell > 2 {
		lo, hi, any := extremes(f, c)
		if any {
			c.stretch(lo, hi)
		}
		for i := range m.Pix {
			m.Pix[i] = c.grey(f.Sample(i))
		}
		return m
	}
	// Of 8 and 16 bits there are few values: each is computed once.
	var seen [1 << 16]bool
	if f.Cell == 1 {
		for _, v := range f.Data {
			seen[v] = true
		}
	} else {
		for i := range m.Pix {
			seen[uint16(f.Data[2*i])|uint16(f.Data[2*i+1])<<8] = true
		}
	}
	table := greys(f, c, &seen)
	if f.Cell == 1 {
		for i, v := range f.Data {
			m.Pix[i] = table[v]
		}
		return m
	}
	for i := range m.Pix {
		m.Pix[i] = table[uint16(f.Data[2*i])|uint16(f.Data[2*i+1])<<8]
	}
	return m
}

// greys is the grey of each cell that there is.
func greys(f *pixel.Frame, c *curve, seen *[1 << 16]bool) *[1 << 16]uint8 {
	value := func(cell int) int64 {
		switch {
		case f.Signed && f.Cell == 1:
			return int64(int8(cell))
		case f.Signed:
			return int64(int16(cell))
		}
		return int64(cell)
	}
	lo, hi, any := int64(0), int64(0), false
	for cell, ok := range seen {
		if v := value(cell); ok && !c.isPadding(v) {
			if !any {
				lo, hi, any = v, v, true
			}
			lo, hi = min(lo, v), max(hi, v)
		}
	}
	if any {
		c.stretch(lo, hi)
	}
	table := new([1 << 16]uint8)
	for cell, ok := range seen {
		if ok {
			table[cell] = c.grey(value(cell))
		}
	}
	return table
}

func extremes(f *pixel.Frame, c *curve) (lo, hi int64, any bool) {
	for i := range f.Rows * f.Columns {
		v := f.Sample(i)
		if c.isPadding(v) {
			continue
		}
		if !any {
			lo, hi, any = v, v, true
		}
		lo, hi = min(lo, v), max(hi, v)
	}
	return lo, hi, any
}

func palette(f *pixel.Frame, p *pixel.Palette) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, f.Columns, f.Rows))
	for i := range f.Rows * f.Columns {
		v := f.Sample(i)
		px := m.Pix[4*i : 4*i+4]
		px[0], px[1], px[2], px[3] = uint8(p.Red.At(v)>>8), uint8(p.Green.At(v)>>8), uint8(p.Blue.At(v)>>8), 255
	}
	return m
}

func colour(f *pixel.Frame) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, f.Columns, f.Rows))
	for i := range f.Rows * f.Columns {
		px := m.Pix[4*i : 4*i+4]
		if f.Cell == 1 && f.Bits == 8 {
			copy(px, f.Data[3*i:3*i+3])
		} else {
			for s := range 3 {
				px[s] = eight(f.Sample(3*i+s), f.Bits)
			}
		}
		px[3] = 255
	}
	return m
}

// eight brings a sample of so many bits to eight.
func eight(v int64, bits int) uint8 {
	if bits >= 8 {
		return uint8(v >> (bits - 8))
	}
	return uint8(v * 255 / (1<<bits - 1))
}
