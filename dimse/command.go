package dimse

import (
	"encoding/binary"

	"github.com/leadglass/leadglass/dicom"
)

// Count is a number of sub-operations. A message may leave it out, which is
// not the same as none (PS3.7 section 9.1.3.1.6).
type Count struct {
	N     uint16
	Valid bool
}

// CountOf is a count that the message has.
func CountOf(n int) Count { return Count{N: clamp16(n), Valid: true} }

// Int returns the number, or -1 where the message has none.
func (c Count) Int() int {
	if !c.Valid {
		return -1
	}
	return int(c.N)
}

// clamp16 keeps a counter inside the US that the standard gives it: a
// retrieval of 70,000 images counts "at least 65,535", never 4,464.
func clamp16(n int) uint16 { return uint16(min(max(n, 0), 0xFFFF)) }

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
	binary.LittleEndian.PutUint32(dst[start+8:], uint32(len(dst)-start-12))
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
// know are passed over, as are retired ones. The order must ascend (PS3.5
// section 7.1), so that no element can come twice and mean two things.
func (c *Command) Unmarshal(b []byte) error {
	old := *c
	*c = Command{OffendingElements: old.OffendingElements[:0]}
	var seen present
	last := -1
	for cur := cursor(b); len(cur) > 0; {
		elem, value, ok := cur.element()
		if !ok {
			return errTruncatedCommand
		}
		if int(elem) <= last {
			return errUnorderedCommand
		}
		last = int(elem)
		if elem == elemGroupLength {
			n, ok := getUint32(value)
			if !ok || uint64(n) > uint64(len(cur)) {
				return errTruncatedCommand
			}
			continue
		}
		if !c.set(&old, elem, value, &seen) {
			return errBadCommandElement
		}
	}
	if !seen.enough(c.Field) {
		return errIncompleteCommand
	}
	return nil
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

// cursor is what is left of a command set.
type cursor []byte

// element takes the next element; its length is checked before its value is
// taken, whatever it claims.
func (s *cursor) element() (elem uint16, value []byte, ok bool) {
	b := *s
	if len(b) < 8 || b[0] != 0 || b[1] != 0 { // a command set holds group 0000 only
		return 0, nil, false
	}
	n := binary.LittleEndian.Uint32(b[4:])
	if uint64(n) > uint64(len(b)-8) {
		return 0, nil, false
	}
	*s = b[8+n:]
	return binary.LittleEndian.Uint16(b[2:]), b[8 : 8+n : 8+n], true
}

func getUint16(v []byte) (uint16, bool) {
	if len(v) != 2 {
		return 0, false
	}
	return binary.LittleEndian.Uint16(v), true
}

func getUint32(v []byte) (uint32, bool) {
	if len(v) != 4 {
		return 0, false
	}
	return binary.LittleEndian.Uint32(v), true
}

// maxUID is the length of the longest UID with its padding (PS3.5 section 9.1).
const maxUID = 64

// getUID takes a UID without its padding: NUL, or the space that some peers
// send. It returns old where that is equal, which costs no allocation.
func getUID(v []byte, old dicom.UID) (dicom.UID, bool) {
	for len(v) > 0 && (v[len(v)-1] == 0 || v[len(v)-1] == ' ') {
		v = v[:len(v)-1]
	}
	if len(v) > maxUID {
		return "", false
	}
	if string(v) == string(old) {
		return old, true
	}
	return dicom.UID(v), true
}

// getText takes a text of VR AE or LO without its padding.
func getText(v []byte, old string) string {
	for len(v) > 0 && (v[len(v)-1] == ' ' || v[len(v)-1] == 0) {
		v = v[:len(v)-1]
	}
	for len(v) > 0 && v[0] == ' ' {
		v = v[1:]
	}
	if string(v) == old {
		return old
	}
	return string(v)
}

func getTags(v []byte, tags []dicom.Tag) ([]dicom.Tag, bool) {
	for ; len(v) >= 4; v = v[4:] {
		tags = append(tags, dicom.NewTag(binary.LittleEndian.Uint16(v), binary.LittleEndian.Uint16(v[2:])))
	}
	return tags, len(v) == 0
}

// appendHeader appends tag and length of an element of group 0000.
func appendHeader(dst []byte, elem uint16, n int) []byte {
	dst = binary.LittleEndian.AppendUint32(dst, uint32(elem)<<16)
	return binary.LittleEndian.AppendUint32(dst, uint32(n))
}

func appendUint16(dst []byte, elem, v uint16) []byte {
	return binary.LittleEndian.AppendUint16(appendHeader(dst, elem, 2), v)
}

func appendUint32(dst []byte, elem uint16, v uint32) []byte {
	return binary.LittleEndian.AppendUint32(appendHeader(dst, elem, 4), v)
}

func appendCount(dst []byte, elem uint16, c Count) []byte {
	if !c.Valid {
		return dst
	}
	return appendUint16(dst, elem, c.N)
}

// appendUID appends a UID padded with NUL; an empty one is left out.
func appendUID(dst []byte, elem uint16, uid dicom.UID) []byte {
	return appendPadded(dst, elem, string(uid), 0)
}

// appendText appends a text padded with a space; an empty one is left out.
func appendText(dst []byte, elem uint16, s string) []byte {
	return appendPadded(dst, elem, s, ' ')
}

func appendPadded(dst []byte, elem uint16, s string, pad byte) []byte {
	if s == "" {
		return dst
	}
	dst = append(appendHeader(dst, elem, len(s)+len(s)&1), s...)
	if len(s)&1 != 0 {
		dst = append(dst, pad)
	}
	return dst
}
