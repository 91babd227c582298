package exposure_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	gocvss31 "github.com/pandatix/go-cvss/31"

	"github.com/leadglass/leadglass/internal/exposure"
)

// ids are the constants of id.go.
func ids(t *testing.T) []exposure.ID {
	t.Helper()
	f, err := parser.ParseFile(token.NewFileSet(), "id.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []exposure.ID
	ast.Inspect(f, func(n ast.Node) bool {
		if v, ok := n.(*ast.ValueSpec); ok {
			for _, value := range v.Values {
				text, err := strconv.Unquote(value.(*ast.BasicLit).Value)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, exposure.ID(text))
			}
		}
		return true
	})
	return all
}

// TestList_Complete: each id has one meaning, in the order of id.go.
func TestList_Complete(t *testing.T) {
	var listed []exposure.ID
	for _, e := range exposure.List() {
		listed = append(listed, e.ID)
	}
	if want := ids(t); !slices.Equal(listed, want) {
		t.Errorf("listed %q\nid.go  %q", listed, want)
	}
}

func TestList_EachSaysEverything(t *testing.T) {
	for _, e := range exposure.List() {
		if e.Title == "" || e.Rationale == "" || e.Meaning == "" || e.Remedy == "" || len(e.References) == 0 {
			t.Errorf("%s leaves something out: %+v", e.ID, e)
		}
		if len(e.Title) > 60 || strings.HasSuffix(e.Title, ".") {
			t.Errorf("%s: the title %q is not a few words", e.ID, e.Title)
		}
		for _, text := range []string{e.Rationale, e.Meaning, e.Remedy} {
			if !strings.HasSuffix(text, ".") {
				t.Errorf("%s: %q is no sentence", e.ID, text)
			}
		}
		products := map[string]bool{}
		for _, s := range e.Settings {
			if products[s.Product] || s.Text == "" {
				t.Errorf("%s: the settings of %q are there twice, or empty", e.ID, s.Product)
			}
			products[s.Product] = true
		}
		if !products[""] {
			t.Errorf("%s has no settings for products that it does not name", e.ID)
		}
	}
}

// TestList_Settings: what closes DICOM services is said of the archives that
// most are.
func TestList_Settings(t *testing.T) {
	for _, id := range []exposure.ID{
		exposure.AnyAETitle, exposure.FindPatientOpen, exposure.FindStudyOpen, exposure.FindWorklistOpen,
		exposure.PatientDataDisclosed, exposure.RetrieveOpen, exposure.StoreOpen, exposure.DICOMPlaintext, exposure.TLSOld,
	} {
		e, ok := exposure.ByID(id)
		if !ok {
			t.Fatalf("%s has no meaning", id)
		}
		for _, product := range []string{"Orthanc", "dcm4chee-arc", "DCMTK", ""} {
			if !slices.ContainsFunc(e.Settings, func(s exposure.Setting) bool { return s.Product == product }) {
				t.Errorf("%s has no settings for %q", id, product)
			}
		}
	}
}

// TestList_SeverityFollowsTheVector, or is one band above it for a reason.
func TestList_SeverityFollowsTheVector(t *testing.T) {
	for _, e := range exposure.List() {
		v, err := gocvss31.ParseVector(e.Vector)
		if err != nil {
			t.Errorf("%s: vector %q: %v", e.ID, e.Vector, err)
			continue
		}
		band := exposure.Band(v.BaseScore())
		want := band.Rank()
		if e.Raised != "" {
			want++
		}
		if e.Severity.Rank() != want {
			t.Errorf("%s is %s, its vector %s scores %.1f, which is %s; raised: %q", e.ID, e.Severity, e.Vector, v.BaseScore(), band, e.Raised)
		}
	}
}

func TestByID_Unknown(t *testing.T) {
	if e, ok := exposure.ByID("no-such"); ok {
		t.Errorf("no-such means %+v", e)
	}
}
