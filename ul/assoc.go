package ul

import (
	"context"
	"crypto/tls"
	"net"
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
	a.in = input{conn: conn, lim: &a.lim, ack: acknowledger(conn), total: start.Add(a.lim.Total)}
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

// Acknowledge has the system acknowledge at once what arrived, and what arrives
// until we answer. A peer with Nagle's algorithm on, as DCMTK's, holds the end
// of a message back until it has the acknowledgement of what went before, which
// the system delays by 40 ms in the hope of an answer to send it with; but there
// is no answer to half a message. Whoever reads a message of several PDUs calls
// this where it begins. It does something on Linux only (TCP_QUICKACK).
func (a *Assoc) Acknowledge() {
	if a.in.ack != nil {
		a.in.ack()
	}
}

// leaveIdle releases the association if Server.Shutdown wants that and no
// request is being served. The handler reads the answer.
func (a *Assoc) leaveIdle() {
	if a.leave.Load() && a.idle.Load() {
		_ = a.requestRelease()
	}
}
