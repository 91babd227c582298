package dimse

import (
	"io"
	"sync"
	"time"

	"github.com/leadglass/leadglass/ul"
)

// wire is what this package needs of an association.
type wire interface {
	ReadPDV() (ul.PDV, error)
	WritePDV(ul.PDV) error
	Flush() error
	Abort(reason uint8) error
}

// flushDelay is how long a response may wait for company: long enough that a
// fast producer fills whole packets, too short for anybody to notice.
const flushDelay = 2 * time.Millisecond

// link sends and takes messages, each a command set and possibly a data set
// (PS3.7 section 6.3), on one association. One goroutine reads; several may
// write, one message at a time.
type link struct {
	w        wire
	lim      Limits // in force, see withDefaults
	contexts contexts
	busy     func(bool) // tells the association that a request is being served
	ack      func()     // has the peer told that what it sent arrived

	// Owned by the reader.
	in    Command // the last command set
	inID  uint8   // its context
	piece []byte  // of messages that come in several fragments

	// mu covers what follows.
	mu     sync.Mutex
	out    []byte // one command set
	chunk  []byte // a piece of an object
	armed  bool   // timer is running
	timer  *time.Timer
	lastID uint16 // the last Message ID that we gave
}

func newLink(w wire, rq *ul.AssociateRQ, ac *ul.AssociateAC, lim Limits) *link {
	l := &link{w: w, lim: lim.withDefaults(), contexts: agreed(rq, ac), busy: func(bool) {}, ack: func() {}}
	if b, ok := w.(interface{ Busy(bool) }); ok {
		l.busy = b.Busy
	}
	if a, ok := w.(interface{ Acknowledge() }); ok {
		l.ack = a.Acknowledge
	}
	return l
}

// readCommand reads the next command set into l.in. io.EOF says that the peer
// released the association between two messages.
func (l *link) readCommand() error {
	p, err := l.w.ReadPDV()
	if err != nil {
		return err
	}
	if !p.Command {
		return errDataForCommand
	}
	if l.contexts.get(p.ContextID) == nil {
		return errUnknownContext
	}
	l.inID = p.ContextID
	b, err := l.join(p, l.lim.CommandBytes, "command_bytes")
	if err != nil {
		return err
	}
	return l.in.Unmarshal(b)
}

// command reads the next command set where a message must come: an orderly
// release is an error here.
func (l *link) command() error {
	err := l.readCommand()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

// readData reads a data set that is short enough to be held. Its bytes live
// until the next read.
func (l *link) readData() ([]byte, error) {
	p, err := l.nextData()
	if err != nil {
		return nil, err
	}
	return l.join(p, l.lim.IdentifierBytes, "identifier_bytes")
}

// join returns the whole of a message that starts with p. Where it came in one
// fragment, which is the rule, nothing is copied.
func (l *link) join(p ul.PDV, most int64, name string) ([]byte, error) {
	if int64(len(p.Data)) > most {
		return nil, &LimitError{name, most}
	}
	if p.Last {
		return p.Data, nil
	}
	l.piece = append(l.piece[:0], p.Data...)
	for command := p.Command; !p.Last; {
		var err error
		if p, err = l.next(command); err != nil {
			return nil, err
		}
		if int64(len(l.piece)+len(p.Data)) > most {
			return nil, &LimitError{name, most}
		}
		l.piece = append(l.piece, p.Data...)
	}
	return l.piece, nil
}

func (l *link) nextData() (ul.PDV, error) { return l.next(false) }

// next reads a fragment of the message that has begun.
func (l *link) next(command bool) (ul.PDV, error) {
	p, err := l.w.ReadPDV()
	switch {
	case err == io.EOF:
		return p, io.ErrUnexpectedEOF
	case err != nil:
		return p, err
	case p.Command && !command:
		return p, errCommandForData
	case !p.Command && command:
		return p, errDataForCommand
	case p.ContextID != l.inID:
		return p, errOtherContext
	}
	return p, nil
}

// send sends a message whose data set, if it has one, is in memory. It waits
// in the buffer until flush or flushSoon.
func (l *link) send(id uint8, c *Command, data []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = c.Append(l.out[:0])
	return l.write(id, l.out, c.HasDataset, data)
}

// write writes a message; l.mu is held.
func (l *link) write(id uint8, command []byte, hasData bool, data []byte) error {
	err := l.w.WritePDV(ul.PDV{ContextID: id, Command: true, Last: true, Data: command})
	if err != nil || !hasData {
		return err
	}
	return l.w.WritePDV(ul.PDV{ContextID: id, Last: true, Data: data})
}

// sendNow sends a message at once.
func (l *link) sendNow(id uint8, c *Command, data []byte) error {
	if err := l.send(id, c, data); err != nil {
		return err
	}
	return l.flush()
}

// answer answers a request with a status and nothing else.
func (l *link) answer(on *agreement, rq *Command, status Status) error {
	rsp := Command{Field: rq.Field.Response(), RespondedTo: rq.MessageID, Status: status}
	rsp.AffectedSOPClass, rsp.AffectedSOPInstance = rq.AffectedSOPClass, rq.AffectedSOPInstance
	if rsp.AffectedSOPClass == "" {
		rsp.AffectedSOPClass, rsp.AffectedSOPInstance = rq.RequestedSOPClass, rq.RequestedSOPInstance
	}
	return l.sendNow(on.id, &rsp, nil)
}

func (l *link) flush() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Flush()
}

// flushSoon sees to it that what waits leaves within flushDelay; l.mu is held.
// An error of the flush shows at the next write.
func (l *link) flushSoon() {
	if l.armed {
		return
	}
	l.armed = true
	if l.timer != nil {
		l.timer.Reset(flushDelay)
		return
	}
	l.timer = time.AfterFunc(flushDelay, func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.armed {
			l.armed = false
			_ = l.w.Flush() // the association keeps the error for the next write
		}
	})
}

// stopTimer ends flushSoon for good.
func (l *link) stopTimer() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed = false
	if l.timer != nil {
		l.timer.Stop()
	}
}

// nextID gives a Message ID; 0 is never one.
func (l *link) nextID() uint16 {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.lastID++; l.lastID == 0 {
		l.lastID = 1
	}
	return l.lastID
}
