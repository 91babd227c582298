package dimse

import "context"

// Echoer answers C-ECHO.
type Echoer interface {
	Echo(ctx context.Context) Status
}

// Echo asks for verification (PS3.7 section 9.1.5).
func (c *Client) Echo(ctx context.Context) (*Response, error) {
	on := c.l.contexts.find(Verification, "")
	if on == nil {
		return nil, notNegotiated(Verification)
	}
	rsp := new(Response)
	return rsp, c.do(ctx, "echo", func() error {
		id, err := c.begin(on, &Command{Field: CEchoRQ, AffectedSOPClass: Verification}, nil)
		if err != nil {
			return err
		}
		if err := c.await(ctx, on, CEchoRSP, id); err != nil {
			return err
		}
		rsp.outcome(&c.l.in)
		return c.l.skipData()
	})
}

// echo answers C-ECHO-RQ (PS3.7 section 9.3.5.2).
func (s *server) echo(ctx context.Context, on *agreement, rq *Command) error {
	e, ok := s.session.(Echoer)
	if err := s.l.skipData(); err != nil {
		return err
	}
	switch {
	case rq.HasDataset:
		return s.l.answer(on, rq, MistypedArgument)
	case !ok || rq.AffectedSOPClass != on.abstract:
		return s.l.answer(on, rq, RefusedSOPClass)
	}
	return s.l.answer(on, rq, e.Echo(ctx))
}
