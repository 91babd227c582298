package ul

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leadglass/leadglass/dicom"
)

// Config is shared by requestors and acceptors. The zero value works.
type Config struct {
	Limits Limits
	TLS    *tls.Config // nil speaks without TLS
	// DialContext replaces net.Dialer, for rate caps and tests.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Observe is called at each transition of the state machine, for tests and
	// metrics. It must not call the association.
	Observe func(from State, e Event, a Action, to State)
}

// Assoc is an association. One goroutine may read while another writes; any
// may call Abort. Locks are taken in the order rmu, wmu, mu.
type Assoc struct {
	conn      net.Conn
	lim       Limits
	requestor bool
	opening   int64 // the end of the negotiation's timer, as input.by
	observe   func(from State, e Event, a Action, to State)
	tls       *tls.ConnectionState
	rq        *AssociateRQ
	ac        *AssociateAC

	agreed []agreement
	byID   [128]uint8 // of id/2: one more than the index in agreed

	rmu     sync.Mutex // covers in, but for its by, and the three below
	in      input
	first   []byte // of the first PDU, for ProtocolError
	pduLeft int64  // bytes of the P-DATA-TF at hand behind those of its PDV
	pdvLeft int64
	pdv     PDV

	wmu    sync.Mutex // covers out
	out    []byte     // whole PDUs that wait
	room   int        // longest data of one PDV that the peer and out take
	hurry  atomic.Bool
	idle   atomic.Bool // nobody serves a request, see Busy
	leave  atomic.Bool // release when idle, see Server.Shutdown
	parted atomic.Bool // the context of Client or Release ended

	mu    sync.Mutex // covers state and err
	state State
	err   error // why the association ended; io.EOF after a release
}

// agreement is an accepted presentation context.
type agreement struct {
	id               uint8
	abstract, syntax dicom.UID
}

// newAssoc makes an association on a connection whose clocks run since start.
func newAssoc(conn net.Conn, cfg *Config, requestor bool, start time.Time) *Assoc {
	a := &Assoc{conn: conn, lim: cfg.Limits.withDefaults(), requestor: requestor, observe: cfg.Observe, state: Sta1}
	if c, ok := conn.(*tls.Conn); ok {
		state := c.ConnectionState()
		a.tls = &state
	}
	a.idle.Store(true)
	a.opening = start.Add(a.lim.ARTIM).UnixNano()
	a.in = input{conn: conn, lim: &a.lim, total: start.Add(a.lim.Total)}
	a.in.by.Store(a.opening)
	return a
}

// opened ends the timer of the negotiation, but not the hurry of whoever parts.
func (a *Assoc) opened() { a.in.by.CompareAndSwap(a.opening, 0) }

// stateSet is a set of states, a bit each.
type stateSet uint16

const (
	anyState   stateSet = 1<<(states+1) - 2
	notIdle             = anyState &^ (1 << Sta1)
	livingOnes          = notIdle &^ (1 << Sta13)
	dataState  stateSet = 1 << Sta6
)

// event passes e through the state machine.
func (a *Assoc) event(e Event) Action {
	act, _ := a.eventIn(e, anyState, false)
	return act
}

// eventIn passes e through if the state is one of those, so that what another
// goroutine did in the meantime is no fault. second takes the other next state
// where the action has two.
func (a *Assoc) eventIn(e Event, in stateSet, second bool) (Action, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	from := a.state
	if in&(1<<from) == 0 {
		return 0, false
	}
	act, to := next(from, e)
	if o := otherwise(act); second && o != 0 {
		to = o
	}
	a.state = to
	if a.observe != nil {
		a.observe(from, e, act, to)
	}
	return act, true
}

// ended returns why the association is over, nil while it is not.
func (a *Assoc) ended() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.state != Sta1 && a.state != Sta13 {
		return nil
	}
	if a.err == nil {
		return net.ErrClosed
	}
	return a.err
}

func (a *Assoc) current() State {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.state
}

// because keeps the first reason of the end and returns it.
func (a *Assoc) because(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.err == nil {
		a.err = err
	}
	return a.err
}

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

// close closes the connection; the state machine is there already.
func (a *Assoc) close(err error) error {
	err = a.because(err)
	_ = a.conn.Close() // nothing of ours waits in it
	return err
}

// hangUp closes the connection without waiting for the peer: the timer that
// PS3.8 has in Sta13 ends at once.
func (a *Assoc) hangUp(err error) error {
	a.eventIn(Evt18, notIdle, false)
	return a.close(err)
}

// drain waits in Sta13 for the peer to close, so that our last PDU is not lost
// in a reset. The caller holds rmu.
func (a *Assoc) drain() {
	if a.current() != Sta13 {
		return
	}
	a.in.expire(time.Now().Add(a.lim.Linger))
	for a.current() == Sta13 {
		left := a.pduLeft + a.pdvLeft
		a.pduLeft, a.pdvLeft = 0, 0
		if err := a.in.discard(left); err != nil {
			_ = a.lost(err)
			return
		}
		a.drainPDU()
	}
}

