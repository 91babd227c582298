package dicom

import "slices"

// The names of members are short: a tag, vr, InlineBinary.
const jsonKeyBytes = 64

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
