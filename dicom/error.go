package dicom

import (
	"errors"
	"fmt"
	"io"
)

// ErrStop ends a walk without an error.
var ErrStop = errors.New("dicom: stop")

// Why bytes are no data set; a SyntaxError wraps one of them or
// io.ErrUnexpectedEOF.
var (
	// ErrOverrun: a length that ends past the item or sequence around it.
	ErrOverrun = errors.New("length past the end of what contains it")
	// ErrNesting: an item or a delimiter where there cannot be one, or none
	// where there must be.
	ErrNesting = errors.New("item or delimiter out of place")
	// ErrUndefinedLength: an undefined length where PS3.5 permits none.
	ErrUndefinedLength = errors.New("undefined length of a value that needs one")
	// ErrVR: two bytes that are no VR, and no implicit VR element either.
	ErrVR = errors.New("no value representation")
	// ErrNotDICOM: the beginning of a file that no rule of Read recognises.
	ErrNotDICOM = errors.New("not a DICOM file")
)

// SyntaxError says where an encoded data set breaks the rules of PS3.5. It
// names places, never values.
type SyntaxError struct {
	Offset int64 // of the header at fault, in the data set or the file
	Tag    Tag
	Err    error
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("dicom: reading %v at %d: %v", e.Tag, e.Offset, e.Err)
}

// Unwrap returns the reason.
func (e *SyntaxError) Unwrap() error { return e.Err }

// truncated is the reason of input that ends too early.
var truncated = io.ErrUnexpectedEOF
