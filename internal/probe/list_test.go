package probe_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/probe"
)

// TestList_Complete: each function that asks is in the list of its kind, under
// the name of its file.
func TestList_Complete(t *testing.T) {
	var dicom, web []string
	for _, q := range probe.DICOMQuestions() {
		dicom = append(dicom, q.Name)
		if q.Asks == "" || q.Ask == nil {
			t.Errorf("%s does not say what it asks, or does not", q.Name)
		}
	}
	for _, q := range probe.WebQuestions() {
		web = append(web, q.Name)
		if q.Asks == "" || q.Ask == nil {
			t.Errorf("%s does not say what it asks, or does not", q.Name)
		}
	}
	asks := asking(t)
	for kind, listed := range map[string][]string{"Dialogue": dicom, "Site": web} {
		slices.Sort(listed)
		found := asks[kind]
		slices.Sort(found)
		if !slices.Equal(listed, found) {
			t.Errorf("questions on a %s\nlisted %q\nfound  %q", kind, listed, found)
		}
	}
}

// asking returns the files with a function of the signature of a question, by
// what it asks on.
func asking(t *testing.T) map[string][]string {
	t.Helper()
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	found := map[string][]string{}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				if on := asksOn(fn.Type); on != "" {
					found[on] = append(found[on], strings.TrimSuffix(f.Name(), ".go"))
				}
			}
		}
	}
	return found
}

// asksOn is "Dialogue" or "Site" for func(context.Context, *Dialogue or *Site) error.
func asksOn(f *ast.FuncType) string {
	if len(f.Params.List) != 2 || f.Results == nil || len(f.Results.List) != 1 {
		return ""
	}
	if pointer, ok := f.Params.List[1].Type.(*ast.StarExpr); ok {
		if name, ok := pointer.X.(*ast.Ident); ok && (name.Name == "Dialogue" || name.Name == "Site") {
			return name.Name
		}
	}
	return ""
}
