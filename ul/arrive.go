package ul

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// take waits for the next PDU, passes its arrival through the state machine
// and does what the action says. The PDU is nil for P-DATA-TF, whose PDVs are
// next in the input. An error means that the association is over, io.EOF that
// it was released. The caller holds rmu.
func (a *Assoc) take() (PDU, error) {
	t, n, err := a.in.header()
	if err != nil {
		return nil, a.lost(err)
	}
	p, err := a.body(t, n)
	e := eventOf(t)
	if err != nil {
		var lost *connError // here, so that a PDU in order costs no allocation
		if errors.As(err, &lost) {
			return nil, a.lost(lost.error)
		}
		e = Evt19
	}
	act, ok := a.eventIn(e, notIdle, !a.requestor)
	if !ok {
		return nil, a.ended()
	}
	return p, a.act(e, act, p, err)
}

var errType = errors.New("ul: no PDU has this type")

// connError marks an error of the connection, not of the bytes.
type connError struct{ error }

// body reads and parses what follows the header, except for P-DATA-TF.
func (a *Assoc) body(t PDUType, n uint32) (PDU, error) {
	if a.ac == nil {
		a.first = a.in.prefix()
	}
	longest, name := a.longest(t)
	switch {
	case eventOf(t) == Evt19:
		return nil, errType
	case int64(n) > longest && name != "":
		return nil, &LimitError{name, longest}
	case int64(n) > longest:
		return nil, errItem
	case t == TypeDataTF && n == 0:
		return nil, errItem
	case t == TypeDataTF:
		a.in.skip(headerBytes)
		a.pduLeft = int64(n)
		return nil, nil
	}
	b, err := a.in.need(headerBytes+int(n), false)
	if err != nil {
		return nil, &connError{err}
	}
	a.in.skip(len(b))
	return parsePDU(b, a.lim)
}

// longest returns the length that a PDU may have and the limit that says so.
func (a *Assoc) longest(t PDUType) (int64, string) {
	switch t {
	case TypeDataTF:
		return a.lim.PDULength, limitPDULength
	case TypeAssociateRQ, TypeAssociateAC:
		return a.lim.AssociatePDU, limitAssociatePDU
	}
	return 4, ""
}

// act does what an action that answers a PDU says (PS3.8 section 9.2.2).
func (a *Assoc) act(e Event, act Action, p PDU, cause error) error {
	switch act {
	case AE3, AE6, DT2, AR6:
		return nil
	case AE4:
		return a.close(p.(*RejectError))
	case AA2, AA3:
		return a.close(p.(*AbortError))
	case AR3:
		return a.close(io.EOF)
	case AR2, AR10:
		return a.confirmRelease(AR4)
	case AR8:
		if a.requestor {
			return a.confirmRelease(AR9)
		}
		return nil
	case AA6, AA7: // another goroutine aborted while we waited
		a.drain()
		return a.ended()
	}
	return a.violated(e, act, cause)
}

// reasonOf is the reason that A-ABORT gives for an event (PS3.8 table 9-26).
func reasonOf(e Event) uint8 {
	if e == Evt19 {
		return AbortInvalidParameter
	}
	return AbortUnexpectedPDU
}

// violated answers a PDU that the standard does not allow here: AA-1 or AA-8.
func (a *Assoc) violated(e Event, act Action, cause error) error {
	fault := a.fault(cause)
	source, reason := AbortProvider, reasonOf(e)
	if act == AA1 {
		source, reason = AbortUser, AbortNotSpecified
	} else if errors.Is(cause, errType) {
		reason = AbortUnrecognisedPDU
	}
	a.because(fault)
	a.sendAbort(source, reason)
	if a.ac == nil && a.requestor {
		return a.hangUp(fault) // whatever listens there, it is not for our A-ABORT
	}
	a.drain()
	return a.because(fault)
}

// fault is the error that tells our user. Before the association is there it
// shows the first bytes; later they could be of a patient.
func (a *Assoc) fault(cause error) error {
	var over *LimitError
	if errors.As(cause, &over) {
		return over
	}
	if a.ac != nil {
		return &ProtocolError{Doing: "reading data"}
	}
	doing := "waiting for A-ASSOCIATE-RQ"
	if a.requestor {
		doing = "waiting for the answer to A-ASSOCIATE-RQ"
	}
	return &ProtocolError{Doing: doing, Prefix: a.first}
}

// lost ends the association because the connection failed or time is up.
func (a *Assoc) lost(err error) error {
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return a.disconnected(err)
	}
	fault := a.outOfTime(err)
	a.because(fault)
	if _, ok := a.eventIn(Evt15, livingOnes&^(1<<Sta2), false); ok {
		a.sendAbort(AbortUser, AbortNotSpecified)
	}
	return a.hangUp(fault)
}

// outOfTime names the limit that a read ran into.
func (a *Assoc) outOfTime(err error) error {
	var over *LimitError
	if errors.As(err, &over) {
		return over
	}
	if a.parted.Load() {
		return context.Canceled // Client and Release know the true cause
	}
	if a.current() == Sta13 {
		return &LimitError{limitLinger, int64(a.lim.Linger)}
	}
	return &LimitError{limitARTIM, int64(a.lim.ARTIM)}
}

// disconnected ends the association because the transport connection closed.
func (a *Assoc) disconnected(err error) error {
	text := "connection closed within the association"
	if a.ac == nil {
		text = "connection closed before the association"
	}
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	fault := fmt.Errorf("ul: %s: %w", text, withAlert(err))
	if prefix := a.in.prefix(); a.ac == nil && len(prefix) > 0 {
		fault = &ProtocolError{Doing: "waiting for the end of a PDU", Prefix: prefix, Err: err}
	}
	a.eventIn(Evt17, notIdle, false)
	return a.close(fault)
}
