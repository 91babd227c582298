package dicom

import (
	"io"
	"math"

	"github.com/leadglass/leadglass/dicom/dict"
)

// Reader goes through an encoded data set one step at a time, as archive/tar
// goes through an archive: Next moves to the next step, Value loads the value
// that the step has, Read streams it, and Next passes over what was not read.
// It keeps no value, so pixel data of any size cost one window of ReadAhead bytes.
type Reader struct {
	src      source
	lim      Limits
	stop     Tag  // see Options.StopBefore; zero is none
	onlyMeta bool // stop where group 0002 ends
	typed    bool
	h        header // the last one read
	v        Visit
	err      error

	stack    []frame // what is open, the data set itself first
	depth    int     // sequences open
	elements int
	loaded   int64

	rest  int64   // bytes of the value not read yet
	unit  int     // what Read and Value have to turn round, 1 for nothing
	carry [8]byte // one turned unit that Read could not hand over whole
	spare int     // its bytes that remain, at the end

	inline [8]frame // where stack begins
}

// frame is one level of nesting.
type frame struct {
	kind      frameKind
	delimited bool // ends with a delimiter, not at end
	implicit  bool
	big       bool
	signed    bool  // Pixel Representation is 1, in this item or around it
	tag       Tag   // of the sequence
	end       int64 // offset that nothing in it may pass
}

type frameKind uint8

const (
	ofElements  frameKind = iota // a data set or an item
	ofItems                      // a sequence
	ofFragments                  // encapsulated pixel data
)

// NewReader returns a Reader of the data set that r holds, up to its end. The
// StopBefore of the options ends it early.
func NewReader(r io.Reader, ts *TransferSyntax, opt Options) *Reader {
	d := new(Reader)
	d.src.r = r
	d.reset(ts, opt, math.MaxInt64)
	if ts.Deflated {
		d.src.r = inflate(r, d.lim.InflatedBytes)
	}
	return d
}

// reset makes the Reader stand before a data set that begins at the cursor.
func (r *Reader) reset(ts *TransferSyntax, opt Options, end int64) {
	r.lim, r.stop, r.typed = opt.Limits.orDefault(), opt.StopBefore, opt.ResolveUN
	r.err, r.rest, r.spare = nil, 0, 0
	r.depth, r.elements, r.loaded = 0, 0, 0
	if r.stack == nil {
		r.stack = r.inline[:0]
	}
	r.stack = append(r.stack[:0], frame{implicit: ts.ImplicitVR, big: ts.BigEndian, end: end})
}

// Next moves to the next step. The Visit is the Reader's own and good until
// the next call; its Value is nil until Value loads it. At the end of the data
// set, or before the tag to stop at, the error is io.EOF.
func (r *Reader) Next() (*Visit, error) {
	if r.err == nil {
		r.err = r.next()
	}
	if r.err != nil {
		return nil, r.err
	}
	return &r.v, nil
}

func (r *Reader) next() error {
	if r.rest > 0 {
		if err := r.src.discard(r.rest); err != nil {
			return r.fail(r.v.Tag, err)
		}
		r.rest = 0
	}
	r.spare = 0
	f := &r.stack[len(r.stack)-1]
	if !f.delimited && r.src.offset() >= f.end {
		return r.close()
	}
	switch f.kind {
	case ofItems:
		return r.item(f)
	case ofFragments:
		return r.fragment(f)
	}
	return r.element(f)
}

// element reads the header of a data element (PS3.5 section 7.1).
func (r *Reader) element(f *frame) error {
	if err := r.header(f); err != nil {
		return err
	}
	h := &r.h
	if h.tag.Group() == groupDelimiters {
		return r.delimiter(f, h)
	}
	if len(r.stack) == 1 && r.stops(h.tag) {
		return io.EOF
	}
	if err := r.count(); err != nil {
		return err
	}
	if h.vr == SQ || h.length == UndefinedLength {
		return r.open(f, h)
	}
	if err := r.fits(f, h); err != nil {
		return err
	}
	r.src.pos += h.size
	if f.implicit && h.tag == tagPixelRepresentation {
		b := r.src.peek(2)
		f.signed = len(b) == 2 && h.length == 2 && b[0] == 1
	}
	r.value(ElementValue, h, f.big)
	return nil
}

func (r *Reader) stops(tag Tag) bool {
	return r.stop != 0 && tag >= r.stop || r.onlyMeta && tag.Group() != groupFileMeta
}

// value makes the step one that has a value.
func (r *Reader) value(kind Kind, h *header, big bool) {
	v := &r.v // field by field: this is the hot path
	v.Kind, v.Depth, v.Tag, v.VR, v.Length, v.Value = kind, r.depth, h.tag, h.vr, h.length, nil
	r.rest, r.unit = int64(h.length), 1
	if big {
		r.unit = h.vr.unit()
	}
}

// fits says whether a value of defined length stays within what contains it.
func (r *Reader) fits(f *frame, h *header) error {
	if int64(h.size)+int64(h.length) <= f.end-r.src.offset() {
		return nil
	}
	if len(r.stack) == 1 {
		return r.fail(h.tag, truncated)
	}
	return r.fail(h.tag, ErrOverrun)
}

