package ul

import (
	"encoding/binary"

	"github.com/leadglass/leadglass/dicom"
)

// PDUType is the first byte of a PDU (PS3.8 section 9.3.1).
type PDUType uint8

// The PDU types of PS3.8 section 9.3.1.
const (
	TypeAssociateRQ PDUType = 1 + iota
	TypeAssociateAC
	TypeAssociateRJ
	TypeDataTF
	TypeReleaseRQ
	TypeReleaseRP
	TypeAbort
)

// ApplicationContext is the DICOM application context name (PS3.7 annex A.2.1).
const ApplicationContext dicom.UID = "1.2.840.10008.3.1.1.1"

// headerBytes is the length of type, reserved byte and length.
const headerBytes = 6

// PDU is one of the seven protocol data units of PS3.8 section 9.3: a pointer
// to AssociateRQ, AssociateAC, RejectError, DataTF, ReleaseRQ, ReleaseRP or
// AbortError.
type PDU interface {
	Type() PDUType
	// Append appends the encoded PDU. It fails when a field does not fit.
	Append(dst []byte) ([]byte, error)

	parse(c cursor, lim *Limits) error
}

// ParsePDU reads exactly one PDU. Data of PDVs share b.
func ParsePDU(b []byte) (PDU, error) { return parsePDU(b, Limits{}.withDefaults()) }

func parsePDU(b []byte, lim Limits) (PDU, error) {
	c := cursor(b)
	var kind uint8
	var n uint32
	if !c.uint8(&kind) || !c.skip(1) || !c.uint32(&n) || int64(n) != int64(len(c)) {
		return nil, errItem
	}
	p := newPDU(PDUType(kind))
	if p == nil {
		return nil, errItem
	}
	if err := p.parse(c, &lim); err != nil {
		return nil, err
	}
	return p, nil
}

func newPDU(t PDUType) PDU {
	switch t {
	case TypeAssociateRQ:
		return new(AssociateRQ)
	case TypeAssociateAC:
		return new(AssociateAC)
	case TypeAssociateRJ:
		return new(RejectError)
	case TypeDataTF:
		return new(DataTF)
	case TypeReleaseRQ:
		return new(ReleaseRQ)
	case TypeReleaseRP:
		return new(ReleaseRP)
	case TypeAbort:
		return new(AbortError)
	}
	return nil
}

// appendPDU appends the header and what body appends.
func appendPDU(dst []byte, t PDUType, body func(w *builder)) ([]byte, error) {
	w := builder{b: append(dst, byte(t), 0, 0, 0, 0, 0)}
	body(&w)
	if w.err != nil {
		return dst, w.err
	}
	binary.BigEndian.PutUint32(w.b[len(dst)+2:], uint32(len(w.b)-len(dst)-headerBytes))
	return w.b, nil
}

// AssociateRQ is the A-ASSOCIATE-RQ PDU (PS3.8 section 9.3.2).
type AssociateRQ struct {
	ProtocolVersion    uint16 // a set of bits; 0 sends version 1
	Called, Calling    AETitle
	ApplicationContext dicom.UID // empty sends the DICOM application context
	Contexts           []PresentationContext
	User               UserInformation
}

// Type is 01H.
func (*AssociateRQ) Type() PDUType { return TypeAssociateRQ }

// Append appends the encoded PDU.
func (m *AssociateRQ) Append(dst []byte) ([]byte, error) {
	if err := m.checkIDs(); err != nil {
		return dst, err
	}
	return appendPDU(dst, TypeAssociateRQ, func(w *builder) {
		appendFixed(w, m.ProtocolVersion, m.Called, m.Calling, m.ApplicationContext)
		for i := range m.Contexts {
			m.Contexts[i].append(w)
		}
		m.User.append(w)
	})
}

// checkIDs fails where an id is even or used twice (PS3.8 section 9.3.2.2).
func (m *AssociateRQ) checkIDs() error {
	var seen [256]bool
	for _, p := range m.Contexts {
		if p.ID%2 == 0 || seen[p.ID] {
			return errContext
		}
		seen[p.ID] = true
	}
	return nil
}

