package dimse

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync/atomic"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// Serve answers DIMSE requests on an accepted association until it ends: nil
// when the peer released it, else what went wrong, and then it is aborted. When
// ctx ends, it is aborted too. Serve returns when the handler that is running
// has returned, whose context is done by then.
//
// The window of asynchronous operations is not negotiated, so it is one (PS3.7
// section D.3.3.3): a request that comes while another is running ends the
// association.
func Serve(ctx context.Context, a *ul.Assoc, s Session, lim Limits) error {
	return serve(ctx, newLink(a, a.Request(), a.Answer(), lim), s)
}

// Handle is a ul.Server's Handle for one Session that serves everybody.
func Handle(s Session, lim Limits) func(context.Context, *ul.Assoc) {
	return func(ctx context.Context, a *ul.Assoc) { _ = Serve(ctx, a, s, lim) }
}

// server is one association that is served. Only the goroutine of Serve reads
// from it and touches its fields.
type server struct {
	l       *link
	session Session
	running *operation // C-FIND, C-GET or C-MOVE; it writes for itself
}

// errPipelined says that a request came before the answer to the last.
var errPipelined = &ProtocolError{"request before the response to the last"}

func serve(ctx context.Context, l *link, session Session) error {
	ctx, cancel := context.WithCancelCause(ctx)
	stop := context.AfterFunc(ctx, func() { _ = l.w.Abort(0) })
	s := &server{l: l, session: session}
	err := s.loop(ctx)
	if s.running != nil {
		s.running.end(err)
	}
	if !stop() {
		err = context.Cause(ctx)
	} else if err != nil {
		_ = l.w.Abort(0) // also frees a handler whose write the peer does not take
	}
	if s.running != nil {
		<-s.running.done
	}
	l.stopTimer()
	cancel(err)
	return err
}

func (s *server) loop(ctx context.Context) error {
	for {
		err := s.l.readCommand()
		if err == nil {
			err = s.message(ctx)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// message does what the message in l.in asks.
func (s *server) message(ctx context.Context) error {
	rq := s.l.in
	switch {
	case rq.Field == CStoreRSP:
		return s.stored(&rq)
	case rq.Field.IsResponse():
		return errNothingAsked
	case rq.Field == CCancelRQ:
		return s.cancel(&rq)
	}
	if op := s.running; op != nil {
		if !op.finished.Load() {
			return errPipelined
		}
		<-op.done // it has only the end of its last response to write
		s.running = nil
	}
	s.l.busy(true)
	err := s.request(ctx, s.l.contexts.get(s.l.inID), &rq)
	if s.running == nil {
		s.l.busy(false)
	}
	return err
}

// request serves a request.
func (s *server) request(ctx context.Context, on *agreement, rq *Command) error {
	switch rq.Field {
	case CEchoRQ:
		return s.echo(ctx, on, rq)
	case CStoreRQ:
		return s.store(ctx)
	case CFindRQ:
		return s.find(ctx, on, rq)
	case CGetRQ:
		return s.get(ctx, on, rq)
	case CMoveRQ:
		return s.move(ctx, on, rq)
	case NActionRQ:
		return s.action(ctx, on, rq)
	case NEventReportRQ:
		return s.eventReport(ctx)
	}
	if err := s.l.skipData(); err != nil {
		return err
	}
	return s.answer(on, rq, UnrecognisedOp)
}

// answer answers a request with a status and nothing else.
func (s *server) answer(on *agreement, rq *Command, status Status) error {
	return s.l.answer(on, rq, status)
}

func (l *link) answer(on *agreement, rq *Command, status Status) error {
	rsp := Command{Field: rq.Field.Response(), RespondedTo: rq.MessageID, Status: status}
	rsp.AffectedSOPClass, rsp.AffectedSOPInstance = rq.AffectedSOPClass, rq.AffectedSOPInstance
	if rsp.AffectedSOPClass == "" {
		rsp.AffectedSOPClass, rsp.AffectedSOPInstance = rq.RequestedSOPClass, rq.RequestedSOPInstance
	}
	return l.sendNow(on.id, &rsp, nil)
}

// readQuery reads the identifier of a query. It returns nil where the query is
// answered already, or the association is over, which the error says.
func (s *server) readQuery(on *agreement, rq *Command, implemented bool, want service) (*Query, error) {
	refused := Success
	switch svc := serviceOf(on.abstract); {
	case !implemented || rq.AffectedSOPClass != on.abstract || svc != want && svc != noService:
		refused = RefusedSOPClass
	case !rq.HasDataset:
		refused = MistypedArgument
	case rq.Field == CMoveRQ && rq.MoveDestination == "":
		refused = MoveDestinationUnknown
	}
	if refused != Success {
		if err := s.l.skipData(); err != nil {
			return nil, err
		}
		return nil, s.answer(on, rq, refused)
	}
	raw, err := s.l.readData()
	if err != nil {
		return nil, err
	}
	// The query outlives the buffer that it came in.
	identifier, err := dicom.DecodeBytes(bytes.Clone(raw), on.syntax, dicom.Options{})
	if err != nil {
		return nil, s.answer(on, rq, UnableToProcess)
	}
	return &Query{
		Model: on.abstract, Identifier: identifier, Priority: rq.Priority,
		Destination: ul.AETitle(rq.MoveDestination), MessageID: rq.MessageID,
	}, nil
}

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

// start runs an operation; it ends when run returns, which serve waits for.
func (s *server) start(ctx context.Context, on *agreement, rq *Command, run func(*operation) (*Response, error)) {
	op := &operation{
		l: s.l, on: on, field: rq.Field.Response(), id: rq.MessageID, class: rq.AffectedSOPClass,
		done: make(chan struct{}), stored: make(chan Status, 1), gone: make(chan struct{}),
	}
	op.ctx, op.cancel = context.WithCancelCause(ctx)
	s.running = op
	go func() {
		defer close(op.done)
		rsp, err := run(op)
		op.finish(rsp, err)
		op.l.busy(false)
		op.cancel(nil)
	}()
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
// pending and cancelled responses only (PS3.7 section 9.1.3.1.6).
func (c *Command) counters(rsp *Response, remaining bool) {
	count := func(n int) Count {
		if n < 0 {
			return Count{}
		}
		return CountOf(n)
	}
	c.Completed, c.Failed, c.Warning = count(rsp.Completed), count(rsp.Failed), count(rsp.Warning)
	if remaining {
		c.Remaining = count(rsp.Remaining)
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
	data, err := encode(d, ts)
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
