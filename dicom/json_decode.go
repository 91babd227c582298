package dicom

import "io"

// jsonReader turns one JSON text into data sets.
type jsonReader struct {
	scan jsonScanner
	lim  Limits // in force
	opt  JSONOptions

	// Of the data set that is being read:
	path     Path
	tag      Tag // of the element, for errors
	loaded   int64
	elements int
	foreign  bool // there is text that is not ASCII
	inline   bool // the text at hand is base64

	before  int // elements of the data set before: the next has about as many
	key     [16]byte
	scratch []byte      // the bytes of the values at hand
	mark    int         // where those of the element at hand begin
	values  []jsonValue // the values at hand, those of outer elements first
	arena   []byte      // what is left of the last block for values
}

func newJSONReader(r io.Reader, opt JSONOptions) *jsonReader {
	lim := opt.Limits.orDefault()
	lim.Depth = min(lim.Depth, maxJSONDepth)
	return &jsonReader{scan: jsonScanner{r: r}, lim: lim, opt: opt}
}

// maxJSONDepth holds even where Limits.Depth is off, as in encoding/json: the
// reader is recursive, and no program survives the end of its stack.
const maxJSONDepth = 10_000

// fail gives an error its place.
func (j *jsonReader) fail(err error) error {
	switch err {
	case nil:
		return nil
	case errDeep:
		return &LimitError{"depth", int64(j.lim.Depth)}
	case ErrJSON, ErrJSONModel, ErrJSONValue, io.ErrUnexpectedEOF:
		return &SyntaxError{Offset: j.scan.offset(), Tag: j.tag, Err: err}
	}
	return err
}

// expected is the error of a byte c, which was taken, where another is due.
func (j *jsonReader) expected(c byte) error {
	switch {
	case c == 0:
		return j.fail(j.scan.fault())
	case c == '"' || c == '{' || c == '[' || c == '-' || c >= '0' && c <= '9' || c == 't' || c == 'f' || c == 'n':
		return j.fail(ErrJSONModel)
	}
	return j.fail(ErrJSON)
}

// end wants nothing but white space.
func (j *jsonReader) end() error {
	if c := j.scan.next(); c != 0 || j.scan.err != io.EOF {
		if c != 0 {
			return j.fail(ErrJSON)
		}
		return j.fail(j.scan.fault())
	}
	return nil
}

// dataset reads a top-level data set whose opening brace was taken.
func (j *jsonReader) dataset() (*Dataset, error) {
	j.path, j.tag, j.loaded, j.elements, j.foreign, j.inline = j.path[:0], 0, 0, 0, false, false
	j.scratch, j.mark, j.values, j.arena = j.scratch[:0], 0, j.values[:0], nil
	d := &Dataset{Elements: make([]Element, 0, min(j.before, 64))}
	if name, err := j.object(d, 0); err != nil || name {
		if err == nil {
			err = j.fail(ErrJSONModel)
		}
		return nil, err
	}
	if e := d.Get(tagSpecificCharacterSet); j.foreign && (e == nil || len(e.Value) == 0) {
		d.Set(Element{Tag: tagSpecificCharacterSet, VR: CS, Value: []byte(utf8Term)})
	}
	j.before = len(d.Elements)
	return d, nil
}

// utf8Term is what (0008,0005) says of every data set that comes out of JSON.
const utf8Term = "ISO_IR 192"

// count counts elements and items.
func (j *jsonReader) count() error {
	if j.elements++; j.elements > j.lim.Elements {
		return &LimitError{"elements", int64(j.lim.Elements)}
	}
	return nil
}
