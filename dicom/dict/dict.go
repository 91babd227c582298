// Package dict is the data dictionary of PS3.6 and PS3.7 Annex E: tags with
// their VR, VM, keyword and name, and the registered UIDs.
//
// Tags and UIDs are untyped constants, so that they fit dicom.Tag and
// dicom.UID without conversion although this package stands below dicom:
//
//	const PatientName = 0x00100010 // PN 1
//	const CTImageStorage = "1.2.840.10008.5.1.4.1.1.2" // SOP Class
//
// The tables are in testdata/elements.tsv and testdata/uids.tsv, which name
// their sources; tags.go, uids.go and table.go are generated from them. The
// tables are laid out when the program is compiled: nothing is built at start,
// and no lookup allocates.
//
// Beside the registry the dictionary knows what PS3.5 says about tags in
// general: (gggg,0000) is a group length of VR UL (section 7.2), and
// (gggg,0010-00FF) of an odd group is a private creator of VR LO (section
// 7.8.1). Other elements of odd groups are unknown to it.
package dict

import (
	"slices"
	"sort"
	"strings"
)

//go:generate go run ./gen

// Entry is one line of the registry of data elements (PS3.6 section 6).
type Entry struct {
	Tag     uint32 // group<<16 | element; repeating digits are zero
	Mask    uint32 // bits of Tag that must agree; 0xFFFFFFFF but for repeating groups
	VR      string // first choice where PS3.6 names several, as "US" of "US or SS"; "" for items and delimiters
	VRs     string // as PS3.6 has it, as "US or SS"
	VM      string // value multiplicity, as "1", "1-n", "2-2n"
	Keyword string // "" for a few retired elements, group lengths and private creators
	Name    string
	Retired bool
}

// UIDEntry is one line of the registry of UIDs (PS3.6 Annex A).
type UIDEntry struct {
	UID     string
	Name    string
	Keyword string
	Type    string // "SOP Class", "Transfer Syntax", …
	Retired bool
}

// Lookup returns the entry of a tag, repeating groups included.
func Lookup(tag uint32) (Entry, bool) {
	if e := find(tag, exact); e != nil {
		return *e, true
	}
	return lookupGeneral(tag)
}

// VROf returns the VR of a tag, the first where the registry has several, or "".
// It is Lookup for those who read data sets in implicit VR (PS3.5 section 7.1.3).
func VROf(tag uint32) string {
	if e := find(tag, exact); e != nil {
		return e.VR
	}
	e, _ := lookupGeneral(tag)
	return e.VR
}

const exact = 0xFFFFFFFF

// find looks in the generated hash table.
func find(tag, mask uint32) *Entry {
	for at := slot(tag); slots[at] != 0; at = (at + 1) % (1 << slotBits) {
		e := &elements[slots[at]-1]
		if e.Tag == tag && e.Mask == mask {
			return e
		}
	}
	return nil
}

// slot must agree with writeSlots of the generator.
func slot(tag uint32) uint32 { return (tag * 0x9E3779B1) >> (32 - slotBits) }

// lookupGeneral answers for tags that the registry does not list one by one.
func lookupGeneral(tag uint32) (Entry, bool) {
	group, element := tag>>16, tag&0xFFFF
	private := group%2 == 1
	switch {
	case element == 0:
		return Entry{Tag: tag, Mask: exact, VR: "UL", VRs: "UL", VM: "1", Name: "Group Length", Retired: true}, true
	case private && element >= 0x10 && element <= 0xFF:
		return Entry{Tag: tag, Mask: exact, VR: "LO", VRs: "LO", VM: "1", Name: "Private Creator"}, true
	case private:
		return Entry{}, false
	}
	return lookupRepeating(tag)
}

// lookupRepeating knows where PS3.6 has repeating digits: curves (50xx),
// overlays (60xx), variable pixel data (7Fxx) and four retired families.
func lookupRepeating(tag uint32) (Entry, bool) {
	var masks [2]uint32
	switch tag >> 24 {
	case 0x50, 0x60, 0x7F:
		masks[0] = 0xFF00FFFF
	case 0x00:
		masks[0], masks[1] = 0xFFFFFF00, 0xFFFFFF0F
	case 0x10:
		masks[0], masks[1] = 0xFFFF000F, 0xFFFF0000
	}
	for _, mask := range masks {
		if e := find(tag&mask, mask); mask != 0 && e != nil {
			return *e, true
		}
	}
	return Entry{}, false
}

// ByKeyword returns the entry with that keyword, as "PatientName".
func ByKeyword(keyword string) (Entry, bool) {
	i := sort.Search(len(byKeyword), func(i int) bool { return elements[byKeyword[i]].Keyword >= keyword })
	if i == len(byKeyword) || elements[byKeyword[i]].Keyword != keyword {
		return Entry{}, false
	}
	return elements[byKeyword[i]], true
}

// LookupUID returns the registered UID.
func LookupUID(uid string) (UIDEntry, bool) {
	i, ok := slices.BinarySearchFunc(registry[:], uid, func(e UIDEntry, uid string) int {
		return strings.Compare(e.UID, uid)
	})
	if !ok {
		return UIDEntry{}, false
	}
	return registry[i], true
}

// All calls yield for each registered element in ascending order of tag.
func All(yield func(Entry) bool) {
	for i := range elements {
		if !yield(elements[i]) {
			return
		}
	}
}

// AllUIDs calls yield for each registered UID in ascending order as text.
func AllUIDs(yield func(UIDEntry) bool) {
	for i := range registry {
		if !yield(registry[i]) {
			return
		}
	}
}
