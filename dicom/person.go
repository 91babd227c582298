package dicom

import (
	"fmt"
	"io"
	"log/slog"
	"strings"
)

// PersonName is a value of VR PN (PS3.5 section 6.2.1), as
//
//	Yamada^Tarou=山田^太郎=やまだ^たろう
//
// Whatever prints it (package fmt with any verb, log/slog, encoding/json and
// other encoders of text) shows that there is a name and not which, so that no
// diagnostic can show whom an object is about. DICOM gives the name away.
//
// BUG: package fmt does not call methods on unexported fields. A struct that
// keeps a name in one and is printed with %v shows it.
type PersonName struct {
	Alphabetic, Ideographic, Phonetic NameComponents
}

// NameComponents are the five components of one component group. It redacts
// itself as PersonName does.
type NameComponents struct {
	Family, Given, Middle, Prefix, Suffix string
}

// PatientID is a value that identifies a patient: Patient ID (0010,0020),
// Other Patient IDs, an accession number. It redacts itself as PersonName does.
type PatientID string

const (
	redactedName = "[person name]"
	redactedID   = "[patient id]"
)

// ParsePersonName splits UTF-8 text. It accepts any: what is past the third
// group or the fifth component stays in the last one, so that DICOM gives it
// back.
func ParsePersonName(s string) PersonName {
	var n PersonName
	groups := strings.SplitN(strings.TrimRight(s, " \x00"), "=", 3)
	for i, to := range []*NameComponents{&n.Alphabetic, &n.Ideographic, &n.Phonetic} {
		if i < len(groups) {
			*to = parseComponents(groups[i])
		}
	}
	return n
}

func parseComponents(s string) NameComponents {
	var c NameComponents
	parts := strings.SplitN(s, "^", 5)
	for i, to := range []*string{&c.Family, &c.Given, &c.Middle, &c.Prefix, &c.Suffix} {
		if i < len(parts) {
			*to = strings.TrimRight(parts[i], " ")
		}
	}
	return c
}

// DICOM returns the name as it stands in a data set. Empty groups and
// components at the end leave no delimiters (PS3.5 section 6.2.1.1).
func (n PersonName) DICOM() string {
	return strings.TrimRight(n.Alphabetic.DICOM()+"="+n.Ideographic.DICOM()+"="+n.Phonetic.DICOM(), "=")
}

// DICOM returns the group as it stands in a data set.
func (c NameComponents) DICOM() string {
	return strings.TrimRight(strings.Join([]string{c.Family, c.Given, c.Middle, c.Prefix, c.Suffix}, "^"), "^")
}

// DICOM returns the identifier as it stands in a data set.
func (id PatientID) DICOM() string { return string(id) }

// IsZero says that there is no name.
func (n PersonName) IsZero() bool { return n == PersonName{} }

// IsZero says that all components are empty.
func (c NameComponents) IsZero() bool { return c == NameComponents{} }

// PersonName returns the first value of an element of VR PN.
func (d *Dataset) PersonName(tag Tag) PersonName { return ParsePersonName(d.String(tag)) }

// PatientID returns the first value of an element that identifies a patient.
func (d *Dataset) PatientID(tag Tag) PatientID { return PatientID(d.String(tag)) }

// String redacts.
func (n PersonName) String() string { return redactedName }

// GoString redacts.
func (n PersonName) GoString() string { return redactedName }

// Format redacts, whatever the verb.
func (n PersonName) Format(f fmt.State, _ rune) { io.WriteString(f, redactedName) }

// LogValue redacts.
func (n PersonName) LogValue() slog.Value { return slog.StringValue(redactedName) }

// MarshalText redacts, for encoding/json and its like.
func (n PersonName) MarshalText() ([]byte, error) { return []byte(redactedName), nil }

// String redacts.
func (c NameComponents) String() string { return redactedName }

// GoString redacts.
func (c NameComponents) GoString() string { return redactedName }

// Format redacts, whatever the verb.
func (c NameComponents) Format(f fmt.State, _ rune) { io.WriteString(f, redactedName) }

// LogValue redacts.
func (c NameComponents) LogValue() slog.Value { return slog.StringValue(redactedName) }

// MarshalText redacts, for encoding/json and its like.
func (c NameComponents) MarshalText() ([]byte, error) { return []byte(redactedName), nil }

// String redacts.
func (id PatientID) String() string { return redactedID }

// GoString redacts.
func (id PatientID) GoString() string { return redactedID }

// Format redacts, whatever the verb.
func (id PatientID) Format(f fmt.State, _ rune) { io.WriteString(f, redactedID) }

// LogValue redacts.
func (id PatientID) LogValue() slog.Value { return slog.StringValue(redactedID) }

// MarshalText redacts, for encoding/json and its like.
func (id PatientID) MarshalText() ([]byte, error) { return []byte(redactedID), nil }
