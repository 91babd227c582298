package ul

import (
	"fmt"
	"os"
	"time"
)

// RejectError is an A-ASSOCIATE-RJ (PS3.8 section 9.3.4).
type RejectError struct {
	Result RejectResult
	Source RejectSource
	Reason uint8 // its meaning depends on Source, PS3.8 table 9-21
}

func (e *RejectError) Error() string {
	return fmt.Sprintf("ul: association %s by %s: %s", e.Result, e.Source, e.Name())
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

// Reasons of a service provider, PS3.8 table 9-21: of ACSE, then of presentation.
const (
	ReasonProtocolVersion     uint8 = 2
	ReasonTemporaryCongestion uint8 = 1
	ReasonLocalLimitExceeded  uint8 = 2
)

// String is the standard's name.
func (r RejectResult) String() string {
	switch r {
	case RejectedPermanent:
		return "rejected-permanent"
	case RejectedTransient:
		return "rejected-transient"
	}
	return fmt.Sprintf("rejected-%d", uint8(r))
}

// String is the standard's name.
func (s RejectSource) String() string {
	switch s {
	case ServiceUser:
		return "service-user"
	case ProviderACSE:
		return "service-provider-acse"
	case ProviderPresentation:
		return "service-provider-presentation"
	}
	return fmt.Sprintf("source-%d", uint8(s))
}

// Name is the reason's name in the standard, in lower case with hyphens; a
// reserved value is reserved-SOURCE-REASON (PS3.8 table 9-21).
func (e *RejectError) Name() string {
	switch [2]uint8{uint8(e.Source), e.Reason} {
	case [2]uint8{1, 1}, [2]uint8{2, 1}:
		return "no-reason-given"
	case [2]uint8{1, 2}:
		return "application-context-name-not-supported"
	case [2]uint8{1, 3}:
		return "calling-ae-title-not-recognized"
	case [2]uint8{1, 7}:
		return "called-ae-title-not-recognized"
	case [2]uint8{2, 2}:
		return "protocol-version-not-supported"
	case [2]uint8{3, 1}:
		return "temporary-congestion"
	case [2]uint8{3, 2}:
		return "local-limit-exceeded"
	}
	return fmt.Sprintf("reserved-%d-%d", uint8(e.Source), e.Reason)
}

// AbortError is an A-ABORT of the peer (PS3.8 section 9.3.8).
type AbortError struct{ Source, Reason uint8 }

// The sources of PS3.8 table 9-26.
const (
	AbortUser     uint8 = 0
	AbortProvider uint8 = 2
)

// The reasons of PS3.8 table 9-26; they mean something from a provider only.
const (
	AbortNotSpecified          uint8 = 0
	AbortUnrecognisedPDU       uint8 = 1
	AbortUnexpectedPDU         uint8 = 2
	AbortUnrecognisedParameter uint8 = 4
	AbortUnexpectedParameter   uint8 = 5
	AbortInvalidParameter      uint8 = 6
)

func (e *AbortError) Error() string {
	return fmt.Sprintf("ul: aborted by the peer's %s: %s", e.SourceName(), e.Name())
}

// SourceName is service-user or service-provider.
func (e *AbortError) SourceName() string {
	switch e.Source {
	case AbortUser:
		return "service-user"
	case AbortProvider:
		return "service-provider"
	}
	return fmt.Sprintf("source-%d", e.Source)
}

// Name is the reason's name in the standard, in lower case with hyphens.
func (e *AbortError) Name() string {
	if e.Source == AbortUser {
		return "reason-not-specified" // a user gives none, whatever the field holds
	}
	switch e.Reason {
	case AbortNotSpecified:
		return "reason-not-specified"
	case AbortUnrecognisedPDU:
		return "unrecognized-pdu"
	case AbortUnexpectedPDU:
		return "unexpected-pdu"
	case AbortUnrecognisedParameter:
		return "unrecognized-pdu-parameter"
	case AbortUnexpectedParameter:
		return "unexpected-pdu-parameter"
	case AbortInvalidParameter:
		return "invalid-pdu-parameter-value"
	}
	return fmt.Sprintf("reserved-%d", e.Reason)
}

// ProtocolError says that the peer sent what PS3.8 does not allow here. Prefix
// holds up to 64 of its bytes for whoever wants to know what it is instead;
// the text does not show them.
type ProtocolError struct {
	Doing  string
	Prefix []byte
	Err    error // what ended the reading, if the bytes alone did not
}

func (e *ProtocolError) Error() string {
	text := "ul: unexpected bytes while " + e.Doing
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

func (e *ProtocolError) Unwrap() error { return e.Err }

// LimitError says which limit was crossed; a limit of time in nanoseconds.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	if e.Timeout() {
		return fmt.Sprintf("ul: over the limit %s of %v", e.Name, time.Duration(e.Limit))
	}
	return fmt.Sprintf("ul: over the limit %s of %d", e.Name, e.Limit)
}

// Timeout reports whether the limit is one of time.
func (e *LimitError) Timeout() bool {
	switch e.Name {
	case limitARTIM, limitRead, limitWrite, limitIdle, limitTotal, limitLinger:
		return true
	}
	return false
}

// Unwrap is os.ErrDeadlineExceeded for a limit of time.
func (e *LimitError) Unwrap() error {
	if e.Timeout() {
		return os.ErrDeadlineExceeded
	}
	return nil
}
