package dimse

import (
	"context"
	"io"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// StoreRequest is a C-STORE-RQ (PS3.7 section 9.3.1.1); Data is the data set as
// it is encoded and is read as it arrives or leaves.
type StoreRequest struct {
	SOPClass, SOPInstance dicom.UID
	TransferSyntax        dicom.UID
	Priority              Priority
	MoveOriginator        ul.AETitle
	MoveOriginatorID      uint16
	// Data is read to its end. Where it is an io.WriterTo, that is used: it may
	// make the data while they leave.
	Data io.Reader
	// Comment is set by a Storer that wants to explain its status: at most 64
	// characters of ASCII (VR LO).
	Comment string
}

// Storer answers C-STORE. It reads rq.Data to the end, during the call; what
// it leaves is read and dropped, within Limits.DrainBytes. Where reading fails
// the association is over and the status reaches nobody.
type Storer interface {
	Store(ctx context.Context, rq *StoreRequest) Status
}

// command is the command set of the request.
func (rq *StoreRequest) command(id uint16) Command {
	return Command{
		Field: CStoreRQ, MessageID: id, HasDataset: true,
		AffectedSOPClass: rq.SOPClass, AffectedSOPInstance: rq.SOPInstance, Priority: rq.Priority,
		MoveOriginator: string(rq.MoveOriginator), MoveOriginatorID: rq.MoveOriginatorID,
	}
}

// Send stores one object on the peer (PS3.7 section 9.1.1). Where
// rq.TransferSyntax is empty, the data are in the first syntax that was agreed
// for the class.
func (c *Client) Send(ctx context.Context, rq *StoreRequest) (*Response, error) {
	on := c.l.contexts.find(rq.SOPClass, rq.TransferSyntax)
	if on == nil {
		return nil, notNegotiated(rq.SOPClass)
	}
	if rq.Data == nil {
		return nil, errNoData
	}
	rsp := new(Response)
	return rsp, c.do(ctx, "store", func() error {
		cmd := rq.command(c.l.nextID())
		if err := c.l.sendObject(on.id, &cmd, rq.Data); err != nil {
			return err
		}
		if err := c.await(ctx, on, CStoreRSP, cmd.MessageID); err != nil {
			return err
		}
		rsp.outcome(&c.l.in)
		return c.l.skipData()
	})
}

// takeObject answers the C-STORE-RQ in l.in (PS3.7 section 9.3.1.2), of a peer
// that sends or of a C-GET.
func (l *link) takeObject(ctx context.Context, store func(context.Context, *StoreRequest) Status) error {
	l.ack() // the object follows, and nobody waits for an answer before its end
	on, cmd := l.contexts.get(l.inID), l.in
	status := storable(on, &cmd, store != nil)
	var comment string
	var err error
	if status == Success {
		status, comment, err = l.giveObject(ctx, on, &cmd, store)
	} else {
		err = l.skipData()
	}
	if err != nil {
		return err
	}
	return l.sendNow(on.id, &Command{
		Field: CStoreRSP, RespondedTo: cmd.MessageID, Status: status, ErrorComment: comment,
		AffectedSOPClass: cmd.AffectedSOPClass, AffectedSOPInstance: cmd.AffectedSOPInstance,
	}, nil)
}

// giveObject lets store read the object, and passes over what it leaves.
func (l *link) giveObject(ctx context.Context, on *agreement, cmd *Command, store func(context.Context, *StoreRequest) Status) (Status, string, error) {
	b := &body{l: l}
	rq := &StoreRequest{
		SOPClass: cmd.AffectedSOPClass, SOPInstance: cmd.AffectedSOPInstance,
		TransferSyntax: on.syntax.UID, Priority: cmd.Priority,
		MoveOriginator: ul.AETitle(cmd.MoveOriginator), MoveOriginatorID: cmd.MoveOriginatorID,
		Data: b,
	}
	status := store(ctx, rq)
	err := b.drain()
	b.over = true
	return status, rq.Comment, err
}

// storable says what is wrong with a C-STORE-RQ before its object is looked at.
func storable(on *agreement, cmd *Command, storer bool) Status {
	switch svc := serviceOf(on.abstract); {
	case !storer || cmd.AffectedSOPClass != on.abstract || svc != storeService && svc != noService:
		return RefusedSOPClass
	case cmd.AffectedSOPInstance == "" || !cmd.HasDataset:
		return MistypedArgument
	}
	return Success
}

// store answers C-STORE-RQ.
func (s *server) store(ctx context.Context) error {
	if st, ok := s.session.(Storer); ok {
		return s.l.takeObject(ctx, st.Store)
	}
	return s.l.takeObject(ctx, nil)
}
