package origin

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

// What is answered without being asked for (PS3.18 tables 10.6.3-3 to 10.6.3-5).
// Those of the levels above come with it where the path does not name them.
const (
	studyFields = "StudyDate StudyTime AccessionNumber InstanceAvailability ModalitiesInStudy ReferringPhysicianName " +
		"TimezoneOffsetFromUTC PatientName PatientID PatientBirthDate PatientSex StudyInstanceUID StudyID " +
		"NumberOfStudyRelatedSeries NumberOfStudyRelatedInstances"
	seriesFields = "Modality TimezoneOffsetFromUTC SeriesDescription StudyInstanceUID SeriesInstanceUID SeriesNumber " +
		"NumberOfSeriesRelatedInstances PerformedProcedureStepStartDate PerformedProcedureStepStartTime RequestAttributesSequence"
	instanceFields = "SOPClassUID SOPInstanceUID InstanceAvailability TimezoneOffsetFromUTC StudyInstanceUID SeriesInstanceUID " +
		"InstanceNumber Rows Columns BitsAllocated NumberOfFrames"
)

// queryOf is the query of a search.
func queryOf(q dicomweb.Query) (*leadglass.Query, error) {
	out := &leadglass.Query{Level: leadglass.StudyLevel + leadglass.Level(q.Level), Keys: &dicom.Dataset{}, Fuzzy: q.FuzzyMatching}
	out.Keys.SetString(dict.SpecificCharacterSet, "ISO_IR 192")
	for _, word := range strings.Fields(fields(q)) {
		if e, ok := dict.ByKeyword(word); ok {
			ask(out.Keys, dicomweb.Attribute{dicom.Tag(e.Tag)})
		}
	}
	for _, a := range q.Include {
		if len(a) == 0 {
			out.All = true
			continue
		}
		ask(out.Keys, a)
	}
	for _, m := range q.Match {
		if err := match(out.Keys, m.Attribute, m.Value); err != nil {
			return nil, err
		}
	}
	for _, within := range []struct {
		tag dicom.Tag
		uid dicom.UID
	}{{dict.StudyInstanceUID, q.Study}, {dict.SeriesInstanceUID, q.Series}} {
		if within.uid != "" {
			out.Keys.SetString(within.tag, string(within.uid)) // the path, whatever the query says
		}
	}
	return out, nil
}

func fields(q dicomweb.Query) string {
	switch q.Level {
	case dicomweb.Series:
		if q.Study == "" {
			return studyFields + " " + seriesFields
		}
		return seriesFields
	case dicomweb.Instances:
		if q.Study == "" {
			return studyFields + " " + seriesFields + " " + instanceFields
		}
		if q.Series == "" {
			return seriesFields + " " + instanceFields
		}
		return instanceFields
	}
	return studyFields
}

// bad names what is wrong with a query by its tag, never by its value.
func bad(format string, tag dicom.Tag) error {
	return &dicomweb.Problem{HTTP: http.StatusBadRequest, Detail: fmt.Sprintf(format, tag)}
}

// ask adds a key without a value.
func ask(keys *dicom.Dataset, a dicomweb.Attribute) {
	d := within(keys, a)
	tag := a[len(a)-1]
	if d == nil || d.Get(tag) != nil {
		return
	}
	d.Set(emptyElement(tag))
}

func emptyElement(tag dicom.Tag) dicom.Element {
	e := dicom.Element{Tag: tag, VR: vrOf(tag)}
	if e.VR == dicom.SQ {
		e.Items = []*dicom.Dataset{}
	}
	return e
}

func vrOf(tag dicom.Tag) dicom.VR {
	if s := dict.VROf(uint32(tag)); len(s) == 2 {
		return dicom.VR(s[0])<<8 | dicom.VR(s[1])
	}
	return dicom.UN
}

// within is the data set that the last tag of an attribute stands in. It is nil
// where a tag before it is no sequence.
func within(keys *dicom.Dataset, a dicomweb.Attribute) *dicom.Dataset {
	for _, tag := range a[:len(a)-1] {
		if vrOf(tag) != dicom.SQ {
			return nil
		}
		items := keys.Sequence(tag)
		if len(items) == 0 {
			items = []*dicom.Dataset{{}}
			keys.SetSequence(tag, items...)
		}
		keys = items[0]
	}
	return keys
}

// match adds a matching key. Lists of UIDs may come with commas, with backslashes
// or as several parameters (PS3.18 section 8.3.4.1).
func match(keys *dicom.Dataset, a dicomweb.Attribute, value string) error {
	d := within(keys, a)
	tag := a[len(a)-1]
	vr := vrOf(tag)
	if d == nil || vr == dicom.SQ && value != "" {
		return bad("a value for %v, or one within something that is no sequence", tag)
	}
	if value == "" {
		ask(keys, a)
		return nil
	}
	var values []string
	if vr == dicom.UI {
		values = strings.FieldsFunc(value, func(r rune) bool { return r == ',' || r == '\\' })
		values = append(d.Strings(tag), values...)
	} else if e := d.Get(tag); e != nil && len(e.Value) > 0 {
		return bad("two values for %v", tag)
	} else {
		values = []string{value}
	}
	return set(d, tag, vr, values)
}

// set sets a value. Of the binary VRs only integers are ever matched.
func set(d *dicom.Dataset, tag dicom.Tag, vr dicom.VR, values []string) error {
	bits := map[dicom.VR]int{dicom.US: 16, dicom.UL: 32}[vr]
	switch {
	case bits > 0:
		n, err := strconv.ParseUint(values[0], 10, bits)
		if err != nil {
			return bad("the value for %v is no number", tag)
		}
		if bits == 16 {
			d.SetUint16(tag, uint16(n))
		} else {
			d.SetUint32(tag, uint32(n))
		}
	case !matchable(vr):
		return bad("%v cannot be matched", tag)
	default:
		d.SetString(tag, values...)
	}
	return nil
}

// matchable says whether values of the VR are text.
func matchable(vr dicom.VR) bool {
	switch vr {
	case dicom.AE, dicom.AS, dicom.CS, dicom.DA, dicom.DS, dicom.DT, dicom.IS, dicom.LO, dicom.LT, dicom.PN,
		dicom.SH, dicom.ST, dicom.TM, dicom.UC, dicom.UI, dicom.UR, dicom.UT:
		return true
	}
	return false
}
