package dimse

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/leadglass/leadglass/dicom"
)

// operation is a C-FIND, C-GET or C-MOVE that runs while the association is
// read for C-CANCEL and for the answers to its sub-operations.
type operation struct {
	l        *link
	on       *agreement
	field    CommandField // of its responses
	id       uint16
	class    dicom.UID
	ctx      context.Context
	cancel   context.CancelCauseFunc
	finished atomic.Bool   // its last response is about to leave
	done     chan struct{} // its goroutine has ended

	awaits atomic.Uint32 // Message ID of the sub-operation under way, or 0
	stored chan Status   // what the peer answered to it
	gone   chan struct{} // the association is over
}

// end tells the operation that the association is over.
func (op *operation) end(why error) {
	if why == nil {
		why = io.EOF
	}
	op.cancel(why)
	close(op.gone)
}

// stopped says why the operation must stop, if it must.
func (op *operation) stopped() error {
	select {
	case <-op.ctx.Done():
		return op.err()
	default:
		return nil
	}
}

func (op *operation) err() error { return context.Cause(op.ctx) }

// abort ends the association, after which the reader ends the operation.
func (op *operation) abort() { _ = op.l.w.Abort(0) }

// report sends the pending response of a C-MOVE.
func (op *operation) report(rsp *Response) error {
	if err := op.stopped(); err != nil {
		return err
	}
	return op.pending(rsp)
}

// pending sends a pending response with counters.
func (op *operation) pending(rsp *Response) error {
	cmd := Command{Field: op.field, RespondedTo: op.id, Status: Pending, AffectedSOPClass: op.class}
	cmd.counters(rsp, true)
	if err := op.l.send(op.on.id, &cmd, nil); err != nil {
		return err
	}
	op.l.mu.Lock()
	defer op.l.mu.Unlock()
	op.l.flushSoon()
	return nil
}

// counters takes over those that rsp has. Number of Remaining belongs to
// pending and cancelled responses only (PS3.7 section 9.1.3.1).
func (c *Command) counters(rsp *Response, remaining bool) {
	c.Completed, c.Failed, c.Warning = CountOf(rsp.Completed), CountOf(rsp.Failed), CountOf(rsp.Warning)
	if remaining {
		c.Remaining = CountOf(rsp.Remaining)
	}
}

// finish sends the final response.
func (op *operation) finish(rsp *Response, err error) {
	status, comment := outcome(rsp, err)
	cmd := Command{Field: op.field, RespondedTo: op.id, Status: status, ErrorComment: comment, AffectedSOPClass: op.class}
	var data []byte
	if rsp != nil && op.field != CFindRSP {
		cmd.counters(rsp, status == Cancel)
		if len(rsp.FailedInstances) > 0 {
			data = failureList(rsp.FailedInstances, op.on.syntax)
			cmd.HasDataset = data != nil
		}
	}
	op.finished.Store(true)
	if op.l.sendNow(op.on.id, &cmd, data) != nil {
		op.abort()
	}
}

// outcome is the status that follows from what a handler returned.
func outcome(rsp *Response, err error) (Status, string) {
	var se *StatusError
	switch {
	case err == nil && rsp != nil && rsp.Status.Class() != ClassPending:
		return rsp.Status, rsp.Comment
	case errors.Is(err, ErrCancel):
		return Cancel, ""
	case errors.As(err, &se) && se.Status.Class() != ClassPending:
		return se.Status, se.Comment
	}
	return UnableToProcess, ""
}

// maxFailures keeps the list below 1 MiB, as what others hold is limited too.
const maxFailures = 10_000

// failureList encodes Failed SOP Instance UID List.
func failureList(uids []dicom.UID, ts *dicom.TransferSyntax) []byte {
	texts := make([]string, 0, min(len(uids), maxFailures))
	for _, uid := range uids[:cap(texts)] {
		texts = append(texts, string(uid))
	}
	d := new(dicom.Dataset)
	d.SetString(failedInstances, texts...)
	data, err := appendDataset(nil, d, ts)
	if err != nil {
		return nil
	}
	return data
}

// stored takes the answer to a sub-operation to whom it concerns.
func (s *server) stored(rsp *Command) error {
	op := s.running
	if op == nil || rsp.RespondedTo == 0 || !op.awaits.CompareAndSwap(uint32(rsp.RespondedTo), 0) {
		return errNothingAsked
	}
	if err := s.l.skipData(); err != nil {
		return err
	}
	op.stored <- rsp.Status // has room: there is one answer to one sub-operation
	return nil
}
