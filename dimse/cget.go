package dimse

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
)

// Get retrieves over this association (PS3.7 section 9.1.3): the objects come
// to c.Store, which the association must allow by role selection (see
// RetrieveRoles). progress may be nil; what it is given lives during the call.
func (c *Client) Get(ctx context.Context, q *Query, progress func(*Response)) (*Response, error) {
	return c.retrieve(ctx, "get", q, Command{Field: CGetRQ}, progress)
}

// retrieve runs C-GET or C-MOVE.
func (c *Client) retrieve(ctx context.Context, doing string, q *Query, cmd Command, progress func(*Response)) (*Response, error) {
	on, data, err := c.query(doing, q)
	if err != nil {
		return nil, err
	}
	rsp := new(Response)
	return rsp, c.do(ctx, doing, func() error {
		cmd.AffectedSOPClass, cmd.Priority, cmd.HasDataset = q.Model, q.Priority, true
		id, err := c.begin(on, &cmd, data)
		if err != nil {
			return err
		}
		return c.retrieved(ctx, on, cmd.Field.Response(), id, progress, rsp)
	})
}

// retrieved reads what follows a C-GET-RQ or C-MOVE-RQ (PS3.7 sections 9.3.3
// and 9.3.4): objects, if it is a C-GET, pending responses, the final one.
func (c *Client) retrieved(ctx context.Context, on *agreement, field CommandField, id uint16, progress func(*Response), rsp *Response) error {
	var objects, pending tally
	for {
		if err := c.l.command(); err != nil {
			return err
		}
		if c.l.in.Field == CStoreRQ && field == CGetRSP {
			if err := objects.one(c, c.l.lim.SubOperations, "sub_operations"); err != nil {
				return err
			}
			if err := c.l.takeObject(ctx, c.Store); err != nil {
				return err
			}
			continue
		}
		if c.l.in.Field == NEventReportRQ {
			if err := c.l.eventReport(ctx, c.Event); err != nil {
				return err
			}
			continue
		}
		if err := c.l.answers(on, field, id); err != nil {
			return err
		}
		rsp.outcome(&c.l.in)
		if rsp.Status.Class() != ClassPending {
			return c.l.failures(rsp)
		}
		if err := pending.one(c, c.l.lim.Responses, "responses"); err != nil {
			return err
		}
		if err := c.l.skipData(); err != nil {
			return err
		}
		if progress != nil {
			progress(rsp)
		}
	}
}

// failedInstances is Failed SOP Instance UID List (PS3.4 section C.4.2.1.4.2).
const failedInstances dicom.Tag = 0x00080058

// failures reads the list of what could not be retrieved, if there is one. One
// that cannot be read is as if the peer had not sent it.
func (l *link) failures(rsp *Response) error {
	d, err := l.decodeData()
	if undecodable(err) {
		return nil
	}
	if d == nil || err != nil {
		return err
	}
	for _, uid := range d.Strings(failedInstances) {
		if uid != "" {
			rsp.FailedInstances = append(rsp.FailedInstances, dicom.UID(uid))
		}
	}
	return nil
}

// Getter answers C-GET; each object is sent by send. Its error chooses the
// status as that of Finder does; the counters are those of send. Where it
// returns neither, the status follows from the sub-operations.
type Getter interface {
	Get(ctx context.Context, q *Query, send SubOperations) (*Response, error)
}

// SubOperations sends the objects of a C-GET.
type SubOperations interface {
	// Send sends one object and returns the peer's status; remaining is how
	// many follow. RefusedSOPClass without an error says that the peer takes
	// no objects of this class and transfer syntax: nothing was sent, the
	// failure is counted and the next object may go better.
	Send(ctx context.Context, rq *StoreRequest, remaining int) (Status, error)
	// Fail counts an object that cannot be sent, because it cannot be read here.
	Fail(instance dicom.UID, remaining int) error
}

// get answers C-GET-RQ.
func (s *server) get(ctx context.Context, on *agreement, rq *Command) error {
	g, ok := s.session.(Getter)
	q, err := s.readQuery(on, rq, ok, getService)
	if q == nil {
		return err
	}
	s.start(ctx, on, rq, func(op *operation) (*Response, error) {
		send := &subOperations{op: op}
		rsp, err := g.Get(op.ctx, q, send)
		if err != nil {
			rsp = nil
		}
		return send.final(rsp), err
	})
	return nil
}

// subOperations is SubOperations over the association that asked.
type subOperations struct {
	op                                    *operation
	completed, failed, warning, remaining int
	failures                              []dicom.UID
}

// Send stores one object on the peer (PS3.4 section C.4.3.2).
func (o *subOperations) Send(ctx context.Context, rq *StoreRequest, remaining int) (Status, error) {
	if err := o.op.stopped(); err != nil {
		return Cancel, err
	}
	if rq.Data == nil {
		return UnableToProcess, errNoData
	}
	o.remaining = remaining
	status, err := o.send(rq)
	if err != nil {
		return status, err
	}
	return status, o.count(status, rq.SOPInstance)
}

// Fail counts a failure.
func (o *subOperations) Fail(instance dicom.UID, remaining int) error {
	if err := o.op.stopped(); err != nil {
		return err
	}
	o.remaining = remaining
	return o.count(UnableToProcess, instance)
}

// count counts how a sub-operation went, and says so.
func (o *subOperations) count(status Status, instance dicom.UID) error {
	switch status.Class() {
	case ClassSuccess:
		o.completed++
	case ClassWarning:
		o.warning++
	default:
		o.failed++
		o.failures = append(o.failures, instance)
	}
	return o.op.pending(&Response{
		Completed: o.completed, Failed: o.failed, Warning: o.warning, Remaining: o.remaining,
	})
}

// send sends the object on a context whose SCP the requestor is, and waits for
// the answer.
func (o *subOperations) send(rq *StoreRequest) (Status, error) {
	l := o.op.l
	on := l.contexts.find(rq.SOPClass, rq.TransferSyntax)
	if on == nil || !on.scp {
		return RefusedSOPClass, nil
	}
	cmd := rq.command(l.nextID())
	o.op.awaits.Store(uint32(cmd.MessageID))
	if err := l.sendObject(on.id, &cmd, rq.Data); err != nil {
		o.op.abort() // the message is incomplete
		return UnableToProcess, err
	}
	select {
	case status := <-o.op.stored:
		return status, nil
	case <-o.op.gone:
		return UnableToProcess, o.op.err()
	}
}

// final completes the response with what happened (PS3.4 table C.4-3).
func (o *subOperations) final(rsp *Response) *Response {
	if rsp == nil {
		rsp = &Response{Status: o.status()}
	}
	rsp.Completed, rsp.Failed, rsp.Warning, rsp.Remaining = o.completed, o.failed, o.warning, o.remaining
	if rsp.FailedInstances == nil {
		rsp.FailedInstances = o.failures
	}
	return rsp
}

func (o *subOperations) status() Status {
	switch {
	case o.failed == 0 && o.warning == 0:
		return Success
	case o.completed == 0 && o.warning == 0:
		return CannotPerform
	}
	return SomeFailed
}
