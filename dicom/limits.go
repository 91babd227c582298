package dicom

import (
	"fmt"
	"math"
)

// Limits bounds what a peer or a file can make a decoder do. The zero value
// is the safe default; a negative value switches a limit off.
type Limits struct {
	ElementBytes  int64 // longest value that is read into memory
	DatasetBytes  int64 // all values of one data set that are read into memory
	InflatedBytes int64 // what a deflated data set may grow to
	Elements      int   // elements, items and fragments of one data set, nested ones included
	Depth         int   // sequences within sequences
}

// The defaults. The standard sets none of these numbers.
const (
	// A single-frame radiograph has up to 64 MiB; longer pixel data are for
	// Reader.Read, which holds nothing.
	defaultElementBytes = 256 << 20
	// Twice that, so that one data set with all its values fits.
	defaultDatasetBytes = 512 << 20
	// Deflate packs at most 1032:1. What it may grow to is what a data set
	// may hold.
	defaultInflatedBytes = 512 << 20
	// An enhanced multi-frame CT of 10,000 frames has about 500,000. An empty
	// element of 8 bytes costs 80 in memory, and 80 more while its item is
	// read, so this bounds 160 MiB; who reads small answers sets it lower.
	defaultElements = 1 << 20
	// Structured reports nest about 20 deep; DCMTK's and pydicom's test files
	// at most 7.
	defaultDepth = 64
)

// LimitError says which limit the input crossed.
type LimitError struct {
	Name  string // as "element_bytes"
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("dicom: over the limit %s of %d", e.Name, e.Limit)
}

// orDefault returns the limits in force, "off" as the largest number.
func (l Limits) orDefault() Limits {
	return Limits{
		ElementBytes:  inForce(l.ElementBytes, defaultElementBytes),
		DatasetBytes:  inForce(l.DatasetBytes, defaultDatasetBytes),
		InflatedBytes: inForce(l.InflatedBytes, defaultInflatedBytes),
		Elements:      int(inForce(int64(l.Elements), defaultElements)),
		Depth:         int(inForce(int64(l.Depth), defaultDepth)),
	}
}

func inForce(n, def int64) int64 {
	switch {
	case n == 0:
		return def
	case n < 0:
		return math.MaxInt64
	}
	return n
}
