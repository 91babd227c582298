package dimse

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
)

// normalized runs an N-ACTION or N-EVENT-REPORT, which differ in little (PS3.7
// section 10.1).
func (c *Client) normalized(ctx context.Context, doing string, class dicom.UID, cmd *Command, info *dicom.Dataset) (status Status, comment string, reply *dicom.Dataset, err error) {
	on := c.l.contexts.find(class, "")
	if on == nil {
		return 0, "", nil, notNegotiated(class)
	}
	var data []byte
	if info != nil {
		if data, err = appendDataset(nil, info, on.syntax); err != nil {
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

// information reads the data set of such a request. ok is false where it is
// answered already, or the association is over, which the error says.
func (l *link) information(on *agreement, rq *Command, served bool) (info *dicom.Dataset, ok bool, err error) {
	info, err = l.decodeData()
	switch {
	case undecodable(err):
		return nil, false, l.answer(on, rq, InvalidArgument)
	case err != nil:
		return nil, false, err
	case !served:
		return nil, false, l.answer(on, rq, NoSuchSOPClass)
	}
	return info, true, nil
}

// reply sends a response with a data set, if there is one.
func (l *link) reply(on *agreement, cmd *Command, d *dicom.Dataset) error {
	if d == nil {
		return l.sendNow(on.id, cmd, nil)
	}
	data, err := appendDataset(nil, d, on.syntax)
	if err != nil {
		return err
	}
	cmd.HasDataset = true
	return l.sendNow(on.id, cmd, data)
}
