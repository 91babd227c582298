package ul

import (
	"context"
	"crypto/tls"
	"net"

	"github.com/leadglass/leadglass/dicom"
)

// Config is shared by requestors and acceptors. The zero value works.
type Config struct {
	Limits Limits
	TLS    *tls.Config // nil speaks without TLS
	// DialContext replaces net.Dialer, for rate caps and tests.
	DialContext func(ctx context.Context, network, address string) (net.Conn, error)
	// Observe is called at each transition of the state machine, for tests and metrics.
	Observe func(from State, e Event, a Action, to State)
}

// Assoc is an association. One goroutine may read while another writes.
type Assoc struct{}

// Dial connects and requests an association. It fails with *RejectError,
// *AbortError, *ProtocolError, *LimitError, or an error of net or tls.
func Dial(ctx context.Context, address string, rq *AssociateRQ, cfg *Config) (*Assoc, error) {
	panic("ul: to do")
}

// Client requests an association on a connection, which it then owns.
func Client(ctx context.Context, conn net.Conn, rq *AssociateRQ, cfg *Config) (*Assoc, error) {
	panic("ul: to do")
}

// Request returns what was asked, Answer what was agreed.
func (a *Assoc) Request() *AssociateRQ { panic("ul: to do") }

// Answer returns what the acceptor agreed to.
func (a *Assoc) Answer() *AssociateAC { panic("ul: to do") }

// ContextFor returns the accepted context of an abstract syntax; where several
// were accepted, the first.
func (a *Assoc) ContextFor(abstract dicom.UID) (id uint8, syntax dicom.UID, ok bool) {
	panic("ul: to do")
}

// Context returns what an accepted context id stands for.
func (a *Assoc) Context(id uint8) (abstract, syntax dicom.UID, ok bool) { panic("ul: to do") }

// ReadPDV returns the next piece; its Data lives until the next call. io.EOF
// means that the peer released the association in order.
func (a *Assoc) ReadPDV() (PDV, error) { panic("ul: to do") }

// WritePDV buffers a piece, split so that no PDU is longer than the peer takes.
// Several pieces may leave in one write; Flush sends what waits.
func (a *Assoc) WritePDV(p PDV) error { panic("ul: to do") }

// Flush sends what waits.
func (a *Assoc) Flush() error { panic("ul: to do") }

// Release ends the association in order and closes the connection.
func (a *Assoc) Release(ctx context.Context) error { panic("ul: to do") }

// Abort ends the association at once (PS3.8 section 9.3.8).
func (a *Assoc) Abort(reason uint8) error { panic("ul: to do") }

// RemoteAddr is the peer's network address.
func (a *Assoc) RemoteAddr() net.Addr { panic("ul: to do") }

// TLS is the state of the TLS connection, nil without.
func (a *Assoc) TLS() *tls.ConnectionState { panic("ul: to do") }
