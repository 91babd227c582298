package policy

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"github.com/leadglass/leadglass"
)

// rolesFile lists the roles of a site, one a line.
const rolesFile = "roles.txt"

// Load reads, checks and hashes the rules of a folder. Where anything is wrong it
// fails with Problems: half of a policy is another policy.
func Load(fsys fs.FS) (*Set, error) {
	l := &loading{}
	l.load(fsys)
	if len(l.problems) > 0 {
		return nil, l.problems
	}
	return l.set(), nil
}

// Check reads the rules of a folder and returns all that is wrong with them, in the
// order of files and lines.
func Check(fsys fs.FS) Problems {
	l := &loading{}
	l.load(fsys)
	return l.problems
}

// source is a file that was read.
type source struct {
	name string // as it is hashed and named in problems
	text []byte
	base bool
}

// rule is one statement.
type rule struct {
	id          string
	because     string
	policy      *cedar.Policy
	forbids     bool
	reason      leadglass.Reason
	obligations []leadglass.Obligation

	source *source
	line   int
	text   string // from its first annotation to the next rule
}

// loading is a folder while it is read.
type loading struct {
	sources  []*source
	rules    []*rule
	words    *vocabulary
	problems Problems
}

func (l *loading) load(fsys fs.FS) {
	l.words = newVocabulary()
	l.read(invariants(), "base/")
	if fsys == nil {
		l.add(Problem{Text: "there is no folder of rules", Remedy: "name one, or use the rules that are shipped"})
		return
	}
	l.read(fsys, "")
	for _, s := range l.sources {
		l.parse(s)
	}
	l.unique()
	if len(l.rules) > maxRules {
		l.add(Problem{Text: fmt.Sprintf("%d rules, over %d", len(l.rules), maxRules), Remedy: "put what many rules say into one"})
	}
	slices.SortStableFunc(l.problems, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
}

func (l *loading) add(p Problem) {
	if len(l.problems) < maxProblems {
		l.problems = append(l.problems, p)
	}
}

// read reads the files of a folder in the order of their names.
func (l *loading) read(fsys fs.FS, prefix string) {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		l.add(Problem{Text: fmt.Sprintf("the folder cannot be read: %v", cause(err))})
		return
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	some := false
	for _, e := range entries {
		name := e.Name()
		switch {
		case len(l.sources) >= maxFiles:
			l.add(Problem{Text: fmt.Sprintf("over %d files", maxFiles), Remedy: "put rules that belong together into one file"})
			return
		case e.IsDir():
			l.notHere(fsys, name)
		case path.Ext(name) == ".cedar":
			some = true
			l.open(fsys, prefix, name)
		case prefix == "" && name == rolesFile:
			l.open(fsys, prefix, name)
		}
	}
	if !some {
		l.add(Problem{Text: "no file ends in .cedar, so nobody may do anything", Remedy: "begin with the rules that are shipped"})
	}
}

// notHere says so of rules that would silently not count.
func (l *loading) notHere(fsys fs.FS, folder string) {
	inside, err := fs.Glob(fsys, path.Join(escape(folder), "*.cedar"))
	if err == nil && len(inside) > 0 {
		l.add(Problem{File: inside[0], Text: "rules in folders below are not read", Remedy: "move the file up, or rename it if it is not to count"})
	}
}

// escape takes the meaning of a pattern from a name.
func escape(name string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`, `[`, `\[`).Replace(name)
}

func (l *loading) open(fsys fs.FS, prefix, name string) {
	f, err := fsys.Open(name)
	var text []byte
	if err == nil {
		defer f.Close()
		text, err = io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	}
	switch {
	case err != nil:
		l.add(Problem{File: name, Text: fmt.Sprintf("the file cannot be read: %v", cause(err))})
		return
	case len(text) > maxFileBytes:
		l.add(Problem{File: name, Text: fmt.Sprintf("over %d bytes", maxFileBytes), Remedy: "make two files of it"})
		return
	}
	s := &source{prefix + name, text, prefix != ""}
	l.sources = append(l.sources, s)
	if s.name == rolesFile {
		l.roles(s)
	}
}

// cause is an error without the path, which Problem names.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

// roles reads the roles of a site: one a line, "#" begins a comment.
func (l *loading) roles(s *source) {
	for i, line := range strings.Split(string(s.text), "\n") {
		line, _, _ = strings.Cut(line, "#")
		line = strings.TrimSpace(line)
		switch {
		case line == "":
		case !isName(line):
			l.add(Problem{s.name, i + 1, "", fmt.Sprintf("%q is no name of a role", line), "use lower-case letters, digits, '-' and '.'"})
		default:
			l.words.roles = append(l.words.roles, line)
		}
	}
}

// set is what a folder without problems amounts to.
func (l *loading) set() *Set {
	slices.SortFunc(l.rules, func(a, b *rule) int { return strings.Compare(a.id, b.id) })
	s := &Set{hash: l.hash(), plans: map[leadglass.Verb]*plan{}, rules: make(map[cedar.PolicyID]*rule, len(l.rules)), world: newWorld(l.words)}
	for _, r := range l.rules {
		s.rules[cedar.PolicyID(r.id)] = r
	}
	for _, v := range leadglass.Verbs() {
		s.plans[v] = newPlan(v, l.rules)
	}
	return s
}

// hash is SHA-256 over the schema and the files by name: of each the length of the
// name as eight hexadecimal digits, the name, that of the content, the content.
func (l *loading) hash() string {
	all := slices.Clone(l.sources)
	all = append(all, &source{name: "base/schema.cedarschema", text: schemaText()})
	slices.SortFunc(all, func(a, b *source) int { return strings.Compare(a.name, b.name) })
	h := sha256.New()
	for _, s := range all {
		fmt.Fprintf(h, "%08x%s%08x", len(s.name), s.name, len(s.text))
		h.Write(s.text)
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}
