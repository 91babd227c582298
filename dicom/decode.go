package dicom

import (
	"bytes"
	"io"
	"slices"
)

// Decode reads one data set until the end of r. With an error it returns what
// it read before.
func Decode(r io.Reader, ts *TransferSyntax, opt Options) (*Dataset, error) {
	return NewReader(r, ts, opt).Decode()
}

// DecodeBytes reads one data set from b, which the data set then shares.
func DecodeBytes(b []byte, ts *TransferSyntax, opt Options) (*Dataset, error) {
	if ts.Deflated {
		return Decode(bytes.NewReader(b), ts, opt)
	}
	r := new(Reader)
	r.src.buf = b
	r.reset(ts, opt, int64(len(b)))
	return r.Decode()
}

// Decode reads from where the Reader stands to the end of the data set, or to
// where its options stop it; then Resume goes on. Call it at the top level.
func (r *Reader) Decode() (*Dataset, error) {
	r.src.keep, r.src.held = true, true
	defer func() { r.src.keep = false }()
	b := builder{root: &Dataset{}}
	b.open = append(b.room[:0], b.root)
	for {
		v, err := r.Next()
		if err == nil && (v.Kind == ElementValue || v.Kind == Fragment) {
			_, err = r.Value()
		}
		if err != nil {
			b.finish()
			if err == io.EOF {
				err = nil
			}
			return b.root, err
		}
		b.add(v)
	}
}

// Resume lifts the tag that the Reader stopped before, so that Next moves to
// the element with it: the header is in memory, the pixel data can be streamed.
func (r *Reader) Resume() {
	r.stop = 0
	if r.err == io.EOF {
		r.err = nil
	}
}

// builder makes a tree of the steps of a walk.
type builder struct {
	root *Dataset
	open []*Dataset // the items being read, the data set itself first
	room [8]*Dataset
}

func (b *builder) add(v *Visit) {
	d := b.open[len(b.open)-1]
	switch v.Kind {
	case ElementValue:
		d.Elements = append(d.Elements, Element{Tag: v.Tag, VR: v.VR, Value: v.Value})
	case SequenceStart:
		e := Element{Tag: v.Tag, VR: v.VR}
		if v.VR != SQ {
			e.Fragments = [][]byte{}
		}
		d.Elements = append(d.Elements, e)
	case ItemStart:
		item := &Dataset{parent: d}
		last := &d.Elements[len(d.Elements)-1]
		last.Items = append(last.Items, item)
		b.open = append(b.open, item)
	case Fragment:
		last := &d.Elements[len(d.Elements)-1]
		last.Fragments = append(last.Fragments, v.Value)
	case ItemEnd:
		d.order()
		b.open = b.open[:len(b.open)-1]
	}
}

// finish orders what an error left open.
func (b *builder) finish() {
	for _, d := range b.open {
		d.order()
	}
}

// order restores the ascending order of tags. Of elements with the same tag
// the first stays, as in DCMTK and for every reader that stops early.
func (d *Dataset) order() {
	ascending := true
	for i := 1; i < len(d.Elements); i++ {
		ascending = ascending && d.Elements[i-1].Tag < d.Elements[i].Tag
	}
	if ascending {
		return
	}
	slices.SortStableFunc(d.Elements, func(a, b Element) int { return int(int64(a.Tag) - int64(b.Tag)) })
	d.Elements = slices.CompactFunc(d.Elements, func(a, b Element) bool { return a.Tag == b.Tag })
}
