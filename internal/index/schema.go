package index

import (
	"slices"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// kept lists what is kept of each level: the required and the common optional
// keys of PS3.4 sections C.6.1 and C.6.2 and of PS3.18 tables 10.6.3-3 to
// 10.6.3-5. To return one more key in a query, and to match it, add one line; the
// index is then made anew from the objects when it is next opened.
//
// A tag may stand at several levels; a query takes the one nearest to its own.
func kept() [4][]dicom.Tag {
	return [4][]dicom.Tag{
		leadglass.PatientLevel:  keptPatient(),
		leadglass.StudyLevel:    keptStudy(),
		leadglass.SeriesLevel:   keptSeries(),
		leadglass.InstanceLevel: keptInstance(),
	}
}

func keptPatient() []dicom.Tag {
	return []dicom.Tag{
		dict.PatientName,
		dict.PatientID,
		dict.IssuerOfPatientID,
		dict.IssuerOfPatientIDQualifiersSequence,
		dict.TypeOfPatientID,
		dict.PatientBirthDate,
		dict.PatientBirthTime,
		dict.PatientSex,
		dict.OtherPatientIDs,
		dict.OtherPatientNames,
		dict.OtherPatientIDsSequence,
		dict.EthnicGroup,
		dict.PatientComments,
		dict.PatientSpeciesDescription,
		dict.PatientBreedDescription,
		dict.ResponsiblePerson,
		dict.ResponsibleOrganization,
		dict.PatientIdentityRemoved,
	}
}

func keptStudy() []dicom.Tag {
	return []dicom.Tag{
		dict.StudyInstanceUID,
		dict.StudyDate,
		dict.StudyTime,
		dict.AccessionNumber,
		dict.IssuerOfAccessionNumberSequence,
		dict.StudyID,
		dict.ReferringPhysicianName,
		dict.ConsultingPhysicianName,
		dict.StudyDescription,
		dict.ProcedureCodeSequence,
		dict.PhysiciansOfRecord,
		dict.NameOfPhysiciansReadingStudy,
		dict.AdmittingDiagnosesDescription,
		dict.AdmittingDiagnosesCodeSequence,
		dict.ReferencedStudySequence,
		dict.PatientAge,
		dict.PatientSize,
		dict.PatientWeight,
		dict.Occupation,
		dict.AdditionalPatientHistory,
		dict.AdmissionID,
		dict.ServiceEpisodeID,
		dict.TimezoneOffsetFromUTC,
		dict.InstitutionName,
		dict.InstitutionalDepartmentName,
	}
}

func keptSeries() []dicom.Tag {
	return []dicom.Tag{
		dict.SeriesInstanceUID,
		dict.Modality,
		dict.SeriesNumber,
		dict.SeriesDate,
		dict.SeriesTime,
		dict.SeriesDescription,
		dict.SeriesDescriptionCodeSequence,
		dict.BodyPartExamined,
		dict.Laterality,
		dict.PatientPosition,
		dict.ProtocolName,
		dict.OperatorsName,
		dict.PerformingPhysicianName,
		dict.Manufacturer,
		dict.ManufacturerModelName,
		dict.StationName,
		dict.DeviceSerialNumber,
		dict.SoftwareVersions,
		dict.InstitutionName,
		dict.InstitutionalDepartmentName,
		dict.TimezoneOffsetFromUTC,
		dict.PresentationIntentType,
		dict.FrameOfReferenceUID,
		dict.ReferencedPerformedProcedureStepSequence,
		dict.PerformedProcedureStepStartDate,
		dict.PerformedProcedureStepStartTime,
		dict.PerformedProcedureStepID,
		dict.PerformedProcedureStepDescription,
		dict.PerformedProtocolCodeSequence,
		dict.RequestAttributesSequence,
	}
}

func keptInstance() []dicom.Tag {
	return []dicom.Tag{
		dict.SOPClassUID,
		dict.SOPInstanceUID,
		dict.InstanceNumber,
		dict.ImageType,
		dict.InstanceCreationDate,
		dict.InstanceCreationTime,
		dict.ContentDate,
		dict.ContentTime,
		dict.AcquisitionDate,
		dict.AcquisitionTime,
		dict.AcquisitionDateTime,
		dict.AcquisitionNumber,
		dict.ContentLabel,
		dict.ContentDescription,
		dict.ContentCreatorName,
		dict.PresentationCreationDate,
		dict.PresentationCreationTime,
		dict.ObservationDateTime,
		dict.ConceptNameCodeSequence,
		dict.ReferencedSeriesSequence,
		dict.ReferencedRequestSequence,
		dict.CompletionFlag,
		dict.VerificationFlag,
		dict.DocumentTitle,
		dict.Rows,
		dict.Columns,
		dict.BitsAllocated,
		dict.NumberOfFrames,
		dict.TimezoneOffsetFromUTC,
	}
}

// made lists what no header says but the index knows. It is matched and returned
// as what is kept.
func made() [4][]dicom.Tag {
	return [4][]dicom.Tag{
		leadglass.PatientLevel: {
			dict.NumberOfPatientRelatedStudies,
			dict.NumberOfPatientRelatedSeries,
			dict.NumberOfPatientRelatedInstances,
		},
		leadglass.StudyLevel: {
			dict.ModalitiesInStudy,
			dict.SOPClassesInStudy,
			dict.NumberOfStudyRelatedSeries,
			dict.NumberOfStudyRelatedInstances,
			dict.InstanceAvailability,
		},
		leadglass.SeriesLevel: {
			dict.NumberOfSeriesRelatedInstances,
			dict.InstanceAvailability,
		},
		leadglass.InstanceLevel: {
			dict.AvailableTransferSyntaxUID,
			dict.InstanceAvailability,
		},
	}
}

// attribute is one line of the lists.
type attribute struct {
	tag   dicom.Tag
	level leadglass.Level
	made  bool
	vr    dicom.VR
}

// schema is the lists in the order of use.
type schema struct {
	kept  [4][]dicom.Tag // in ascending order
	made  [4][]dicom.Tag
	byTag map[dicom.Tag][]attribute // highest level first
}

func newSchema() *schema {
	s := &schema{byTag: map[dicom.Tag][]attribute{}}
	ours := made()
	for l, tags := range kept() {
		s.kept[l] = slices.Sorted(slices.Values(tags))
		s.made[l] = ours[l]
		for _, tag := range s.kept[l] {
			s.add(attribute{tag: tag, level: leadglass.Level(l)})
		}
		for _, tag := range ours[l] {
			s.add(attribute{tag: tag, level: leadglass.Level(l), made: true})
		}
	}
	return s
}

func (s *schema) add(a attribute) {
	a.vr = vrOf(a.tag)
	s.byTag[a.tag] = append(s.byTag[a.tag], a)
}

// find returns the attribute of a tag nearest to a level, at it or above it.
func (s *schema) find(tag dicom.Tag, level leadglass.Level) (attribute, bool) {
	all := s.byTag[tag]
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].level <= level {
			return all[i], true
		}
	}
	return attribute{}, false
}

// String is what the index was made with: another list, another index.
func (s *schema) String() string {
	var b strings.Builder
	for l := range s.kept {
		for _, tag := range s.kept[l] {
			b.WriteString(tag.String())
		}
		b.WriteByte(';')
	}
	return b.String()
}

func vrOf(tag dicom.Tag) dicom.VR {
	name := dict.VROf(uint32(tag))
	if len(name) < 2 {
		return dicom.UN
	}
	return dicom.VR(name[0])<<8 | dicom.VR(name[1])
}
