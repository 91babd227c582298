package dicom

// Tag names a data element: the group in the upper 16 bits, the element in
// the lower (PS3.5 section 7.1). The constants of package dict fit it.
type Tag uint32

// NewTag joins a group and an element number.
func NewTag(group, element uint16) Tag { return Tag(group)<<16 | Tag(element) }

// Tags of the nesting structure (PS3.5 section 7.5), which no dictionary lists.
const (
	Item                     Tag = 0xFFFEE000
	ItemDelimitationItem     Tag = 0xFFFEE00D
	SequenceDelimitationItem Tag = 0xFFFEE0DD
	PixelData                Tag = 0x7FE00010
)
