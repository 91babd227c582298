package dimse

import (
	"encoding/binary"

	"github.com/leadglass/leadglass/dicom"
)

// Command is a command set (PS3.7 section E.1). Fields that a message does not
// have are zero. It holds no pointer into the bytes it came from, so that one
// Command can be read into over and over, and a copy of it stays true.
type Command struct {
	Field                CommandField
	MessageID            uint16 // of a request
	RespondedTo          uint16 // Message ID Being Responded To: of a response, and of C-CANCEL
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
	Remaining            Count
	Completed            Count
	Failed               Count
	Warning              Count
	EventTypeID          uint16
	ActionTypeID         uint16
}

// Element numbers of group 0000 (PS3.7 table E.1-1).
const (
	elemGroupLength          = 0x0000
	elemAffectedSOPClass     = 0x0002
	elemRequestedSOPClass    = 0x0003
	elemCommandField         = 0x0100
	elemMessageID            = 0x0110
	elemRespondedTo          = 0x0120
	elemMoveDestination      = 0x0600
	elemPriority             = 0x0700
	elemDataSetType          = 0x0800
	elemStatus               = 0x0900
	elemOffendingElement     = 0x0901
	elemErrorComment         = 0x0902
	elemErrorID              = 0x0903
	elemAffectedSOPInstance  = 0x1000
	elemRequestedSOPInstance = 0x1001
	elemEventTypeID          = 0x1002
	elemActionTypeID         = 0x1008
	elemRemaining            = 0x1020
	elemCompleted            = 0x1021
	elemFailed               = 0x1022
	elemWarning              = 0x1023
	elemMoveOriginator       = 0x1030
	elemMoveOriginatorID     = 0x1031
)

// Values of Command Data Set Type (0000,0800): only the first is fixed, any
// other says that a data set follows. 0001 is what DCMTK sends.
const (
	noDataset  = 0x0101
	hasDataset = 0x0001
)

// groupLengthBytes is the length of (0000,0000) itself, which it does not count.
const groupLengthBytes = 8 + 4

// Append appends the command set to dst, in implicit VR little endian and
// ascending order, as PS3.7 section 6.3.1 requires.
func (c *Command) Append(dst []byte) []byte {
	start := len(dst)
	dst = appendUint32(dst, elemGroupLength, 0)
	dst = appendUID(dst, elemAffectedSOPClass, c.AffectedSOPClass)
	dst = appendUID(dst, elemRequestedSOPClass, c.RequestedSOPClass)
	dst = appendUint16(dst, elemCommandField, uint16(c.Field))
	if !c.Field.named() {
		dst = appendUint16(dst, elemMessageID, c.MessageID)
	} else {
		dst = appendUint16(dst, elemRespondedTo, c.RespondedTo)
	}
	dst = appendText(dst, elemMoveDestination, c.MoveDestination)
	if c.Field.hasPriority() {
		dst = appendUint16(dst, elemPriority, uint16(c.Priority))
	}
	if c.HasDataset {
		dst = appendUint16(dst, elemDataSetType, hasDataset)
	} else {
		dst = appendUint16(dst, elemDataSetType, noDataset)
	}
	if c.Field.IsResponse() {
		dst = c.appendOutcome(dst)
	}
	dst = appendUID(dst, elemAffectedSOPInstance, c.AffectedSOPInstance)
	dst = appendUID(dst, elemRequestedSOPInstance, c.RequestedSOPInstance)
	dst = c.appendTypes(dst)
	dst = appendCount(dst, elemRemaining, c.Remaining)
	dst = appendCount(dst, elemCompleted, c.Completed)
	dst = appendCount(dst, elemFailed, c.Failed)
	dst = appendCount(dst, elemWarning, c.Warning)
	if c.MoveOriginator != "" {
		dst = appendText(dst, elemMoveOriginator, c.MoveOriginator)
		dst = appendUint16(dst, elemMoveOriginatorID, c.MoveOriginatorID)
	}
	binary.LittleEndian.PutUint32(dst[start+8:], uint32(len(dst)-start-groupLengthBytes))
	return dst
}

// appendOutcome appends the status of PS3.7 annex C and what explains it.
func (c *Command) appendOutcome(dst []byte) []byte {
	dst = appendUint16(dst, elemStatus, uint16(c.Status))
	if len(c.OffendingElements) > 0 {
		dst = appendHeader(dst, elemOffendingElement, 4*len(c.OffendingElements))
		for _, t := range c.OffendingElements {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(t>>16))
			dst = binary.LittleEndian.AppendUint16(dst, uint16(t))
		}
	}
	dst = appendText(dst, elemErrorComment, c.ErrorComment)
	if c.ErrorID != 0 {
		dst = appendUint16(dst, elemErrorID, c.ErrorID)
	}
	return dst
}

