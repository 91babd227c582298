package ul

import (
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"
)

// ReadPDV returns the next piece; its Data lives until the next call. io.EOF
// means that the peer released the association in order.
//
// A PDV longer than Limits.Buffer comes in several pieces as it arrives, as if
// the peer had fragmented it: only the last of them is Last.
func (a *Assoc) ReadPDV() (PDV, error) {
	a.rmu.Lock()
	defer a.rmu.Unlock()
	for a.pduLeft == 0 && a.pdvLeft == 0 {
		if err := a.ended(); err != nil {
			return PDV{}, a.settle(err)
		}
		if _, err := a.take(); err != nil {
			return PDV{}, err
		}
	}
	if a.pdvLeft == 0 {
		if err := a.readPDVHeader(); err != nil {
			return PDV{}, err
		}
	}
	return a.piece()
}

// settle waits out Sta13 for whoever reads after the end.
func (a *Assoc) settle(err error) error {
	if a.current() == Sta13 {
		a.drain()
	}
	return err
}

// readPDVHeader reads the length, context id and control header of a PDV.
func (a *Assoc) readPDVHeader() error {
	if a.pduLeft < pdvHeaderBytes {
		return a.invalidData()
	}
	b, err := a.in.need(pdvHeaderBytes, false)
	if err != nil {
		return a.lost(err)
	}
	n := int64(binary.BigEndian.Uint32(b)) + 4
	id, control := b[4], b[5]
	if n < pdvHeaderBytes || n > a.pduLeft || a.agreement(id) == nil {
		return a.invalidData()
	}
	a.in.skip(pdvHeaderBytes)
	a.pduLeft -= n
	a.pdvLeft = n - pdvHeaderBytes
	a.pdv = PDV{ContextID: id, Command: control&pdvCommand != 0, Last: control&pdvLast != 0}
	return nil
}

// invalidData answers a P-DATA-TF that does not hold what its lengths say, or
// data of a context that was not agreed.
func (a *Assoc) invalidData() error {
	act, ok := a.eventIn(Evt19, livingOnes, false)
	if !ok {
		return a.settle(a.ended())
	}
	return a.violated(Evt19, act, errItem)
}

// piece returns the rest of the PDV at hand, or what has arrived of a PDV
// longer than the buffer.
func (a *Assoc) piece() (PDV, error) {
	n := a.pdvLeft
	if n > a.lim.Buffer {
		n = 1
	}
	b, err := a.in.need(int(n), false)
	if err != nil {
		return PDV{}, a.lost(err)
	}
	if n < a.pdvLeft {
		n = min(a.pdvLeft, int64(a.in.buffered()))
		b = a.in.buf[a.in.r : a.in.r+int(n)]
	}
	a.in.skip(int(n))
	a.pdvLeft -= n
	p := a.pdv
	p.Data, p.Last = b, p.Last && a.pdvLeft == 0
	return p, nil
}

// WritePDV buffers a piece, split so that no PDU is longer than the peer takes.
// Several pieces may leave in one write; Flush sends what waits.
func (a *Assoc) WritePDV(p PDV) error {
	if a.agreement(p.ContextID) == nil {
		return errNotAgreed
	}
	a.wmu.Lock()
	defer a.wmu.Unlock()
	if c, ok := a.conn.(*net.TCPConn); ok && len(p.Data) >= longData {
		return a.writeLong(c, p)
	}
	for {
		piece := p
		if len(p.Data) > a.room {
			piece.Data, piece.Last = p.Data[:a.room], false
		}
		if err := a.writePDU(&piece); err != nil {
			return err
		}
		if p.Data = p.Data[len(piece.Data):]; len(p.Data) == 0 {
			return nil
		}
	}
}

// longData is from where on data are not copied to what waits: a system call
// costs about as much as that copy.
const longData = 32 << 10

// writeLong sends what waits and all of a piece in one write that gathers them
// from where they are. The caller holds wmu.
func (a *Assoc) writeLong(c *net.TCPConn, p PDV) error {
	pieces := (len(p.Data) + a.room - 1) / a.room
	heads := make([]byte, 0, pieces*(headerBytes+pdvHeaderBytes))
	all := make(net.Buffers, 0, 1+2*pieces)
	if len(a.out) > 0 {
		all = append(all, a.out)
	}
	for len(p.Data) > 0 {
		piece := p
		if len(p.Data) > a.room {
			piece.Data, piece.Last = p.Data[:a.room], false
		}
		if err := a.sending(); err != nil {
			return err
		}
		from := len(heads)
		heads = appendHead(heads, &piece)
		all = append(all, heads[from:], piece.Data)
		p.Data = p.Data[len(piece.Data):]
	}
	err := a.writable()
	if err == nil {
		_, err = all.WriteTo(c)
	}
	a.out = a.out[:0]
	if err != nil {
		return a.writeFailed(err)
	}
	return nil
}