func (m *AssociateRQ) parse(c cursor, lim *Limits) error {
	if !parseFixed(&c, &m.ProtocolVersion, &m.Called, &m.Calling) {
		return errItem
	}
	err := parseItems(c, &m.ApplicationContext, &m.User, lim, itemContextRQ, func(value cursor) error {
		if len(m.Contexts) >= lim.Contexts {
			return &LimitError{limitContexts, int64(lim.Contexts)}
		}
		var p PresentationContext
		err := p.parse(value, lim)
		m.Contexts = append(m.Contexts, p)
		return err
	})
	if err != nil {
		return err
	}
	return m.checkIDs()
}

// AssociateAC is the A-ASSOCIATE-AC PDU (PS3.8 section 9.3.3).
type AssociateAC struct {
	ProtocolVersion    uint16
	Called, Calling    AETitle // as sent back; the standard says not to test them
	ApplicationContext dicom.UID
	Contexts           []PresentationContextAC
	User               UserInformation

	// Local is for whoever serves the association and finds it in Assoc.Answer:
	// what Negotiate learnt of the peer. It is not sent.
	Local any
}

// Type is 02H.
func (*AssociateAC) Type() PDUType { return TypeAssociateAC }

// Append appends the encoded PDU.
func (m *AssociateAC) Append(dst []byte) ([]byte, error) {
	return appendPDU(dst, TypeAssociateAC, func(w *builder) {
		appendFixed(w, m.ProtocolVersion, m.Called, m.Calling, m.ApplicationContext)
		for i := range m.Contexts {
			m.Contexts[i].append(w)
		}
		m.User.append(w)
	})
}

func (m *AssociateAC) parse(c cursor, lim *Limits) error {
	if !parseFixed(&c, &m.ProtocolVersion, &m.Called, &m.Calling) {
		return errItem
	}
	return parseItems(c, &m.ApplicationContext, &m.User, lim, itemContextAC, func(value cursor) error {
		if len(m.Contexts) >= lim.Contexts {
			return &LimitError{limitContexts, int64(lim.Contexts)}
		}
		var p PresentationContextAC
		err := p.parse(value)
		m.Contexts = append(m.Contexts, p)
		return err
	})
}

// appendFixed appends what both associate PDUs start with.
func appendFixed(w *builder, version uint16, called, calling AETitle, app dicom.UID) {
	if version == 0 {
		version = 1
	}
	if app == "" {
		app = ApplicationContext
	}
	w.uint16(version)
	w.uint16(0)
	w.aeTitle(called)
	w.aeTitle(calling)
	w.bytes(make([]byte, 32))
	w.uidItem(itemApplicationContext, app)
}

func parseFixed(c *cursor, version *uint16, called, calling *AETitle) bool {
	var to, from []byte
	if !c.uint16(version) || !c.skip(2) || !c.bytes(aeTitleBytes, &to) ||
		!c.bytes(aeTitleBytes, &from) || !c.skip(32) {
		return false
	}
	*called, *calling = aeTitleOf(to), aeTitleOf(from)
	return true
}

// parseItems reads the variable items of an associate PDU; those of type
// context go to add. Unknown ones are passed over. There must be one
// application context and one user information (PS3.8 section 9.3.2.1, 9.3.2.3).
func parseItems(c cursor, app *dicom.UID, user *UserInformation, lim *Limits, context uint8, add func(cursor) error) error {
	apps, users := 0, 0
	for len(c) > 0 {
		var kind uint8
		var value cursor
		if !c.item(&kind, &value) {
			return errItem
		}
		var err error
		switch kind {
		case itemApplicationContext:
			*app = uidOf(value)
			apps++
		case context:
			err = add(value)
		case itemUserInformation:
			err = user.parse(value, lim)
			users++
		}
		if err != nil {
			return err
		}
	}
	if apps != 1 || users != 1 {
		return errItem
	}
	return nil
}

// Type is 03H.
func (*RejectError) Type() PDUType { return TypeAssociateRJ }

// Append appends the encoded PDU.
func (e *RejectError) Append(dst []byte) ([]byte, error) {
	return append(dst, byte(TypeAssociateRJ), 0, 0, 0, 0, 4, 0, byte(e.Result), byte(e.Source), e.Reason), nil
}

