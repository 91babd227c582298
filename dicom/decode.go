package dicom

import "io"

// UndefinedLength is the length field of a value that ends with a delimiter.
const UndefinedLength = 0xFFFFFFFF

// Options say how much of a data set to read.
type Options struct {
	Limits Limits
	// StopBefore ends reading at the first top-level element with this tag or
	// a higher one; zero reads everything. PixelData gives the header only.
	StopBefore Tag
}

// Kind is what a Visit shows.
type Kind uint8

// The kinds of visit, in the order in which nesting produces them.
const (
	ElementValue  Kind = iota + 1 // an element that is no sequence
	SequenceStart                 // a sequence, or encapsulated pixel data
	ItemStart
	ItemEnd
	SequenceEnd
	Fragment // one fragment of encapsulated pixel data
)

// Visit shows one step of a walk over a data set.
type Visit struct {
	Kind   Kind
	Depth  int // 0 at the top level
	Tag    Tag
	VR     VR
	Length uint32 // as it stood, possibly UndefinedLength
	// Value is as Element.Value and lives only during the visit.
	Value []byte
}

// ErrStop ends a walk without an error.
var ErrStop = io.EOF // to do: a sentinel of its own

// WalkBytes shows each element of an encoded data set to visit, keeps nothing
// and allocates nothing. An error of visit ends the walk and is returned,
// ErrStop as nil.
func WalkBytes(b []byte, ts *TransferSyntax, lim Limits, visit func(*Visit) error) error {
	panic("dicom: to do")
}

// Decode reads one data set until the end of r.
func Decode(r io.Reader, ts *TransferSyntax, opt Options) (*Dataset, error) { panic("dicom: to do") }

// DecodeBytes reads one data set from b, which the data set then shares.
func DecodeBytes(b []byte, ts *TransferSyntax, opt Options) (*Dataset, error) {
	panic("dicom: to do")
}
