package probe

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// cfindStudy looks at a few studies (PS3.4 section C.6.2.1.1).
func cfindStudy(ctx context.Context, d *Dialogue) error {
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	returnKeys(id,
		dict.StudyInstanceUID, dict.StudyDate, dict.StudyDescription, dict.ReferringPhysicianName,
		dict.PatientName, dict.PatientID, dict.PatientBirthDate, dict.OtherPatientIDs,
		dict.RequestedProcedureDescription, dict.ReasonForTheRequestedProcedure,
	)
	return d.sample(ctx, &dimse.Query{Model: dimse.StudyRootFind, Identifier: id}, &d.Facts.Study)
}
