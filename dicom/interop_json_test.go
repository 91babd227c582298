package dicom_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// model is a line that testdata/model.py reads and prints.
type model struct {
	File  string          `json:"file"`
	JSON  json.RawMessage `json:"json,omitempty"`
	Error string          `json:"error,omitempty"`
}

// smallFiles are pydicom's test files that are no larger than 200 KiB and that
// both can read.
func smallFiles(t *testing.T) []string {
	t.Helper()
	var names []string
	for _, name := range testFiles(t) {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, bad := knownBad[filepath.Base(name)]; !bad && info.Size() <= 200<<10 {
			names = append(names, name)
		}
	}
	return names
}

// pydicomRefuses are files that pydicom reads and cannot make JSON of.
var pydicomRefuses = map[string]string{
	"badVR.dcm": "an IS of 1A",
}

// TestInterop_JSON compares the model of each file: what we write with what
// pydicom writes, what we read of that, and what pydicom reads of ours.
func TestInterop_JSON(t *testing.T) {
	peers(t, "/usr/bin/python3")
	ours, theirs := map[string][]byte{}, map[string][]byte{}
	var in bytes.Buffer
	for _, m := range runPython[model](t, nil, append([]string{"testdata/model.py"}, smallFiles(t)...)...) {
		if m.Error != "" {
			if pydicomRefuses[filepath.Base(m.File)] == "" {
				t.Errorf("%s: pydicom: %s", filepath.Base(m.File), m.Error)
			}
			continue
		}
		f, err := dicom.ReadFile(m.File, dicom.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if f.TransferSyntax.BigEndian {
			continue // pydicom leaves pixels in the byte order of the file
		}
		theirs[m.File] = m.JSON
		ours[m.File] = dicom.AppendJSON(nil, f.Dataset, dicom.JSONOptions{})
		line, err := json.Marshal(model{File: m.File, JSON: ours[m.File]})
		if err != nil {
			t.Fatalf("%s: %v", m.File, err)
		}
		in.Write(append(line, '\n'))
		sameModel(t, "what we write of "+filepath.Base(m.File), ours[m.File], m.JSON)
		back, err := dicom.DecodeJSON(bytes.NewReader(m.JSON), dicom.JSONOptions{})
		if err != nil {
			t.Errorf("%s: reading pydicom's: %v", filepath.Base(m.File), err)
			continue
		}
		sameModel(t, "what we read of pydicom's "+filepath.Base(m.File), dicom.AppendJSON(nil, back, dicom.JSONOptions{}), ours[m.File])
	}
	for _, m := range runPython[model](t, in.Bytes(), "testdata/model.py", "-") {
		if m.Error != "" {
			t.Errorf("%s: pydicom on ours: %s", filepath.Base(m.File), m.Error)
			continue
		}
		sameModel(t, "what pydicom reads of our "+filepath.Base(m.File), m.JSON, theirs[m.File])
	}
	if len(theirs) < 120 {
		t.Errorf("%d files compared, want over 120", len(theirs))
	}
}

// TestInterop_Dcm2json compares what we write with what DCMTK writes, of files
// with the character sets and the layouts that it converts.
func TestInterop_Dcm2json(t *testing.T) {
	peers(t, "dcm2json")
	compared := 0
	for _, name := range smallFiles(t) {
		base := filepath.Base(name)
		if strings.Contains(name, "dicomdirtests") || base == "chrSQEncoding.dcm" { // of an item's own character set it knows nothing
			continue
		}
		out, err := exec.Command("dcm2json", "-q", "-ee", name).Output()
		if err != nil {
			continue // compressed pixels or ISO 2022, which it does not convert
		}
		f, err := dicom.ReadFile(name, dicom.Options{})
		if err != nil {
			t.Fatal(err)
		}
		compared++
		sameModel(t, "what we write of "+base, dicom.AppendJSON(nil, f.Dataset, dicom.JSONOptions{}), out)
	}
	if compared < 40 {
		t.Errorf("%d files compared, want over 40", compared)
	}
}

// TestInterop_JSONFiles reads pydicom's JSON files and has pydicom read them
// back as we write them.
func TestInterop_JSONFiles(t *testing.T) {
	peers(t, "/usr/bin/python3")
	names, _ := filepath.Glob(pydicomData + "/test_files/*.json")
	if len(names) < 2 {
		t.Fatalf("%d files", len(names))
	}
	var in bytes.Buffer
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		d := &dicom.Dataset{}
		if err := json.Unmarshal(text, d); err != nil {
			t.Fatal(err)
		}
		out := dicom.AppendJSON(nil, d, dicom.JSONOptions{})
		sameModel(t, filepath.Base(name), out, text)
		line, _ := json.Marshal(model{File: name, JSON: out})
		in.Write(append(line, '\n'))
	}
	for _, m := range runPython[model](t, in.Bytes(), "testdata/model.py", "-") {
		text, err := os.ReadFile(m.File)
		if err != nil || m.Error != "" {
			t.Fatal(err, m.Error)
		}
		sameModel(t, "pydicom on "+filepath.Base(m.File), m.JSON, text)
	}
}

