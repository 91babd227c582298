package dicom

import "fmt"

// Limits bounds what a peer or a file can make a decoder do. The zero value
// is the safe default; a negative value switches a limit off.
type Limits struct {
	ElementBytes int64 // longest value that is read into memory
	DatasetBytes int64 // all values of one data set that are read into memory
	Elements     int   // elements of one data set, nested ones included
	Depth        int   // sequences within sequences
}

// LimitError says which limit the input crossed.
type LimitError struct {
	Name  string // as "element_bytes"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("dicom: over the limit %s of %d", e.Name, e.Limit)
}
