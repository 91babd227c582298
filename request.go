package leadglass

import (
	"time"

	"github.com/leadglass/leadglass/dicom"
)

// Verb is what a request would do. Policies know it by this word.
type Verb string

// The verbs. Get hands out objects as they are, View what can be seen of them
// (frames rendered), Describe their attributes without pixels.
const (
	Echo     Verb = "echo"
	Find     Verb = "find"
	Describe Verb = "describe"
	View     Verb = "view"
	Get      Verb = "get"
	Move     Verb = "move"
	Store    Verb = "store"
	Commit   Verb = "commit"
	Delete   Verb = "delete"
	ReadLog  Verb = "read-log"
	Manage   Verb = "manage"
)

// Verbs are all of them.
func Verbs() []Verb {
	return []Verb{Echo, Find, Describe, View, Get, Move, Store, Commit, Delete, ReadLog, Manage}
}

// Route is the service that a request came by, in the standard's word. It is
// recorded and never decides: one answer on every route.
type Route string

// The routes.
const (
	CEcho   Route = "C-ECHO"
	CStore  Route = "C-STORE"
	CFind   Route = "C-FIND"
	CGet    Route = "C-GET"
	CMove   Route = "C-MOVE"
	NAction Route = "N-ACTION"
	QIDO    Route = "QIDO-RS"
	WADO    Route = "WADO-RS"
	WADOURI Route = "WADO-URI"
	STOW    Route = "STOW-RS"
	Web     Route = "web"
	Command Route = "command"
)

// Declaration says who declared the purpose of a request.
type Declaration string

// Who declares. A device's default is in its enrolment and stands for machines
// whose work implies it; there is none for people.
const (
	Undeclared Declaration = ""
	ByRequest  Declaration = "request"
	ByToken    Declaration = "token"
	ByDevice   Declaration = "device"
)

// Request is one thing that a peer asks for.
type Request struct {
	ID         string    // links the record, the diagnostics and what the peer was told
	Time       time.Time // when it came
	Verb       Verb
	Route      Route
	Peer       *Peer
	Purpose    Purpose
	DeclaredBy Declaration

	Level       Level  // of a search or retrieval
	Refs        []Ref  // what is asked for by name; empty for a search
	Query       string // a search as text: keys and values, recorded encrypted
	Destination *Peer  // of a move

	Correlation string // X-Request-Id or traceparent of the peer
}

// Level is a level of the query/retrieve information model (PS3.4 section C.3).
type Level uint8

// The levels.
const (
	PatientLevel Level = iota
	StudyLevel
	SeriesLevel
	InstanceLevel
)

func (l Level) String() string {
	names := [...]string{"PATIENT", "STUDY", "SERIES", "IMAGE"}
	if int(l) < len(names) {
		return names[l]
	}
	return "unknown"
}

// Ref names a patient, study, series or instance. UIDs that are empty do not
// restrict: a Ref with a study only is all of that study.
type Ref struct {
	Patient  dicom.PatientID
	Study    dicom.UID
	Series   dicom.UID
	Instance dicom.UID
}
