package dicom

import (
	"io"
	"slices"
)

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

// jsonValue is one member of a Value array before the VR is known, which may
// stand after it.
type jsonValue struct {
	kind       jsonKind
	start, end int // of its text in scratch
	item       *Dataset
}

// jsonValueBytes is what a jsonValue costs.
const jsonValueBytes = 32

type jsonKind uint8

const (
	jsonNull jsonKind = iota
	jsonText
	jsonNumber
	jsonName   // text, from the groups of a person name
	jsonObject // an item; without elements, or an empty person name
)

// The names of members are short: a tag, vr, InlineBinary.
const jsonKeyBytes = 64

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

// object reads the members of a data set into d, or those of a person name as
// text into scratch; name says which.
func (j *jsonReader) object(d *Dataset, depth int) (name bool, err error) {
	if j.scan.peek() == '}' {
		j.scan.next()
		return false, nil
	}
	start := len(j.scratch)
	var groups [3][2]int // of a person name, in scratch
	var seen [3]bool
	for {
		key, err := j.member()
		if err != nil {
			return false, err
		}
		if group, ok := nameGroup(key); ok && len(d.Elements) == 0 && !seen[group] {
			name, seen[group] = true, true
			if groups[group], err = j.optional(); err != nil {
				return false, err
			}
		} else if tag, ok := parseTagKey(key); ok && !name {
			if depth > j.lim.Depth {
				return false, j.fail(errDeep)
			}
			if err := j.element(d, tag, depth); err != nil {
				return false, err
			}
		} else {
			return false, j.fail(ErrJSONModel)
		}
		switch c := j.scan.next(); c {
		case ',':
		case '}':
			if name {
				j.joinName(start, groups)
			}
			return name, j.ordered(d)
		default:
			return false, j.expected(c)
		}
	}
}

// member reads the name of a member and the colon. The name is good until the
// next call.
func (j *jsonReader) member() ([]byte, error) {
	if c := j.scan.next(); c != '"' {
		return nil, j.expected(c)
	}
	key, err := j.scan.text(j.key[:0], jsonKeyBytes)
	if err == errLong {
		err = ErrJSONModel
	}
	if err != nil {
		return nil, j.fail(err)
	}
	if c := j.scan.next(); c != ':' {
		return nil, j.expected(c)
	}
	return key, nil
}

func nameGroup(key []byte) (int, bool) {
	switch string(key) {
	case "Alphabetic":
		return 0, true
	case "Ideographic":
		return 1, true
	case "Phonetic":
		return 2, true
	}
	return 0, false
}

func parseTagKey(key []byte) (Tag, bool) {
	if len(key) != 8 {
		return 0, false
	}
	var tag Tag
	for _, c := range key {
		n := hexDigit(c)
		if n < 0 {
			return 0, false
		}
		tag = tag<<4 | Tag(n)
	}
	return tag, true
}

// joinName replaces what scratch holds from start on by the groups as text.
func (j *jsonReader) joinName(start int, groups [3][2]int) {
	base := len(j.scratch)
	for i, g := range groups {
		if i > 0 {
			j.scratch = append(j.scratch, '=')
		}
		j.scratch = append(j.scratch, j.scratch[g[0]:g[1]]...)
	}
	for len(j.scratch) > base && j.scratch[len(j.scratch)-1] == '=' {
		j.scratch = j.scratch[:len(j.scratch)-1]
	}
	j.scratch = append(j.scratch[:start], j.scratch[base:]...)
}

// ordered sorts the elements, which the model has sorted and its writers not
// always, and wants no tag twice.
func (j *jsonReader) ordered(d *Dataset) error {
	byTag := func(a, b Element) int { return int(int64(a.Tag) - int64(b.Tag)) }
	if !slices.IsSortedFunc(d.Elements, byTag) {
		slices.SortFunc(d.Elements, byTag)
	}
	for i := range d.Elements {
		if i > 0 && d.Elements[i].Tag == d.Elements[i-1].Tag {
			j.tag = d.Elements[i].Tag
			return j.fail(ErrJSONModel)
		}
	}
	return nil
}

// count counts elements and items.
func (j *jsonReader) count() error {
	if j.elements++; j.elements > j.lim.Elements {
		return &LimitError{"elements", int64(j.lim.Elements)}
	}
	return nil
}

// attribute is what an attribute object says.
type attribute struct {
	vr    VR
	given string // the member that holds the value, or ""
	uri   string
	bytes [2]int // of InlineBinary, in scratch
	first int    // of Value, in values
}

// element reads one attribute object and appends the element to d.
func (j *jsonReader) element(d *Dataset, tag Tag, depth int) error {
	if err := j.count(); err != nil {
		return err
	}
	j.tag = tag
	scratch, values, mark := len(j.scratch), len(j.values), j.mark
	j.mark = scratch
	a := attribute{first: values}
	if c := j.scan.next(); c != '{' {
		return j.expected(c)
	}
	if err := j.members(&a, depth); err != nil {
		return err
	}
	j.tag = tag
	if a.vr == 0 {
		a.vr = vrOf(tag, false) // it must be there, and is not always
	}
	n := len(d.Elements)
	d.Elements = append(d.Elements, Element{Tag: tag, VR: a.vr})
	err := j.fill(&d.Elements[n], a, d)
	j.scratch, j.values, j.mark = j.scratch[:scratch], j.values[:values], mark
	if tag.IsGroupLength() { // they are not of the model
		d.Elements = d.Elements[:n]
	}
	return err
}

