package dicom_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/leadglass/leadglass/dicom"
)

const vectorsDir = "../testdata/vectors/"

// vector is one test of testdata/vectors/dicom.
type vector struct {
	ID             int             `json:"tcId"`
	Comment        string          `json:"comment"`
	Flags          []string        `json:"flags"`
	Hex            string          `json:"hex"`
	Result         string          `json:"result"`
	Elements       []vectorElement `json:"elements"`
	TransferSyntax string          `json:"-"`
}

type vectorElement struct {
	Tag       string            `json:"tag"`
	VR        string            `json:"vr"`
	Value     *string           `json:"value,omitempty"`
	Items     [][]vectorElement `json:"items,omitzero"`
	Fragments []string          `json:"fragments,omitzero"`
}

func (v vector) bytes(t testing.TB) []byte {
	t.Helper()
	b, err := hex.DecodeString(v.Hex)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// readVectors reads all files and holds them against the schema.
func readVectors(t testing.TB) []vector {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(vectorsDir + "schema/dicom.json")
	if err != nil {
		t.Fatal(err)
	}
	names, err := filepath.Glob(vectorsDir + "dicom/*.json")
	if err != nil || len(names) == 0 {
		t.Fatalf("%d files of vectors, %v", len(names), err)
	}
	var all []vector
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = schema.Validate(doc)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all = append(all, parseVectors(t, name, text)...)
	}
	return all
}

func parseVectors(t testing.TB, name string, text []byte) []vector {
	t.Helper()
	var file struct {
		NumberOfTests int
		Notes         map[string]any
		TestGroups    []struct {
			TransferSyntax string
			Tests          []vector
		}
	}
	if err := json.Unmarshal(text, &file); err != nil {
		t.Fatal(err)
	}
	var all []vector
	for _, g := range file.TestGroups {
		for _, v := range g.Tests {
			v.TransferSyntax = g.TransferSyntax
			for _, flag := range v.Flags {
				if file.Notes[flag] == nil {
					t.Errorf("%s, test %d: no note for the flag %q", name, v.ID, flag)
				}
			}
			all = append(all, v)
		}
	}
	if len(all) != file.NumberOfTests {
		t.Errorf("%s: %d tests, %d announced", name, len(all), file.NumberOfTests)
	}
	return all
}

// vectorOf writes a data set as the vectors do.
func vectorOf(d *dicom.Dataset) []vectorElement {
	out := []vectorElement{}
	for _, e := range d.Elements {
		v := vectorElement{Tag: fmt.Sprintf("%08X", uint32(e.Tag)), VR: e.VR.String()}
		switch {
		case e.Fragments != nil:
			v.Fragments = []string{}
			for _, f := range e.Fragments {
				v.Fragments = append(v.Fragments, hex.EncodeToString(f))
			}
		case e.VR == dicom.SQ:
			v.Items = [][]vectorElement{}
			for _, item := range e.Items {
				v.Items = append(v.Items, vectorOf(item))
			}
		default:
			s := hex.EncodeToString(e.Value)
			v.Value = &s
		}
		out = append(out, v)
	}
	return out
}

func TestVectors(t *testing.T) {
	results := map[string]int{}
	for _, v := range readVectors(t) {
		results[v.Result]++
		ts := dicom.SyntaxOf(dicom.UID(v.TransferSyntax))
		d, err := dicom.DecodeBytes(v.bytes(t), ts, dicom.Options{})
		if (err != nil) != (v.Result == "invalid") {
			t.Errorf("%d %s: got %v, want %s", v.ID, v.Comment, err, v.Result)
			continue
		}
		if err == nil && !reflect.DeepEqual(vectorOf(d), v.Elements) {
			got, _ := json.Marshal(vectorOf(d))
			want, _ := json.Marshal(v.Elements)
			t.Errorf("%d %s:\ngot  %s\nwant %s", v.ID, v.Comment, got, want)
		}
	}
	if results["valid"] < 15 || results["invalid"] < 15 || results["acceptable"] < 5 {
		t.Errorf("too few vectors: %v", results)
	}
}
