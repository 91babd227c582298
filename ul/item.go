package ul

import "github.com/leadglass/leadglass/dicom"

// AETitle is an application entity title, without padding (PS3.5 section 6.2, VR AE).
type AETitle string

// PresentationContext is one proposal (PS3.8 section 9.3.2.2).
type PresentationContext struct {
	ID               uint8 // odd
	AbstractSyntax   dicom.UID
	TransferSyntaxes []dicom.UID
}

// ContextResult is the answer to a proposal (PS3.8 table 9-18).
type ContextResult uint8

// The results of PS3.8 table 9-18.
const (
	Acceptance ContextResult = iota
	UserRejection
	NoReason
	AbstractSyntaxNotSupported
	TransferSyntaxesNotSupported
)

// PresentationContextAC is the answer to one proposal (PS3.8 section 9.3.3.2).
type PresentationContextAC struct {
	ID             uint8
	Result         ContextResult
	TransferSyntax dicom.UID
}

// UserInformation is the user data of an association (PS3.8 annex D, PS3.7 annex D.3.3).
type UserInformation struct {
	MaxLength                 uint32 // longest P-DATA-TF PDU that the sender of this item will receive; 0 is unlimited
	ImplementationClassUID    dicom.UID
	ImplementationVersionName string
	AsyncOperations           *AsyncOperations
	Roles                     []RoleSelection
	Extended                  []ExtendedNegotiation
	CommonExtended            []CommonExtendedNegotiation
	Identity                  *UserIdentity         // request only
	IdentityResponse          *UserIdentityResponse // answer only
	Unknown                   []UnknownItem         // kept so that a fingerprint can see them
}

// AsyncOperations is the asynchronous operations window (PS3.7 D.3.3.3); 0 is unlimited.
type AsyncOperations struct{ Invoked, Performed uint16 }

// RoleSelection is the SCP/SCU role selection of a SOP class (PS3.7 D.3.3.4).
type RoleSelection struct {
	SOPClass dicom.UID
	SCU, SCP bool
}

// ExtendedNegotiation is the SOP class extended negotiation (PS3.7 D.3.3.5).
type ExtendedNegotiation struct {
	SOPClass dicom.UID
	Info     []byte
}

// CommonExtendedNegotiation is PS3.7 D.3.3.6.
type CommonExtendedNegotiation struct {
	SOPClass, ServiceClass dicom.UID
	Related                []dicom.UID
}

// UserIdentity is a user identity sub-item (PS3.7 D.3.3.7.1).
type UserIdentity struct {
	Type             uint8 // 1 user name, 2 with passcode, 3 Kerberos, 4 SAML, 5 JWT
	ResponseRequired bool
	Primary          []byte
	Secondary        []byte
}

// UserIdentityResponse is the answer to it (PS3.7 D.3.3.7.2).
type UserIdentityResponse struct{ Response []byte }

// UnknownItem is a sub-item that this package does not know.
type UnknownItem struct {
	Type uint8
	Data []byte
}
