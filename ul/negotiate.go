package ul

import "github.com/leadglass/leadglass/dicom"

// Supported maps an abstract syntax to the transfer syntaxes that are taken for
// it, in order of preference.
type Supported map[dicom.UID][]dicom.UID

// Accept answers a request from a table (PS3.8 section 9.3.3): per context the
// first transfer syntax of ours that was proposed, else the reason why not.
func Accept(rq *AssociateRQ, s Supported, user UserInformation) *AssociateAC { panic("ul: to do") }
