package dimsetest_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
)

// TestMatch holds PS3.4 section C.2.2.2.
func TestMatch(t *testing.T) {
	d := new(dicom.Dataset)
	d.SetString(0x00080020, "20240229")
	d.SetString(0x00080030, "101530.25")
	d.SetString(0x00080060, "CT")
	d.SetString(0x00081030, "Chest [routine]")
	d.SetString(0x00100010, "Müller^Jörg")
	d.SetString(0x00100020, "0042")
	d.SetString(0x00100030)
	d.SetString(0x00101000, "A1", "B2")
	d.SetString(0x0020000D, "1.2.3")
	step := new(dicom.Dataset)
	step.SetString(0x00400001, "CT1")
	step.SetString(0x00400002, "20240301")
	d.SetSequence(0x00400100, step)
	for _, tc := range []struct {
		name   string
		tag    dicom.Tag
		values []string
		want   bool
	}{
		{"universal", 0x00100010, nil, true},
		{"universal_of_what_is_missing", 0x00080050, nil, true},
		{"single", 0x00080060, []string{"CT"}, true},
		{"single_other", 0x00080060, []string{"MR"}, false},
		{"single_of_what_is_missing", 0x00080050, []string{"1"}, false},
		{"single_of_what_is_empty", 0x00100030, []string{"19700101"}, false},
		{"any_of_what_is_missing", 0x00080050, []string{"*"}, true},
		{"star", 0x00100020, []string{"00*"}, true},
		{"star_within", 0x00081030, []string{"C*[r*e]"}, true},
		{"star_other", 0x00100020, []string{"1*"}, false},
		{"question_mark", 0x00100020, []string{"004?"}, true},
		{"question_mark_is_one", 0x00100020, []string{"0042?"}, false},
		{"brackets_are_no_pattern", 0x00081030, []string{"Chest [a-z]*"}, false},
		{"uid", 0x0020000D, []string{"1.2.3"}, true},
		{"uid_list", 0x0020000D, []string{"9.9", "1.2.3"}, true},
		{"uid_list_other", 0x0020000D, []string{"9.9", "1.2"}, false},
		{"uid_is_no_pattern", 0x0020000D, []string{"1.2.*"}, false},
		{"one_of_several_values", 0x00101000, []string{"B2"}, true},
		{"date", 0x00080020, []string{"20240229"}, true},
		{"date_of_old", 0x00080020, []string{"2024.02.29"}, true},
		{"time_of_old", 0x00080030, []string{"10:15-10:16"}, true},
		{"date_range", 0x00080020, []string{"20240101-20241231"}, true},
		{"date_range_ends_that_day", 0x00080020, []string{"20240101-20240229"}, true},
		{"date_range_ends_before", 0x00080020, []string{"20240101-20240228"}, false},
		{"date_until", 0x00080020, []string{"-20240229"}, true},
		{"date_from", 0x00080020, []string{"20240301-"}, false},
		{"date_range_of_what_is_empty", 0x00100030, []string{"19000101-20991231"}, false},
		{"time_range", 0x00080030, []string{"1015-1016"}, true},
		{"time_range_minute", 0x00080030, []string{"1000-1015"}, true},
		{"time_range_before", 0x00080030, []string{"09-10"}, true},
		{"time_range_other", 0x00080030, []string{"11-"}, false},
		{"level_is_no_key", 0x00080052, []string{"STUDY"}, true},
		{"count_is_no_key", 0x00201208, []string{"7"}, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			keys := new(dicom.Dataset)
			keys.SetString(tc.tag, tc.values...)
			if got := dimsetest.Match(keys, d); got != tc.want {
				t.Errorf("%08X %q: %v, want %v", uint32(tc.tag), tc.values, got, tc.want)
			}
		})
	}
	for want, station := range map[bool]string{true: "CT?", false: "MR*"} {
		item, keys := new(dicom.Dataset), new(dicom.Dataset)
		item.SetString(0x00400001, station)
		item.SetString(0x00400002, "20240301-20240302")
		keys.SetSequence(0x00400100, item)
		if got := dimsetest.Match(keys, d); got != want {
			t.Errorf("sequence with %q: %v, want %v", station, got, want)
		}
	}
	for pattern, want := range map[string]bool{"müller^j*": true, "MÜLLER^JÖRG": true, "M?ller*": true, "Müller^Jörg^^": true, "Muller*": false} {
		keys := new(dicom.Dataset)
		keys.Set(dicom.Element{Tag: 0x00100010, VR: dicom.PN, Value: []byte(pattern)})
		keys.SetString(0x00080005, "ISO_IR 192")
		if got := dimsetest.Match(keys, inUTF8()); got != want {
			t.Errorf("name %q: %v, want %v", pattern, got, want)
		}
	}
}

// inUTF8 has the name in UTF-8.
func inUTF8() *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(0x00080005, "ISO_IR 192")
	d.Set(dicom.Element{Tag: 0x00100010, VR: dicom.PN, Value: []byte("Müller^Jörg ")})
	return d
}

// TestArchive_RealFiles asks an archive of real files at each level.
func TestArchive_RealFiles(t *testing.T) {
	const dir = "/usr/lib/python3/dist-packages/pydicom/data/test_files"
	if _, err := os.Stat(dir); err != nil {
		t.Skip("the files of python3-pydicom are not installed")
	}
	var files []*dicom.File
	for _, name := range []string{"CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm"} {
		f, err := dicom.ReadFile(filepath.Join(dir, name), dicom.Options{})
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	archive, err := dimsetest.NewArchive(files...)
	if err != nil {
		t.Fatal(err)
	}
	c := dimsetest.Dial(t, dimsetest.Serve(t, archive, dimse.Limits{}),
		dimsetest.Request("ME", "ARCHIVE", dimsetest.Classes(dimse.PatientRootFind, dimse.StudyRootFind)...))
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	for _, tc := range []struct {
		model dicom.UID
		level string
		count dicom.Tag
		want  []string
		end   dimse.Status
	}{
		{dimse.PatientRootFind, "PATIENT", 0x00201200, []string{"1CT1 1", "4MR1 1", "8NM1 1"}, dimse.Success},
		{dimse.StudyRootFind, "STUDY", 0x00201206, []string{"1CT1 1", "4MR1 1", "8NM1 1"}, dimse.Success},
		{dimse.StudyRootFind, "SERIES", 0x00201209, []string{"1CT1 1", "4MR1 1", "8NM1 1"}, dimse.Success},
		{dimse.StudyRootFind, "IMAGE", 0x00080061, []string{"1CT1 CT", "4MR1 MR", "8NM1 NM"}, dimse.Success},
		{dimse.StudyRootFind, "PATIENT", 0x00201200, nil, dimse.IdentifierMismatch},
		{dimse.StudyRootFind, "", 0x00201200, nil, dimse.IdentifierMismatch},
	} {
		id := new(dicom.Dataset)
		id.SetString(0x00080052, tc.level)
		id.SetString(0x00100020)
		id.SetString(tc.count)
		var got []string
		rsp, err := c.Find(ctx, &dimse.Query{Model: tc.model, Identifier: id}, func(b []byte, ts *dicom.TransferSyntax) error {
			d, err := dicom.DecodeBytes(bytes.Clone(b), ts, dicom.Options{})
			if err == nil {
				got = append(got, d.String(0x00100020)+" "+d.String(tc.count))
			}
			return err
		})
		if err != nil || rsp.Status != tc.end || !slices.Equal(got, tc.want) {
			t.Errorf("%s: %q, %+v, %v; want %q", tc.level, got, rsp, err, tc.want)
		}
	}
}