// open enters a sequence or encapsulated pixel data. An element of VR UN and
// undefined length is a sequence in implicit VR little endian, whatever is
// around it (PS3.5 section 6.2.2, note 2).
func (r *Reader) open(f *frame, h *header) error {
	next := frame{kind: ofItems, tag: h.tag, end: f.end, implicit: f.implicit, big: f.big, signed: f.signed}
	vr := h.vr
	switch {
	case h.vr == UN:
		next.implicit, next.big, vr = true, false, SQ
	case h.vr == SQ:
	case h.vr == OB || h.vr == OW:
		next.kind = ofFragments
	case !f.implicit || !r.itemFollows(h):
		return r.fail(h.tag, ErrUndefinedLength)
	default:
		vr = SQ // implicit VR, and the dictionary knows another element of that tag
	}
	if h.untyped { // a UN of defined length that the dictionary knows
		next.implicit, next.big = true, false
	}
	if next.delimited = h.length == UndefinedLength; !next.delimited {
		if err := r.fits(f, h); err != nil {
			return err
		}
		next.end = r.src.offset() + int64(h.size) + int64(h.length)
	}
	if r.depth >= r.lim.Depth {
		return &LimitError{"depth", int64(r.lim.Depth)}
	}
	r.src.pos += h.size
	r.v = Visit{Kind: SequenceStart, Depth: r.depth, Tag: h.tag, VR: vr, Length: h.length}
	r.stack = append(r.stack, next)
	r.depth++
	return nil
}

// itemFollows says that the value after the header begins as a sequence does.
func (r *Reader) itemFollows(h *header) bool {
	b := r.src.peek(h.size + 4)
	if len(b) < h.size+4 {
		return false
	}
	tag := tagOf(b[h.size:], false)
	return tag == Item || tag == SequenceDelimitationItem
}

// item reads what may stand in a sequence: an item or its delimiter (PS3.5
// section 7.5).
func (r *Reader) item(f *frame) error {
	if err := r.header(f); err != nil {
		return err
	}
	h := &r.h
	switch {
	case h.tag == SequenceDelimitationItem:
		return r.delimiter(f, h)
	case h.tag != Item:
		return r.fail(h.tag, ErrNesting)
	}
	if err := r.count(); err != nil {
		return err
	}
	next := *f
	next.kind = ofElements
	if next.delimited = h.length == UndefinedLength; !next.delimited {
		if err := r.fits(f, h); err != nil {
			return err
		}
		next.end = r.src.offset() + int64(h.size) + int64(h.length)
	}
	r.src.pos += h.size
	r.v = Visit{Kind: ItemStart, Depth: r.depth, Tag: f.tag, Length: h.length}
	r.stack = append(r.stack, next)
	return nil
}

// fragment reads what may stand in encapsulated pixel data (PS3.5 section A.4).
func (r *Reader) fragment(f *frame) error {
	if err := r.header(f); err != nil {
		return err
	}
	h := &r.h
	switch {
	case h.tag == SequenceDelimitationItem:
		return r.delimiter(f, h)
	case h.tag != Item:
		return r.fail(h.tag, ErrNesting)
	case h.length == UndefinedLength:
		return r.fail(h.tag, ErrUndefinedLength)
	}
	if err := r.count(); err != nil {
		return err
	}
	if err := r.fits(f, h); err != nil {
		return err
	}
	r.src.pos += h.size
	h.tag, h.vr = f.tag, OB
	r.value(Fragment, h, false)
	return nil
}

// delimiter ends an item or a sequence. One that stands, needlessly, at the
// very end of a defined length is passed over.
func (r *Reader) delimiter(f *frame, h *header) error {
	want := SequenceDelimitationItem
	if f.kind == ofElements {
		want = ItemDelimitationItem
	}
	if h.tag != want || len(r.stack) == 1 {
		return r.fail(h.tag, ErrNesting)
	}
	if !f.delimited && r.src.offset()+int64(h.size) != f.end {
		return r.fail(h.tag, ErrNesting)
	}
	r.src.pos += h.size
	return r.close()
}

// close leaves the innermost level.
func (r *Reader) close() error {
	f := r.stack[len(r.stack)-1]
	if len(r.stack) == 1 {
		return io.EOF
	}
	r.stack = r.stack[:len(r.stack)-1]
	r.v = Visit{Kind: ItemEnd, Depth: r.depth, Tag: f.tag}
	if f.kind != ofElements {
		r.depth--
		r.v = Visit{Kind: SequenceEnd, Depth: r.depth, Tag: f.tag, VR: SQ}
	}
	if f.kind == ofFragments {
		r.v.VR = OB
	}
	return nil
}

func (r *Reader) count() error {
	if r.elements >= r.lim.Elements {
		return &LimitError{"elements", int64(r.lim.Elements)}
	}
	r.elements++
	return nil
}

func (r *Reader) fail(tag Tag, err error) error {
	return &SyntaxError{Offset: r.src.offset(), Tag: tag, Err: err}
}

// vrOf finds the VR of an element that does not name its own: by the
// dictionary, and where that leaves a choice by PS3.5 section A.1 (words) and
// Pixel Representation (signed or not).
func vrOf(tag Tag, signed bool) VR {
	name := dict.VROf(uint32(tag))
	if name == "" {
		return UN
	}
	vr := VR(name[0])<<8 | VR(name[1])
	if vr == OB || vr == US && signed {
		return choose(tag, vr)
	}
	return vr
}

func choose(tag Tag, vr VR) VR {
	e, _ := dict.Lookup(uint32(tag))
	switch {
	case e.VRs == "OB or OW":
		return OW
	case e.VRs == "US or SS" || e.VRs == "US or SS or OW":
		return SS
	}
	return vr
}

// Offset is how far in the input the Reader stands: after the header of the
// step, and after what was read of its value.
func (r *Reader) Offset() int64 { return r.src.offset() }
