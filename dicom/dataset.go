package dicom

// Element is one data element in memory (PS3.5 section 7.1).
//
// Value holds the bytes as they stand in explicit little endian, whatever the
// transfer syntax they came in, with padding. It may share the buffer that the
// data set was decoded into; copy it to keep it past the data set.
type Element struct {
	Tag   Tag
	VR    VR
	Value []byte
	// Items are the items of a sequence, VR SQ.
	Items []*Dataset
	// Fragments are the items of encapsulated pixel data, the offset table
	// first (PS3.5 section A.4); non-nil only for those.
	Fragments [][]byte
}

// Dataset is a list of data elements in ascending order of tag.
type Dataset struct {
	Elements []Element
	// charset is what (0008,0005) says here or, where it is silent, in the
	// data set around this one (PS3.3 section C.12.1.1.2).
}

// Get returns the element, or nil.
func (d *Dataset) Get(tag Tag) *Element { panic("dicom: to do") }

// Set puts an element in its place, replacing one of the same tag.
func (d *Dataset) Set(e Element) { panic("dicom: to do") }

// SetString sets a text element with the dictionary's VR, values joined by
// backslash, padded to even length (PS3.5 section 6.2). With no value the
// element is empty, as a return key of a query is.
func (d *Dataset) SetString(tag Tag, values ...string) { panic("dicom: to do") }

// SetUint16 sets an element of VR US.
func (d *Dataset) SetUint16(tag Tag, values ...uint16) { panic("dicom: to do") }

// SetSequence sets an element of VR SQ.
func (d *Dataset) SetSequence(tag Tag, items ...*Dataset) { panic("dicom: to do") }

// String returns the first value as UTF-8 text without padding, or "".
func (d *Dataset) String(tag Tag) string { panic("dicom: to do") }

// Strings returns all values as UTF-8 text without padding.
func (d *Dataset) Strings(tag Tag) []string { panic("dicom: to do") }

// Int returns the first value of a numeric or IS element.
func (d *Dataset) Int(tag Tag) (int64, bool) { panic("dicom: to do") }