// sameModel compares two texts of the model as what they mean. What may
// differ: the character set, which is UTF-8 in JSON whatever a writer says;
// group lengths, which do not belong there; how a number or nothing is written.
func sameModel(t *testing.T, what string, got, want []byte) {
	t.Helper()
	var g, w map[string]any
	if err := json.Unmarshal(got, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(want, &w); err != nil {
		t.Fatal(err)
	}
	if diff := diffSet("", g, w); len(diff) > 0 {
		t.Errorf("%s: %d differences: %s", what, len(diff), strings.Join(diff[:min(3, len(diff))], "; "))
	}
}

func diffSet(path string, g, w map[string]any) []string {
	tags := map[string]bool{}
	for tag := range g {
		tags[tag] = true
	}
	for tag := range w {
		tags[tag] = true
	}
	var diff []string
	for _, tag := range slices.Sorted(maps.Keys(tags)) {
		if tag == "00080005" || strings.HasSuffix(tag, "0000") {
			continue
		}
		ge, _ := g[tag].(map[string]any)
		we, _ := w[tag].(map[string]any)
		if privateUN(tag, ge, we) {
			continue
		}
		diff = append(diff, diffElement(path+tag, ge, we)...)
	}
	return diff
}

// privateUN says that one of them has UN for a private element and the other
// knows its VR: pydicom has dictionaries of makers, we have none.
func privateUN(tag string, g, w map[string]any) bool {
	group, err := strconv.ParseUint(tag[:4], 16, 16)
	return err == nil && group%2 == 1 && g != nil && w != nil && g["vr"] != w["vr"] && (g["vr"] == "UN" || w["vr"] == "UN")
}

func diffElement(path string, g, w map[string]any) []string {
	either := strings.HasSuffix(path, "7FE00010") // OB or OW, where the file does not say
	if g == nil || w == nil || g["vr"] != w["vr"] && !either {
		return []string{fmt.Sprintf("%s: %v, want %v", path, short(g), short(w))}
	}
	if g["vr"] == "SQ" {
		return diffItems(path, g["Value"], w["Value"])
	}
	gv, wv := values(g), values(w)
	if len(gv) != len(wv) {
		return []string{fmt.Sprintf("%s: %v, want %v", path, short(g), short(w))}
	}
	for i := range gv {
		if !sameValue(fmt.Sprint(g["vr"]), gv[i], wv[i]) {
			return []string{fmt.Sprintf("%s: %v, want %v", path, short(g), short(w))}
		}
	}
	return nil
}

func diffItems(path string, g, w any) []string {
	gi, _ := g.([]any)
	wi, _ := w.([]any)
	if len(gi) != len(wi) {
		return []string{fmt.Sprintf("%s: %d items, want %d", path, len(gi), len(wi))}
	}
	var diff []string
	for i := range gi {
		diff = append(diff, diffSet(fmt.Sprintf("%s[%d].", path, i), gi[i].(map[string]any), wi[i].(map[string]any))...)
	}
	return diff
}

// values returns the values as text, without empty ones at the end.
func values(e map[string]any) []string {
	if text, ok := e["InlineBinary"].(string); ok {
		b, _ := base64.StdEncoding.DecodeString(text)
		return []string{strings.TrimRight(string(b), "\x00")} // we pad, pydicom does not
	}
	list, _ := e["Value"].([]any)
	var out []string
	for _, v := range list {
		switch v := v.(type) {
		case nil:
			out = append(out, "")
		case float64:
			out = append(out, strconv.FormatFloat(v, 'g', -1, 64))
		case map[string]any:
			name := fmt.Sprintf("%v=%v=%v", v["Alphabetic"], v["Ideographic"], v["Phonetic"])
			out = append(out, strings.TrimRight(strings.ReplaceAll(name, "<nil>", ""), "=^"))
		default:
			out = append(out, strings.TrimRight(fmt.Sprint(v), " \x00"))
		}
	}
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

func sameValue(vr, g, w string) bool {
	if g == w {
		return true
	}
	a, err1 := strconv.ParseFloat(strings.TrimSpace(g), 64)
	b, err2 := strconv.ParseFloat(strings.TrimSpace(w), 64)
	if err1 != nil || err2 != nil {
		return false
	}
	if vr == "FL" {
		return float32(a) == float32(b)
	}
	return a == b || math.IsNaN(a) && math.IsNaN(b)
}

func short(v any) string {
	s := fmt.Sprint(v)
	return s[:min(len(s), 160)]
}
