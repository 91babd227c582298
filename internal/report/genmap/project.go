package main

import (
	"fmt"
	"math"
	"strings"
)

// The Equal Earth projection, an equal-area one, so that a large country is not
// shown larger than it is: Šavrič, Patterson and Jenny, "The Equal Earth map
// projection", International Journal of Geographical Information Science, 2018.
const (
	a1 = 1.340264
	a2 = -0.081106
	a3 = 0.000893
	a4 = 0.003796

	// centre is the middle of the map and seam its edge, in degrees east: in
	// the Bering Strait, so that it cuts no land.
	centre = 11.0
	seam   = centre - 180
	width  = 1000.0
	north  = 83.7 // of Greenland
)

// project takes degrees, from the seam eastward, to units of the map.
func project(p point) point {
	long, lat := (p.x-centre)*math.Pi/180, p.y*math.Pi/180
	x, y := equalEarth(long, lat)
	right, _ := equalEarth(math.Pi, 0)
	_, top := equalEarth(0, north*math.Pi/180)
	scale := width / (2 * right)
	return point{width/2 + x*scale, (top - y) * scale}
}

func equalEarth(long, lat float64) (x, y float64) {
	t := math.Asin(math.Sqrt(3) / 2 * math.Sin(lat))
	t2 := t * t
	t6 := t2 * t2 * t2
	x = 2 * math.Sqrt(3) * long * math.Cos(t) / (3 * (9*a4*t6*t2 + 7*a3*t6 + 3*a2*t2 + a1))
	y = t * (a4*t6*t2 + a3*t6 + a2*t2 + a1)
	return x, y
}

// path draws the rings in tenths of a unit, which the file shows as integers;
// points that would fall on the one before, and specks, are left out.
func (c *country) path() string {
	var b strings.Builder
	for i, ring := range c.rings {
		ring = projected(ring)
		if math.Abs(area(ring)) < 1.2 && i > 0 {
			continue
		}
		draw(&b, ring)
	}
	return b.String()
}

func draw(b *strings.Builder, ring []point) {
	var lx, ly, drawn int
	for i, p := range ring {
		x, y := int(math.Round(p.x*10)), int(math.Round(p.y*10))
		switch s := step(x-lx, y-ly); {
		case i == 0:
			fmt.Fprintf(b, "M%d %d", x, y)
		case i == len(ring)-1, x == lx && y == ly:
			continue
		case drawn == 0:
			b.WriteString("l" + s)
			drawn++
		case s[0] == '-':
			b.WriteString(s)
		default:
			b.WriteString(" " + s)
		}
		lx, ly = x, y
	}
	b.WriteString("z")
}

func step(dx, dy int) string {
	if dy < 0 {
		return fmt.Sprintf("%d%d", dx, dy)
	}
	return fmt.Sprintf("%d %d", dx, dy)
}

// projected walks a ring over the date line where it goes there, shifts it as a
// whole to the side of the seam where most of it is, and projects it.
func projected(ring []point) []point {
	var turn, mean float64
	out := make([]point, len(ring))
	for i, p := range ring {
		if i > 0 {
			switch step := p.x - ring[i-1].x; {
			case step > 180:
				turn -= 360
			case step < -180:
				turn += 360
			}
		}
		out[i] = point{p.x + turn, p.y}
		mean += out[i].x / float64(len(ring))
	}
	shift := 0.0
	for mean+shift < seam {
		shift += 360
	}
	for mean+shift >= seam+360 {
		shift -= 360
	}
	for i, p := range out {
		out[i] = project(point{p.x + shift, p.y})
	}
	return out
}

// area is the signed area within a ring.
func area(ring []point) float64 {
	var a float64
	for i := range ring {
		p, q := ring[i], ring[(i+1)%len(ring)]
		a += p.x*q.y - q.x*p.y
	}
	return a / 2
}

// centre is the centroid of the largest ring.
func (c *country) centre() point {
	var best []point
	for _, ring := range c.rings {
		if p := projected(ring); best == nil || math.Abs(area(p)) > math.Abs(area(best)) {
			best = p
		}
	}
	if len(best) == 0 {
		return point{}
	}
	var x, y float64
	a := area(best)
	for i := range best {
		p, q := best[i], best[(i+1)%len(best)]
		k := p.x*q.y - q.x*p.y
		x, y = x+(p.x+q.x)*k, y+(p.y+q.y)*k
	}
	if a == 0 {
		return best[0]
	}
	return point{x / (6 * a), y / (6 * a)}
}
