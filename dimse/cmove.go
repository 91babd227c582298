package dimse

import "context"

// Move retrieves to q.Destination (PS3.7 section 9.1.4). progress may be nil;
// what it is given lives during the call.
func (c *Client) Move(ctx context.Context, q *Query, progress func(*Response)) (*Response, error) {
	return c.retrieve(ctx, "move", q, Command{Field: CMoveRQ, MoveDestination: string(q.Destination)}, progress)
}

// Mover answers C-MOVE. It calls report now and then with the state of the
// sub-operations, which run on associations of its own; report fails when the
// peer cancelled or is gone. Its error chooses the status as that of Finder does.
type Mover interface {
	Move(ctx context.Context, q *Query, report func(*Response) error) (*Response, error)
}

// move answers C-MOVE-RQ.
func (s *server) move(ctx context.Context, on *agreement, rq *Command) error {
	m, ok := s.session.(Mover)
	q, err := s.readQuery(on, rq, ok, moveService)
	if q == nil {
		return err
	}
	s.start(ctx, on, rq, func(op *operation) (*Response, error) {
		return m.Move(op.ctx, q, op.report)
	})
	return nil
}
