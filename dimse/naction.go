package dimse

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
)

// ActionRequest is an N-ACTION-RQ (PS3.7 section 10.3.4.1).
type ActionRequest struct {
	SOPClass, SOPInstance dicom.UID
	Type                  uint16
	Information           *dicom.Dataset // nil sends none
}

// ActionResponse is an N-ACTION-RSP (PS3.7 section 10.3.4.2).
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

// Actioner answers N-ACTION. No response is ProcessingFailure.
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

// action answers N-ACTION-RQ.
func (s *server) action(ctx context.Context, on *agreement, rq *Command) error {
	a, implemented := s.session.(Actioner)
	info, ok, err := s.l.information(on, rq, implemented && rq.RequestedSOPClass == on.abstract)
	if !ok {
		return err
	}
	rsp := a.Action(ctx, &ActionRequest{
		SOPClass: rq.RequestedSOPClass, SOPInstance: rq.RequestedSOPInstance,
		Type: rq.ActionTypeID, Information: info,
	})
	if rsp == nil {
		return s.l.answer(on, rq, ProcessingFailure)
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
