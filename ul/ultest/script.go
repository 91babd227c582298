// Package ultest is a peer that follows a script: it sends, expects, waits and
// closes, byte by byte as told, right or wrong. With it a test shows either
// role of package ul what no correct peer would.
//
//	err := ultest.Run(conn,
//		ultest.Expect(ul.TypeAssociateRQ),
//		ultest.Send(&ul.AssociateAC{...}),
//		ultest.Bytes(0x09, 0, 0, 0, 0, 0), // no such PDU
//		ultest.ExpectPDU(&ul.AbortError{Source: 2, Reason: 1}),
//		ultest.ExpectClosed(),
//	)
//
// A script starts no goroutine; the test that runs it does.
package ultest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"time"

	"github.com/leadglass/leadglass/ul"
)

// patience is how long a step waits for the other side: longer than any timer
// that a test sets.
const patience = 2 * time.Minute

// longest is the longest PDU that a script reads.
const longest = 1 << 20

// Peer is the scripted end of a connection.
type Peer struct {
	Conn net.Conn
	// Received are the PDUs that came, in order.
	Received []ul.PDU
}

// Last is the last PDU that came, nil before the first.
func (p *Peer) Last() ul.PDU {
	if len(p.Received) == 0 {
		return nil
	}
	return p.Received[len(p.Received)-1]
}

// Step is one line of a script.
type Step struct {
	name string
	do   func(*Peer) error
}

// Run follows the script on conn and closes it.
func Run(conn net.Conn, script ...Step) error {
	defer func() { _ = conn.Close() }()
	p := &Peer{Conn: conn}
	for i, s := range script {
		if err := s.do(p); err != nil {
			return fmt.Errorf("ultest: step %d, %s: %w", i+1, s.name, err)
		}
	}
	return nil
}

// Serve follows the script on the next connection of ln.
func Serve(ln net.Listener, script ...Step) error {
	conn, err := ln.Accept()
	if err != nil {
		return fmt.Errorf("ultest: accepting: %w", err)
	}
	return Run(conn, script...)
}

// Send sends a PDU.
func Send(pdu ul.PDU) Step {
	return Step{fmt.Sprintf("send %T", pdu), func(p *Peer) error {
		b, err := pdu.Append(nil)
		if err != nil {
			return err
		}
		return p.write(b)
	}}
}

// Bytes sends bytes as they are.
func Bytes(b ...byte) Step {
	return Step{"send bytes", func(p *Peer) error { return p.write(b) }}
}

// Drip sends bytes one at a time with a pause before each, until they end or
// the other side has had enough, which is no error.
func Drip(pause time.Duration, b ...byte) Step {
	return Step{"drip bytes", func(p *Peer) error {
		for i := range b {
			time.Sleep(pause)
			if p.write(b[i:i+1]) != nil {
				return nil
			}
		}
		return nil
	}}
}

func (p *Peer) write(b []byte) error {
	if err := p.Conn.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return err
	}
	_, err := p.Conn.Write(b)
	return err
}

// Expect reads a PDU and wants it to be of a type.
func Expect(t ul.PDUType) Step {
	return Step{fmt.Sprintf("expect type %02XH", byte(t)), func(p *Peer) error {
		got, err := p.read()
		if err == nil && got.Type() != t {
			err = fmt.Errorf("got type %02XH", byte(got.Type()))
		}
		return err
	}}
}

// ExpectPDU reads a PDU and wants it to be equal.
func ExpectPDU(want ul.PDU) Step {
	return Step{fmt.Sprintf("expect %T", want), func(p *Peer) error {
		got, err := p.read()
		if err == nil && !reflect.DeepEqual(got, want) {
			err = fmt.Errorf("got %#v, want %#v", got, want)
		}
		return err
	}}
}

func (p *Peer) read() (ul.PDU, error) {
	if err := p.Conn.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return nil, err
	}
	b, err := ReadPDU(p.Conn)
	if err != nil {
		return nil, err
	}
	pdu, err := ul.ParsePDU(b)
	if err == nil {
		p.Received = append(p.Received, pdu)
	}
	return pdu, err
}

// ReadPDU reads the bytes of one PDU, header included.
func ReadPDU(r io.Reader) ([]byte, error) {
	b := make([]byte, 6)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, err
	}
	n := binary.BigEndian.Uint32(b[2:])
	if n > longest {
		return nil, errors.New("longer than a script reads")
	}
	b = append(b, make([]byte, n)...)
	_, err := io.ReadFull(r, b[6:])
	return b, err
}

// ExpectClosed wants the other side to close without another byte. A reset
// counts: it is what closing before reading everything looks like.
func ExpectClosed() Step {
	return Step{"expect the end", func(p *Peer) error {
		if p.Conn.SetReadDeadline(time.Now().Add(patience)) != nil {
			return nil // a pipe that is closed
		}
		n, err := p.Conn.Read(make([]byte, 1))
		var timeout net.Error
		if n > 0 || errors.As(err, &timeout) && timeout.Timeout() {
			return fmt.Errorf("%d bytes and %w", n, err)
		}
		return nil
	}}
}

// Wait does nothing for a while.
func Wait(d time.Duration) Step {
	return Step{"wait", func(*Peer) error { time.Sleep(d); return nil }}
}

// Until waits for a channel to close.
func Until(c <-chan struct{}) Step {
	return Step{"wait for the test", func(*Peer) error {
		select {
		case <-c:
			return nil
		case <-time.After(patience):
			return errors.New("it did not come")
		}
	}}
}

// Close closes the connection in the middle of a script.
func Close() Step {
	return Step{"close", func(p *Peer) error { return p.Conn.Close() }}
}

// Do runs a function of the test.
func Do(name string, f func(*Peer) error) Step { return Step{name, f} }
