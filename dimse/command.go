package dimse

import "github.com/leadglass/leadglass/dicom"

// CommandField says what a message is (PS3.7 section E.1).
type CommandField uint16

// The command fields of PS3.7 table E.1-1 that this package speaks.
const (
	CStoreRQ        CommandField = 0x0001
	CStoreRSP       CommandField = 0x8001
	CGetRQ          CommandField = 0x0010
	CGetRSP         CommandField = 0x8010
	CFindRQ         CommandField = 0x0020
	CFindRSP        CommandField = 0x8020
	CMoveRQ         CommandField = 0x0021
	CMoveRSP        CommandField = 0x8021
	CEchoRQ         CommandField = 0x0030
	CEchoRSP        CommandField = 0x8030
	NEventReportRQ  CommandField = 0x0100
	NEventReportRSP CommandField = 0x8100
	NActionRQ       CommandField = 0x0130
	NActionRSP      CommandField = 0x8130
	CCancelRQ       CommandField = 0x0FFF
)

// Priority of an operation (PS3.7 section 9.1.2.1).
type Priority uint16

// The priorities of PS3.7 table E.1-1.
const (
	Medium Priority = 0
	High   Priority = 1
	Low    Priority = 2
)

// Command is a command set (PS3.7 section E.1). Fields that a message does not
// have are zero; pointers tell absent from zero.
type Command struct {
	Field                CommandField
	MessageID            uint16 // of a request
	RespondedTo          uint16 // Message ID Being Responded To
	AffectedSOPClass     dicom.UID
	RequestedSOPClass    dicom.UID
	AffectedSOPInstance  dicom.UID
	RequestedSOPInstance dicom.UID
	Priority             Priority
	HasDataset           bool
	Status               Status
	OffendingElements    []dicom.Tag
	ErrorComment         string
	ErrorID              uint16
	MoveDestination      string
	MoveOriginator       string
	MoveOriginatorID     uint16
	Remaining            *uint16
	Completed            *uint16
	Failed               *uint16
	Warning              *uint16
	EventTypeID          uint16
	ActionTypeID         uint16
}
