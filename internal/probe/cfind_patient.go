package probe

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// cfindPatient looks at a few patients (PS3.4 section C.6.1.1.1).
func cfindPatient(ctx context.Context, d *Dialogue) error {
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "PATIENT")
	returnKeys(id, dict.PatientName, dict.PatientID, dict.PatientBirthDate, dict.OtherPatientIDs)
	return d.sample(ctx, &dimse.Query{Model: dimse.PatientRootFind, Identifier: id}, &d.Facts.Patient)
}
