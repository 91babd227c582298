package scp

import (
	"context"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
)

// Get answers C-GET (PS3.4 section C.4.3).
func (ses *session) Get(ctx context.Context, q *dimse.Query, send dimse.SubOperations) (*dimse.Response, error) {
	rq, err := ses.request(ctx, leadglass.Get, leadglass.CGet)
	var transfer *guard.Transfer
	if err == nil {
		transfer, err = ses.retrieve(ctx, rq, q)
	}
	if err != nil {
		return ses.notRetrieved(ctx, rq, err)
	}
	err = ses.getAll(ctx, transfer, send)
	if end := transfer.End(context.WithoutCancel(ctx)); err == nil {
		err = end
	}
	if err != nil {
		st, text := ses.failed(ctx, rq, err)
		return nil, &dimse.StatusError{Status: st.retrieve, Comment: text}
	}
	return nil, nil // the status follows from the sub-operations
}

// retrieve asks guard for what an identifier names.
func (ses *session) retrieve(ctx context.Context, rq *leadglass.Request, q *dimse.Query) (*guard.Transfer, error) {
	m := modelOf(q.Model)
	level, err := m.levelOf(q.Identifier)
	if err == nil && !ses.options[q.Model].relational {
		err = m.hierarchical(q.Identifier, level)
	}
	if err == nil {
		rq.Level = level
		rq.Refs, err = m.refs(q.Identifier, level, ses.s.lim.Refs)
	}
	if err != nil {
		return nil, err
	}
	return ses.s.c.Guard.Retrieve(ctx, rq)
}

// notRetrieved answers a retrieval that does not begin.
func (ses *session) notRetrieved(ctx context.Context, rq *leadglass.Request, err error) (*dimse.Response, error) {
	st, text := ses.failed(ctx, rq, err)
	return &dimse.Response{Status: st.retrieve, Comment: text}, statusError(st.retrieve, text)
}

func (ses *session) getAll(ctx context.Context, t *guard.Transfer, send dimse.SubOperations) error {
	remaining := t.Total()
	for o, err := range t.Objects(ctx) {
		if err != nil {
			return err
		}
		remaining = max(remaining-1, 0)
		if err := ses.getOne(ctx, t, o, send, remaining); err != nil {
			return err
		}
	}
	return nil
}

// getOne sends one object. Its error ends the operation; that the object cannot be
// read, or that the peer does not take it, does not.
func (ses *session) getOne(ctx context.Context, t *guard.Transfer, o *leadglass.Object, send dimse.SubOperations, remaining int) error {
	as, ok := ses.agreed.carry(o.Class, o.Syntax)
	if !ok {
		as = o.Syntax // Send finds no context either, and counts the failure
	}
	snd, err := ses.s.send(ctx, o, as)
	if err != nil {
		t.Failed(o, 0)
		ses.s.c.Diagnostics.Error("an object cannot be read", "session", ses.peer.Session, "error", err)
		return send.Fail(o.Ref.Instance, remaining)
	}
	defer snd.close()
	status, err := send.Send(ctx, snd.rq, remaining)
	if c := status.Class(); err == nil && (c == dimse.ClassSuccess || c == dimse.ClassWarning) {
		t.Sent(o, snd.left.n)
		return nil
	}
	t.Failed(o, snd.left.n)
	return err
}
