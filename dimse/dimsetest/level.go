package dimsetest

import (
	"slices"
	"strconv"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// The attributes that the archive handles itself.
const (
	specificCharacterSet dicom.Tag = 0x00080005
	sopClassUID          dicom.Tag = 0x00080016
	sopInstanceUID       dicom.Tag = 0x00080018
	queryRetrieveLevel   dicom.Tag = 0x00080052
	retrieveAETitle      dicom.Tag = 0x00080054
	modality             dicom.Tag = 0x00080060
	modalitiesInStudy    dicom.Tag = 0x00080061
	timezoneOffset       dicom.Tag = 0x00080201
	patientID            dicom.Tag = 0x00100020
	studyInstanceUID     dicom.Tag = 0x0020000D
	seriesInstanceUID    dicom.Tag = 0x0020000E
	patientStudies       dicom.Tag = 0x00201200
	patientSeries        dicom.Tag = 0x00201202
	patientInstances     dicom.Tag = 0x00201204
	studySeries          dicom.Tag = 0x00201206
	studyInstances       dicom.Tag = 0x00201208
	seriesInstances      dicom.Tag = 0x00201209
)

// level is the unique key of a query level (PS3.4 section C.6.1.1.1).
type level dicom.Tag

const noLevel level = 0

// levelOf reads the level of a query; study root has no patient level.
func levelOf(q *dimse.Query) level {
	switch q.Identifier.String(queryRetrieveLevel) {
	case "PATIENT":
		if q.Model == dimse.StudyRootFind || q.Model == dimse.StudyRootGet || q.Model == dimse.StudyRootMove {
			return noLevel
		}
		return level(patientID)
	case "STUDY":
		return level(studyInstanceUID)
	case "SERIES":
		return level(seriesInstanceUID)
	case "IMAGE":
		return level(sopInstanceUID)
	}
	return noLevel
}

// entity is a patient, study, series or instance with the objects that matched.
type entity []*Object

// entities groups objects by the unique key, in the order of their coming.
func (lv level) entities(objects []*Object) []entity {
	var list []entity
	place := map[string]int{}
	for _, o := range objects {
		key := o.Header.String(dicom.Tag(lv))
		i, ok := place[key]
		if !ok {
			i = len(list)
			place[key] = i
			list = append(list, nil)
		}
		list[i] = append(list[i], o)
	}
	return list
}

// answer is the identifier that answers the keys: those that the entity has
// with their value, the others empty (PS3.4 section C.4.1.1.3.2).
func (e entity) answer(keys *dicom.Dataset, self ul.AETitle) *dicom.Dataset {
	header := e[0].Header
	d := new(dicom.Dataset)
	if cs := header.Get(specificCharacterSet); cs != nil {
		d.Set(*cs)
	}
	for _, k := range keys.Elements {
		switch {
		case k.Tag == specificCharacterSet || k.Tag == timezoneOffset || k.Tag&0xFFFF == 0:
		case k.Tag == queryRetrieveLevel:
			d.Set(k)
		case control(k.Tag):
			d.SetString(k.Tag, e.counted(k.Tag)...)
		default:
			d.Set(held(header, k))
		}
	}
	d.SetString(retrieveAETitle, string(self))
	return d
}

// held is the element as the object has it, or empty.
func held(header *dicom.Dataset, k dicom.Element) dicom.Element {
	if e := header.Get(k.Tag); e != nil {
		return *e
	}
	return dicom.Element{Tag: k.Tag, VR: k.VR}
}

// counted is a number of related entities, or the modalities in the study.
func (e entity) counted(tag dicom.Tag) []string {
	switch tag {
	case patientStudies:
		return []string{strconv.Itoa(len(e.distinct(studyInstanceUID)))}
	case patientSeries, studySeries:
		return []string{strconv.Itoa(len(e.distinct(seriesInstanceUID)))}
	case patientInstances, studyInstances, seriesInstances:
		return []string{strconv.Itoa(len(e))}
	case modalitiesInStudy:
		return e.distinct(modality)
	}
	return nil
}

// distinct returns the values of an attribute, each once.
func (e entity) distinct(tag dicom.Tag) []string {
	var list []string
	for _, o := range e {
		if v := o.Header.String(tag); !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}