// members reads the members of an attribute object, in any order.
func (j *jsonReader) members(a *attribute, depth int) error {
	if j.scan.peek() == '}' {
		j.scan.next()
		return nil
	}
	for {
		key, err := j.member()
		if err != nil {
			return err
		}
		if err := j.memberValue(a, key, depth); err != nil {
			return err
		}
		switch c := j.scan.next(); c {
		case ',':
		case '}':
			return nil
		default:
			return j.expected(c)
		}
	}
}

func (j *jsonReader) memberValue(a *attribute, key []byte, depth int) (err error) {
	given := ""
	switch string(key) {
	case "vr":
		return j.readVR(a)
	case "Value":
		given = "Value"
	case "InlineBinary":
		given = "InlineBinary"
	case "BulkDataURI":
		given = "BulkDataURI"
	default:
		return j.fail(j.scan.skip(min(j.lim.Depth-depth, defaultDepth)))
	}
	if a.given != "" { // at most one of them (PS3.18 section F.2.2)
		return j.fail(ErrJSONModel)
	}
	a.given = given
	switch given {
	case "Value":
		return j.array(a.first, depth)
	case "InlineBinary":
		j.inline = true
		a.bytes, err = j.single()
		j.inline = false
		return err
	}
	span, err := j.single()
	a.uri = string(j.scratch[span[0]:span[1]])
	return err
}

func (j *jsonReader) readVR(a *attribute) error {
	if c := j.scan.next(); c != '"' {
		return j.expected(c)
	}
	text, err := j.scan.text(j.key[:0], 2)
	if err != nil && err != errLong {
		return j.fail(err)
	}
	if err != nil || len(text) != 2 || a.vr != 0 {
		return j.fail(ErrJSONModel)
	}
	if a.vr = VR(text[0])<<8 | VR(text[1]); !a.vr.letters() {
		return j.fail(ErrJSONModel)
	}
	return nil
}

// single reads a string, which some write as the only one of an array: an
// example in the standard does so (PS3.18 section F.4).
func (j *jsonReader) single() ([2]int, error) {
	if j.scan.peek() != '[' {
		return j.optional()
	}
	j.scan.next()
	span, err := j.optional()
	if err != nil {
		return span, err
	}
	if c := j.scan.next(); c != ']' {
		return span, j.expected(c)
	}
	return span, nil
}

// optional reads a string or null into scratch.
func (j *jsonReader) optional() ([2]int, error) {
	start := len(j.scratch)
	if c := j.scan.peek(); c != '"' && c != 'n' {
		j.scan.next()
		return [2]int{}, j.expected(c)
	}
	_, err := j.value(0)
	return [2]int{start, len(j.scratch)}, err
}

// array reads the values of an attribute. One that stands without an array, as
// some servers write it, is one of one.
func (j *jsonReader) array(first, depth int) error {
	if j.scan.peek() != '[' {
		return j.appendValue(first, depth)
	}
	j.scan.next()
	if j.scan.peek() == ']' {
		j.scan.next()
		return nil
	}
	for {
		if err := j.appendValue(first, depth); err != nil {
			return err
		}
		switch c := j.scan.next(); c {
		case ',':
		case ']':
			return nil
		default:
			return j.expected(c)
		}
	}
}

func (j *jsonReader) appendValue(first, depth int) error {
	tag, mark := j.tag, j.mark
	j.path = append(j.path, Step{tag, len(j.values) - first})
	v, err := j.value(depth + 1)
	j.path = j.path[:len(j.path)-1]
	j.tag, j.mark = tag, mark
	if err == nil {
		j.values = append(j.values, v)
		if room, limit := j.room(); room < 0 {
			err = j.over(limit)
		}
	}
	return err
}

// room returns how many more bytes the element at hand may have, and which
// limit one more would cross.
func (j *jsonReader) room() (bytes int64, limit string) {
	element := j.lim.ElementBytes - int64(len(j.scratch)-j.mark)
	held := int64(len(j.scratch)) + int64(len(j.values))*jsonValueBytes
	dataset := j.lim.DatasetBytes - j.loaded - held
	if element < dataset {
		return element, "element_bytes"
	}
	return dataset, "dataset_bytes"
}

func (j *jsonReader) over(limit string) error {
	if limit == "element_bytes" {
		return &LimitError{limit, j.lim.ElementBytes}
	}
	return &LimitError{limit, j.lim.DatasetBytes}
}

// value reads one value into scratch, or an item.
func (j *jsonReader) value(depth int) (v jsonValue, err error) {
	v.start = len(j.scratch)
	room, limit := j.room()
	if room < 0 {
		return v, j.over(limit)
	}
	if j.inline && room < 1<<60 { // what base64 makes of so many bytes
		room = (room + 2) / 3 * 4
	}
	switch c := j.scan.next(); {
	case c == '"':
		v.kind = jsonText
		j.scratch, err = j.scan.text(j.scratch, room)
	case c == '-' || c >= '0' && c <= '9':
		v.kind = jsonNumber
		j.scan.back()
		j.scratch, err = j.scan.number(j.scratch, room)
	case c == 'n':
		err = j.scan.word("ull")
	case c == '{':
		return j.objectValue(depth)
	default:
		return v, j.expected(c)
	}
	if err == errLong {
		return v, j.over(limit)
	}
	v.end = len(j.scratch)
	return v, j.fail(err)
}

func (j *jsonReader) objectValue(depth int) (jsonValue, error) {
	v := jsonValue{kind: jsonObject, start: len(j.scratch), item: &Dataset{}}
	if err := j.count(); err != nil {
		return v, err
	}
	name, err := j.object(v.item, depth)
	if name {
		v.kind, v.item = jsonName, nil
	}
	v.end = len(j.scratch)
	return v, err
}
