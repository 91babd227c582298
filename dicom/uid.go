package dicom

import (
	"crypto/rand"
	"math/big"
)

// UID is a unique identifier without its padding (PS3.5 section 9).
type UID string

// Valid says that the UID follows PS3.5 section 9.1: at most 64 bytes, numbers
// without leading zeros between dots.
func (u UID) Valid() bool {
	if len(u) == 0 || len(u) > 64 {
		return false
	}
	start := 0
	for i := 0; i <= len(u); i++ {
		if i < len(u) && u[i] != '.' {
			if u[i] < '0' || u[i] > '9' {
				return false
			}
			continue
		}
		if i == start || u[start] == '0' && i > start+1 {
			return false
		}
		start = i + 1
	}
	return true
}

// NewUID returns a UID that nobody has used, 2.25.<random UUID> (PS3.5 section B.2).
func NewUID() UID {
	var b [16]byte
	rand.Read(b[:]) // never fails, crypto/rand
	b[6] = b[6]&0x0F | 0x40
	b[8] = b[8]&0x3F | 0x80
	return UID("2.25." + new(big.Int).SetBytes(b[:]).String())
}

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
// is not one of the four above is explicit, little endian and encapsulated,
// but for the two deflated JPIP syntaxes (PS3.5 section A.7) and two of old:
// GE's private one and Papyrus 3, which are laid down as implicit little endian.
func SyntaxOf(uid UID) *TransferSyntax {
	switch uid {
	case ImplicitVRLittleEndian.UID:
		return ImplicitVRLittleEndian
	case ExplicitVRLittleEndian.UID:
		return ExplicitVRLittleEndian
	case DeflatedExplicitVRLittleEndian.UID:
		return DeflatedExplicitVRLittleEndian
	case ExplicitVRBigEndian.UID:
		return ExplicitVRBigEndian
	case "1.2.840.10008.1.2.4.95", "1.2.840.10008.1.2.4.205": // JPIP referenced deflate
		return &TransferSyntax{UID: uid, Deflated: true}
	case "1.2.840.113619.5.2", "1.2.840.10008.1.20": // GE implicit with big endian pixels, Papyrus 3
		return &TransferSyntax{UID: uid, ImplicitVR: true}
	}
	return &TransferSyntax{UID: uid, Encapsulated: true}
}
