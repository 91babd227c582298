// Package dict is the data dictionary of PS3.6 and PS3.7 Annex E: tags with
// their VR, VM, keyword and name, and the registered UIDs.
//
// Tags and UIDs are untyped constants, so that they fit dicom.Tag and
// dicom.UID without conversion although this package stands below dicom.
package dict

// Entry is one line of the registry of data elements (PS3.6 section 6).
type Entry struct {
	Tag     uint32 // group<<16 | element; repeating digits are zero
	Mask    uint32 // bits of Tag that must agree; 0xFFFFFFFF but for repeating groups
	VR      string // first choice where PS3.6 names several, as "US" of "US or SS"
	VM      string // value multiplicity, as "1", "1-n", "2-2n"
	Keyword string
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
func Lookup(tag uint32) (Entry, bool) { panic("dict: to do") }

// ByKeyword returns the entry with that keyword, as "PatientName".
func ByKeyword(keyword string) (Entry, bool) { panic("dict: to do") }

// LookupUID returns the registered UID.
func LookupUID(uid string) (UIDEntry, bool) { panic("dict: to do") }
