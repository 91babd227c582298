package dicom

import "strconv"

// Step is one turn of a Path: an item of a sequence.
type Step struct {
	Tag  Tag // of the sequence
	Item int // from 0
}

// Path leads from a data set to the item that an element stands in.
type Path []Step

// String prints the path as "(0040,A730)[0].(0040,A043)[1].".
func (p Path) String() string {
	var b []byte
	for _, s := range p {
		b = append(b, s.Tag.String()...)
		b = append(b, '[')
		b = strconv.AppendInt(b, int64(s.Item), 10)
		b = append(b, "]."...)
	}
	return string(b)
}

// Walk shows every element to visit, a sequence before the elements of its
// items. An error of visit ends the walk and is returned, ErrStop as nil. The
// path is good until visit returns.
func (d *Dataset) Walk(visit func(Path, *Element) error) error {
	err := d.walk(nil, visit)
	if err == ErrStop {
		return nil
	}
	return err
}

func (d *Dataset) walk(path Path, visit func(Path, *Element) error) error {
	for i := range d.Elements {
		e := &d.Elements[i]
		if err := visit(path, e); err != nil {
			return err
		}
		for n, item := range e.Items {
			if err := item.walk(append(path, Step{e.Tag, n}), visit); err != nil {
				return err
			}
		}
	}
	return nil
}
