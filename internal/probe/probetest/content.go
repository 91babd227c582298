package probetest

import (
	"fmt"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Planted are values that no output of a survey may show.
func Planted() []string {
	return []string{
		"QUASIMODO^ESMERALDA", "QUASIMODO", "ESMERALDA", "PID-81726354", "19310417", "20190704",
		"FRACTURED ZYGOMA", "FROLLO^CLAUDE", "FROLLO",
	}
}

// Patients makes n answers at patient level, each with every attribute.
func Patients(n int) []*dicom.Dataset {
	all := make([]*dicom.Dataset, n)
	for i := range all {
		d := &dicom.Dataset{}
		d.SetString(dict.QueryRetrieveLevel, "PATIENT")
		person(d, i)
		all[i] = d
	}
	return all
}

// Studies makes n answers at study level, each with every attribute.
func Studies(n int) []*dicom.Dataset {
	all := make([]*dicom.Dataset, n)
	for i := range all {
		d := &dicom.Dataset{}
		d.SetString(dict.QueryRetrieveLevel, "STUDY")
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("1.2.826.0.1.%d", i+1))
		d.SetString(dict.StudyDate, "20190704")
		d.SetString(dict.StudyDescription, "FRACTURED ZYGOMA")
		d.SetString(dict.ReferringPhysicianName, "FROLLO^CLAUDE")
		d.SetString(dict.NumberOfStudyRelatedInstances, "3")
		person(d, i)
		all[i] = d
	}
	return all
}

func person(d *dicom.Dataset, i int) {
	d.SetString(dict.PatientName, "QUASIMODO^ESMERALDA")
	d.SetString(dict.PatientID, fmt.Sprintf("PID-81726354-%d", i+1)) // each is somebody else
	d.SetString(dict.PatientBirthDate, "19310417")
}

// Empty makes n answers that hold nothing about anybody.
func Empty(n int) []*dicom.Dataset {
	all := make([]*dicom.Dataset, n)
	for i := range all {
		d := &dicom.Dataset{}
		d.SetString(dict.QueryRetrieveLevel, "STUDY")
		d.SetString(dict.StudyInstanceUID, fmt.Sprintf("1.2.826.0.2.%d", i+1))
		d.SetString(dict.PatientName)
		d.SetString(dict.PatientID)
		all[i] = d
	}
	return all
}
