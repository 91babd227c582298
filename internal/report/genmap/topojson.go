package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"

	"golang.org/x/text/language"
)

// topology is the part of a TopoJSON file that is read here.
type topology struct {
	Transform struct{ Scale, Translate [2]float64 }
	Arcs      [][][2]float64 // steps from point to point
	Objects   struct {
		Countries struct {
			Geometries []geometry
		}
	}
}

type geometry struct {
	Type       string
	ID         string
	Arcs       json.RawMessage
	Properties struct{ Name string }
}

// country is a code and its rings, in degrees.
type country struct {
	code  string
	rings [][]point
}

type point struct{ x, y float64 }

func load(name string) ([]country, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var t topology
	if err := json.Unmarshal(data, &t); err != nil {
		return nil, fmt.Errorf("genmap: parsing %q: %w", name, err)
	}
	var list []country
	for _, g := range t.Objects.Countries.Geometries {
		rings, err := t.rings(g)
		if err != nil {
			return nil, err
		}
		list = append(list, country{code(g), rings})
	}
	return list, nil
}

// code turns the numeric code of ISO 3166-1, which is also that of UN M.49,
// into letters. Kosovo has none, and a code in common use.
func code(g geometry) string {
	if g.Properties.Name == "Kosovo" {
		return "XK"
	}
	n, err := strconv.Atoi(g.ID)
	if err != nil {
		return ""
	}
	r, err := language.EncodeM49(n)
	if err != nil || !r.IsCountry() {
		return ""
	}
	return r.String()
}

func (t *topology) rings(g geometry) ([][]point, error) {
	var polygons [][][]int
	switch g.Type {
	case "Polygon":
		var one [][]int
		if err := json.Unmarshal(g.Arcs, &one); err != nil {
			return nil, err
		}
		polygons = [][][]int{one}
	case "MultiPolygon":
		if err := json.Unmarshal(g.Arcs, &polygons); err != nil {
			return nil, err
		}
	}
	var rings [][]point
	for _, polygon := range polygons {
		for _, ring := range polygon {
			rings = append(rings, t.ring(ring))
		}
	}
	return rings, nil
}

// ring joins arcs; a negative number is an arc walked backwards, and the first
// point of an arc is the last of the one before.
func (t *topology) ring(arcs []int) []point {
	var ring []point
	for _, n := range arcs {
		back := n < 0
		if back {
			n = ^n
		}
		line := t.line(n)
		if back {
			for i, j := 0, len(line)-1; i < j; i, j = i+1, j-1 {
				line[i], line[j] = line[j], line[i]
			}
		}
		if len(ring) > 0 {
			line = line[1:]
		}
		ring = append(ring, line...)
	}
	return ring
}

func (t *topology) line(n int) []point {
	var x, y float64
	line := make([]point, 0, len(t.Arcs[n]))
	for _, step := range t.Arcs[n] {
		x, y = x+step[0], y+step[1]
		line = append(line, point{
			x*t.Transform.Scale[0] + t.Transform.Translate[0],
			y*t.Transform.Scale[1] + t.Transform.Translate[1],
		})
	}
	return line
}
