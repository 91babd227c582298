package dimse

import (
	"io"

	"github.com/leadglass/leadglass/ul"
)

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
