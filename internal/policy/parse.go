package policy

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/cedar-policy/cedar-go"

	"github.com/leadglass/leadglass"
)

// parse reads the rules of a file.
func (l *loading) parse(s *source) {
	if s.name == rolesFile {
		return
	}
	if line := tooDeep(s.text); line > 0 {
		l.add(Problem{s.name, line, "", fmt.Sprintf("brackets nested over %d deep", maxNesting), "write it simpler"})
		return
	}
	list, err := cedar.NewPolicyListFromBytes(s.name, s.text)
	if err != nil {
		l.add(syntax(s, err))
		return
	}
	for i, p := range list {
		end := len(s.text)
		if i+1 < len(list) {
			end = list[i+1].Position().Offset
		}
		r := &rule{policy: p, source: s, line: p.Position().Line, text: string(s.text[p.Position().Offset:end])}
		r.forbids = p.Effect() == cedar.Forbid
		l.annotations(r)
		l.check(r)
		l.rules = append(l.rules, r)
	}
}

// tooDeep is the line where brackets are nested too deep, 0 if they are not. It
// counts those in strings and comments too, which is wrong on the safe side.
func tooDeep(text []byte) int {
	depth, line := 0, 1
	for _, c := range text {
		switch c {
		case '\n':
			line++
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth = max(depth-1, 0)
		}
		if depth > maxNesting {
			return line
		}
	}
	return 0
}

// where finds the place in an error of the parser.
var where = regexp.MustCompile(`parse error at \S*?(\d+):(\d+) `)

func syntax(s *source, err error) Problem {
	p := Problem{File: s.name, Text: err.Error(), Remedy: "see docs/add-a-rule.md for the form of a rule"}
	p.Text = strings.TrimPrefix(p.Text, "parser error: ")
	if m := where.FindStringSubmatchIndex(p.Text); m != nil {
		p.Line, _ = strconv.Atoi(p.Text[m[2]:m[3]])
		p.Text = "syntax at " + p.Text[m[1]:]
	}
	return p
}

// annotations reads what a rule says of itself.
func (l *loading) annotations(r *rule) {
	all := r.policy.Annotations()
	r.id, r.because = string(all["id"]), string(all["because"])
	name := strings.TrimPrefix(r.id, "base/")
	switch {
	case r.id == "":
		l.of(r, "", "the rule has no id", `write @id("some-name") above it: records name it`)
	case !isName(name) || r.source.base != (name != r.id):
		l.of(r, r.id, fmt.Sprintf("%q is no id", r.id), "use lower-case letters, digits, '-' and '.'")
	}
	if strings.TrimSpace(r.because) == "" {
		l.of(r, "", "the rule does not say why", `write @because("...") above it, for who reads the record`)
	}
	for key, value := range all {
		switch key {
		case "id", "because":
		case "reason":
			l.reason(r, string(value))
		case "obligation":
			l.obligation(r, string(value))
		default:
			l.of(r, string(key), fmt.Sprintf("the annotation @%s is not known", key), meant(string(key), []string{"id", "because", "reason", "obligation"}))
		}
	}
	if r.forbids && r.reason == leadglass.NoReason {
		r.reason = leadglass.Forbidden
	}
}

// reasons are those that a rule may give.
func reasons() []leadglass.Reason {
	return []leadglass.Reason{
		leadglass.NoIdentity, leadglass.NotActive, leadglass.NotEncrypted, leadglass.NoPurpose, leadglass.WrongPurpose,
		leadglass.Forbidden,
	}
}

func (l *loading) reason(r *rule, value string) {
	switch known := reasons(); {
	case !r.forbids:
		l.of(r, "reason", "a rule that permits gives no reason to refuse", "take @reason away; @because says why it is there")
	case !slices.Contains(known, leadglass.Reason(value)):
		l.of(r, value, fmt.Sprintf("%q is no reason", value), meant(value, strs(known)))
	default:
		r.reason = leadglass.Reason(value)
	}
}

func obligations() []leadglass.Obligation {
	return []leadglass.Obligation{
		leadglass.Watermark, leadglass.NoExport, leadglass.Notify, leadglass.ReviewAlways, leadglass.StepUp,
	}
}

func (l *loading) obligation(r *rule, value string) {
	if r.forbids {
		l.of(r, "obligation", "a rule that forbids obliges to nothing", "take @obligation away")
		return
	}
	for _, word := range strings.Split(value, ",") {
		o := leadglass.Obligation(strings.TrimSpace(word))
		if !slices.Contains(obligations(), o) {
			l.of(r, string(o), fmt.Sprintf("%q is no obligation", o), meant(string(o), strs(obligations())))
			continue
		}
		r.obligations = append(r.obligations, o)
	}
	slices.Sort(r.obligations)
	r.obligations = slices.Compact(r.obligations)
}

// unique says which ids stand twice.
func (l *loading) unique() {
	first := map[string]*rule{}
	for _, r := range l.rules {
		have := first[r.id]
		if r.id == "" {
			continue
		}
		if have == nil {
			first[r.id] = r
			continue
		}
		l.of(r, r.id, fmt.Sprintf("the id is that of %s:%d too", have.source.name, have.line), "give one of them another")
	}
}

// of adds a problem of a rule, at the line where the word stands.
func (l *loading) of(r *rule, word, text, remedy string) {
	l.add(Problem{r.source.name, r.lineOf(word), r.id, text, remedy})
}

// lineOf is the line of the first place in a rule where a word stands on its own,
// the rule's line if there is none.
func (r *rule) lineOf(word string) int {
	from := 0
	for word != "" {
		i := strings.Index(r.text[from:], word)
		if i < 0 {
			break
		}
		i += from
		from = i + len(word)
		if !letter(r.text, i-1) && !letter(r.text, from) {
			return r.line + strings.Count(r.text[:i], "\n")
		}
	}
	return r.line
}

func letter(s string, i int) bool {
	if i < 0 || i >= len(s) {
		return false
	}
	c := s[i]
	return c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// meant is a remedy: the word that is near, or all of them.
func meant(word string, list []string) string {
	if near := nearest(word, list); near != "" {
		return fmt.Sprintf("%q may be meant", near)
	}
	return "known are " + strings.Join(list, ", ")
}

func strs[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return all
}
