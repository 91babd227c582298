package fleet

import (
	"encoding/binary"
	"strconv"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// level is a level of the information models (PS3.4 section C.6).
type level uint8

const (
	patientLevel level = iota
	studyLevel
	seriesLevel
	imageLevel
)

// levelOf reads Query/Retrieve Level.
func levelOf(text string) (level, bool) {
	for i, name := range levelNames {
		if name == text {
			return level(i), true
		}
	}
	return 0, false
}

var levelNames = [...]string{"PATIENT", "STUDY", "SERIES", "IMAGE"}

// writer appends the value of an attribute for one answer.
type writer func(dst []byte, r *row) []byte

// attribute returns how a level's answers fill a return key; nil where they do
// not have it, and then the key comes back empty.
func (a *archive) attribute(tag dicom.Tag, at level) writer {
	if w := a.ofPatient(tag); w != nil {
		return w
	}
	if at >= studyLevel {
		if w := a.ofStudy(tag); w != nil {
			return w
		}
	}
	if at >= seriesLevel {
		if w := a.ofSeries(tag); w != nil {
			return w
		}
	}
	if at >= imageLevel {
		return a.ofImage(tag)
	}
	return nil
}

func (a *archive) ofPatient(tag dicom.Tag) writer {
	switch tag {
	case dict.SpecificCharacterSet:
		return constant(a.names.Charset)
	case dict.RetrieveAETitle:
		return constant("ARCHIVE")
	case dict.InstanceAvailability:
		return constant("ONLINE")
	case dict.PatientName:
		return a.patientName
	case dict.PatientID:
		return a.patientID
	case dict.PatientBirthDate:
		return a.birthDate
	case dict.PatientSex:
		return a.sex
	case dict.NumberOfPatientRelatedStudies:
		return number(func(r *row) uint64 { return a.StudiesOf(r.patient) })
	case dict.NumberOfPatientRelatedInstances:
		return number(func(r *row) uint64 { return a.ImagesOfPatient(r.patient) })
	}
	return nil
}

func (a *archive) ofStudy(tag dicom.Tag) writer {
	switch tag {
	case dict.StudyInstanceUID:
		return a.studyUID
	case dict.StudyDate:
		return a.studyDate
	case dict.StudyTime:
		return a.studyTime
	case dict.AccessionNumber:
		return a.accession
	case dict.ModalitiesInStudy:
		return a.modality
	case dict.ReferringPhysicianName:
		return a.referring
	case dict.StudyDescription:
		return a.description
	case dict.StudyID:
		return number(func(r *row) uint64 { return r.study + 1 })
	case dict.NumberOfStudyRelatedSeries:
		return number(func(r *row) uint64 { return a.SeriesOf(r.study) })
	case dict.NumberOfStudyRelatedInstances:
		if a.service.Silent >= plan.SilentStudy {
			return nil
		}
		return number(func(r *row) uint64 { return a.ImagesOf(r.study) })
	}
	return nil
}

func (a *archive) ofSeries(tag dicom.Tag) writer {
	switch tag {
	case dict.SeriesInstanceUID:
		return a.seriesUID
	case dict.Modality:
		return a.modality
	case dict.SeriesNumber:
		return number(func(r *row) uint64 { return r.series + 1 })
	case dict.SeriesDate:
		return a.studyDate
	case dict.SeriesDescription:
		return constant("Series " + content.PlantedName)
	case dict.NumberOfSeriesRelatedInstances:
		if a.service.Silent >= plan.SilentSeries {
			return nil
		}
		return number(func(r *row) uint64 { return a.ImagesOfSeries(r.study, r.series) })
	}
	return nil
}

func (a *archive) ofImage(tag dicom.Tag) writer {
	switch tag {
	case dict.SOPClassUID:
		return constant(string(secondaryCapture))
	case dict.SOPInstanceUID:
		return a.instanceUID
	case dict.InstanceNumber:
		return number(func(r *row) uint64 { return r.instance + 1 })
	}
	return nil
}

func constant(text string) writer {
	return func(dst []byte, _ *row) []byte { return append(dst, text...) }
}

func number(of func(*row) uint64) writer {
	return func(dst []byte, r *row) []byte { return strconv.AppendUint(dst, of(r), 10) }
}

// column is one element of the answers: its header, and how to fill it.
type column struct {
	tag    dicom.Tag
	vr     dicom.VR
	header []byte // with a length of zero
	write  writer // nil leaves the element empty
	long   bool   // the length has four bytes, else two
}

// newColumn lays the header down (PS3.5 section 7.1.2 and 7.1.3).
func newColumn(tag dicom.Tag, vr dicom.VR, ts *dicom.TransferSyntax, write writer) column {
	c := column{tag: tag, vr: vr, write: write, long: ts.ImplicitVR || wide(vr)}
	h := binary.LittleEndian.AppendUint16(nil, uint16(tag>>16))
	h = binary.LittleEndian.AppendUint16(h, uint16(tag))
	if !ts.ImplicitVR {
		h = append(h, byte(vr>>8), byte(vr))
		if c.long {
			h = append(h, 0, 0)
		}
	}
	c.header = append(h, 0, 0)
	if c.long {
		c.header = append(c.header, 0, 0)
	}
	return c
}

// wide says whether the length of a VR has four bytes in explicit syntaxes
// (PS3.5 table 7.1-1).
func wide(vr dicom.VR) bool {
	switch vr {
	case dicom.OB, dicom.OD, dicom.OF, dicom.OL, dicom.OV, dicom.OW, dicom.SQ, dicom.SV,
		dicom.UC, dicom.UN, dicom.UR, dicom.UT, dicom.UV:
		return true
	}
	return false
}

// append appends the element of one answer: header, value, padding, length.
func (c *column) append(dst []byte, r *row) []byte {
	dst = append(dst, c.header...)
	if c.write == nil {
		return dst
	}
	at := len(dst)
	dst = c.write(dst, r)
	if (len(dst)-at)%2 != 0 {
		if c.vr == dicom.UI {
			dst = append(dst, 0)
		} else {
			dst = append(dst, ' ')
		}
	}
	if c.long {
		binary.LittleEndian.PutUint32(dst[at-4:], uint32(len(dst)-at))
	} else {
		binary.LittleEndian.PutUint16(dst[at-2:], uint16(len(dst)-at))
	}
	return dst
}
