package ul

import "fmt"

// RejectError is an A-ASSOCIATE-RJ (PS3.8 section 9.3.4).
type RejectError struct {
	Result RejectResult
	Source RejectSource
	Reason uint8 // its meaning depends on Source, PS3.8 table 9-21
}

func (e *RejectError) Error() string {
	return fmt.Sprintf("ul: association rejected: %d %d %d", e.Result, e.Source, e.Reason)
}

// RejectResult says whether it is worth trying again.
type RejectResult uint8

// RejectSource says who rejected.
type RejectSource uint8

// The results and sources of PS3.8 table 9-21.
const (
	RejectedPermanent RejectResult = 1
	RejectedTransient RejectResult = 2

	ServiceUser          RejectSource = 1
	ProviderACSE         RejectSource = 2
	ProviderPresentation RejectSource = 3
)

// Reasons of a service user, PS3.8 table 9-21.
const (
	ReasonNoneGiven            uint8 = 1
	ReasonApplicationContext   uint8 = 2
	ReasonCallingNotRecognised uint8 = 3
	ReasonCalledNotRecognised  uint8 = 7
)

// AbortError is an A-ABORT of the peer (PS3.8 section 9.3.8).
type AbortError struct{ Source, Reason uint8 }

func (e *AbortError) Error() string {
	return fmt.Sprintf("ul: aborted by the peer: source %d reason %d", e.Source, e.Reason)
}

// ProtocolError says that the peer sent what PS3.8 does not allow here. Prefix
// holds up to 64 of its bytes for whoever wants to know what it is instead;
// the text does not show them.
type ProtocolError struct {
	Doing  string
	Prefix []byte
}

func (e *ProtocolError) Error() string { return "ul: unexpected bytes while " + e.Doing }
