package pixel

import "image/color"

// ToRGB makes YBR_FULL into RGB (PS3.3 section C.7.6.3.1.2). Other colours stay.
func (f *Frame) ToRGB() error {
	if f.Photometric != YBRFull {
		return nil
	}
	if f.Cell != 1 || f.Bits != 8 {
		return &UnsupportedFormat{"YBR_FULL of more than 8 bits"}
	}
	for p := f.Data; len(p) >= 3; p = p[3:] {
		p[0], p[1], p[2] = color.YCbCrToRGB(p[0], p[1], p[2])
	}
	f.Photometric = RGB
	return nil
}
