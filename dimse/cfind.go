package dimse

import (
	"context"
	"errors"

	"github.com/leadglass/leadglass/dicom"
)

// Find asks the query (PS3.7 section 9.1.2) and shows each identifier as it
// came; its bytes live only during the call. When match returns ErrCancel the
// operation is cancelled with C-CANCEL and drained, any other error aborts it.
// An error is of the wire; a refusal is in Response.Status.
//
// A peer that takes no notice of C-CANCEL and goes on past
// Limits.CancelResponses is aborted: the error is then a *LimitError of that
// name.
func (c *Client) Find(ctx context.Context, q *Query, match func(identifier []byte, ts *dicom.TransferSyntax) error) (*Response, error) {
	on, data, err := c.query("find", q)
	if err != nil {
		return nil, err
	}
	rsp := new(Response)
	return rsp, c.do(ctx, "find", func() error {
		cmd := Command{Field: CFindRQ, AffectedSOPClass: q.Model, Priority: q.Priority, HasDataset: true}
		id, err := c.begin(on, &cmd, data)
		if err != nil {
			return err
		}
		return c.matches(ctx, on, id, match, rsp)
	})
}

// matches reads the responses to a C-FIND-RQ (PS3.7 section 9.3.2.2).
func (c *Client) matches(ctx context.Context, on *agreement, id uint16, match func([]byte, *dicom.TransferSyntax) error, rsp *Response) error {
	var n tally
	for {
		if err := c.await(ctx, on, CFindRSP, id); err != nil {
			return err
		}
		if c.l.in.Status.Class() != ClassPending {
			rsp.outcome(&c.l.in)
			return c.l.skipData()
		}
		if !c.l.in.HasDataset {
			return errDatasetMissing
		}
		identifier, err := c.l.readData()
		if err != nil {
			return err
		}
		if err := n.one(c, c.l.lim.Responses, "responses"); err != nil {
			return err
		}
		if c.cancelled.Load() || match == nil {
			continue
		}
		if err = match(identifier, on.syntax); errors.Is(err, ErrCancel) {
			err = c.Cancel()
		}
		if err != nil {
			return err
		}
	}
}

// tally counts what the peer sends, before and after C-CANCEL.
type tally struct{ before, after int64 }

func (t *tally) one(c *Client, most int64, name string) error {
	if c.cancelled.Load() {
		if t.after++; t.after > c.l.lim.CancelResponses {
			return &LimitError{"cancel_responses", c.l.lim.CancelResponses}
		}
		return nil
	}
	if t.before++; t.before > most {
		return &LimitError{name, most}
	}
	return nil
}

// Finder answers C-FIND. It calls match for each answer, which may leave with
// others in one write; match fails when the peer cancelled or is gone. Then ctx
// is done too, with ErrCancel as its cause where the peer cancelled.
//
// Find's error chooses the status where it is not nil: ErrCancel that of a
// cancelled operation, a *StatusError its own, any other UnableToProcess.
type Finder interface {
	Find(ctx context.Context, q *Query, match Matches) (Status, error)
}

// Matches sends pending responses. Each leaves within two milliseconds, with
// those that came meanwhile.
type Matches interface {
	// Send encodes and sends one identifier.
	Send(identifier *dicom.Dataset) error
	// SendEncoded sends an identifier that is already encoded in Syntax.
	SendEncoded(identifier []byte) error
	// Syntax is the transfer syntax of the presentation context.
	Syntax() *dicom.TransferSyntax
}

// find answers C-FIND-RQ.
func (s *server) find(ctx context.Context, on *agreement, rq *Command) error {
	f, ok := s.session.(Finder)
	q, err := s.readQuery(on, rq, ok, findService)
	if q == nil {
		return err
	}
	s.start(ctx, on, rq, func(op *operation) (*Response, error) {
		pending := Command{
			Field: CFindRSP, RespondedTo: op.id, Status: Pending, HasDataset: true,
			AffectedSOPClass: op.class,
		}
		status, err := f.Find(op.ctx, q, &matches{op: op, pending: pending.Append(nil)})
		return &Response{Status: status}, err
	})
	return nil
}

// matches is Matches over an association. The command set is the same for all
// responses but their identifiers, so it is encoded once.
type matches struct {
	op      *operation
	pending []byte
	encoded []byte // the identifier sent last
}

func (m *matches) Syntax() *dicom.TransferSyntax { return m.op.on.syntax }

func (m *matches) Send(identifier *dicom.Dataset) (err error) {
	m.encoded, err = appendDataset(m.encoded[:0], identifier, m.op.on.syntax)
	if err != nil {
		return err
	}
	return m.SendEncoded(m.encoded)
}

func (m *matches) SendEncoded(identifier []byte) error {
	if err := m.op.stopped(); err != nil {
		return err
	}
	l := m.op.l
	l.mu.Lock()
	defer l.mu.Unlock()
	l.flushSoon()
	return l.write(m.op.on.id, m.pending, true, identifier)
}
