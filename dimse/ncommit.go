package dimse

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
)

// ObjectRef names an object with its class.
type ObjectRef struct{ SOPClass, SOPInstance dicom.UID }

// CommitRequest asks the peer to keep objects safely (PS3.4 section J.3.2, the
// storage commitment push model).
type CommitRequest struct {
	Transaction dicom.UID
	Objects     []ObjectRef
}

// CommitResult says which objects the peer keeps (PS3.4 section J.3.3).
type CommitResult struct {
	Transaction dicom.UID
	Committed   []ObjectRef
	Failed      []CommitFailure
}

// CommitFailure is an object that is not kept and why: ProcessingFailure,
// NoSuchInstance, ResourceLimitation, RefusedSOPClass, ClassInstanceConflict or
// 0131, duplicate transaction (PS3.3 section C.14.1.1).
type CommitFailure struct {
	ObjectRef
	Reason Status
}

// The action and event types of PS3.4 tables J.3-1 and J.3-2.
const (
	commitAction  = 1
	commitSuccess = 1
	commitFailure = 2
)

// The attributes of PS3.3 section C.14.
const (
	transactionUID        dicom.Tag = 0x00081195
	referencedSOPClass    dicom.Tag = 0x00081150
	referencedSOPInstance dicom.Tag = 0x00081155
	failureReason         dicom.Tag = 0x00081197
	failedSOPSequence     dicom.Tag = 0x00081198
	referencedSOPSequence dicom.Tag = 0x00081199
)

// Commit asks for storage commitment. The answer comes later as an
// N-EVENT-REPORT, on this association (see Client.Event) or on one that the
// peer requests.
func (c *Client) Commit(ctx context.Context, rq *CommitRequest) (*ActionResponse, error) {
	return c.Action(ctx, &ActionRequest{
		SOPClass: StorageCommitment, SOPInstance: StorageCommitmentInstance, Type: commitAction,
		Information: commitDataset(rq.Transaction, rq.Objects, nil),
	})
}

// ParseCommit reads a request for storage commitment.
func ParseCommit(rq *ActionRequest) (*CommitRequest, error) {
	if rq.SOPClass != StorageCommitment || rq.Type != commitAction || rq.Information == nil {
		return nil, errCommit
	}
	out := &CommitRequest{Transaction: dicom.UID(rq.Information.String(transactionUID))}
	for _, item := range rq.Information.Sequence(referencedSOPSequence) {
		out.Objects = append(out.Objects, objectRef(item))
	}
	if out.Transaction == "" || len(out.Objects) == 0 {
		return nil, errCommit
	}
	return out, nil
}

// Event is the event that reports the result.
func (r *CommitResult) Event() *EventRequest {
	rq := &EventRequest{
		SOPClass: StorageCommitment, SOPInstance: StorageCommitmentInstance, Type: commitSuccess,
		Information: commitDataset(r.Transaction, r.Committed, r.Failed),
	}
	if len(r.Failed) > 0 {
		rq.Type = commitFailure
	}
	return rq
}

// ParseCommitResult reads the event that reports a result.
func ParseCommitResult(rq *EventRequest) (*CommitResult, error) {
	if rq.SOPClass != StorageCommitment || rq.Information == nil || rq.Type != commitSuccess && rq.Type != commitFailure {
		return nil, errCommit
	}
	out := &CommitResult{Transaction: dicom.UID(rq.Information.String(transactionUID))}
	for _, item := range rq.Information.Sequence(referencedSOPSequence) {
		out.Committed = append(out.Committed, objectRef(item))
	}
	for _, item := range rq.Information.Sequence(failedSOPSequence) {
		reason, _ := item.Int(failureReason)
		out.Failed = append(out.Failed, CommitFailure{objectRef(item), Status(reason)})
	}
	if out.Transaction == "" {
		return nil, errCommit
	}
	return out, nil
}

func objectRef(item *dicom.Dataset) ObjectRef {
	return ObjectRef{dicom.UID(item.String(referencedSOPClass)), dicom.UID(item.String(referencedSOPInstance))}
}

// commitDataset is the data set of a request or a report; a sequence without
// items is left out, as PS3.4 table J.3-2 wants it.
func commitDataset(transaction dicom.UID, refs []ObjectRef, failed []CommitFailure) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(transactionUID, string(transaction))
	var items []*dicom.Dataset
	for _, r := range refs {
		items = append(items, r.dataset())
	}
	if len(items) > 0 {
		d.SetSequence(referencedSOPSequence, items...)
	}
	items = nil
	for _, f := range failed {
		item := f.dataset()
		item.SetUint16(failureReason, uint16(f.Reason))
		items = append(items, item)
	}
	if len(items) > 0 {
		d.SetSequence(failedSOPSequence, items...)
	}
	return d
}

func (r ObjectRef) dataset() *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(referencedSOPClass, string(r.SOPClass))
	d.SetString(referencedSOPInstance, string(r.SOPInstance))
	return d
}
