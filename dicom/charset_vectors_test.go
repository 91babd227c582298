package dicom_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/leadglass/leadglass/dicom"
)

var updateCharset = flag.Bool("update-charset", false, "write testdata/vectors/charset from the examples")

const charsetVectors = vectorsDir + "charset/charset.json"

// charsetVector is one test of testdata/vectors/charset.
type charsetVector struct {
	ID      int      `json:"tcId"`
	Comment string   `json:"comment"`
	Flags   []string `json:"flags"`
	Terms   []string `json:"specificCharacterSet"`
	VR      string   `json:"vr"`
	Hex     string   `json:"hex"`
	Text    string   `json:"text"`
	Result  string   `json:"result"`
}

type charsetGroup struct {
	Type   string          `json:"type"`
	Source string          `json:"source"`
	Tests  []charsetVector `json:"tests"`
}

// renderCharset makes the file of the examples in charset_test.go.
func renderCharset(t *testing.T) []byte {
	t.Helper()
	n := 0
	vector := func(name, terms string, vr dicom.VR, b, text, result string) charsetVector {
		n++
		v := charsetVector{n, strings.ReplaceAll(name, "_", " "), []string{}, strings.Split(terms, `\`), vr.String(), hex.EncodeToString([]byte(b)), text, result}
		if strings.Contains(b, esc) {
			v.Flags = append(v.Flags, "CodeExtension")
		}
		if result != "valid" {
			v.Flags = append(v.Flags, "Faulty")
		}
		return v
	}
	valid := charsetGroup{Type: "Text", Source: "PS3.5 annexes H to K, PS3.3 tables C.12-2 to C.12-5"}
	for _, tt := range charsetExamples {
		valid.Tests = append(valid.Tests, vector(tt.name, tt.terms, tt.vr, tt.bytes, tt.text, "valid"))
	}
	hostile := charsetGroup{Type: "Text", Source: "bytes that mean nothing"}
	for _, tt := range charsetHostile {
		hostile.Tests = append(hostile.Tests, vector(tt.name, tt.terms, tt.vr, tt.bytes, tt.text, "acceptable"))
	}
	text, err := json.MarshalIndent(map[string]any{
		"algorithm":     "DICOM character set",
		"schema":        "../schema/charset.json",
		"numberOfTests": n,
		"header":        []string{"Values of text VRs in their Specific Character Set, and what they mean in Unicode."},
		"notes": map[string]any{
			"CodeExtension": map[string]string{"bugType": "CONFUSION", "description": "escape sequences switch between sets; delimiters switch back (PS3.5 section 6.1.2.5.3)"},
			"Faulty":        map[string]string{"bugType": "EDGE_CASE", "description": "breaks PS3.5 section 6.1; the text is what a reader that goes on should see"},
		},
		"testGroups": []charsetGroup{valid, hostile},
	}, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return append(text, '\n')
}

// TestCharset_Vectors holds the published vectors against their schema, against
// the examples and against Decode.
func TestCharset_Vectors(t *testing.T) {
	want := renderCharset(t)
	if *updateCharset {
		if err := os.WriteFile(charsetVectors, want, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(charsetVectors)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the examples say (%v): go test ./dicom -run Charset_Vectors -update-charset", charsetVectors, err)
	}
	schema, err := jsonschema.NewCompiler().Compile(vectorsDir + "schema/charset.json")
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(got))
	if err == nil {
		err = schema.Validate(doc)
	}
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ TestGroups []charsetGroup }
	if err := json.Unmarshal(got, &file); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, g := range file.TestGroups {
		for _, v := range g.Tests {
			n++
			b, err := hex.DecodeString(v.Hex)
			if err != nil {
				t.Fatal(err)
			}
			vr := dicom.VR(v.VR[0])<<8 | dicom.VR(v.VR[1])
			if text := charset(t, strings.Join(v.Terms, `\`)).Decode(b, vr); text != v.Text {
				t.Errorf("%d %s: got %q, want %q", v.ID, v.Comment, text, v.Text)
			}
		}
	}
	if n < 60 {
		t.Errorf("%d vectors, want over 60", n)
	}
}
