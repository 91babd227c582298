package probe_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
)

// looked looks at answers of C-FIND that hold these values.
func looked(t *testing.T, answers ...map[dicom.Tag][]string) *probe.Sample {
	t.Helper()
	s := &probe.Sample{}
	for _, values := range answers {
		d := &dicom.Dataset{}
		for _, tag := range slices.Sorted(maps.Keys(values)) {
			d.SetString(tag, values[tag]...)
		}
		b, err := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
		if err != nil {
			t.Fatal(err)
		}
		probe.LookAtAnswer(s, b, dicom.ImplicitVRLittleEndian)
	}
	return s
}

// TestSample_EachAttribute: what identifies somebody is told by its keyword, by
// C-FIND and QIDO-RS alike, and nothing else is; empty is not there.
func TestSample_EachAttribute(t *testing.T) {
	for _, tt := range []struct {
		tag     dicom.Tag
		value   string
		keyword string
	}{
		{dict.PatientName, "QUASIMODO^ESMERALDA", "PatientName"},
		{dict.PatientID, "PID-81726354", "PatientID"},
		{dict.PatientBirthDate, "19310417", "PatientBirthDate"},
		{dict.StudyDate, "20190704", "StudyDate"},
		{dict.StudyDescription, "FRACTURED ZYGOMA", "StudyDescription"},
		{dict.RequestedProcedureDescription, "FRACTURED ZYGOMA", "RequestedProcedureDescription"},
		{dict.ReasonForTheRequestedProcedure, "FRACTURED ZYGOMA", "ReasonForTheRequestedProcedure"},
		{dict.ReferringPhysicianName, "FROLLO^CLAUDE", "ReferringPhysicianName"},
		{dict.OtherPatientIDs, "PID-81726354", ""},
		{dict.PatientSex, "O", ""},
		{dict.StudyInstanceUID, "1.2.3", ""},
		{dict.PatientName, "^^^^", ""},
		{dict.PatientName, "^=^", ""},
		{dict.ReferringPhysicianName, " ", ""},
		{dict.PatientID, "", ""},
	} {
		var want []string
		if tt.keyword != "" {
			want = []string{tt.keyword}
		}
		s := looked(t, map[dicom.Tag][]string{tt.tag: {tt.value}})
		if got := slices.Sorted(maps.Keys(s.Attributes)); !slices.Equal(got, want) {
			t.Errorf("C-FIND with %v %q: %q, want %q", tt.tag, tt.value, got, want)
		}
		checkNothingKept(t, s)
		web := &probe.Sample{}
		d := &dicom.Dataset{}
		d.SetString(tt.tag, tt.value)
		body := append(dicom.AppendJSON([]byte("["), d, dicom.JSONOptions{}), ']')
		if err := probe.LookAtMatches(web, body); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
		if got := slices.Sorted(maps.Keys(web.Attributes)); !slices.Equal(got, want) {
			t.Errorf("QIDO-RS with %s: %q, want %q", body, got, want)
		}
		checkNothingKept(t, web)
	}
}

// checkNothingKept: whatever way facts are written, no value is in them.
func checkNothingKept(t *testing.T, s *probe.Sample) {
	t.Helper()
	written, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	shown := string(written) + fmt.Sprintf("%+v", *s)
	for _, planted := range append(probetest.Planted(), "866-40-0001", "1098765432") {
		if strings.Contains(shown, planted) {
			t.Errorf("%q was kept: %s", planted, shown)
		}
	}
}

// TestSample_GovernmentIDs: an answer counts once for each kind, however many
// of its attributes repeat the number.
func TestSample_GovernmentIDs(t *testing.T) {
	s := looked(t,
		map[dicom.Tag][]string{dict.PatientID: {"866-40-0001"}, dict.OtherPatientIDs: {"866-40-0001", "DOD 1098765432"}},
		map[dicom.Tag][]string{dict.PatientID: {"866-40-0001"}},
		map[dicom.Tag][]string{dict.PatientID: {"PID-81726354"}, dict.OtherPatientIDs: {"866-40-0001"}},
		map[dicom.Tag][]string{dict.PatientID: {"PID-81726354"}},
		map[dicom.Tag][]string{dict.PatientName: {"866-40-0001"}}, // no place for an identifier
	)
	want := map[string]int{"us-ssn": 3, "us-military": 1}
	if !maps.Equal(s.GovernmentIDs, want) || s.Answers != 5 {
		t.Errorf("%v of %d answers, want %v of 5", s.GovernmentIDs, s.Answers, want)
	}
	if got := (&probe.Facts{DICOM: &probe.DICOM{Study: probe.Find{Sample: *s}}}).GovernmentIDs()["us-ssn"]; got != 3 {
		t.Errorf("the facts count %d, want 3", got)
	}
	checkNothingKept(t, s)
}

// TestSample_Ransom: a text that reads like a ransom note is an indicator, and
// is not kept.
func TestSample_Ransom(t *testing.T) {
	const note = "YOUR FILES ARE ENCRYPTED. SEND 2 BITCOIN"
	for _, tt := range []struct {
		tag   dicom.Tag
		value string
		want  []string
	}{
		{dict.StudyDescription, note, []string{"ransom-note"}},
		{dict.PatientName, note, []string{"ransom-note"}},
		{dict.StudyDescription, "FRACTURED ZYGOMA", nil},
		{dict.StudyInstanceUID, note, nil},
	} {
		s := looked(t, map[dicom.Tag][]string{tt.tag: {tt.value}}, map[dicom.Tag][]string{dict.PatientName: {"QUASIMODO^ESMERALDA"}})
		f := &probe.Facts{DICOM: &probe.DICOM{Worklist: probe.Find{Sample: *s}}}
		if got := f.Indicators(); !slices.Equal(got, tt.want) {
			t.Errorf("%v %q: %q, want %q", tt.tag, tt.value, got, tt.want)
		}
		if shown := fmt.Sprintf("%+v", *s); strings.Contains(shown, "BITCOIN") {
			t.Errorf("the text was kept: %s", shown)
		}
	}
}
