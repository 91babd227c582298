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
	out := outgoing{l: l, id: id}
	var err error
	if w, ok := data.(io.WriterTo); ok {
		_, err = w.WriteTo(&out)
	} else {
		_, err = out.ReadFrom(data)
	}
	if err != nil {
		return err
	}
	err = l.w.WritePDV(ul.PDV{ContextID: id, Last: true, Data: l.chunk[:out.held]})
	if err != nil {
		return err
	}
	return l.w.Flush()
}

// outgoing is the data set of an object as it leaves; l.mu is held. What was
// written last is held back, so that the fragment that turns out to be the last
// one can say so. All others are of even length.
type outgoing struct {
	l    *link
	id   uint8
	held int // bytes of l.chunk
}

// Write takes in a piece. Of a long one only the end is copied, to be held back.
func (o *outgoing) Write(p []byte) (int, error) {
	n := len(p)
	if o.held+n <= chunkBytes {
		o.held += copy(o.l.chunk[o.held:], p)
		return n, nil
	}
	if o.held > 0 {
		k := o.held & 1 // a fragment is of even length (PS3.8 annex E.1)
		if n < longPiece {
			k = chunkBytes - o.held
		}
		k = copy(o.l.chunk[o.held:chunkBytes], p[:k])
		err := o.l.w.WritePDV(ul.PDV{ContextID: o.id, Data: o.l.chunk[:o.held+k]})
		p, o.held = p[k:], 0
		if err != nil {
			return n - len(p), err
		}
	}
	if full := (len(p) - 1) / holdBytes * holdBytes; full > 0 && len(p) > chunkBytes {
		if err := o.l.w.WritePDV(ul.PDV{ContextID: o.id, Data: p[:full]}); err != nil {
			return n - len(p), err
		}
		p = p[full:]
	}
	o.held = copy(o.l.chunk, p)
	return n, nil
}

const (
	longPiece = chunkBytes // what is worth a write of its own
	holdBytes = 4 << 10    // about how much of such a piece is held back
)

// ReadFrom takes in all of r.
func (o *outgoing) ReadFrom(r io.Reader) (total int64, err error) {
	for {
		n, err := io.ReadFull(r, o.l.chunk[o.held:])
		total += int64(n)
		if o.held += n; err == io.EOF || err == io.ErrUnexpectedEOF {
			return total, o.spill()
		}
		if err == nil {
			err = o.spill()
		}
		if err != nil {
			return total, err
		}
	}
}

// spill sends a chunk if there is more than that.
func (o *outgoing) spill() error {
	if o.held <= chunkBytes {
		return nil
	}
	err := o.l.w.WritePDV(ul.PDV{ContextID: o.id, Data: o.l.chunk[:chunkBytes]})
	o.l.chunk[0], o.held = o.l.chunk[chunkBytes], 1
	return err
}
