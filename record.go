package leadglass

import (
	"time"

	"github.com/leadglass/leadglass/dicom"
)

// Event is what a record is about (PS3.15 section A.5.3, codes of DCM).
type Event string

// The events.
const (
	ApplicationActivity  Event = "110100"
	AuditLogUsed         Event = "110101"
	BeginTransferring    Event = "110102"
	InstancesAccessed    Event = "110103"
	InstancesTransferred Event = "110104"
	StudyDeleted         Event = "110105"
	Export               Event = "110106"
	Import               Event = "110107"
	NetworkEntry         Event = "110108"
	QueryEvent           Event = "110112"
	SecurityAlert        Event = "110113"
	UserAuthentication   Event = "110114"
)

// EventType refines an event (PS3.16 CID 401).
type EventType string

// The types that are recorded so far.
const (
	NoType             EventType = ""
	ApplicationStart   EventType = "110120"
	ApplicationStop    EventType = "110121"
	Login              EventType = "110122"
	Logout             EventType = "110123"
	Attach             EventType = "110124"
	Detach             EventType = "110125"
	NodeAuthentication EventType = "110126"
	SecurityConfig     EventType = "110129"
	RestrictedFunction EventType = "110132"
	AuditStarted       EventType = "110134" // recording goes on after it could not
	UserSecurity       EventType = "110137" // attributes of an account or device changed
)

// Action is the letter of EventActionCode (PS3.15 table A.5.2-1).
type Action string

// The actions.
const (
	Create  Action = "C"
	ReadIt  Action = "R"
	Update  Action = "U"
	Remove  Action = "D"
	Execute Action = "E"
)

// Outcome is EventOutcomeIndicator (PS3.15 table A.5.2-1).
type Outcome uint8

// The outcomes.
const (
	Succeeded    Outcome = 0
	MinorFailure Outcome = 4
	SeriousError Outcome = 8
	MajorFailure Outcome = 12
)

// Record is one line of the log: one request, or the beginning or the end of a
// transfer, about at most one patient. What is marked sealed goes into the body
// that is encrypted with the subject's key; the rest is in the tree and holds no
// patient data.
type Record struct {
	Index  uint64 // sequence in the log, given when it is recorded
	ID     string // of the request
	Origin string // name of the log, given when it is recorded

	Time      time.Time // of the event, UTC
	Committed time.Time // given when it is recorded
	Event     Event
	Type      EventType
	Action    Action
	Outcome   Outcome
	Reason    Reason
	Times     int // how many like it the record stands for, 0 for one: sign-ins refused, objects not kept

	Verb        Verb
	Route       Route
	Peer        *Peer // the identifiers of a person are replaced by a handle in the tree
	Destination *Peer
	Purpose     Purpose
	DeclaredBy  Declaration

	Policy      string
	Rules       []string
	Evidence    []string // ids of facts
	Obligations []Obligation

	Transfer  string // links begin and end
	Instances int
	Bytes     int64
	Classes   []dicom.UID // SOP classes, each once

	Subject     dicom.PatientID // sealed, with what follows
	Issuer      string
	Studies     []dicom.UID
	Accession   string
	Modalities  []string
	BodyParts   []string
	StudyDate   string
	Labels      []string
	Query       string
	Refs        []Ref  // what was asked for by name, whether it exists or not
	Text        string // free text of a person
	Correlation string
}
