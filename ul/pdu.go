package ul

import "github.com/leadglass/leadglass/dicom"

// AssociateRQ is the A-ASSOCIATE-RQ PDU (PS3.8 section 9.3.2).
type AssociateRQ struct {
	ProtocolVersion    uint16 // a set of bits; 0 sends version 1
	Called, Calling    AETitle
	ApplicationContext dicom.UID // empty sends the DICOM application context
	Contexts           []PresentationContext
	User               UserInformation
}

// AssociateAC is the A-ASSOCIATE-AC PDU (PS3.8 section 9.3.3).
type AssociateAC struct {
	ProtocolVersion    uint16
	Called, Calling    AETitle // as sent back; the standard says not to test them
	ApplicationContext dicom.UID
	Contexts           []PresentationContextAC
	User               UserInformation
}

// PDV is one presentation data value (PS3.8 section 9.3.5.1).
type PDV struct {
	ContextID uint8
	Command   bool // a piece of a command set, else of a data set
	Last      bool
	Data      []byte
}
