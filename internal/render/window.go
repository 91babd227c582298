package render

import (
	"math"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicom/pixel"
)

// Window is a window of values (PS3.3 section C.11.2.1.2).
type Window struct {
	Center, Width float64
	Function      Function // empty for none
}

// Function is the shape of a window (PS3.3 section C.11.2.1.3).
type Function string

// The functions, as PS3.18 section 8.3.5.1.4 spells them.
const (
	Linear      Function = "linear"
	LinearExact Function = "linear-exact"
	Sigmoid     Function = "sigmoid"
)

// valid says that the window divides by nothing. LINEAR needs a width of 1, by
// which it is a step.
func (w Window) valid() bool {
	return w.Function != "" && (w.Width > 0 && w.Function != Linear || w.Width >= 1)
}

// at is the window at x, from 0 to 1.
func (w Window) at(x float64) float64 {
	switch w.Function {
	case Sigmoid:
		return 1 / (1 + math.Exp(-4*(x-w.Center)/w.Width))
	case LinearExact:
		return clamp((x-w.Center)/w.Width + 0.5)
	}
	c, half := w.Center-0.5, (w.Width-1)/2
	switch {
	case x <= c-half:
		return 0
	case x > c+half:
		return 1
	}
	return clamp((x-c)/(w.Width-1) + 0.5)
}

func clamp(v float64) float64 {
	if !(v > 0) { // also what is no number
		return 0
	}
	return min(v, 1)
}

// windowOf is the first window of a data set.
func windowOf(d *dicom.Dataset) Window {
	c, ok1 := d.Float(dict.WindowCenter)
	w, ok2 := d.Float(dict.WindowWidth)
	if !ok1 || !ok2 {
		return Window{}
	}
	win := Window{Center: c, Width: w, Function: Linear}
	switch d.String(dict.VOILUTFunction) {
	case "LINEAR_EXACT":
		win.Function = LinearExact
	case "SIGMOID":
		win.Function = Sigmoid
	}
	return win
}

// curve turns stored values into values from 0 to 1.
type curve struct {
	modality         *pixel.Table
	slope, intercept float64
	voi              *pixel.Table
	window           Window
	invert           bool
	pad              [2]float64 // stored values that are no pixels, from and to
	padded           bool
}

// curveOf reads what an object says about frame n; asked goes before it.
func curveOf(d *dicom.Dataset, p pixel.Photometric, n int, asked Window) (*curve, error) {
	c := &curve{slope: 1, window: asked}
	c.invert = p == pixel.Monochrome1 || d.String(dict.PresentationLUTShape) == "INVERSE"
	if err := c.rescale(groupOf(d, n, dict.PixelValueTransformationSequence)); err != nil {
		return nil, err
	}
	if pad, ok := d.Int(dict.PixelPaddingValue); ok {
		limit, ok := d.Int(dict.PixelPaddingRangeLimit)
		if !ok {
			limit = pad
		}
		c.pad, c.padded = [2]float64{float64(min(pad, limit)), float64(max(pad, limit))}, true
	}
	if c.window.valid() {
		return c, nil
	}
	voi := groupOf(d, n, dict.FrameVOILUTSequence)
	if items := voi.Sequence(dict.VOILUTSequence); len(items) > 0 {
		t, err := pixel.TableOf(items[0])
		if err != nil {
			return nil, err
		}
		c.voi = &t
	}
	c.window = windowOf(voi)
	return c, nil
}

// rescale reads the modality transformation (PS3.3 section C.11.1).
func (c *curve) rescale(d *dicom.Dataset) error {
	if items := d.Sequence(dict.ModalityLUTSequence); len(items) > 0 {
		t, err := pixel.TableOf(items[0])
		if err != nil {
			return err
		}
		c.modality = &t
		return nil
	}
	if v, ok := d.Float(dict.RescaleSlope); ok && v != 0 {
		c.slope = v
	}
	c.intercept, _ = d.Float(dict.RescaleIntercept)
	return nil
}

// groupOf is where a macro of a functional group stands for frame n: in its own
// item, in the shared one, or at the top level of an object without groups.
func groupOf(d *dicom.Dataset, n int, macro dicom.Tag) *dicom.Dataset {
	if items := d.Sequence(dict.PerFrameFunctionalGroupsSequence); n <= len(items) {
		if m := items[n-1].Sequence(macro); len(m) > 0 {
			return m[0]
		}
	}
	if items := d.Sequence(dict.SharedFunctionalGroupsSequence); len(items) > 0 {
		if m := items[0].Sequence(macro); len(m) > 0 {
			return m[0]
		}
	}
	return d
}

// modal is the value of the modality.
func (c *curve) modal(stored int64) float64 {
	if c.modality != nil {
		return float64(c.modality.At(stored))
	}
	return float64(stored)*c.slope + c.intercept
}

func (c *curve) isPadding(stored int64) bool {
	return c.padded && float64(stored) >= c.pad[0] && float64(stored) <= c.pad[1]
}

// grey is the grey of a stored value.
func (c *curve) grey(stored int64) uint8 {
	if c.isPadding(stored) {
		return 0
	}
	x := c.modal(stored)
	var v float64
	if c.voi != nil {
		// The value that a table is for is whole; what has a fraction is cut.
		v = float64(c.voi.At(int64(min(max(x, -1<<40), 1<<40)))) / float64(int(1)<<c.voi.Bits-1)
	} else {
		v = c.window.at(x)
	}
	v = clamp(v)
	if c.invert {
		v = 1 - v
	}
	return uint8(v*255 + 0.5)
}

// stretch sets a window from the lowest to the highest of the stored values, if
// nothing else says what to show.
func (c *curve) stretch(lo, hi int64) {
	if c.voi != nil || c.window.valid() {
		return
	}
	a, b := c.modal(lo), c.modal(hi)
	if c.modality != nil { // which need not rise
		for v := lo; v <= hi && v-lo < 1<<16; v++ {
			a, b = min(a, c.modal(v)), max(b, c.modal(v))
		}
	}
	a, b = min(a, b), max(a, b)
	c.window = Window{Center: a/2 + b/2, Width: max(b-a, math.SmallestNonzeroFloat32), Function: LinearExact}
}
