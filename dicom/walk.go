package dicom

import (
	"bytes"
	"io"
	"sync"
)

// UndefinedLength is the length field of a value that ends with a delimiter.
const UndefinedLength = 0xFFFFFFFF

// Options say how much of a data set to read.
type Options struct {
	Limits Limits
	// StopBefore ends reading at the first top-level element with this tag or
	// a higher one; zero reads everything. PixelData gives the header only.
	StopBefore Tag
	// ResolveUN gives an element of VR UN and defined length the VR that the
	// dictionary has for its tag, and reads it as a sequence where that is SQ
	// (PS3.5 section 6.2.2, note 4). Without it such elements stay UN.
	ResolveUN bool
}

// Kind is what a Visit shows.
type Kind uint8

// The kinds of visit, in the order in which nesting produces them.
const (
	ElementValue  Kind = iota + 1 // an element that is no sequence
	SequenceStart                 // a sequence, or encapsulated pixel data
	ItemStart
	ItemEnd
	SequenceEnd
	Fragment // one fragment of encapsulated pixel data, the offset table first
)

// Visit shows one step of a walk over a data set.
type Visit struct {
	Kind Kind
	// Depth counts the sequences around it: 0 at the top level, 1 for items,
	// their elements and fragments.
	Depth int
	// Tag is that of the element; for items and fragments that of the
	// sequence or pixel data that they belong to.
	Tag    Tag
	VR     VR     // SQ for an element read as a sequence; none for items
	Length uint32 // as it stood, possibly UndefinedLength
	// Value is as Element.Value and lives only during the visit.
	Value []byte
}

// readers spares WalkBytes its one allocation: the Visit, which any visit
// function could keep, cannot live on the stack.
var readers = sync.Pool{New: func() any { return new(Reader) }}

// WalkBytes shows each element of an encoded data set to visit, keeps nothing
// and allocates nothing, but for deflated data sets and long values in big
// endian. An error of visit ends the walk and is returned, ErrStop as nil.
func WalkBytes(b []byte, ts *TransferSyntax, lim Limits, visit func(*Visit) error) error {
	if ts.Deflated {
		return Walk(bytes.NewReader(b), ts, Options{Limits: lim}, visit)
	}
	r := readers.Get().(*Reader)
	r.src = source{buf: b, scratch: r.src.scratch}
	r.reset(ts, Options{Limits: lim}, int64(len(b)))
	err := r.walk(visit)
	r.src.buf, r.v.Value = nil, nil
	if cap(r.src.scratch) > maxPooledScratch {
		r.src.scratch = nil
	}
	readers.Put(r)
	return err
}

// maxPooledScratch keeps one long value from staying in memory for good.
const maxPooledScratch = 64 << 10

// Walk is WalkBytes of a stream. It loads each value in turn; use a Reader to
// pass over values or to stream them.
func Walk(r io.Reader, ts *TransferSyntax, opt Options, visit func(*Visit) error) error {
	return NewReader(r, ts, opt).walk(visit)
}

func (r *Reader) walk(visit func(*Visit) error) error {
	for {
		err := r.next()
		if err == nil && (r.v.Kind == ElementValue || r.v.Kind == Fragment) {
			_, err = r.Value()
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := visit(&r.v); err == ErrStop {
			return nil
		} else if err != nil {
			return err
		}
	}
}