func (e *RejectError) parse(c cursor, _ *Limits) error {
	if len(c) != 4 {
		return errItem
	}
	*e = RejectError{RejectResult(c[1]), RejectSource(c[2]), c[3]}
	return nil
}

// PDV is one presentation data value (PS3.8 section 9.3.5.1).
type PDV struct {
	ContextID uint8
	Command   bool // a piece of a command set, else of a data set
	Last      bool
	Data      []byte
}

// The bits of the message control header (PS3.8 annex E.2).
const (
	pdvCommand = 1 << 0
	pdvLast    = 1 << 1
)

// pdvHeaderBytes is the length of a PDV's length, context id and control header.
const pdvHeaderBytes = 6

func (p *PDV) control() byte {
	var b byte
	if p.Command {
		b |= pdvCommand
	}
	if p.Last {
		b |= pdvLast
	}
	return b
}

// DataTF is the P-DATA-TF PDU (PS3.8 section 9.3.5).
type DataTF struct{ PDVs []PDV }

// Type is 04H.
func (*DataTF) Type() PDUType { return TypeDataTF }

// Append appends the encoded PDU.
func (m *DataTF) Append(dst []byte) ([]byte, error) {
	return appendPDU(dst, TypeDataTF, func(w *builder) {
		for i := range m.PDVs {
			p := &m.PDVs[i]
			w.uint32(uint32(len(p.Data) + 2))
			w.bytes([]byte{p.ContextID, p.control()})
			w.bytes(p.Data)
		}
	})
}

func (m *DataTF) parse(c cursor, _ *Limits) error {
	for len(c) > 0 {
		var n uint32
		var p PDV
		var control uint8
		if !c.uint32(&n) || n < 2 || int64(n) > int64(len(c)) ||
			!c.uint8(&p.ContextID) || !c.uint8(&control) || !c.bytes(int(n)-2, &p.Data) {
			return errItem
		}
		p.Command, p.Last = control&pdvCommand != 0, control&pdvLast != 0
		m.PDVs = append(m.PDVs, p)
	}
	if len(m.PDVs) == 0 {
		return errItem
	}
	return nil
}

// ReleaseRQ is the A-RELEASE-RQ PDU (PS3.8 section 9.3.6).
type ReleaseRQ struct{}

// Type is 05H.
func (*ReleaseRQ) Type() PDUType { return TypeReleaseRQ }

// Append appends the encoded PDU.
func (*ReleaseRQ) Append(dst []byte) ([]byte, error) {
	return append(dst, byte(TypeReleaseRQ), 0, 0, 0, 0, 4, 0, 0, 0, 0), nil
}

func (*ReleaseRQ) parse(c cursor, _ *Limits) error { return parseReserved(c) }

// ReleaseRP is the A-RELEASE-RP PDU (PS3.8 section 9.3.7).
type ReleaseRP struct{}

// Type is 06H.
func (*ReleaseRP) Type() PDUType { return TypeReleaseRP }

// Append appends the encoded PDU.
func (*ReleaseRP) Append(dst []byte) ([]byte, error) {
	return append(dst, byte(TypeReleaseRP), 0, 0, 0, 0, 4, 0, 0, 0, 0), nil
}

func (*ReleaseRP) parse(c cursor, _ *Limits) error { return parseReserved(c) }

// parseReserved takes any four bytes: they are reserved and not tested.
func parseReserved(c cursor) error {
	if len(c) != 4 {
		return errItem
	}
	return nil
}

// Type is 07H.
func (*AbortError) Type() PDUType { return TypeAbort }

// Append appends the encoded PDU.
func (e *AbortError) Append(dst []byte) ([]byte, error) {
	return append(dst, byte(TypeAbort), 0, 0, 0, 0, 4, 0, 0, e.Source, e.Reason), nil
}

func (e *AbortError) parse(c cursor, _ *Limits) error {
	if len(c) != 4 {
		return errItem
	}
	*e = AbortError{Source: c[2], Reason: c[3]}
	return nil
}
