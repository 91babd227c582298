// Package index finds patients, studies, series and instances by their
// attributes. It follows from the objects and what was done to them, and can be
// made anew from them at any time: the archive applies changes in the order of
// its journal, and the index remembers up to where it has.
package index

import (
	"context"
	"iter"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// Position is how far in the archive's journal an index is. It is the archive's
// word; the index keeps it with the changes, in one transaction.
type Position string

// Where is where the archive finds the bytes of an object; its word, too.
type Where string

// Instance is one object, as the archive read it.
type Instance struct {
	Header     *dicom.Dataset // attributes without pixel data and other bulk
	Ref        leadglass.Ref
	Class      dicom.UID
	Syntax     dicom.UID
	Frames     int
	Size       int64
	HeaderSize int64    // bytes of the file before its data set
	Digest     [32]byte // SHA-256 of transfer syntax and data set: the content, however it came
	Where      Where
	Source     leadglass.AETitle
	Received   time.Time
}

// Change is one of Add, Remove, SetLabels and MergePatient.
type Change interface{ change() }

// Add adds an instance, or does nothing if its content is there already. Where
// the UID is there with other content, the first stays.
type Add struct{ Instance *Instance }

// Remove removes what a reference names; series, studies and patients that are
// then empty go too.
type Remove struct{ Ref leadglass.Ref }

// SetLabels replaces the labels of a study.
type SetLabels struct {
	Study  dicom.UID
	Labels []string
}

// MergePatient moves the studies of one patient to another (HL7 A40). Objects
// stay as they are; answers name the new patient.
type MergePatient struct{ From, Into dicom.PatientID }

func (Add) change()          {}
func (Remove) change()       {}
func (SetLabels) change()    {}
func (MergePatient) change() {}

// Index is the interface that indextest examines. All methods may be called at
// the same time.
type Index interface {
	// Apply applies changes and position in one transaction.
	Apply(ctx context.Context, changes []Change, upTo Position) error
	// Position is that of the last Apply, empty for a new index.
	Position(ctx context.Context) (Position, error)

	// Find, Studies and Objects are those of leadglass.Archive.
	Find(ctx context.Context, q *leadglass.Query) iter.Seq2[*leadglass.Match, error]
	Studies(ctx context.Context, ref leadglass.Ref) iter.Seq2[*leadglass.Study, error]
	Objects(ctx context.Context, ref leadglass.Ref) iter.Seq2[*Instance, error] // Header is nil

	// Lookup returns the instance of a UID, nil if there is none. Header is nil.
	Lookup(ctx context.Context, instance dicom.UID) (*Instance, error)
	Close() error
}
