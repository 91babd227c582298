package scp

import (
	"errors"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// What an identifier can lack. Its values are not told.
var (
	errService = errors.New("scp: the device is not enrolled for this service")
	errLevel   = errors.New("scp: the level is missing or not one of the information model")
	errUnique  = errors.New("scp: a unique key above the level is missing or not a single value")
	errOwnKey  = errors.New("scp: a retrieval does not name what to retrieve")
	errPatient = errors.New("scp: a retrieval names more than one patient")
	errRefs    = errors.New("scp: more is named than one retrieval may")
)

func invalid(err error) error { return &leadglass.Error{Code: leadglass.Invalid, Err: err} }

// model is what an information model has (PS3.4 sections C.6.1 to C.6.3).
type model struct{ top, bottom leadglass.Level }

func modelOf(class dicom.UID) model {
	switch class {
	case dimse.StudyRootFind, dimse.StudyRootGet, dimse.StudyRootMove:
		return model{leadglass.StudyLevel, leadglass.InstanceLevel}
	case dimse.PatientStudyOnlyFind, dimse.PatientStudyOnlyGet, dimse.PatientStudyOnlyMove:
		return model{leadglass.PatientLevel, leadglass.StudyLevel}
	}
	return model{leadglass.PatientLevel, leadglass.InstanceLevel}
}

// levelOf reads (0008,0052).
func (m model) levelOf(d *dicom.Dataset) (leadglass.Level, error) {
	text := strings.ToUpper(d.String(dict.QueryRetrieveLevel))
	for l := m.top; l <= m.bottom; l++ {
		if text == l.String() || l == leadglass.InstanceLevel && text == "INSTANCE" {
			return l, nil
		}
	}
	return 0, invalid(errLevel)
}

// uniqueKey is the unique key of a level.
func uniqueKey(l leadglass.Level) dicom.Tag {
	return [...]dicom.Tag{dict.PatientID, dict.StudyInstanceUID, dict.SeriesInstanceUID, dict.SOPInstanceUID}[l]
}

// hierarchical checks that the unique keys above the level are there, with a
// single value each (PS3.4 sections C.4.1.2.1 and C.4.2.2.1).
func (m model) hierarchical(d *dicom.Dataset, level leadglass.Level) error {
	for l := m.top; l < level; l++ {
		values := d.Strings(uniqueKey(l))
		if len(values) != 1 || values[0] == "" || strings.ContainsAny(values[0], "*?") {
			return invalid(errUnique)
		}
	}
	return nil
}

// refs are what a retrieval names: of its level any number, above it one each.
func (m model) refs(d *dicom.Dataset, level leadglass.Level, most int) ([]leadglass.Ref, error) {
	above := leadglass.Ref{Patient: dicom.PatientID(d.String(dict.PatientID))}
	if m.top > leadglass.PatientLevel {
		above.Patient = "" // no key of the model
	}
	if level > leadglass.StudyLevel {
		above.Study = single(d, dict.StudyInstanceUID)
	}
	if level > leadglass.SeriesLevel {
		above.Series = single(d, dict.SeriesInstanceUID)
	}
	if level == leadglass.PatientLevel {
		if n := len(d.Strings(dict.PatientID)); n != 1 || above.Patient == "" || strings.ContainsAny(string(above.Patient), "*?") {
			return nil, invalid(errPatient)
		}
		return []leadglass.Ref{above}, nil
	}
	var refs []leadglass.Ref
	for _, uid := range d.Strings(uniqueKey(level)) {
		if uid == "" || strings.ContainsAny(uid, "*?") {
			return nil, invalid(errOwnKey)
		}
		ref := above
		*uidOf(&ref, level) = dicom.UID(uid)
		refs = append(refs, ref)
	}
	switch {
	case len(refs) == 0:
		return nil, invalid(errOwnKey)
	case len(refs) > most:
		return nil, &leadglass.Error{Code: leadglass.Limited, Err: errRefs}
	}
	return refs, nil
}

func single(d *dicom.Dataset, tag dicom.Tag) dicom.UID {
	if values := d.Strings(tag); len(values) == 1 {
		return dicom.UID(values[0])
	}
	return ""
}

func uidOf(r *leadglass.Ref, l leadglass.Level) *dicom.UID {
	switch l {
	case leadglass.StudyLevel:
		return &r.Study
	case leadglass.SeriesLevel:
		return &r.Series
	}
	return &r.Instance
}
