package probe

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// retrieve asks for a study under a UID that was invented for the question, so
// that there is nothing to move (PS3.4 sections C.4.2 and C.4.3). A peer that
// looks for it and reports success would have let anyone have a study that it
// has; one that protects its studies refuses first.
//
// C-GET comes first, since its answer does not depend on whether the peer knows
// a destination.
func retrieve(ctx context.Context, d *Dialogue) error {
	for _, model := range []struct {
		uid         dicom.UID
		get         bool
		withPatient bool
	}{
		{uid: dimse.StudyRootGet, get: true},
		{uid: dimse.PatientRootGet, get: true, withPatient: true},
		{uid: dimse.StudyRootMove},
		{uid: dimse.PatientRootMove, withPatient: true},
	} {
		if !d.Agreed(model.uid) {
			continue
		}
		q, err := d.nobodysStudy(model.uid, model.withPatient)
		if err != nil {
			return err
		}
		if err := d.ask(ctx, d.retrieval(q, model.get)); err != nil {
			return err
		}
		if d.Facts.Retrieve {
			return nil
		}
	}
	return nil
}

// retrieval makes the request. package dimse refuses what a C-GET would bring,
// as the client has no Store.
func (d *Dialogue) retrieval(q *dimse.Query, get bool) func(context.Context, *dimse.Client) error {
	return func(ctx context.Context, c *dimse.Client) error {
		request := c.Move
		if get {
			request = c.Get
		}
		rsp, err := request(ctx, q, nil)
		if err != nil {
			return err
		}
		d.Facts.Retrieve = permitted(rsp)
		d.Facts.RetrieveUnable = d.Facts.RetrieveUnable || rsp.Status == dimse.UnableToProcess
		return nil
	}
}

// Of reads the answers once the product is known. Orthanc answers "unable to
// process" (C000) to a retrieval that matches nothing, to those whom it lets
// retrieve; others it hangs up on (CommandDispatcher.cpp and the retrieve
// handlers of 1.10.1). Elsewhere that status is a failure like any other.
func (d *DICOM) Of(product string) {
	d.Retrieve = d.Retrieve || d.RetrieveUnable && product == "Orthanc"
}

// permitted: success, or the warning that sub-operations failed, without any
// sub-operation (PS3.4 sections C.4.2.1.4 and C.4.3.1.4).
func permitted(rsp *dimse.Response) bool {
	const warning dimse.Status = 0xB000
	return (rsp.Status == dimse.Success || rsp.Status == warning) &&
		rsp.Completed <= 0 && rsp.Failed <= 0 && rsp.Warning <= 0
}

// nobodysStudy names a study, and at patient root a patient, that was invented
// just now (PS3.4 section C.6.1.2.1).
func (d *Dialogue) nobodysStudy(model dicom.UID, withPatient bool) (*dimse.Query, error) {
	uid, err := d.asker.Invent.UID()
	if err != nil {
		return nil, err
	}
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.StudyInstanceUID, string(uid))
	if withPatient {
		nobody, err := d.asker.Invent.AETitle()
		if err != nil {
			return nil, err
		}
		id.SetString(dict.PatientID, "LEADGLASS-"+string(nobody))
	}
	calling, _ := d.asker.pair()
	return &dimse.Query{Model: model, Identifier: id, Destination: calling}, nil
}
