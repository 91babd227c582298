package dimse_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// script is a peer that says what it is told and keeps what it hears.
type script struct {
	mu      sync.Mutex
	say     []ul.PDV
	next    func(n int) (ul.PDV, bool) // after say, n from 0
	n       int
	heard   []ul.PDV
	abort   chan struct{} // closed by Abort
	aborted bool
	stay    bool                        // after the last word wait for an abort instead of releasing
	reply   func(heard ul.PDV) []ul.PDV // what it says to what it hears
	wake    chan struct{}
}

var errAborted = errors.New("aborted")

func newScript(say ...ul.PDV) *script {
	return &script{say: say, abort: make(chan struct{}), wake: make(chan struct{}, 1)}
}

func (s *script) ReadPDV() (ul.PDV, error) {
	for {
		s.mu.Lock()
		if s.aborted {
			s.mu.Unlock()
			return ul.PDV{}, errAborted
		}
		if len(s.say) > 0 {
			p := s.say[0]
			s.say = s.say[1:]
			s.mu.Unlock()
			return p, nil
		}
		if s.next != nil {
			if p, ok := s.next(s.n); ok {
				s.n++
				s.mu.Unlock()
				return p, nil
			}
		}
		stay := s.stay || s.reply != nil
		s.mu.Unlock()
		if !stay {
			return ul.PDV{}, io.EOF
		}
		select {
		case <-s.abort:
			return ul.PDV{}, errAborted
		case <-s.wake:
		}
	}
}

func (s *script) WritePDV(p ul.PDV) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.aborted {
		return errAborted
	}
	p.Data = append([]byte(nil), p.Data...)
	s.heard = append(s.heard, p)
	if s.reply != nil {
		s.say = append(s.say, s.reply(p)...)
		select {
		case s.wake <- struct{}{}:
		default:
		}
	}
	return nil
}

func (s *script) Flush() error { return nil }

func (s *script) Abort(uint8) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.aborted {
		s.aborted = true
		close(s.abort)
	}
	return nil
}

// waitFor waits until the peer has heard n command sets, and a little longer.
func (s *script) waitFor(t *testing.T, n int) {
	for range 2000 {
		if len(s.commands(t)) >= n && s.spoken() {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d answers after two seconds, want %d", len(s.commands(t)), n)
}

func (s *script) spoken() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.say) == 0
}

// commands are the command sets that the peer heard.
func (s *script) commands(t *testing.T) []dimse.Command {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []dimse.Command
	for _, p := range s.heard {
		if p.Command {
			var c dimse.Command
			if err := c.Unmarshal(p.Data); err != nil {
				t.Fatal(err)
			}
			list = append(list, c)
		}
	}
	return list
}

// The contexts of scripted associations.
const (
	onEcho uint8 = 2*iota + 1
	onFind
	onStore
	onGet
	onMove
	onCommit
	onPrint // accepted, with no service here
	notAccepted
)

const ctImage dicom.UID = "1.2.840.10008.5.1.4.1.1.2"

// scripted is the association of scripts.
func scripted() (*ul.AssociateRQ, *ul.AssociateAC) {
	rq := dimsetest.Request("PEER", "US", dimsetest.Classes(dimse.Verification, dimse.StudyRootFind, ctImage,
		dimse.StudyRootGet, dimse.StudyRootMove, dimse.StorageCommitment, "1.2.840.10008.5.1.1.9", "1.2.3")...)
	ac := &ul.AssociateAC{}
	for _, c := range rq.Contexts {
		answer := ul.PresentationContextAC{ID: c.ID, TransferSyntax: dicom.ImplicitVRLittleEndian.UID}
		if c.ID == notAccepted {
			answer.Result = ul.AbstractSyntaxNotSupported
		}
		ac.Contexts = append(ac.Contexts, answer)
	}
	ac.User.Roles = dimse.RetrieveRoles(ctImage)
	return rq, ac
}

// serveScript serves a scripted peer.
func serveScript(t testing.TB, s *script, session dimse.Session, lim dimse.Limits) error {
	rq, ac := scripted()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return dimse.ServeWire(ctx, s, rq, ac, session, lim)
}

// clientScript is a client of a scripted peer.
func clientScript(s *script, lim dimse.Limits) *dimse.Client {
	rq, ac := scripted()
	return dimse.NewClientWire(s, rq, ac, lim)
}

// cmd is a command set in one fragment.
func cmd(on uint8, c dimse.Command) ul.PDV {
	return ul.PDV{ContextID: on, Command: true, Last: true, Data: c.Append(nil)}
}

// data is a data set in one fragment.
func data(on uint8, b []byte) ul.PDV { return ul.PDV{ContextID: on, Last: true, Data: b} }

// split is a message in fragments of n bytes.
func split(p ul.PDV, n int) []ul.PDV {
	var list []ul.PDV
	for len(p.Data) > n {
		piece := p
		piece.Data, piece.Last = p.Data[:n], false
		list = append(list, piece)
		p.Data = p.Data[n:]
	}
	return append(list, p)
}

// identifier is the query of studies.
func identifier() []byte {
	b, err := dicom.Append(nil, studies().Identifier, dicom.ImplicitVRLittleEndian)
	if err != nil {
		panic(err)
	}
	return b
}

var (
	echoRQ  = dimse.Command{Field: dimse.CEchoRQ, MessageID: 1, AffectedSOPClass: dimse.Verification}
	findRQ  = dimse.Command{Field: dimse.CFindRQ, MessageID: 2, AffectedSOPClass: dimse.StudyRootFind, HasDataset: true}
	storeRQ = dimse.Command{Field: dimse.CStoreRQ, MessageID: 3, AffectedSOPClass: ctImage, AffectedSOPInstance: "1.2.3", HasDataset: true}
	getRQ   = dimse.Command{Field: dimse.CGetRQ, MessageID: 4, AffectedSOPClass: dimse.StudyRootGet, HasDataset: true}
	moveRQ  = dimse.Command{Field: dimse.CMoveRQ, MessageID: 5, AffectedSOPClass: dimse.StudyRootMove, MoveDestination: "THERE", HasDataset: true}
)

// with changes a command.
func with(c dimse.Command, change func(*dimse.Command)) dimse.Command {
	change(&c)
	return c
}
