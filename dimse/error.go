package dimse

import "errors"

// ErrCancel is returned by a callback to end the operation with C-CANCEL.
var ErrCancel = errors.New("dimse: cancelled by the caller")
