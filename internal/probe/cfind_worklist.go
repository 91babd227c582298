package probe

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// cfindWorklist looks at a few entries of the worklist (PS3.4 table K.6-1).
func cfindWorklist(ctx context.Context, d *Dialogue) error {
	step := &dicom.Dataset{}
	returnKeys(step, dict.ScheduledProcedureStepStartDate, dict.Modality)
	id := &dicom.Dataset{}
	returnKeys(id,
		dict.PatientName, dict.PatientID, dict.PatientBirthDate, dict.OtherPatientIDs,
		dict.ReferringPhysicianName,
		dict.RequestedProcedureDescription, dict.ReasonForTheRequestedProcedure,
	)
	id.SetSequence(dict.ScheduledProcedureStepSequence, step)
	return d.sample(ctx, &dimse.Query{Model: dimse.WorklistFind, Identifier: id}, &d.Facts.Worklist)
}
