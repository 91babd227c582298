package dicom

// UID is a unique identifier without its padding (PS3.5 section 9).
type UID string

// TransferSyntax is how a data set is laid down in bytes (PS3.5 section 10).
type TransferSyntax struct {
	UID          UID
	ImplicitVR   bool
	BigEndian    bool
	Deflated     bool
	Encapsulated bool // pixel data come as fragments (PS3.5 section A.4)
}

// The transfer syntaxes that change how a data set is read.
var (
	ImplicitVRLittleEndian         = &TransferSyntax{UID: "1.2.840.10008.1.2", ImplicitVR: true}
	ExplicitVRLittleEndian         = &TransferSyntax{UID: "1.2.840.10008.1.2.1"}
	DeflatedExplicitVRLittleEndian = &TransferSyntax{UID: "1.2.840.10008.1.2.1.99", Deflated: true}
	ExplicitVRBigEndian            = &TransferSyntax{UID: "1.2.840.10008.1.2.2", BigEndian: true}
)

// SyntaxOf returns the layout that a transfer syntax UID means. Any UID that
// is not one of the four above is explicit, little endian and encapsulated.
func SyntaxOf(uid UID) *TransferSyntax { panic("dicom: to do") }
