package leadglass

import (
	"errors"
	"fmt"
)

// Code is the kind of an error that crosses a floor. Faces turn it into a status
// of their wire by a table.
type Code string

// The codes. The list only grows.
const (
	Invalid     Code = "invalid"     // what was asked or sent breaks a rule
	Denied      Code = "denied"      // refused by a decision
	NotFound    Code = "not-found"   // nothing there that the peer may know of
	Conflict    Code = "conflict"    // in contradiction to what is there
	Limited     Code = "limit"       // over a limit
	Unavailable Code = "unavailable" // not now: the disk is full, the log cannot be written
	Unsupported Code = "unsupported" // right, but not done here
	Internal    Code = "internal"    // anything else
)

// Codes are all of them.
func Codes() []Code {
	return []Code{Invalid, Denied, NotFound, Conflict, Limited, Unavailable, Unsupported, Internal}
}

// Error is an error with a code. Its text is for the operator and holds no
// patient data; a peer is told the code and the reason.
type Error struct {
	Code   Code
	Reason Reason // where a decision refused
	Err    error
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error; the format is that of fmt.Errorf.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Err: fmt.Errorf(format, args...)}
}

// CodeOf is the code of an error: Internal for one without, "" for nil.
func CodeOf(err error) Code {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Code
	}
	return Internal
}

// ReasonOf is the reason why a decision refused, empty where none did.
func ReasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return NoReason
}
