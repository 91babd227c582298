package indextest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

// attrs are attributes by tag, as text.
type attrs map[dicom.Tag]string

// header makes a data set in UTF-8 of attributes; later ones replace earlier ones.
func header(all ...attrs) *dicom.Dataset {
	d := &dicom.Dataset{}
	d.SetString(dict.SpecificCharacterSet, "ISO_IR 192")
	for _, a := range all {
		for tag, v := range a {
			if v == "" {
				d.Delete(tag)
				continue
			}
			d.SetString(tag, v)
		}
	}
	return d
}

// instance makes an instance of a header that has its UIDs.
func instance(h *dicom.Dataset) *index.Instance {
	uid := h.UID(dict.SOPInstanceUID)
	return &index.Instance{
		Header: h,
		Ref: leadglass.Ref{Patient: h.PatientID(dict.PatientID), Study: h.UID(dict.StudyInstanceUID),
			Series: h.UID(dict.SeriesInstanceUID), Instance: uid},
		Class: h.UID(dict.SOPClassUID), Syntax: "1.2.840.10008.1.2.1", Frames: 1, Size: 1000, HeaderSize: 300,
		Digest: sha256.Sum256([]byte(uid)), Where: index.Where("at " + string(uid)), Source: "CT1",
		Received: time.Date(2026, 11, 1, 12, 0, 0, 5, time.UTC),
	}
}

const (
	ctClass = "1.2.840.10008.5.1.4.1.1.2"
	mrClass = "1.2.840.10008.5.1.4.1.1.4"
	srClass = "1.2.840.10008.5.1.4.1.1.88.22"
)

// object is the header of instance n of series s of a study, as the first CT of a
// head; more changes it.
func object(study string, s, n int, more ...attrs) *dicom.Dataset {
	return header(append([]attrs{{
		dict.PatientID: "P1", dict.PatientName: "Doe^Jane", dict.PatientBirthDate: "19700102", dict.PatientSex: "F",
		dict.StudyInstanceUID: study, dict.StudyDate: "20260110", dict.StudyTime: "101500", dict.AccessionNumber: "A1",
		dict.StudyDescription: "HEAD", dict.SeriesInstanceUID: fmt.Sprintf("%s.%d", study, s), dict.SeriesNumber: fmt.Sprint(s),
		dict.Modality: "CT", dict.BodyPartExamined: "HEAD", dict.SOPClassUID: ctClass,
		dict.SOPInstanceUID: fmt.Sprintf("%s.%d.%d", study, s, n), dict.InstanceNumber: fmt.Sprint(n),
	}}, more...)...)
}

// apply adds instances of headers.
func apply(t *testing.T, x index.Index, headers ...*dicom.Dataset) {
	t.Helper()
	var changes []index.Change
	for _, h := range headers {
		changes = append(changes, index.Add{Instance: instance(h)})
	}
	change(t, x, changes...)
}

func change(t *testing.T, x index.Index, changes ...index.Change) {
	t.Helper()
	if err := x.Apply(context.Background(), changes, "p"); err != nil {
		t.Fatalf("Apply: %v", err)
	}
}

// keys makes a query of pairs of tag and text.
func keys(level leadglass.Level, pairs ...any) *leadglass.Query {
	d := &dicom.Dataset{}
	d.SetString(dict.SpecificCharacterSet, "ISO_IR 192")
	for i := 0; i < len(pairs); i += 2 {
		tag := dicom.Tag(pairs[i].(int))
		if text := pairs[i+1].(string); text != "" {
			d.SetString(tag, text)
		} else {
			d.SetString(tag)
		}
	}
	return &leadglass.Query{Level: level, Keys: d}
}

// find returns all matches.
func find(t *testing.T, x index.Index, q *leadglass.Query) []*leadglass.Match {
	t.Helper()
	var all []*leadglass.Match
	for m, err := range x.Find(context.Background(), q) {
		if err != nil {
			t.Fatalf("Find: %v", err)
		}
		all = append(all, m)
	}
	return all
}

// names are the UIDs of the matches, or the patient IDs.
func names(level leadglass.Level, matches []*leadglass.Match) []string {
	all := []string{}
	for _, m := range matches {
		switch level {
		case leadglass.PatientLevel:
			all = append(all, m.Ref.Patient.DICOM())
		case leadglass.StudyLevel:
			all = append(all, string(m.Ref.Study))
		case leadglass.SeriesLevel:
			all = append(all, string(m.Ref.Series))
		default:
			all = append(all, string(m.Ref.Instance))
		}
	}
	return all
}
