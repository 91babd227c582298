package dicom

import (
	"encoding/binary"
	"slices"
)

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
	// parent is the data set around this item, for what an item inherits: the
	// character set (PS3.3 section C.12.1.1.2).
	parent *Dataset
}

func (d *Dataset) find(tag Tag) (int, bool) {
	return slices.BinarySearchFunc(d.Elements, tag, func(e Element, tag Tag) int {
		return int(int64(e.Tag) - int64(tag))
	})
}

// Get returns the element, or nil.
func (d *Dataset) Get(tag Tag) *Element {
	if i, ok := d.find(tag); ok {
		return &d.Elements[i]
	}
	return nil
}

// Set puts an element in its place, replacing one of the same tag.
func (d *Dataset) Set(e Element) {
	for _, item := range e.Items {
		item.parent = d
	}
	i, ok := d.find(e.Tag)
	if ok {
		d.Elements[i] = e
		return
	}
	d.Elements = slices.Insert(d.Elements, i, e)
}

// Delete removes the element, if there is one.
func (d *Dataset) Delete(tag Tag) {
	if i, ok := d.find(tag); ok {
		d.Elements = slices.Delete(d.Elements, i, i+1)
	}
}

// SetUint16 sets an element of VR US.
func (d *Dataset) SetUint16(tag Tag, values ...uint16) {
	b := make([]byte, 0, 2*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	d.Set(Element{Tag: tag, VR: US, Value: b})
}

// SetUint32 sets an element of VR UL.
func (d *Dataset) SetUint32(tag Tag, values ...uint32) {
	b := make([]byte, 0, 4*len(values))
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, v)
	}
	d.Set(Element{Tag: tag, VR: UL, Value: b})
}

// SetSequence sets an element of VR SQ.
func (d *Dataset) SetSequence(tag Tag, items ...*Dataset) {
	d.Set(Element{Tag: tag, VR: SQ, Items: items})
}

// Sequence returns the items of a sequence.
func (d *Dataset) Sequence(tag Tag) []*Dataset {
	if e := d.Get(tag); e != nil {
		return e.Items
	}
	return nil
}

// Private returns the element of a private block: the one whose tag ends in
// element, in the block that creator has reserved in the group (PS3.5 section 7.8.1).
func (d *Dataset) Private(group uint16, creator string, element uint8) *Element {
	for block := uint16(0x10); block <= 0xFF; block++ {
		if d.String(NewTag(group, block)) == creator {
			return d.Get(NewTag(group, block<<8|uint16(element)))
		}
	}
	return nil
}
