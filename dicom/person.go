package dicom

import "log/slog"

// PersonName is a value of VR PN (PS3.5 section 6.2.1). Its String and
// LogValue redact, so that no diagnostic can show whom an object is about.
type PersonName struct {
	Alphabetic, Ideographic, Phonetic NameComponents
}

// NameComponents are the five components of one component group.
type NameComponents struct {
	Family, Given, Middle, Prefix, Suffix string
}

// ParsePersonName splits UTF-8 text.
func ParsePersonName(s string) PersonName { panic("dicom: to do") }

// DICOM returns the name as it stands in a data set.
func (n PersonName) DICOM() string { panic("dicom: to do") }

// String redacts.
func (n PersonName) String() string { return "[person name]" }

// LogValue redacts.
func (n PersonName) LogValue() slog.Value { return slog.StringValue(n.String()) }
