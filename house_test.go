package leadglass_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The sizes of the house. Raising one for a file needs a line in its list.
const (
	hardFunctionLines = 100
	longFunctionLines = 60
	longFunctionShare = 0.05 // of the functions of a package
	hardFileLines     = 800
	rootLines         = 900
)

// startsGoroutines lists who may start goroutines; each has a stopper in sight.
var startsGoroutines = map[string]string{
	"ul/server.go":    "one per association, ended by Shutdown",
	"dimse/server.go": "one reader per association, ended with it",
	"internal/survey": "the workers, ended with the run",
	"internal/fleet":  "the simulated servers, ended by Close",

	"internal/tlog":    "the committer and the writer of tiles, ended by Close",
	"internal/archive": "the committer and the indexer, ended by Close",
	"internal/blob":    "the committer, ended by Close",
	"internal/serve":   "the listeners, ended by the end of Serve",

	"dimse/dimsetest":          "test peers, ended with the test",
	"internal/probe/probetest": "test peers, ended with the test",
}

var generated = regexp.MustCompile(`(?m)^// Code generated .* DO NOT EDIT\.$`)

// source is a parsed Go file.
type source struct {
	name  string
	pkg   string
	lines int
	file  *ast.File
	fset  *token.FileSet
}

func (s source) test() bool { return strings.HasSuffix(s.name, "_test.go") }

func (s source) length(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line + 1
}

// parsed returns all Go files that people write.
func parsed(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, name := range sources(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if generated.Match(text) {
			continue
		}
		fset := token.NewFileSet()
		f, err := parser.ParseFile(fset, name, text, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, source{name, filepath.ToSlash(filepath.Dir(name)), strings.Count(string(text), "\n"), f, fset})
	}
	return all
}

func TestEachPackageHasOneComment(t *testing.T) {
	comments := map[string][]string{}
	for _, s := range parsed(t) {
		if s.test() {
			continue
		}
		if s.file.Doc != nil {
			comments[s.pkg] = append(comments[s.pkg], s.name)
		} else if comments[s.pkg] == nil {
			comments[s.pkg] = []string{}
		}
	}
	for pkg, names := range comments {
		if len(names) != 1 {
			t.Errorf("%s has %d package comments, want 1: %v", pkg, len(names), names)
		}
	}
}

func TestSizeOfFiles(t *testing.T) {
	root := 0
	for _, s := range parsed(t) {
		if s.lines > hardFileLines {
			t.Errorf("%s has %d lines, over %d: find the missing noun", s.name, s.lines, hardFileLines)
		}
		if s.pkg == "." && !s.test() {
			root += s.lines
		}
	}
	if root > rootLines {
		t.Errorf("the root package has %d lines, over %d", root, rootLines)
	}
}

func TestSizeOfFunctions(t *testing.T) {
	all, long := map[string]int{}, map[string]int{}
	for _, s := range parsed(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok || s.test() {
				continue
			}
			all[s.pkg]++
			if n := s.length(f); n > hardFunctionLines {
				t.Errorf("%s: %s has %d lines, over %d", s.name, f.Name.Name, n, hardFunctionLines)
			} else if n > longFunctionLines {
				long[s.pkg]++
			}
		}
	}
	for pkg, n := range long {
		if share := float64(n) / float64(all[pkg]); share > longFunctionShare {
			t.Errorf("%s: %.0f %% of the functions are over %d lines, over %.0f %%", pkg, 100*share, longFunctionLines, 100*longFunctionShare)
		}
	}
}

func TestGoroutinesStartWhereTheyMay(t *testing.T) {
	for _, s := range parsed(t) {
		if s.test() || startsGoroutines[s.name] != "" || startsGoroutines[s.pkg] != "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			if g, ok := n.(*ast.GoStmt); ok {
				t.Errorf("%s starts a goroutine; the places that may are in startsGoroutines", s.fset.Position(g.Pos()))
			}
			return true
		})
	}
}

func TestNoInitAndNoTestOfTheInside(t *testing.T) {
	for _, s := range parsed(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init: make it a function that somebody calls", s.name)
			}
		}
		if s.test() && filepath.Base(s.name) != "export_test.go" && !strings.HasSuffix(s.file.Name.Name, "_test") {
			t.Errorf("%s is in package %s: tests stand outside, export_test.go is the keyhole", s.name, s.file.Name.Name)
		}
	}
}

// TestDecodersAreFuzzed fails when a package that decodes has no fuzz target.
func TestDecodersAreFuzzed(t *testing.T) {
	decodes, fuzzes := map[string]string{}, map[string]bool{}
	decoder := regexp.MustCompile(`^(Parse|Decode|Unmarshal|Read|Load|Walk)`)
	for _, s := range parsed(t) {
		for _, d := range s.file.Decls {
			f, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			if s.test() && strings.HasPrefix(f.Name.Name, "Fuzz") {
				fuzzes[s.pkg] = true
			}
			reader := f.Recv != nil && f.Name.Name == "Read" // an io.Reader
			if !s.test() && !reader && decoder.MatchString(f.Name.Name) && !exempt(s.pkg) {
				decodes[s.pkg] = f.Name.Name
			}
		}
	}
	for pkg, name := range decodes {
		if !fuzzes[pkg] {
			t.Errorf("%s has %s and no fuzz target", pkg, name)
		}
	}
}

// exempt says whether a package decodes only what we wrote.
func exempt(pkg string) bool {
	return generator(pkg) || strings.HasPrefix(pkg, "cmd/") || slices.Contains(testPackages, pkg)
}

// TestNoVagueNames keeps out the rooms that anything fits in.
func TestNoVagueNames(t *testing.T) {
	vague := []string{"util", "utils", "common", "helpers", "misc", "base", "types", "pkg"}
	for _, s := range parsed(t) {
		name := strings.TrimSuffix(filepath.Base(s.name), ".go")
		if slices.Contains(vague, s.file.Name.Name) || slices.Contains(vague, name) || strings.HasSuffix(name, "_impl") {
			t.Errorf("%s: name it for what it knows", s.name)
		}
	}
}
