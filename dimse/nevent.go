package dimse

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
)

// EventRequest is an N-EVENT-REPORT-RQ (PS3.7 section 10.3.1.1).
type EventRequest struct {
	SOPClass, SOPInstance dicom.UID
	Type                  uint16
	Information           *dicom.Dataset // nil sends none
}

// EventResponse is an N-EVENT-REPORT-RSP (PS3.7 section 10.3.1.2).
type EventResponse struct {
	Status  Status
	Comment string
	Reply   *dicom.Dataset
}

// EventReporter answers N-EVENT-REPORT: it is the SCU of the class, although
// it accepted the association. No response is ProcessingFailure.
type EventReporter interface {
	EventReport(ctx context.Context, rq *EventRequest) *EventResponse
}

// EventReport tells the peer of an event (PS3.7 section 10.1.1). The client is
// the SCP of the class; where it requested the association, role selection
// must have agreed to that (PS3.7 section D.3.3.4).
func (c *Client) EventReport(ctx context.Context, rq *EventRequest) (*EventResponse, error) {
	cmd := Command{
		Field: NEventReportRQ, EventTypeID: rq.Type,
		AffectedSOPClass: rq.SOPClass, AffectedSOPInstance: rq.SOPInstance,
	}
	status, comment, reply, err := c.normalized(ctx, "event report", rq.SOPClass, &cmd, rq.Information)
	if err != nil {
		return nil, err
	}
	return &EventResponse{Status: status, Comment: comment, Reply: reply}, nil
}

// AwaitEvent waits for one N-EVENT-REPORT on the association and gives it to
// c.Event, as who asked for storage commitment does that stays to hear.
func (c *Client) AwaitEvent(ctx context.Context) error {
	return c.do(ctx, "await event", func() error {
		if err := c.l.command(); err != nil {
			return err
		}
		if c.l.in.Field != NEventReportRQ {
			return errUnexpected
		}
		return c.l.eventReport(ctx, c.Event)
	})
}

// eventReport answers the N-EVENT-REPORT-RQ in l.in.
func (l *link) eventReport(ctx context.Context, handle func(context.Context, *EventRequest) *EventResponse) error {
	on, rq := l.contexts.get(l.inID), l.in
	info, ok, err := l.information(on, &rq, handle != nil && rq.AffectedSOPClass == on.abstract)
	if !ok {
		return err
	}
	rsp := handle(ctx, &EventRequest{
		SOPClass: rq.AffectedSOPClass, SOPInstance: rq.AffectedSOPInstance,
		Type: rq.EventTypeID, Information: info,
	})
	if rsp == nil {
		return l.answer(on, &rq, ProcessingFailure)
	}
	return l.reply(on, &Command{
		Field: NEventReportRSP, RespondedTo: rq.MessageID, Status: rsp.Status, ErrorComment: rsp.Comment,
		AffectedSOPClass: rq.AffectedSOPClass, AffectedSOPInstance: rq.AffectedSOPInstance,
		EventTypeID: rq.EventTypeID,
	}, rsp.Reply)
}

// eventReport answers N-EVENT-REPORT-RQ.
func (s *server) eventReport(ctx context.Context) error {
	if e, ok := s.session.(EventReporter); ok {
		return s.l.eventReport(ctx, e.EventReport)
	}
	return s.l.eventReport(ctx, nil)
}
