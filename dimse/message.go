package dimse

import (
	"io"
	"sync"
	"time"

	"github.com/leadglass/leadglass/dicom"
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
	l := &link{w: w, lim: lim.withDefaults(), contexts: agreed(rq, ac), busy: func(bool) {}}
	if b, ok := w.(interface{ Busy(bool) }); ok {
		l.busy = b.Busy
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

// skipData passes over the data set of l.in, where it has one.
func (l *link) skipData() error {
	if !l.in.HasDataset {
		return nil
	}
	b := body{l: l}
	return b.drain()
}

// body is the data set of an object as it arrives.
type body struct {
	l    *link
	rest []byte // of the fragment read last
	last bool   // it was the last
	over bool   // the operation has ended
	n    int64
	err  error // of the wire; not io.EOF
}

// Read reads the data set to its end.
func (b *body) Read(p []byte) (int, error) {
	if err := b.fill(); err != nil {
		return 0, err
	}
	n := copy(p, b.rest)
	b.rest = b.rest[n:]
	return n, nil
}

// WriteTo writes the rest of the data set, fragment by fragment, without a copy.
func (b *body) WriteTo(w io.Writer) (n int64, err error) {
	for {
		if err = b.fill(); err == io.EOF {
			return n, nil
		} else if err != nil {
			return n, err
		}
		m, err := w.Write(b.rest)
		n += int64(m)
		b.rest = b.rest[m:]
		if err != nil {
			return n, err
		}
	}
}

// fill makes sure that rest is not empty, or returns io.EOF.
func (b *body) fill() error {
	if b.over {
		return errOver
	}
	for len(b.rest) == 0 {
		if b.err != nil {
			return b.err
		}
		if b.last {
			return io.EOF
		}
		p, err := b.l.nextData()
		if err != nil {
			b.err = err
			return err
		}
		b.rest, b.last = p.Data, p.Last
		if b.n += int64(len(p.Data)); b.n > b.l.lim.ObjectBytes {
			b.rest, b.err = nil, &LimitError{"object_bytes", b.l.lim.ObjectBytes}
		}
	}
	return nil
}

// drain reads what the handler left, and says whether the association is still
// in order.
func (b *body) drain() error {
	for dropped := int64(0); ; b.rest = nil {
		if err := b.fill(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if dropped += int64(len(b.rest)); dropped > b.l.lim.DrainBytes {
			return &LimitError{"drain_bytes", b.l.lim.DrainBytes}
		}
	}
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

// chunkBytes is about how much of an object is read at a time.
const chunkBytes = 64 << 10

// sendObject sends a message whose data set is read while it leaves. When
// reading fails the message is incomplete and only an abort can end it.
func (l *link) sendObject(id uint8, c *Command, data io.Reader) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.out = c.Append(l.out[:0])
	if err := l.write(id, l.out, false, nil); err != nil {
		return err
	}
	if l.chunk == nil {
		l.chunk = make([]byte, chunkBytes+1)
	}
	// One byte is held back, so that the fragment that turns out to be the
	// last one can say so.
	for held := 0; ; held = 1 {
		n, err := io.ReadFull(data, l.chunk[held:])
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			err = l.w.WritePDV(ul.PDV{ContextID: id, Last: true, Data: l.chunk[:held+n]})
			if err != nil {
				return err
			}
			return l.w.Flush()
		}
		if err != nil {
			return err
		}
		if err = l.w.WritePDV(ul.PDV{ContextID: id, Data: l.chunk[:chunkBytes]}); err != nil {
			return err
		}
		l.chunk[0] = l.chunk[chunkBytes]
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

// agreement is one accepted presentation context.
type agreement struct {
	id       uint8
	abstract dicom.UID
	syntax   *dicom.TransferSyntax
	scp      bool // the requestor may be the SCP
}

// contexts are the accepted presentation contexts of an association.
type contexts struct {
	list []agreement
	byID [128]uint8 // 1 + place in list of the context 2i+1
}

// agreed reads them from what was asked and answered.
func agreed(rq *ul.AssociateRQ, ac *ul.AssociateAC) contexts {
	var c contexts
	c.list = make([]agreement, 0, len(ac.Contexts))
	for _, answer := range ac.Contexts {
		if answer.Result != ul.Acceptance || answer.ID%2 == 0 || c.byID[answer.ID/2] != 0 {
			continue
		}
		for _, asked := range rq.Contexts {
			if asked.ID == answer.ID {
				c.list = append(c.list, agreement{
					id:       asked.ID,
					abstract: asked.AbstractSyntax,
					syntax:   dicom.SyntaxOf(answer.TransferSyntax),
					scp:      requestorIsSCP(ac, asked.AbstractSyntax),
				})
				c.byID[answer.ID/2] = uint8(len(c.list))
				break
			}
		}
	}
	return c
}

// requestorIsSCP reports whether the role selection made the requestor the SCP
// of a class (PS3.7 section D.3.3.4).
func requestorIsSCP(ac *ul.AssociateAC, class dicom.UID) bool {
	for _, r := range ac.User.Roles {
		if r.SOPClass == class {
			return r.SCP
		}
	}
	return false
}

// get returns the context, or nil.
func (c *contexts) get(id uint8) *agreement {
	if id%2 == 0 || c.byID[id/2] == 0 {
		return nil
	}
	return &c.list[c.byID[id/2]-1]
}

// find returns the first context of a class, of one transfer syntax if syntax
// is not empty, or nil.
func (c *contexts) find(class, syntax dicom.UID) *agreement {
	for i := range c.list {
		a := &c.list[i]
		if a.abstract == class && (syntax == "" || a.syntax.UID == syntax) {
			return a
		}
	}
	return nil
}
