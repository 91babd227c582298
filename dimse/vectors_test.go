package dimse_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// TestVectors_Schema: the vectors are what their schema says, and numbered.
func TestVectors_Schema(t *testing.T) {
	schema, err := jsonschema.NewCompiler().Compile("../testdata/vectors/schema/dimse.json")
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("../testdata/vectors/dimse/command.json")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(doc); err != nil {
		t.Error(err)
	}
	b, err := os.ReadFile("../testdata/vectors/dimse/command.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		NumberOfTests int
		Notes         map[string]any
		TestGroups    []struct {
			Tests []struct {
				TcID  int
				Flags []string
			}
		}
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range v.TestGroups {
		for _, tc := range g.Tests {
			if n++; tc.TcID != n {
				t.Errorf("vector %d has the number %d", n, tc.TcID)
			}
			for _, flag := range tc.Flags {
				if v.Notes[flag] == nil {
					t.Errorf("vector %d has the flag %q, which no note explains", n, flag)
				}
			}
		}
	}
	if n != v.NumberOfTests {
		t.Errorf("%d vectors, the head says %d", n, v.NumberOfTests)
	}
}
