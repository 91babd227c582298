package leadglass

import (
	"context"
	"io"
	"time"

	"github.com/leadglass/leadglass/dicom"
)

// Study is what a decision may depend on of a study. It is shared and not
// changed.
type Study struct {
	UID         dicom.UID
	Patient     dicom.PatientID
	Issuer      string // of the patient ID
	Accession   string
	Date        string // DA
	Modalities  []string
	BodyParts   []string
	Institution string
	Labels      []string // sensitivity and the like, set here and not by the sender
	Series      int
	Instances   int
	Bytes       int64
}

// Query is a search (PS3.4 section C.2.2.2, PS3.18 section 8.3.4). Keys holds
// the matching keys; one without a value matches everything and asks for the
// attribute. Only keys of Level and the levels above match.
type Query struct {
	Level Level
	Keys  *dicom.Dataset
	All   bool // every attribute that is kept of the level, for includefield=all
	Fuzzy bool // person names by their beginnings, for fuzzymatching=true
	// DateTime: a range of a date and one of its time are one range, from the one
	// moment to the other (PS3.4 section C.2.2.2.5.4).
	DateTime bool
}

// Match is one answer to a Query. Studies has the study that it belongs to, at
// patient level all studies of the patient that match is not restricted to.
type Match struct {
	Ref        Ref
	Studies    []*Study
	Attributes *dicom.Dataset
}

// Object is one stored instance, of which nothing was read yet.
type Object struct {
	Ref    Ref
	Study  *Study
	Class  dicom.UID
	Syntax dicom.UID
	Frames int
	Size   int64 // bytes of the file (PS3.10)
	Header int64 // bytes of preamble and file meta information before the data set

	// Open opens the file. What it hands out was checked against its checksum.
	Open func(ctx context.Context) (Content, error)
}

// Content is the bytes of a stored file (PS3.10), as they were received.
type Content interface {
	io.ReadSeeker
	io.ReaderAt
	io.Closer
}

// Incoming is an object on its way into the archive.
type Incoming struct {
	Class, Instance, Syntax dicom.UID // as announced by the message; empty where Data is a file
	File                    bool      // Data is a file (PS3.10), not a data set in Syntax
	Data                    io.Reader
	Source                  AETitle   // who sent it, for the file meta information
	Study                   dicom.UID // where not empty the study that it must belong to (PS3.18 section 10.5.1)
	Received                time.Time
}

// Stored says what became of an Incoming.
type Stored struct {
	Ref       Ref
	Study     *Study
	Class     dicom.UID
	Size      int64
	Duplicate bool     // the very same was there already
	Warnings  []string // what is kept although it is in conflict, in words without patient data
}
