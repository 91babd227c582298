package dimse

import (
	"errors"
	"fmt"

	"github.com/leadglass/leadglass/dicom"
)

// ErrCancel is returned by a callback to end the operation with C-CANCEL, and
// by Matches and SubOperations when the peer has sent one.
var ErrCancel = errors.New("dimse: cancelled")

// ErrNotNegotiated says that the association has no presentation context for
// what was asked, so that nothing was sent.
var ErrNotNegotiated = errors.New("dimse: no accepted presentation context")

// errNoData says that a request to send an object has none.
var errNoData = errors.New("dimse: no data set to send")

// errBusy says that an operation is begun inside another.
var errBusy = errors.New("dimse: an operation is running on this association")

// errCommit says that a data set is not one of storage commitment.
var errCommit = errors.New("dimse: not a storage commitment")

// errOver says that an object is read after its handler returned.
var errOver = errors.New("dimse: the data set is read after its operation ended")

// ProtocolError says that the peer sent what PS3.7 does not allow here. The
// association is aborted. The text shows nothing that the peer sent.
type ProtocolError struct {
	Reason string
}

func (e *ProtocolError) Error() string { return "dimse: protocol error: " + e.Reason }

// What can be wrong with a message. They are shared, so that hostile bytes
// cost no allocation.
var (
	errTruncatedCommand  = &ProtocolError{"command set is cut short"}
	errRepeatedElement   = &ProtocolError{"command element twice"}
	errBadCommandElement = &ProtocolError{"command element of a wrong size"}
	errIncompleteCommand = &ProtocolError{"command set lacks a required element"}
	errUnknownContext    = &ProtocolError{"message on a context that was not accepted"}
	errOtherContext      = &ProtocolError{"fragments of one message on different contexts"}
	errDataForCommand    = &ProtocolError{"data set where a command set is due"}
	errCommandForData    = &ProtocolError{"command set where a data set is due"}
	errOtherMessage      = &ProtocolError{"response to another message"}
	errOtherResponse     = &ProtocolError{"response of another kind"}
	errNothingAsked      = &ProtocolError{"response to nothing"}
	errDatasetMissing    = &ProtocolError{"pending response without an identifier"}
	errPipelined         = &ProtocolError{"request before the response to the last"}
	errUnexpected        = &ProtocolError{"request where a response is due"}
)

// LimitError says which limit the peer crossed.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("dimse: over the limit %s of %d", e.Name, e.Limit)
}

// StatusError is a status that is neither success, pending nor warning. A
// handler returns it to choose the answer.
type StatusError struct {
	Status Status
	// Comment is what the peer said; it may hold anything and is not in the text.
	Comment string
}

func (e *StatusError) Error() string { return "dimse: status " + e.Status.String() }

func notNegotiated(class dicom.UID) error {
	return fmt.Errorf("%w for %q", ErrNotNegotiated, class)
}

// identifierError is a data set that cannot be read, while the messages around
// it are in order. It does not say what the data set held.
type identifierError struct{ err error }

func (e *identifierError) Error() string { return "dimse: data set cannot be decoded" }
func (e *identifierError) Unwrap() error { return e.err }

// undecodable reports whether err is an identifierError, so that the message
// can be answered.
func undecodable(err error) bool {
	_, ok := errors.AsType[*identifierError](err)
	return ok
}