// drainPDU passes one PDU of Sta13 through the state machine unread.
func (a *Assoc) drainPDU() {
	t, n, err := a.in.header()
	if err != nil {
		_ = a.lost(err)
		return
	}
	e := eventOf(t)
	act, _ := a.eventIn(e, notIdle, false)
	switch act {
	case AA6:
		a.in.skip(headerBytes)
		a.pduLeft = int64(n)
	case AA7:
		a.sendAbort(AbortProvider, reasonOf(e))
		_ = a.hangUp(net.ErrClosed)
	default:
		_ = a.close(net.ErrClosed)
	}
}

// send writes one PDU at once, what waits before it.
func (a *Assoc) send(p PDU) error {
	a.wmu.Lock()
	defer a.wmu.Unlock()
	return a.sendLocked(p)
}

func (a *Assoc) sendLocked(p PDU) error {
	out, err := p.Append(a.out)
	if err != nil {
		return err
	}
	a.out = out
	return a.flush()
}

// sendAbort sends A-ABORT instead of what waits. It does not fail: the
// connection ends in any case.
func (a *Assoc) sendAbort(source, reason uint8) {
	a.hurry.Store(true)
	_ = a.conn.SetWriteDeadline(time.Now().Add(a.lim.Linger))
	a.wmu.Lock()
	defer a.wmu.Unlock()
	a.out = a.out[:0]
	_ = a.sendLocked(&AbortError{source, reason})
}

// confirmRelease answers A-RELEASE-RQ: AR-4, or AR-9 after a collision.
func (a *Assoc) confirmRelease(want Action) error {
	a.wmu.Lock()
	err := a.flush()
	if err == nil {
		_, ok := a.eventIn(Evt14, livingOnes, false)
		if ok && want == AR4 {
			a.because(io.EOF)
		}
		if ok {
			err = a.sendLocked(new(ReleaseRP))
		}
	}
	a.wmu.Unlock()
	if err != nil || want == AR9 {
		return err
	}
	a.drain()
	return a.ended()
}

// Release ends the association in order and closes the connection. Data that
// still arrive are dropped. A release by the peer in the same moment is
// resolved as PS3.8 section 7.2.2.7 says.
func (a *Assoc) Release(ctx context.Context) error {
	stop := context.AfterFunc(ctx, a.part)
	defer stop()
	if err := a.requestRelease(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		if _, err := a.ReadPDV(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return a.blame(ctx, err)
		}
	}
}

// requestRelease sends A-RELEASE-RQ unless a release is under way.
func (a *Assoc) requestRelease() error {
	a.wmu.Lock()
	defer a.wmu.Unlock()
	if err := a.ended(); err != nil {
		return err
	}
	if _, ok := a.eventIn(Evt11, dataState, false); !ok {
		return nil
	}
	a.in.expire(time.Now().Add(a.lim.ARTIM))
	return a.sendLocked(new(ReleaseRQ))
}

// part ends all waiting because the user's context ended.
func (a *Assoc) part() {
	a.parted.Store(true)
	a.hurry.Store(true)
	a.in.expire(time.Unix(1, 0))
	_ = a.conn.SetWriteDeadline(time.Now().Add(partingWrite))
}

// blame replaces an error by that of the context that caused it.
func (a *Assoc) blame(ctx context.Context, err error) error {
	if a.parted.Load() && ctx.Err() != nil {
		return fmt.Errorf("ul: association abandoned: %w", context.Cause(ctx))
	}
	return err
}

// Abort ends the association at once (PS3.8 section 9.3.8). Reason 0 is an
// abort by the service user, who gives none; any other is one by the service
// provider. It waits a moment, Limits.Linger, for the peer to close.
func (a *Assoc) Abort(reason uint8) error {
	source := AbortUser
	if reason != 0 {
		source = AbortProvider
	}
	if _, ok := a.eventIn(Evt15, livingOnes&^(1<<Sta2), false); ok {
		a.because(net.ErrClosed)
		a.in.expire(time.Now().Add(a.lim.Linger))
		a.sendAbort(source, reason)
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	a.drain()
	return nil
}

// Request returns what was asked.
func (a *Assoc) Request() *AssociateRQ { return a.rq }

// Answer returns what the acceptor agreed to.
func (a *Assoc) Answer() *AssociateAC { return a.ac }

// Requestor reports whether this side asked for the association.
func (a *Assoc) Requestor() bool { return a.requestor }

// RemoteAddr is the peer's network address.
func (a *Assoc) RemoteAddr() net.Addr { return a.conn.RemoteAddr() }

// TLS is the state of the TLS connection, nil without.
func (a *Assoc) TLS() *tls.ConnectionState { return a.tls }

// Busy says that a request is being served, or no longer is. Server.Shutdown
// releases associations that are not busy and waits for those that are.
// Limits.Idle does not run while a request is served: it is our turn then, and
// a peer that waits for its answer is right to say nothing.
func (a *Assoc) Busy(busy bool) {
	a.idle.Store(!busy)
	if busy {
		a.in.served.Store(serving)
	} else {
		a.in.served.Store(time.Now().UnixNano())
		a.leaveIdle()
	}
}

// leaveIdle releases the association if Server.Shutdown wants that and no
// request is being served. The handler reads the answer.
func (a *Assoc) leaveIdle() {
	if a.leave.Load() && a.idle.Load() {
		_ = a.requestRelease()
	}
}
