package dimse

import "fmt"

// Status is a DIMSE status (PS3.7 annex C).
type Status uint16

// Statuses of PS3.7 annex C.
const (
	Success                Status = 0x0000
	NoSuchAttribute        Status = 0x0105
	InvalidAttributeValue  Status = 0x0106
	AttributeListError     Status = 0x0107 // a warning
	ProcessingFailure      Status = 0x0110
	DuplicateSOPInstance   Status = 0x0111
	NoSuchInstance         Status = 0x0112
	NoSuchEventType        Status = 0x0113
	NoSuchArgument         Status = 0x0114
	InvalidArgument        Status = 0x0115
	AttributeOutOfRange    Status = 0x0116 // a warning
	InvalidInstance        Status = 0x0117
	NoSuchSOPClass         Status = 0x0118
	ClassInstanceConflict  Status = 0x0119
	MissingAttribute       Status = 0x0120
	MissingAttributeValue  Status = 0x0121
	RefusedSOPClass        Status = 0x0122
	NoSuchAction           Status = 0x0123
	NotAuthorised          Status = 0x0124
	DuplicateInvocation    Status = 0x0210
	UnrecognisedOperation  Status = 0x0211
	MistypedArgument       Status = 0x0212
	ResourceLimitation     Status = 0x0213
	OutOfResources         Status = 0xA700 // PS3.4 tables B.2-1, C.4-1
	CannotCount            Status = 0xA701 // PS3.4 tables C.4-2, C.4-3: number of matches
	CannotPerform          Status = 0xA702 // PS3.4 tables C.4-2, C.4-3: sub-operations
	MoveDestinationUnknown Status = 0xA801 // PS3.4 table C.4-2
	IdentifierMismatch     Status = 0xA900 // PS3.4 tables B.2-1, C.4-1 to C.4-3
	CoercedElements        Status = 0xB000 // PS3.4 table B.2-1; of C-GET and C-MOVE: some sub-operations failed
	ElementsDiscarded      Status = 0xB006 // PS3.4 table B.2-1
	ElementsMismatch       Status = 0xB007 // PS3.4 table B.2-1
	UnableToProcess        Status = 0xC000 // PS3.4 tables B.2-1, C.4-1 to C.4-3
	Cancel                 Status = 0xFE00
	Pending                Status = 0xFF00
	PendingWarning         Status = 0xFF01 // optional keys were not supported
)

// SomeFailed is the warning of a retrieval of which not every sub-operation
// was a success (PS3.4 tables C.4-2 and C.4-3).
const SomeFailed = CoercedElements

// StatusClass is the kind of a status (PS3.7 section C.1 and following).
type StatusClass uint8

// The classes of PS3.7 annex C.
const (
	ClassSuccess StatusClass = iota
	ClassPending
	ClassWarning
	ClassFailure
	ClassCancel
)

// String is the standard's word.
func (c StatusClass) String() string {
	switch c {
	case ClassSuccess:
		return "success"
	case ClassPending:
		return "pending"
	case ClassWarning:
		return "warning"
	case ClassCancel:
		return "cancel"
	}
	return "failure"
}

// Class returns the kind of the status. What annex C does not name is a
// failure: nothing was promised.
func (s Status) Class() StatusClass {
	switch {
	case s == Success:
		return ClassSuccess
	case s == Pending, s == PendingWarning:
		return ClassPending
	case s == Cancel:
		return ClassCancel
	case s == 0x0001, // requested optional attributes are not supported
		s == AttributeListError, s == AttributeOutOfRange, s>>12 == 0xB:
		return ClassWarning
	}
	return ClassFailure
}

// Err returns a *StatusError where the status is a failure or a cancellation.
func (s Status) Err() error {
	if c := s.Class(); c == ClassFailure || c == ClassCancel {
		return &StatusError{Status: s}
	}
	return nil
}

// String is the number and the standard's meaning, as "A801 refused: move
// destination unknown".
func (s Status) String() string { return fmt.Sprintf("%04X %s", uint16(s), s.meaning()) }

// meaning is the text of PS3.7 annex C and PS3.4 sections B.2.3 and C.4.
func (s Status) meaning() string {
	if text := s.general(); text != "" {
		return text
	}
	switch {
	case s == CannotCount:
		return "refused: cannot count the matches"
	case s == CannotPerform:
		return "refused: cannot perform the sub-operations"
	case s == MoveDestinationUnknown:
		return "refused: move destination unknown"
	case s>>8 == 0xA7:
		return "refused: out of resources"
	case s>>8 == 0xA9:
		return "data set does not match the SOP class"
	case s>>12 == 0xC:
		return "unable to process"
	case s == CoercedElements:
		return "warning: elements coerced or some sub-operations failed"
	case s == ElementsDiscarded:
		return "warning: elements discarded"
	case s == ElementsMismatch:
		return "warning: data set does not match the SOP class"
	}
	return s.Class().String()
}

// general is the text of the statuses that every service may use, PS3.7 annex C.
func (s Status) general() string {
	switch s {
	case NoSuchAttribute:
		return "no such attribute"
	case InvalidAttributeValue:
		return "invalid attribute value"
	case AttributeListError:
		return "warning: attribute list error"
	case AttributeOutOfRange:
		return "warning: attribute value out of range"
	case ProcessingFailure:
		return "processing failure"
	case DuplicateSOPInstance:
		return "duplicate SOP instance"
	case NoSuchInstance:
		return "no such SOP instance"
	case NoSuchEventType:
		return "no such event type"
	case NoSuchArgument:
		return "no such argument"
	case InvalidArgument:
		return "invalid argument value"
	case InvalidInstance:
		return "invalid SOP instance"
	case NoSuchSOPClass:
		return "no such SOP class"
	case ClassInstanceConflict:
		return "class and instance conflict"
	case MissingAttribute:
		return "missing attribute"
	case MissingAttributeValue:
		return "missing attribute value"
	case RefusedSOPClass:
		return "refused: SOP class not supported"
	case NoSuchAction:
		return "no such action"
	case NotAuthorised:
		return "refused: not authorised"
	case DuplicateInvocation:
		return "duplicate invocation"
	case UnrecognisedOperation:
		return "unrecognised operation"
	case MistypedArgument:
		return "mistyped argument"
	case ResourceLimitation:
		return "resource limitation"
	case PendingWarning:
		return "pending: optional keys not supported"
	}
	return ""
}
