package dicom

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"sync"
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
// where its options stop it; then Resume goes on. After a step ItemStart it
// reads that item, its end included.
func (r *Reader) Decode() (*Dataset, error) {
	if r.stack[len(r.stack)-1].kind != ofElements {
		return nil, errors.New("dicom: decoding between the items of a sequence")
	}
	r.src.keep, r.src.held = true, true
	defer func() { r.src.keep = false }()
	b := newBuilder()
	for {
		v, err := r.Next()
		if err == nil && (v.Kind == ElementValue || v.Kind == Fragment) {
			_, err = r.Value()
		}
		if err != nil {
			if err == io.EOF {
				err = nil
			}
			return b.finish(), err
		}
		if v.Kind == ItemEnd && len(b.open) == 1 {
			return b.finish(), nil
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

// builder makes a tree of the steps of a walk. The elements of all open items
// lie in one stack, so that each item gets a slice of its own size when it ends.
type builder struct {
	root  *Dataset
	open  []level
	stack []Element
}

// level is an item being read, the data set itself first.
type level struct {
	d     *Dataset
	start int // of its elements in the stack
}

// builders keeps the stacks: most data sets have some hundred elements.
var builders = sync.Pool{New: func() any { return new(builder) }}

// maxPooledElements keeps one large data set from staying in memory for good.
const maxPooledElements = 1 << 12

func newBuilder() *builder {
	b := builders.Get().(*builder)
	b.root = new(Dataset)
	b.open = append(b.open[:0], level{d: b.root})
	return b
}

func (b *builder) add(v *Visit) {
	switch v.Kind {
	case ElementValue:
		b.stack = append(b.stack, Element{Tag: v.Tag, VR: v.VR, Value: v.Value})
	case SequenceStart:
		e := Element{Tag: v.Tag, VR: v.VR}
		if v.VR != SQ {
			e.Fragments = [][]byte{}
		}
		b.stack = append(b.stack, e)
	case ItemStart:
		item := &Dataset{parent: b.open[len(b.open)-1].d}
		last := &b.stack[len(b.stack)-1]
		last.Items = append(last.Items, item)
		b.open = append(b.open, level{item, len(b.stack)})
	case Fragment:
		last := &b.stack[len(b.stack)-1]
		last.Fragments = append(last.Fragments, v.Value)
	case ItemEnd:
		b.close()
	}
}

// close hands the innermost level its elements.
func (b *builder) close() {
	l := b.open[len(b.open)-1]
	if n := len(b.stack) - l.start; n > 0 {
		l.d.Elements = append(make([]Element, 0, n), b.stack[l.start:]...)
		l.d.order()
	}
	clear(b.stack[l.start:])
	b.stack = b.stack[:l.start]
	b.open = b.open[:len(b.open)-1]
}

// finish closes what is open, which is much after an error.
func (b *builder) finish() *Dataset {
	for len(b.open) > 0 {
		b.close()
	}
	root := b.root
	b.root = nil
	clear(b.open[:cap(b.open)])
	if cap(b.stack) <= maxPooledElements {
		builders.Put(b)
	}
	return root
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
