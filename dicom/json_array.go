package dicom

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
