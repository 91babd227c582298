package policy_test

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/policy"
)

func folder(rules string) fstest.MapFS { return fstest.MapFS{"a.cedar": {Data: []byte(rules)}} }

func load(t testing.TB, rules string) *policy.Set {
	t.Helper()
	s, err := policy.Load(folder(rules))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCheck_Problems: each is named with file, line and what to do.
func TestCheck_Problems(t *testing.T) {
	rule := func(rest string) string { return "\n@id(\"a\")\n@because(\"x\")\n" + rest }
	for name, c := range map[string]struct{ rules, want string }{
		"action":          {rule(`permit (principal, action == Action::"fnd", resource);`), `a.cedar:4: rule "a": the action "fnd" is not known; "find" may be meant`},
		"actions":         {rule("permit (principal, action in [Action::\"get\",\n Action::\"delte\"], resource);"), `a.cedar:5: rule "a": the action "delte" is not known; "delete" may be meant`},
		"role":            {rule(`permit (principal in Role::"radiolgist", action, resource);`), `a.cedar:4: rule "a": the role "radiolgist" is not known; "radiologist" may be meant; roles of the site stand in roles.txt, one a line`},
		"purpose":         {rule("permit (principal, action, resource)\nwhen { context.purpose in Purpose::\"TRAET\" };"), `a.cedar:5: rule "a": the purpose "TRAET" is not known; "TREAT" may be meant`},
		"attribute":       {rule("permit (principal, action, resource is Study)\nwhen { resource.labls.contains(\"x\") };"), `a.cedar:5: rule "a": the attribute "labls" is not known; "labels" may be meant`},
		"has":             {rule(`permit (principal, action, resource is Study) when { resource has dat };`), `a.cedar:4: rule "a": the attribute "dat" is not known; "date" may be meant`},
		"type":            {rule(`permit (principal is Persn, action, resource);`), `a.cedar:4: rule "a": the type "Persn" is not known; "Person" may be meant`},
		"type_in_test":    {rule(`permit (principal, action, resource) when { resource is Series };`), `a.cedar:4: rule "a": the type "Series" is not known; `},
		"type_of_entity":  {rule(`permit (principal == User::"ann", action, resource);`), `a.cedar:4: rule "a": the type "User" is not known; `},
		"route":           {rule(`permit (principal, action, resource) when { context.route == "QIDO-RS" };`), `a.cedar:4: rule "a": the attribute "route" is not known; `},
		"wrong_place":     {rule(`permit (principal, action, resource) when { principal.labels.contains("x") };`), `a.cedar:2: rule "a": `},
		"maybe_absent":    {rule(`permit (principal, action, resource is Study) when { resource.date < context.now };`), `a.cedar:2: rule "a": `},
		"wrong_kind":      {rule(`permit (principal, action, resource) when { principal.assurance == "high" };`), `a.cedar:2: rule "a": `},
		"archive":         {rule(`permit (principal, action, resource == Archive::"that");`), `a.cedar:4: rule "a": the archive "that" is not known; "this" may be meant`},
		"no_id":           {`@because("x") permit (principal, action, resource);`, `a.cedar:1: the rule has no id; write @id("some-name") above it: records name it`},
		"odd_id":          {`@id("A b") @because("x") permit (principal, action, resource);`, `a.cedar:1: rule "A b": "A b" is no id; use lower-case letters, digits, '-' and '.'`},
		"base_id":         {`@id("base/all") @because("x") permit (principal, action, resource);`, `a.cedar:1: rule "base/all": "base/all" is no id; `},
		"no_because":      {`@id("a") permit (principal, action, resource);`, `a.cedar:1: rule "a": the rule does not say why; `},
		"annotation":      {"@id(\"a\")\n@becuase(\"x\")\npermit (principal, action, resource);", `a.cedar:2: rule "a": the annotation @becuase is not known; "because" may be meant`},
		"reason":          {rule("@reason(\"forbiden\")\nforbid (principal, action, resource);"), `a.cedar:4: rule "a": "forbiden" is no reason; "forbidden" may be meant`},
		"reason_permits":  {rule("@reason(\"forbidden\")\npermit (principal, action, resource);"), `a.cedar:4: rule "a": a rule that permits gives no reason to refuse; `},
		"obligation":      {rule("@obligation(\"notify, watermrk\")\npermit (principal, action, resource);"), `a.cedar:4: rule "a": "watermrk" is no obligation; "watermark" may be meant`},
		"obligation_none": {rule("@obligation(\"notify\")\nforbid (principal, action, resource);"), `a.cedar:4: rule "a": a rule that forbids obliges to nothing; `},
		"twice":           {rule("permit (principal, action, resource);\n@id(\"a\") @because(\"y\") forbid (principal, action, resource);"), `a.cedar:5: rule "a": the id is that of a.cedar:2 too; give one of them another`},
		"syntax":          {"\n\npermit (principal, action);", `a.cedar:3: syntax at `},
		"not_closed":      {`permit (principal, action, resource`, `a.cedar:1: syntax at `},
	} {
		t.Run(name, func(t *testing.T) {
			problems := policy.Check(folder(c.rules))
			if len(problems) == 0 {
				t.Fatalf("no problem, want %s", c.want)
			}
			found := false
			for _, p := range problems {
				found = found || strings.HasPrefix(p.String(), c.want)
			}
			if !found {
				t.Errorf("got:\n%v\nwant:\n%s", problems, c.want)
			}
			if s, err := policy.Load(folder(c.rules)); err == nil || s != nil {
				t.Errorf("it is loaded all the same")
			}
		})
	}
}

func TestCheck_Folders(t *testing.T) {
	ok := &fstest.MapFile{Data: []byte(`@id("a") @because("x") permit (principal, action, resource);`)}
	for name, c := range map[string]struct {
		fsys fs.FS
		want string
	}{
		"none":      {nil, "there is no folder of rules"},
		"empty":     {fstest.MapFS{}, "no file ends in .cedar"},
		"other":     {fstest.MapFS{"a.txt": ok}, "no file ends in .cedar"},
		"below":     {fstest.MapFS{"a.cedar": ok, "b[x]/c.cedar": ok}, "b[x]/c.cedar: rules in folders below are not read"},
		"odd_role":  {fstest.MapFS{"a.cedar": ok, "roles.txt": {Data: []byte("ok\nWard Nurse\n")}}, `roles.txt:2: "Ward Nurse" is no name of a role`},
		"unread":    {fstest.MapFS{"a.cedar": {Mode: fs.ModeDir}}, "no file ends in .cedar"},
		"dangling":  {dangling{}, "a.cedar: the file cannot be read"},
		"not_there": {fs.FS(broken{}), "the folder cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := policy.Check(c.fsys).Error(); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
	fine := fstest.MapFS{"a.cedar": ok, "README.md": {}, "roles.txt": {Data: []byte("ward-nurse # of the wards\n\n")}, "old/notes.txt": {}}
	if got := policy.Check(fine); len(got) != 0 {
		t.Errorf("problems %v", got)
	}
}

type broken struct{}

func (broken) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
}

type dangling struct{}

func (dangling) Open(name string) (fs.File, error) {
	if name == "." {
		return fstest.MapFS{"a.cedar": {}}.Open(".")
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// TestLoad_Roles: a role of the site may be named, and counts.
func TestLoad_Roles(t *testing.T) {
	rules := `@id("nurse") @because("x") permit (principal in Role::"ward-nurse", action, resource);`
	s, err := policy.Load(fstest.MapFS{"a.cedar": {Data: []byte(rules)}, "roles.txt": {Data: []byte("ward-nurse\n")}})
	if err != nil {
		t.Fatal(err)
	}
	st := state{role: "ward-nurse", verb: leadglass.View, purpose: leadglass.Treatment, assurance: leadglass.Password, tls: true, active: true}
	if d := s.Decide(st.request(), nil); d.Effect != leadglass.Permit {
		t.Errorf("%+v", d)
	}
	if why, ok := s.Rule("nurse"); !ok || why != "x" {
		t.Errorf("rule %q, %v", why, ok)
	}
	if _, ok := s.Rule("none"); ok {
		t.Error("a rule that is not there")
	}
}

// TestHash: it depends on names and contents, and on nothing else.
func TestHash(t *testing.T) {
	a, b := `@id("a") @because("x") permit (principal, action, resource);`, `@id("b") @because("x") forbid (principal, action, resource);`
	hash := func(files ...string) string {
		fsys := fstest.MapFS{}
		for i := 0; i < len(files); i += 2 {
			fsys[files[i]] = &fstest.MapFile{Data: []byte(files[i+1])}
		}
		s, err := policy.Load(fsys)
		if err != nil {
			t.Fatal(err)
		}
		return s.Policy()
	}
	base := hash("a.cedar", a, "b.cedar", b)
	if !strings.HasPrefix(base, "sha256:") || len(base) != 71 {
		t.Errorf("hash %q", base)
	}
	if hash("b.cedar", b, "a.cedar", a) != base || hash("a.cedar", a, "b.cedar", b, "README", "x") != base {
		t.Error("what does not decide changes the hash")
	}
	seen := map[string]int{base: -1}
	for i, other := range [][]string{
		{"a.cedar", a}, {"a.cedar", b, "b.cedar", a}, {"a.cedar", a, "c.cedar", b}, {"a.cedar", a + b}, {"a.cedar", a, "b.cedar", b + " "},
		{"a.cedar", a, "b.cedar", b, "roles.txt", "x"},
	} {
		h := hash(other...)
		if have, twice := seen[h]; twice {
			t.Errorf("folders %d and %d have the same hash", i, have)
		}
		seen[h] = i
	}
	if first, second := shipped(t).Policy(), shipped(t).Policy(); first != second {
		t.Error("the hash of the shipped rules changes")
	}
}

func TestShipped_HasNoProblems(t *testing.T) {
	if got := policy.Check(policy.Shipped()); len(got) > 0 {
		t.Errorf("problems:\n%v", got)
	}
	s := shipped(t)
	if n := len(s.Rules()); n != 28 {
		t.Errorf("%d rules", n)
	}
}

func TestLimit_FileBytes(t *testing.T) {
	rule := `@id("a") @because("x") permit (principal, action, resource);`
	for over := range 2 {
		text := rule + strings.Repeat(" ", 64<<10-len(rule)+over)
		if got := policy.Check(folder(text)); (len(got) > 0) != (over > 0) {
			t.Errorf("%d bytes: %v", len(text), got)
		}
	}
}

func TestLimit_Files(t *testing.T) {
	fsys := fstest.MapFS{}
	for i := range 256 - 1 { // and one of the base
		fsys[fmt.Sprintf("%d.cedar", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `@id("r%d") @because("x") permit (principal, action, resource);`, i)}
	}
	if got := policy.Check(fsys); len(got) > 0 {
		t.Errorf("problems %v", got)
	}
	fsys["one-more.cedar"] = &fstest.MapFile{Data: []byte(`@id("more") @because("x") permit (principal, action, resource);`)}
	if got := policy.Check(fsys); len(got) != 1 || !strings.Contains(got.Error(), "over 256 files") {
		t.Errorf("problems %v", got)
	}
}

func TestLimit_Rules(t *testing.T) {
	for over := range 2 {
		fsys := fstest.MapFS{}
		for i := range 1000 - 10 + over {
			name := fmt.Sprintf("%d.cedar", i/100)
			if fsys[name] == nil {
				fsys[name] = &fstest.MapFile{}
			}
			fsys[name].Data = fmt.Appendf(fsys[name].Data, "@id(\"r%d\") @because(\"x\") permit (principal, action, resource);\n", i)
		}
		if got := policy.Check(fsys); (len(got) > 0) != (over > 0) {
			t.Errorf("%d over: %v", over, got)
		}
	}
}

func TestLimit_Nesting(t *testing.T) {
	for over := range 2 {
		deep := 64 - 1 + over // and the braces
		rule := `@id("a") @because("x") permit (principal, action, resource) when { ` + strings.Repeat("(", deep) + "true" + strings.Repeat(")", deep) + " };"
		if got := policy.Check(folder(rule)); (len(got) > 0) != (over > 0) {
			t.Errorf("%d deep: %v", deep+1, got)
		}
	}
}

func TestLimit_Problems(t *testing.T) {
	text := strings.Repeat("permit (principal, action, resource);\n", 101)
	if got := policy.Check(folder(text)); len(got) != 100 {
		t.Errorf("%d problems are told", len(got))
	}
}

// TestLive: while rules are replaced each decision is of one set.
func TestLive(t *testing.T) {
	yes := load(t, `@id("yes") @because("x") permit (principal, action, resource);`)
	no := load(t, `@id("no") @because("x") forbid (principal, action, resource);`)
	live := policy.NewLive(yes)
	rq := state{role: leadglass.Clerk, verb: leadglass.Find, purpose: leadglass.Treatment, assurance: leadglass.Password, tls: true, active: true}.request()
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 500 {
				d := live.Decide(rq, nil)
				if want := map[leadglass.Effect]string{leadglass.Permit: yes.Policy(), leadglass.Deny: no.Policy()}[d.Effect]; d.Policy != want {
					t.Errorf("%s by %s", d.Effect, d.Policy)
				}
				decide := live.For(rq)
				if first, second := decide(nil), decide(nil); first.Policy != second.Policy {
					t.Error("one request is decided by two sets")
				}
			}
		})
	}
	for i := range 500 {
		live.Replace([]*policy.Set{yes, no}[i%2])
	}
	all.Wait()
	live.Replace(no)
	if live.Policy() != no.Policy() {
		t.Error("the set is not replaced")
	}
}

// TestExample: the rule of docs/add-a-rule.md is right, and does what it says.
func TestExample(t *testing.T) {
	text, err := os.ReadFile("../../docs/add-a-rule.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rule, ok := strings.Cut(string(text), "`quality-board.cedar`:\n")
	rule, _, end := strings.Cut(rule, "   `@id` is")
	if !ok || !end {
		t.Fatal("the page has no rule")
	}
	s, err := policy.Load(fstest.MapFS{"quality-board.cedar": {Data: []byte(rule)}, "roles.txt": {Data: []byte("quality-board # meets on Tuesdays")}})
	if err != nil {
		t.Fatal(err)
	}
	st := state{role: "quality-board", verb: leadglass.View, purpose: leadglass.Quality, assurance: leadglass.Password, tls: true, active: true}
	for _, c := range []struct {
		study, label string
		verb         leadglass.Verb
		want         leadglass.Effect
	}{
		{"", "", leadglass.View, leadglass.Permit},
		{"own", "quality", leadglass.View, leadglass.Permit},
		{"own", "", leadglass.View, leadglass.Deny},
		{"", "", leadglass.Get, leadglass.Deny},
	} {
		st.study, st.label, st.verb = c.study, c.label, c.verb
		if d := s.Decide(st.request(), st.facts()); d.Effect != c.want {
			t.Errorf("%+v: %+v", c, d)
		}
	}
}
