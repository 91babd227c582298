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
	if len(s.after) >= maxAfter {
		return s.l.answer(on, rq, ResourceLimitation)
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
	s.after = append(s.after, rsp.Then)
	return s.followUp(ctx)
}

// maxAfter is how many actions of a peer that does not answer what we ask in turn
// may wait for that: each holds the data set of an event.
const maxAfter = 8

// followUp runs what is to follow the responses that have left, one at a time. The
// peer may go on to ask meanwhile.
func (s *server) followUp(ctx context.Context) error {
	if s.following {
		return nil // by whoever waits further up
	}
	s.following = true
	defer func() { s.following = false }()
	for len(s.after) > 0 {
		then := s.after[0]
		s.after = s.after[1:]
		if err := then(ctx, &Client{l: s.l, crossed: s.message}); err != nil {
			return err
		}
	}
	return nil
}
