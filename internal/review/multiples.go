package review

import (
	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// multiples are those of a point: the j-th of the i-th row is (j+1)·256^i times
// it. A sum of one of each row is any multiple, in 32 steps and without doubling.
// They are a megabyte, which is quick only while it is in a cache.
type multiples [32]row

type row [255]affine

// affine is a point as it is added: y+x, y-x and 2dxy, with Z being one.
type affine struct{ plus, minus, xy2d field.Element }

// sum is a sum of points, in extended coordinates: x = X/Z, y = Y/Z, xy = T/Z.
type sum struct{ x, y, z, t field.Element }

func newSums(n int) []sum {
	all := make([]sum, n)
	for i := range all {
		all[i].y.One()
		all[i].z.One()
	}
	return all
}

// d2 is 2d, with d = -121665/121666 (RFC 8032 section 5.1).
func d2() *field.Element {
	one := new(field.Element).One()
	d := new(field.Element).Mult32(one, 121666)
	d.Invert(d)
	d.Mult32(d, 121665)
	d.Negate(d)
	return d.Add(d, d)
}

func newMultiples(p *edwards25519.Point) *multiples {
	m, d := new(multiples), d2()
	base := new(edwards25519.Point).Set(p)
	var points [255]edwards25519.Point
	for i := range m {
		points[0].Set(base)
		for j := 1; j < len(points); j++ {
			points[j].Add(&points[j-1], base)
		}
		m[i].fill(&points, d)
		base.Add(&points[len(points)-1], base)
	}
	return m
}

// fill makes points affine.
func (r *row) fill(points *[255]edwards25519.Point, d2 *field.Element) {
	var zs [255]field.Element
	for j := range points {
		_, _, z, _ := points[j].ExtendedCoordinates()
		zs[j].Set(z)
	}
	invert(zs[:])
	for j := range points {
		x, y, _, _ := points[j].ExtendedCoordinates()
		x.Multiply(x, &zs[j])
		y.Multiply(y, &zs[j])
		r[j].plus.Add(y, x)
		r[j].minus.Subtract(y, x)
		r[j].xy2d.Multiply(x, y)
		r[j].xy2d.Multiply(&r[j].xy2d, d2)
	}
}

// invert inverts all, none of which is zero, by one inversion: that of their
// product.
func invert(all []field.Element) {
	before := make([]field.Element, len(all)) // the product of those before
	product := new(field.Element).One()
	for i := range all {
		before[i].Set(product)
		product.Multiply(product, &all[i])
	}
	product.Invert(product)
	for i := len(all) - 1; i >= 0; i-- {
		before[i].Multiply(&before[i], product)
		product.Multiply(product, &all[i])
	}
	copy(all, before)
}

// multiple adds one of a row. It is not for secrets: how long it takes depends on
// the digit.
func (s *sum) multiple(r *row, digit byte) {
	if digit > 0 {
		s.add(&r[digit-1])
	}
}

// add is the addition of Hisil, Wong, Carter and Dawson ("Twisted Edwards Curves
// Revisited", 2008, section 3.1) for a = -1, which holds for all points.
func (s *sum) add(p *affine) {
	var a, b, c, d, e, f, g, h field.Element
	a.Multiply(a.Subtract(&s.y, &s.x), &p.minus)
	b.Multiply(b.Add(&s.y, &s.x), &p.plus)
	c.Multiply(&s.t, &p.xy2d)
	d.Add(&s.z, &s.z)
	e.Subtract(&b, &a)
	f.Subtract(&d, &c)
	g.Add(&d, &c)
	h.Add(&b, &a)
	s.x.Multiply(&e, &f)
	s.y.Multiply(&g, &h)
	s.z.Multiply(&f, &g)
	s.t.Multiply(&e, &h)
}

// encode encodes sums (RFC 8032 section 5.1.2): y, and in its last bit whether x
// is odd. Z is never zero, the addition being complete.
func encode(sums []sum) [][32]byte {
	zs := make([]field.Element, len(sums))
	for i := range sums {
		zs[i].Set(&sums[i].z)
	}
	invert(zs)
	all := make([][32]byte, len(sums))
	for i := range sums {
		var x, y field.Element
		x.Multiply(&sums[i].x, &zs[i])
		y.Multiply(&sums[i].y, &zs[i])
		copy(all[i][:], y.Bytes())
		all[i][31] |= byte(x.IsNegative() << 7)
	}
	return all
}
