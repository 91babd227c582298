package dimse

import "fmt"

// Status is a DIMSE status (PS3.7 annex C).
type Status uint16

// Statuses of PS3.7 annex C and PS3.4 that this package gives names.
const (
	Success                Status = 0x0000
	Pending                Status = 0xFF00
	PendingWarning         Status = 0xFF01 // optional keys were not supported
	Cancel                 Status = 0xFE00
	RefusedSOPClass        Status = 0x0122
	NotAuthorised          Status = 0x0124
	UnrecognisedOp         Status = 0x0211
	MistypedArgument       Status = 0x0212
	OutOfResources         Status = 0xA700
	IdentifierMismatch     Status = 0xA900
	MoveDestinationUnknown Status = 0xA801
	UnableToProcess        Status = 0xC000
)

// StatusError is a status that is neither success, pending nor warning.
type StatusError struct {
	Status Status
	// Comment is what the peer said; it may hold anything and is not in the text.
	Comment string
}

func (e *StatusError) Error() string { return fmt.Sprintf("dimse: status %04X", uint16(e.Status)) }
