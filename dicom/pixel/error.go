package pixel

import (
	"errors"
	"fmt"
	"io"

	"github.com/leadglass/leadglass/dicom"
)

var (
	// ErrNoPixels: an object without pixel data, as a report.
	ErrNoPixels = errors.New("pixel: the object has no pixel data")
	// ErrNoFrame: a frame that the object does not have.
	ErrNoFrame = errors.New("pixel: the object has no such frame")
)

// UnsupportedSyntax says that pixel data of a transfer syntax are not decoded.
type UnsupportedSyntax struct {
	Syntax dicom.UID
	Name   string // of the family, as "JPEG 2000"
	Reason string
}

func (e *UnsupportedSyntax) Error() string {
	return fmt.Sprintf("pixel: frames in %s (%q) are not decoded: %s", e.Name, e.Syntax, e.Reason)
}

// UnsupportedFormat says that pixels of a kind are not decoded, whatever the
// transfer syntax.
type UnsupportedFormat struct {
	What string // as "float pixel data"
}

func (e *UnsupportedFormat) Error() string { return "pixel: not decoded: " + e.What }

// CorruptError says that pixel data, or the attributes that describe them, break
// the rules.
type CorruptError struct {
	What string
	Err  error // may be nil
}

func (e *CorruptError) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("pixel: %s: %v", e.What, e.Err)
	}
	return "pixel: " + e.What
}

// Unwrap returns the reason.
func (e *CorruptError) Unwrap() error { return e.Err }

func corrupt(format string, args ...any) error {
	return &CorruptError{What: fmt.Sprintf(format, args...)}
}

func truncated(what string) error {
	return &CorruptError{What: what, Err: io.ErrUnexpectedEOF}
}
