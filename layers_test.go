package leadglass_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/leadglass/leadglass"

// floors lists the packages from the ground up. A package imports only from
// the lines above its own.
var floors = [][]string{
	{"dicom/dict", "internal/durable", "internal/limit", "internal/regular", "internal/peertest", "internal/benchtest"},
	{"dicom", "internal/blob", "internal/tlog", "internal/vault", "internal/ca", "internal/durable/durabletest"},
	{".", "dicom/pixel", "internal/blob/blobtest", "internal/tlog/tlogtest", "ul", "internal/scope", "internal/place", "internal/product", "internal/advisory", "internal/compromise", "internal/govid", "internal/fleet/content"},
	{"dimse", "dicomweb", "internal/index", "internal/policy", "internal/guard", "internal/audit", "internal/render", "internal/identity"},
	{
		"internal/archive", "internal/scp", "internal/origin", "internal/probe", "internal/census",
		"ul/ultest", "dimse/dimsetest", "internal/index/indextest", "internal/guard/guardtest",
	},
	{"internal/exposure", "internal/review", "internal/probe/probetest"},
	{"internal/report"},
	{"internal/survey", "internal/fleet/plan"},
	{"internal/fleet", "internal/serve"},
	{"cmd/leadglass", "cmd/fleetsim"},
}

// wall is an import that the floors allow and the house forbids all the same.
type wall struct {
	from    []string // packages, "/..." for all below
	never   []string // import paths, module-relative where they are ours
	because string
}

var walls = []wall{
	{
		from:    []string{"internal/scp", "internal/origin", "internal/web"},
		never:   []string{"internal/archive", "internal/blob", "internal/index"},
		because: "no face reaches a pixel except through guard",
	},
	{
		from:    []string{"internal/policy"},
		never:   []string{"net", "net/http", "os", "internal/durable"},
		because: "a decision can be replayed years later",
	},
	{
		from:    []string{"internal/review"},
		never:   []string{"internal/archive", "internal/guard"},
		because: "the auditor does not trust the audited",
	},
	{
		from:    []string{"cmd/leadglass"},
		never:   []string{"internal/archive", "internal/guard", "internal/index", "internal/blob"},
		because: "only serve wires",
	},
	{
		from:    []string{"dicom/...", "ul/...", "dimse/...", "dicomweb/..."},
		never:   []string{".", "internal/..."},
		because: "the wire is reusable and knows no policy",
	},
	{
		from:    []string{"internal/survey", "internal/probe", "internal/exposure", "internal/census"},
		never:   []string{"internal/archive", "internal/guard"},
		because: "the scanner must run where there is no archive",
	},
	{
		from:    []string{"internal/survey", "internal/probe", "internal/exposure", "internal/census", "internal/report", "internal/product"},
		never:   []string{"internal/fleet/..."},
		because: "what is measured must not know what measures it",
	},
	{
		from:    []string{"internal/fleet/plan", "internal/fleet/content"},
		never:   []string{"net", "net/http", "os"},
		because: "a plan follows from its configuration alone",
	},
	{
		from:    []string{"internal/exposure"},
		never:   []string{"net", "net/http", "os", "time"},
		because: "what an answer means follows from the answer alone",
	},
	{
		from:    []string{"..."},
		never:   []string{"testing"},
		because: "tests stay out of the product",
	},
}

// testPackages may import testing although they are not test files.
var testPackages = []string{"internal/peertest", "internal/benchtest", "internal/tlog/tlogtest", "ul/ultest", "dimse/dimsetest", "internal/probe/probetest", "internal/index/indextest", "internal/guard/guardtest", "internal/blob/blobtest"}

func TestFloors(t *testing.T) {
	floor := map[string]int{}
	for i, line := range floors {
		for _, pkg := range line {
			floor[pkg] = i
		}
	}
	for pkg, imports := range imports(t) {
		if generator(pkg) {
			continue
		}
		own, ok := floor[pkg]
		if !ok {
			t.Errorf("%s stands on no floor: add it to floors and to doc.go", pkg)
			continue
		}
		for _, imp := range imports {
			if below, ours := floor[imp]; ours && below >= own {
				t.Errorf("%s imports %s, which is not on a floor below it", pkg, imp)
			}
		}
	}
}

func TestWalls(t *testing.T) {
	all := imports(t)
	for _, w := range walls {
		for pkg, imports := range all {
			if !matches(w.from, pkg) || slices.Contains(testPackages, pkg) {
				continue
			}
			for _, imp := range imports {
				if matches(w.never, imp) {
					t.Errorf("%s imports %s: %s", pkg, imp, w.because)
				}
			}
		}
	}
}

// generator says whether a package is a program that writes a table of the
// package around it; it runs on a developer's machine and belongs to no floor.
func generator(pkg string) bool { return strings.HasPrefix(filepath.Base(pkg), "gen") }

func matches(patterns []string, pkg string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		if p == "..." {
			return true
		}
		if base, ok := strings.CutSuffix(p, "/..."); ok {
			return pkg == base || strings.HasPrefix(pkg, base+"/")
		}
		return pkg == p
	})
}

// imports returns what the non-test files of each package import, our own
// packages by their path within the module.
func imports(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for _, name := range sources(t) {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		pkg := filepath.ToSlash(filepath.Dir(name))
		if _, ok := all[pkg]; !ok {
			all[pkg] = nil
		}
		for _, spec := range f.Imports {
			all[pkg] = append(all[pkg], within(spec.Path.Value))
		}
	}
	return all
}

func within(quoted string) string {
	path, _ := strconv.Unquote(quoted)
	if path == module {
		return "."
	}
	return strings.TrimPrefix(path, module+"/")
}

// sources returns the Go files of the module.
func sources(t *testing.T) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata") {
			return filepath.SkipDir
		}
		if !d.IsDir() && strings.HasSuffix(name, ".go") {
			names = append(names, name)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}
