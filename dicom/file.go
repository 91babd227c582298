package dicom

import "io"

// File is a PS3.10 file: file meta information and a data set.
type File struct {
	Preamble       [128]byte
	Meta           *Dataset // group 0002
	Dataset        *Dataset
	TransferSyntax *TransferSyntax
}

// Read reads a PS3.10 file. Files without preamble or meta information, as old
// toolkits wrote them, are recognised and read too.
func Read(r io.Reader, opt Options) (*File, error) { panic("dicom: to do") }

// ReadFile reads the named PS3.10 file.
func ReadFile(name string, opt Options) (*File, error) { panic("dicom: to do") }

// Write writes a PS3.10 file and completes the meta information.
func Write(w io.Writer, f *File) error { panic("dicom: to do") }