// sending passes a P-DATA-TF through the state machine. The caller holds wmu.
func (a *Assoc) sending() error {
	act, ok := a.eventIn(Evt9, livingOnes, false)
	if !ok {
		return a.closed(a.ended())
	}
	if act != DT1 && act != AR7 {
		return a.abortLocked(errState)
	}
	return nil
}

// appendHead appends what stands before the data in a P-DATA-TF of one PDV.
func appendHead(b []byte, p *PDV) []byte {
	b = append(b, byte(TypeDataTF), 0)
	b = binary.BigEndian.AppendUint32(b, uint32(len(p.Data)+pdvHeaderBytes))
	b = binary.BigEndian.AppendUint32(b, uint32(len(p.Data)+2))
	return append(b, p.ContextID, p.control())
}

// writePDU appends one P-DATA-TF with one PDV to what waits, and writes that
// first where both do not fit.
func (a *Assoc) writePDU(p *PDV) error {
	if err := a.sending(); err != nil {
		return err
	}
	if len(a.out) > 0 && len(a.out)+headerBytes+pdvHeaderBytes+len(p.Data) > int(a.lim.Buffer) {
		if err := a.flush(); err != nil {
			return err
		}
	}
	a.out = append(appendHead(a.out, p), p.Data...)
	return nil
}

var errNotAgreed = errors.New("ul: data for a presentation context that was not accepted")

var errState = errors.New("ul: data after a release was requested")

// abortLocked ends an association that our own user misused. The caller holds
// wmu.
func (a *Assoc) abortLocked(err error) error {
	a.because(err)
	a.out = a.out[:0]
	_ = a.sendLocked(&AbortError{AbortProvider, AbortUnexpectedPDU})
	a.in.expire(time.Now().Add(a.lim.Linger))
	return err
}

// closed is the error of writing to an association that is over.
func (a *Assoc) closed(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("ul: writing after the release: %w", net.ErrClosed)
	}
	return err
}

// Flush sends what waits.
func (a *Assoc) Flush() error {
	a.wmu.Lock()
	defer a.wmu.Unlock()
	if len(a.out) == 0 {
		return nil
	}
	if err := a.ended(); err != nil {
		return a.closed(err)
	}
	return a.flush()
}

// flush writes out. The caller holds wmu.
func (a *Assoc) flush() error {
	if len(a.out) == 0 {
		return nil
	}
	err := a.writable()
	if err == nil {
		_, err = a.conn.Write(a.out)
	}
	a.out = a.out[:0]
	if err != nil {
		return a.writeFailed(err)
	}
	return nil
}

// writable sets how long a write may take.
func (a *Assoc) writable() error {
	err := a.conn.SetWriteDeadline(time.Now().Add(a.lim.Write))
	if err == nil && a.hurry.Load() {
		err = a.conn.SetWriteDeadline(a.hurryUntil())
	}
	return err
}

// hurryUntil is how long a write may take when the association is ending.
func (a *Assoc) hurryUntil() time.Time {
	if a.parted.Load() {
		return time.Now().Add(partingWrite)
	}
	return time.Now().Add(a.lim.Linger)
}

// partingWrite is what A-ABORT may take when the context has ended already:
// long enough for a send buffer with room, where it is a copy.
const partingWrite = 50 * time.Millisecond

// writeFailed ends the association: the connection is of no more use.
func (a *Assoc) writeFailed(err error) error {
	if errors.Is(err, os.ErrDeadlineExceeded) {
		err = &LimitError{limitWrite, int64(a.lim.Write)}
	} else {
		err = fmt.Errorf("ul: writing: %w", a.lastWord(err))
	}
	a.eventIn(Evt17, notIdle, false)
	return a.close(err)
}

// lastWord looks for the alert that a TLS peer sent before it closed, which the
// error of writing hides. Before the association nobody else reads.
func (a *Assoc) lastWord(err error) error {
	if a.tls == nil || a.ac != nil {
		return err
	}
	if a.conn.SetReadDeadline(time.Now().Add(partingWrite)) != nil {
		return err
	}
	var alert tls.AlertError
	if _, last := a.conn.Read(make([]byte, 1)); errors.As(withAlert(last), &alert) {
		return withAlert(last)
	}
	return err
}
