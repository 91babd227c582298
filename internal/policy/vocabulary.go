package policy

import (
	"slices"

	"github.com/cedar-policy/cedar-go/x/exp/schema"
	"github.com/cedar-policy/cedar-go/x/exp/schema/resolved"
	"github.com/cedar-policy/cedar-go/x/exp/schema/validate"

	"github.com/leadglass/leadglass"
)

const schemaFile = "schema.cedarschema"

func schemaText() []byte {
	text, err := files.ReadFile(schemaFile)
	if err != nil {
		panic("policy: the schema is not embedded") // checked by the compiler
	}
	return text
}

// The types of entities.
const (
	roleType    = "Role"
	purposeType = "Purpose"
	archiveType = "Archive"
	studyType   = "Study"
	actionType  = "Action"
	nobodyType  = "Nobody"
)

// archiveID is the one entity of its type, noPurpose that of a request without.
const (
	archiveID = "this"
	noPurpose = "none"
)

// vocabulary is what the words of a rule are checked against.
type vocabulary struct {
	types      []string
	attributes []string // of any type and of the context
	verbs      []string
	roles      []string
	purposes   []string
	validator  *validate.Validator
}

func newVocabulary() *vocabulary {
	var s schema.Schema
	err := s.UnmarshalCedar(schemaText())
	var r *resolved.Schema
	if err == nil {
		r, err = s.Resolve()
	}
	if err != nil {
		panic("policy: the schema is wrong: " + err.Error()) // it is ours, and tested
	}
	v := &vocabulary{types: []string{actionType}, validator: validate.New(r)}
	for name, e := range r.Entities {
		v.types = append(v.types, string(name))
		v.attributesOf(e.Shape)
	}
	for _, a := range r.Actions {
		if a.AppliesTo != nil {
			v.attributesOf(a.AppliesTo.Context)
		}
	}
	for _, verb := range leadglass.Verbs() {
		v.verbs = append(v.verbs, string(verb))
	}
	for _, p := range leadglass.Purposes() {
		v.purposes = append(v.purposes, string(p))
	}
	v.purposes = append(v.purposes, noPurpose)
	v.roles = shippedRoles()
	slices.Sort(v.types)
	slices.Sort(v.attributes)
	v.attributes = slices.Compact(v.attributes)
	return v
}

func shippedRoles() []string {
	return []string{
		string(leadglass.Modality), string(leadglass.Workstation), string(leadglass.Router), string(leadglass.Radiologist),
		string(leadglass.Referrer), string(leadglass.Technologist), string(leadglass.Clerk), string(leadglass.Researcher),
		string(leadglass.Auditor), string(leadglass.Administrator),
	}
}

// attributesOf collects the names of a record and of the records in it.
func (v *vocabulary) attributesOf(r resolved.RecordType) {
	for name, a := range r {
		v.attributes = append(v.attributes, string(name))
		if inner, ok := a.Type.(resolved.RecordType); ok {
			v.attributesOf(inner)
		}
	}
}

// isName says whether a word may be the id of a rule or the name of a role.
func isName(s string) bool {
	for i, c := range s {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
		case i > 0 && (c == '-' || c == '.'):
		default:
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// nearest is the word of a list that somebody may have meant, "" if none is near.
func nearest(word string, list []string) string {
	best, least := "", len(word)/3+2
	for _, have := range list {
		if d := distance(word, have); d < least {
			best, least = have, d
		}
	}
	return best
}

// distance is how many letters have to be put in, taken out or replaced.
func distance(a, b string) int {
	if len(a) > 64 || len(b) > 64 {
		return 64
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := diagonal
			if a[i-1] != b[j-1] {
				replaced++
			}
			diagonal = row[j]
			row[j] = min(replaced, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
