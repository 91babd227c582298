package fleet

import (
	"strings"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet/content"
)

// findWorklist shows the steps that are scheduled, whatever is asked: worklists
// that answer anyone rarely look further (PS3.4 table K.6-1).
func (s *session) findWorklist(to dimse.Matches) (dimse.Status, error) {
	for i := range s.service.Worklist {
		if err := to.Send(s.archive.scheduled(uint64(i))); err != nil {
			return dimse.UnableToProcess, err
		}
	}
	return dimse.Success, nil
}

// scheduled is entry i of the worklist; its patients have been here before.
func (a *archive) scheduled(i uint64) *dicom.Dataset {
	r := &row{study: i % max(1, a.Studies)}
	r.patient = a.PatientOf(r.study)
	d, step := &dicom.Dataset{}, &dicom.Dataset{}
	set := func(tag dicom.Tag, vr dicom.VR, w writer) {
		v := w(nil, r)
		if len(v)%2 != 0 {
			v = append(v, ' ')
		}
		d.Set(dicom.Element{Tag: tag, VR: vr, Value: v})
	}
	if a.names.Charset != "" {
		set(dict.SpecificCharacterSet, dicom.CS, constant(a.names.Charset))
	}
	set(dict.AccessionNumber, dicom.SH, a.accession)
	set(dict.ReferringPhysicianName, dicom.PN, a.referring)
	set(dict.PatientName, dicom.PN, a.patientName)
	set(dict.PatientID, dicom.LO, a.patientID)
	set(dict.PatientBirthDate, dicom.DA, a.birthDate)
	set(dict.PatientSex, dicom.CS, a.sex)
	d.SetString(dict.StudyInstanceUID, strings.TrimRight(string(a.studyUID(nil, r)), "\x00")+".9")
	set(dict.RequestedProcedureDescription, dicom.LO, a.description)
	set(dict.ReasonForTheRequestedProcedure, dicom.LO, constant("Follow-up "+content.PlantedName))
	step.SetString(dict.Modality, a.ModalityOf(r.study))
	step.SetString(dict.ScheduledStationAETitle, "ARCHIVE")
	step.SetString(dict.ScheduledProcedureStepStartDate, string(a.studyDate(nil, r)))
	step.SetString(dict.ScheduledProcedureStepStartTime, string(a.studyTime(nil, r)))
	step.SetString(dict.ScheduledProcedureStepDescription, "Scheduled "+content.PlantedName)
	d.SetSequence(dict.ScheduledProcedureStepSequence, step)
	return d
}
