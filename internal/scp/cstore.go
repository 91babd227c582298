package scp

import (
	"context"
	"io"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
)

// Store answers C-STORE (PS3.4 annex B). The objects of an association are one
// transfer: it begins with the first and ends with the association.
func (ses *session) Store(ctx context.Context, in *dimse.StoreRequest) dimse.Status {
	rq, err := ses.request(ctx, leadglass.Store, leadglass.CStore)
	if err == nil {
		err = ses.take(ctx, rq)
	}
	if err != nil {
		return ses.refuseObject(ctx, rq, in, err)
	}
	stored, err := ses.intake.Put(ctx, &leadglass.Incoming{
		Class: in.SOPClass, Instance: in.SOPInstance, Syntax: in.TransferSyntax,
		Data: in.Data, Source: ses.peer.Calling, Received: rq.Time,
	})
	if err != nil {
		if _, gone := in.Data.Read(nil); gone != nil && gone != io.EOF {
			return dimse.ProcessingFailure // it did not all arrive: nobody hears this
		}
		return ses.refuseObject(ctx, rq, in, err)
	}
	if len(stored.Warnings) > 0 {
		in.Comment = comment(stored.Warnings[0])
	}
	return dimse.Success
}

// take begins the transfer if it has not begun. A denial holds for the whole
// association and is recorded once.
func (ses *session) take(ctx context.Context, rq *leadglass.Request) error {
	switch {
	case ses.intake != nil:
		return nil
	case ses.denied != nil:
		return ses.denied
	case !may(ses.device)(leadglass.CStore):
		return &leadglass.Error{Code: leadglass.Denied, Reason: leadglass.Forbidden, Err: errService}
	}
	intake, err := ses.s.c.Guard.Store(ctx, rq)
	if leadglass.CodeOf(err) == leadglass.Denied {
		ses.denied = err
	}
	if err == nil {
		ses.intake = intake
	}
	return err
}

func (ses *session) refuseObject(ctx context.Context, rq *leadglass.Request, in *dimse.StoreRequest, err error) dimse.Status {
	st, text := ses.failed(ctx, rq, err)
	in.Comment = text
	return st.store
}
