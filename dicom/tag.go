package dicom

import "fmt"

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

// Tags that the codec itself has to understand.
const (
	tagTransferSyntax       Tag = 0x00020010
	tagSpecificCharacterSet Tag = 0x00080005
	tagPixelRepresentation  Tag = 0x00280103
	groupDelimiters             = 0xFFFE
	groupFileMeta               = 0x0002
)

// Group returns the group number.
func (t Tag) Group() uint16 { return uint16(t >> 16) }

// Element returns the element number.
func (t Tag) Element() uint16 { return uint16(t) }

// IsPrivate says that the group is odd (PS3.5 section 7.8).
func (t Tag) IsPrivate() bool { return t&0x10000 != 0 }

// IsPrivateCreator says that the element reserves a block of private elements
// (PS3.5 section 7.8.1).
func (t Tag) IsPrivateCreator() bool {
	return t.IsPrivate() && t.Element() >= 0x10 && t.Element() <= 0xFF
}

// IsGroupLength says that the element is (gggg,0000), which PS3.5 section 7.2
// has retired everywhere but in groups 0000 and 0002.
func (t Tag) IsGroupLength() bool { return t.Element() == 0 }

// String returns the tag as the standard prints it, "(0010,0020)".
func (t Tag) String() string { return fmt.Sprintf("(%04X,%04X)", t.Group(), t.Element()) }
