package dicom_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// runPython runs a script of testdata and returns the JSON values that it prints.
func runPython[T any](t testing.TB, stdin []byte, args ...string) []T {
	t.Helper()
	cmd := exec.Command("/usr/bin/python3", args...)
	var stderr bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(stdin), &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s", args, err, stderr.String())
	}
	var all []T
	for dec := json.NewDecoder(bytes.NewReader(out)); dec.More(); {
		var v T
		if err := dec.Decode(&v); err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	return all
}

// TestInterop_CharsetFiles compares every text of pydicom's files for character
// sets, names and nested data sets included, with what pydicom reads.
func TestInterop_CharsetFiles(t *testing.T) {
	peers(t, "/usr/bin/python3")
	names, err := filepath.Glob(pydicomData + "/charset_files/*.dcm")
	if err != nil || len(names) < 15 {
		t.Fatalf("%d files, %v", len(names), err)
	}
	type dump struct {
		File string
		Text [][3]any
	}
	compared := 0
	for _, want := range runPython[dump](t, nil, append([]string{"testdata/text.py"}, names...)...) {
		f, err := dicom.ReadFile(want.File, dicom.Options{})
		if err != nil {
			t.Fatal(err)
		}
		got := texts(f.Dataset)
		for _, w := range want.Text {
			values := w[2].([]any)
			key := w[0].(string) + w[1].(string)
			if _, ok := got[key]; !ok && strings.HasPrefix(key, "(0019,") {
				continue // private, in implicit VR: pydicom has the maker's dictionary
			}
			for i, value := range values {
				compared++
				// Padding is no part of a value for us, an empty group at
				// the end of a name none for pydicom.
				if text := strings.TrimRight(value.(string), " =\x00"); i >= len(got[key]) && text != "" || i < len(got[key]) && strings.TrimRight(got[key][i], "=") != text {
					t.Errorf("%s %s: got %q, pydicom has %q", filepath.Base(want.File), key, got[key], values)
				}
			}
		}
	}
	if compared < 150 {
		t.Errorf("%d values compared, want over 150", compared)
	}
}

func texts(d *dicom.Dataset) map[string][]string {
	all := map[string][]string{}
	var walk func(d *dicom.Dataset, path string)
	walk = func(d *dicom.Dataset, path string) {
		for _, e := range d.Elements {
			if e.VR.IsText() {
				all[path+e.Tag.String()] = d.Strings(e.Tag)
			}
			for i, item := range e.Items {
				walk(item, path+dicom.Path{{Tag: e.Tag, Item: i}}.String())
			}
		}
	}
	walk(d, "")
	return all
}

// pydicomDiffers are the examples that pydicom 2.3.1 reads otherwise.
var pydicomDiffers = map[string]string{
	"ir203":           "pydicom does not know ISO_IR 203",
	"latin9_extended": "pydicom does not know ISO 2022 IR 203",
	"k2":              "pydicom leaves the escape sequence of ISO 2022 IR 58 in the text",
	"k3":              "pydicom leaves the escape sequence of ISO 2022 IR 58 in the text",
	"jis_equals":      "pydicom splits names at bytes, here within a character",
	"ir13_yen":        "pydicom reads JIS X 0201 as Shift JIS, which has a backslash and a tilde there",
}

// TestInterop_CharsetExamples has pydicom decode the examples, both the bytes of
// the standard and those that Encode makes.
func TestInterop_CharsetExamples(t *testing.T) {
	peers(t, "/usr/bin/python3")
	var in bytes.Buffer
	ask := func(terms string, vr dicom.VR, b []byte) {
		line, _ := json.Marshal(map[string]any{"terms": strings.Split(terms, `\`), "vr": vr.String(), "hex": hex.EncodeToString(b)})
		in.Write(append(line, '\n'))
	}
	for _, tt := range charsetExamples {
		b, err := charset(t, tt.terms).Encode(tt.text, tt.vr)
		if err != nil {
			t.Fatal(err)
		}
		ask(tt.terms, tt.vr, []byte(tt.bytes))
		ask(tt.terms, tt.vr, b)
	}
	got := runPython[string](t, in.Bytes(), "testdata/text.py", "-")
	if len(got) != 2*len(charsetExamples) {
		t.Fatalf("%d answers", len(got))
	}
	for i, tt := range charsetExamples {
		reason, differs := pydicomDiffers[tt.name]
		text := strings.TrimSuffix(tt.text, "=")
		same := got[2*i] == text && got[2*i+1] == text
		if same == differs {
			t.Errorf("%s: pydicom reads %q and %q, want %q (%s)", tt.name, got[2*i], got[2*i+1], tt.text, reason)
		}
	}
}
