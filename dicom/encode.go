package dicom

import "io"

// Append appends the encoded data set to dst. Deflated syntaxes are for Encode.
func Append(dst []byte, d *Dataset, ts *TransferSyntax) ([]byte, error) { panic("dicom: to do") }

// Encode writes the data set.
func Encode(w io.Writer, d *Dataset, ts *TransferSyntax) error { panic("dicom: to do") }
