package dimse

import (
	"context"
	"fmt"
	"sync/atomic"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// Client is the SCU's side of an association; one operation at a time. An
// error of the wire ends the association: the client aborts it and every later
// operation fails. So does the end of the operation's context; a peer that does
// not close then can hold the operation for ul.Limits.Linger.
type Client struct {
	// Store receives the sub-operations of C-GET; nil refuses them.
	Store func(ctx context.Context, rq *StoreRequest) Status
	// Event receives an N-EVENT-REPORT that comes while the client waits, as an
	// answer to storage commitment may; nil refuses it.
	Event func(ctx context.Context, rq *EventRequest) *EventResponse

	l    *link
	busy atomic.Bool
	// crossed serves what the peer asks while we wait, where it may ask too: its
	// request can cross ours on the way.
	crossed func(context.Context) error
	// running is the operation that Cancel ends: its Message ID and context.
	running   atomic.Uint32
	cancelled atomic.Bool
}

// NewClient speaks DIMSE on an association that the caller releases.
func NewClient(a *ul.Assoc, lim Limits) *Client {
	return &Client{l: newLink(a, a.Request(), a.Answer(), lim)}
}

// Response is the final response to an operation.
type Response struct {
	Status  Status
	Comment string
	// Sub-operations of C-GET and C-MOVE, -1 where the peer does not say.
	Completed, Failed, Warning, Remaining int
	// FailedInstances are the SOP Instance UIDs that could not be retrieved,
	// where the peer lists them (PS3.4 section C.4.2.1.4.2).
	FailedInstances []dicom.UID
	// OffendingElements are what the peer blames (PS3.7 annex C).
	OffendingElements []dicom.Tag
}

// outcome fills r with what a response says.
func (r *Response) outcome(c *Command) {
	*r = Response{
		Status: c.Status, Comment: c.ErrorComment,
		Completed: c.Completed.Int(), Failed: c.Failed.Int(),
		Warning: c.Warning.Int(), Remaining: c.Remaining.Int(),
	}
	if len(c.OffendingElements) > 0 {
		r.OffendingElements = append([]dicom.Tag(nil), c.OffendingElements...)
	}
}

// Query is a C-FIND, C-GET or C-MOVE request.
type Query struct {
	Model       dicom.UID // SOP class of the information model
	Identifier  *dicom.Dataset
	Priority    Priority
	Destination ul.AETitle // C-MOVE only
	// MessageID is the peer's, for a Session to name in the C-STORE of a
	// C-MOVE; a Client gives its own.
	MessageID uint16
}

// Cancel ends the running C-FIND, C-GET or C-MOVE with C-CANCEL (PS3.7 section
// 9.3.2.3). The operation goes on until the peer's final response, which may
// be a success if it was faster. Any goroutine may call it.
func (c *Client) Cancel() error {
	running := c.running.Load()
	if running == 0 || c.cancelled.Swap(true) {
		return nil
	}
	cmd := Command{Field: CCancelRQ, RespondedTo: uint16(running)}
	return c.l.sendNow(uint8(running>>16), &cmd, nil)
}

// do runs one operation. When ctx ends, or the operation fails on the wire,
// the association is aborted: what the peer sends next would be taken for the
// answer to something else.
func (c *Client) do(ctx context.Context, doing string, run func() error) error {
	if !c.busy.CompareAndSwap(false, true) {
		return errBusy
	}
	defer c.busy.Store(false)
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("dimse: %s: %w", doing, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = c.l.w.Abort(0) })
	err := run()
	c.running.Store(0)
	stop()
	if err == nil {
		return nil
	}
	_ = c.l.w.Abort(0)
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("dimse: %s: %w", doing, err)
}

// begin sends a request and returns its Message ID.
func (c *Client) begin(on *agreement, cmd *Command, data []byte) (id uint16, err error) {
	cmd.MessageID = c.l.nextID()
	c.cancelled.Store(false)
	if cmd.Field.cancellable() {
		c.running.Store(uint32(on.id)<<16 | uint32(cmd.MessageID))
	}
	return cmd.MessageID, c.l.sendNow(on.id, cmd, data)
}

// query encodes an identifier for the context of its model.
func (c *Client) query(doing string, q *Query) (*agreement, []byte, error) {
	on := c.l.contexts.find(q.Model, "")
	if on == nil {
		return nil, nil, notNegotiated(q.Model)
	}
	data, err := appendDataset(nil, q.Identifier, on.syntax)
	if err != nil {
		return nil, nil, fmt.Errorf("dimse: %s: encoding the identifier: %w", doing, err)
	}
	return on, data, nil
}

// await reads the next message, which must answer id on the context on. Events
// that come first are answered.
func (c *Client) await(ctx context.Context, on *agreement, field CommandField, id uint16) error {
	for {
		if err := c.l.command(); err != nil {
			return err
		}
		var err error
		switch f := c.l.in.Field; {
		case c.crossed != nil && (!f.IsResponse() || f == CStoreRSP):
			err = c.crossed(ctx)
		case f == NEventReportRQ:
			err = c.l.eventReport(ctx, c.Event)
		default:
			return c.l.answers(on, field, id)
		}
		if err != nil {
			return err
		}
	}
}

// answers checks that the message in l.in is a response to the request id.
func (l *link) answers(on *agreement, field CommandField, id uint16) error {
	switch {
	case !l.in.Field.IsResponse():
		return errUnexpected
	case l.in.RespondedTo != id:
		return errOtherMessage
	case l.in.Field != field:
		return errOtherResponse
	case l.inID != on.id:
		return errOtherContext
	}
	return nil
}
