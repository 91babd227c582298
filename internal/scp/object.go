package scp

import (
	"context"
	"io"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
)

// sending is one object of a C-GET or C-MOVE on its way.
type sending struct {
	object  *leadglass.Object
	content leadglass.Content
	rq      *dimse.StoreRequest
	left    *metered
}

// send opens an object to be sent in a transfer syntax that carry chose. The
// caller closes it.
func (s *Server) send(ctx context.Context, o *leadglass.Object, as dicom.UID) (*sending, error) {
	content, err := o.Open(ctx)
	if err != nil {
		return nil, err
	}
	if _, err := content.Seek(o.Header, io.SeekStart); err != nil {
		_ = content.Close() // it was only read
		return nil, err
	}
	snd := &sending{object: o, content: content, left: &metered{r: content}}
	if as != o.Syntax {
		snd.left.r = &transcoder{
			data: content, from: dicom.SyntaxOf(o.Syntax), to: dicom.SyntaxOf(as), header: s.lim.HeaderBytes,
		}
	}
	snd.rq = &dimse.StoreRequest{
		SOPClass: o.Class, SOPInstance: o.Ref.Instance, TransferSyntax: as, Data: snd.left,
	}
	return snd, nil
}

func (snd *sending) close() { _ = snd.content.Close() } // it was only read

// metered counts what leaves, and lets what can write itself do so.
type metered struct {
	r io.Reader
	n int64
}

func (m *metered) Read(p []byte) (int, error) {
	n, err := m.r.Read(p)
	m.n += int64(n)
	return n, err
}

func (m *metered) WriteTo(w io.Writer) (n int64, err error) {
	switch r := m.r.(type) {
	case io.WriterTo:
		n, err = r.WriteTo(w)
	default:
		if into, ok := w.(io.ReaderFrom); ok {
			n, err = into.ReadFrom(m.r)
		} else {
			n, err = io.Copy(w, m.r)
		}
	}
	m.n += n
	return n, err
}