// appendTypes appends the event or action type: a request must have it, a
// response may leave it out (PS3.7 tables 10.3-1 and 10.3-7).
func (c *Command) appendTypes(dst []byte) []byte {
	if c.Field == NEventReportRQ || c.Field == NEventReportRSP && c.EventTypeID != 0 {
		dst = appendUint16(dst, elemEventTypeID, c.EventTypeID)
	}
	if c.Field == NActionRQ || c.Field == NActionRSP && c.ActionTypeID != 0 {
		dst = appendUint16(dst, elemActionTypeID, c.ActionTypeID)
	}
	return dst
}

// Unmarshal reads a command set and replaces what c held. It allocates only
// for texts that differ from those which c held before, so that the stream of
// responses to one request costs nothing. Elements that this package does not
// know are passed over, as are retired ones. They should ascend (PS3.7 section
// 6.3.1); any order is taken, but no element twice, which would mean two things
// to two readers.
func (c *Command) Unmarshal(b []byte) error {
	old := *c
	*c = Command{OffendingElements: old.OffendingElements[:0]}
	var seen present
	last, ascends := -1, true
	for cur := cursor(b); len(cur) > 0; {
		elem, value, ok := cur.element()
		if !ok {
			return errTruncatedCommand
		}
		ascends = ascends && int(elem) > last
		last = int(elem)
		if elem == elemGroupLength {
			n, ok := getUint32(value)
			if !ok || int64(n) > int64(len(b)-groupLengthBytes) {
				return errTruncatedCommand
			}
			continue
		}
		if !c.set(&old, elem, value, &seen) {
			return errBadCommandElement
		}
	}
	if !ascends && repeats(b) {
		return errRepeatedElement
	}
	if !seen.enough(c.Field) {
		return errIncompleteCommand
	}
	return nil
}

// repeats reports whether a command set that is cut well has an element twice.
// Its one bit for each number is on the stack and is asked for only where the
// order does not show the answer.
func repeats(b []byte) bool {
	var seen [1 << 16 / 64]uint64
	for cur := cursor(b); len(cur) > 0; {
		elem, _, _ := cur.element()
		word, bit := &seen[elem/64], uint64(1)<<(elem%64)
		if *word&bit != 0 {
			return true
		}
		*word |= bit
	}
	return false
}

// set takes in one element; false says that its value has the wrong size.
func (c *Command) set(old *Command, elem uint16, v []byte, seen *present) (ok bool) {
	switch elem {
	case elemAffectedSOPClass:
		c.AffectedSOPClass, ok = getUID(v, old.AffectedSOPClass)
	case elemRequestedSOPClass:
		c.RequestedSOPClass, ok = getUID(v, old.RequestedSOPClass)
	case elemAffectedSOPInstance:
		c.AffectedSOPInstance, ok = getUID(v, old.AffectedSOPInstance)
	case elemRequestedSOPInstance:
		c.RequestedSOPInstance, ok = getUID(v, old.RequestedSOPInstance)
	case elemMoveDestination:
		c.MoveDestination, ok = getText(v, old.MoveDestination), true
	case elemMoveOriginator:
		c.MoveOriginator, ok = getText(v, old.MoveOriginator), true
	case elemErrorComment:
		c.ErrorComment, ok = getText(v, old.ErrorComment), true
	case elemOffendingElement:
		c.OffendingElements, ok = getTags(v, c.OffendingElements[:0])
	default:
		return c.setNumber(elem, v, seen)
	}
	return ok
}

// setNumber takes in one element of VR US.
func (c *Command) setNumber(elem uint16, v []byte, seen *present) bool {
	n, ok := getUint16(v)
	switch elem {
	case elemCommandField:
		c.Field = CommandField(n)
		seen.field = true
	case elemMessageID:
		c.MessageID = n
		seen.id = true
	case elemRespondedTo:
		c.RespondedTo = n
		seen.respondedTo = true
	case elemPriority:
		c.Priority = Priority(n)
	case elemDataSetType:
		c.HasDataset = n != noDataset
		seen.dataset = true
	case elemStatus:
		c.Status = Status(n)
		seen.status = true
	case elemErrorID:
		c.ErrorID = n
	case elemEventTypeID:
		c.EventTypeID = n
	case elemActionTypeID:
		c.ActionTypeID = n
	case elemRemaining:
		c.Remaining = Count{n, true}
	case elemCompleted:
		c.Completed = Count{n, true}
	case elemFailed:
		c.Failed = Count{n, true}
	case elemWarning:
		c.Warning = Count{n, true}
	case elemMoveOriginatorID:
		c.MoveOriginatorID = n
	default:
		return true // not ours
	}
	return ok
}

// present says which of the elements came without which no message can be
// understood or answered.
type present struct{ field, id, respondedTo, dataset, status bool }

func (p present) enough(f CommandField) bool {
	switch {
	case !p.field || !p.dataset:
		return false
	case f == CCancelRQ:
		return p.respondedTo
	case f.IsResponse():
		return p.respondedTo && p.status
	}
	return p.id
}
