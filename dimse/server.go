package dimse

import (
	"context"
	"io"

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

	after     []func(context.Context, *Client) error // see ActionResponse.Then
	following bool                                   // one of them runs
}

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
	return s.l.answer(on, rq, UnrecognisedOperation)
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
		return nil, s.l.answer(on, rq, refused)
	}
	identifier, err := s.l.decodeData()
	if undecodable(err) {
		return nil, s.l.answer(on, rq, UnableToProcess)
	}
	if err != nil {
		return nil, err
	}
	return &Query{
		Model: on.abstract, Identifier: identifier, Priority: rq.Priority,
		Destination: ul.AETitle(rq.MoveDestination), MessageID: rq.MessageID,
	}, nil
}
