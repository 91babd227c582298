package dicom

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
