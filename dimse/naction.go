package dimse

import (
	"context"
	"errors"

	"github.com/leadglass/leadglass/dicom"
)

// ActionRequest is an N-ACTION-RQ (PS3.7 section 10.3.5.1).
type ActionRequest struct {
	SOPClass, SOPInstance dicom.UID
	Type                  uint16
	Information           *dicom.Dataset // nil sends none
}

// ActionResponse is an N-ACTION-RSP (PS3.7 section 10.3.5.2).
type ActionResponse struct {
	Status  Status
	Comment string
	Reply   *dicom.Dataset
	// Then runs when the response has left, in a handler's response only. It
	// may ask something of the peer over the same association, as the report
	// that storage is committed (PS3.4 section J.3.3). Its error ends the
	// association.
	Then func(ctx context.Context, c *Client) error
}

// Actioner answers N-ACTION.
type Actioner interface {
	Action(ctx context.Context, rq *ActionRequest) *ActionResponse
}

// Action asks for an action on an instance (PS3.7 section 10.1.4).
func (c *Client) Action(ctx context.Context, rq *ActionRequest) (*ActionResponse, error) {
	cmd := Command{
		Field: NActionRQ, ActionTypeID: rq.Type,
		RequestedSOPClass: rq.SOPClass, RequestedSOPInstance: rq.SOPInstance,
	}
	status, comment, reply, err := c.normalized(ctx, "action", rq.SOPClass, &cmd, rq.Information)
	if err != nil {
		return nil, err
	}
	return &ActionResponse{Status: status, Comment: comment, Reply: reply}, nil
}

// normalized runs an N-ACTION or N-EVENT-REPORT, which are alike.
func (c *Client) normalized(ctx context.Context, doing string, class dicom.UID, cmd *Command, info *dicom.Dataset) (status Status, comment string, reply *dicom.Dataset, err error) {
	on := c.l.contexts.find(class, "")
	if on == nil {
		return 0, "", nil, notNegotiated(class)
	}
	var data []byte
	if info != nil {
		if data, err = encode(info, on.syntax); err != nil {
			return 0, "", nil, err
		}
		cmd.HasDataset = true
	}
	err = c.do(ctx, doing, func() error {
		id, err := c.begin(on, cmd, data)
		if err != nil {
			return err
		}
		if err := c.await(ctx, on, cmd.Field.Response(), id); err != nil {
			return err
		}
		status, comment = c.l.in.Status, c.l.in.ErrorComment
		reply, err = c.l.decodeData()
		return err
	})
	return status, comment, reply, err
}

// action answers N-ACTION-RQ.
func (s *server) action(ctx context.Context, on *agreement, rq *Command) error {
	a, ok := s.session.(Actioner)
	info, err := s.l.decodeData()
	var bad *identifierError
	switch {
	case errors.As(err, &bad):
		return s.answer(on, rq, InvalidArgument)
	case err != nil:
		return err
	case !ok || rq.RequestedSOPClass != on.abstract:
		return s.answer(on, rq, NoSuchSOPClass)
	}
	rsp := a.Action(ctx, &ActionRequest{
		SOPClass: rq.RequestedSOPClass, SOPInstance: rq.RequestedSOPInstance,
		Type: rq.ActionTypeID, Information: info,
	})
	if rsp == nil {
		return s.answer(on, rq, ProcessingFailure)
	}
	cmd := Command{
		Field: NActionRSP, RespondedTo: rq.MessageID, Status: rsp.Status, ErrorComment: rsp.Comment,
		AffectedSOPClass: rq.RequestedSOPClass, AffectedSOPInstance: rq.RequestedSOPInstance,
		ActionTypeID: rq.ActionTypeID,
	}
	if err := s.l.reply(on, &cmd, rsp.Reply); err != nil || rsp.Then == nil {
		return err
	}
	return rsp.Then(ctx, &Client{l: s.l})
}

// reply sends a response with a data set, if there is one.
func (l *link) reply(on *agreement, cmd *Command, d *dicom.Dataset) error {
	if d == nil {
		return l.sendNow(on.id, cmd, nil)
	}
	data, err := encode(d, on.syntax)
	if err != nil {
		return err
	}
	cmd.HasDataset = true
	return l.sendNow(on.id, cmd, data)
}
