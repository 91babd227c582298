package policy

import (
	"fmt"
	"strings"

	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"
)

// check compares the words of a rule with those that are known, and then has its
// types checked. The words come first, since the messages for them can say more.
func (l *loading) check(r *rule) {
	before := len(l.problems)
	p := (*ast.Policy)(r.policy.AST())
	for _, scope := range []ast.IsScopeNode{p.Principal, p.Action, p.Resource} {
		for _, e := range entitiesOf(scope) {
			l.entity(r, e)
		}
		if t := typeOf(scope); t != "" {
			l.entityType(r, string(t))
		}
	}
	for _, c := range p.Conditions {
		ast.Inspect(ast.NewNode(c.Body), func(n ast.IsNode) bool {
			l.node(r, n)
			return true
		})
	}
	if len(l.problems) > before {
		return
	}
	if err := l.words.validator.Policy(r.id, p); err != nil {
		l.of(r, "", strings.ReplaceAll(err.Error(), "\n", "; "), "see the words of a rule in docs/add-a-rule.md")
	}
}

// node checks the words of one node of a condition.
func (l *loading) node(r *rule, n ast.IsNode) {
	switch n := n.(type) {
	case ast.NodeTypeAccess:
		l.attribute(r, string(n.Value))
	case ast.NodeTypeHas:
		l.attribute(r, string(n.Value))
	case ast.NodeTypeIs:
		l.entityType(r, string(n.EntityType))
	case ast.NodeTypeIsIn:
		l.entityType(r, string(n.EntityType))
	case ast.NodeValue:
		if e, ok := n.Value.(types.EntityUID); ok {
			l.entity(r, e)
		}
	}
}

func (l *loading) attribute(r *rule, name string) {
	l.known(r, "attribute", name, l.words.attributes)
}

func (l *loading) entityType(r *rule, name string) {
	l.known(r, "type", name, l.words.types)
}

func (l *loading) known(r *rule, what, word string, list []string) {
	for _, have := range list {
		if have == word {
			return
		}
	}
	l.of(r, word, fmt.Sprintf("the %s %q is not known", what, word), meant(word, list))
}

func (l *loading) entity(r *rule, e types.EntityUID) {
	switch e.Type {
	case actionType:
		l.known(r, "action", string(e.ID), l.words.verbs)
	case purposeType:
		l.known(r, "purpose", string(e.ID), l.words.purposes)
	case archiveType:
		l.known(r, "archive", string(e.ID), []string{archiveID})
	case roleType:
		before := len(l.problems)
		l.known(r, "role", string(e.ID), l.words.roles)
		if len(l.problems) > before {
			p := &l.problems[len(l.problems)-1]
			p.Remedy += "; roles of the site stand in " + rolesFile + ", one a line"
		}
	default:
		l.entityType(r, string(e.Type))
	}
}

// entitiesOf are those that a scope names.
func entitiesOf(s ast.IsScopeNode) []types.EntityUID {
	switch s := s.(type) {
	case ast.ScopeTypeEq:
		return []types.EntityUID{s.Entity}
	case ast.ScopeTypeIn:
		return []types.EntityUID{s.Entity}
	case ast.ScopeTypeInSet:
		return s.Entities
	case ast.ScopeTypeIsIn:
		return []types.EntityUID{s.Entity}
	}
	return nil
}

func typeOf(s ast.IsScopeNode) types.EntityType {
	switch s := s.(type) {
	case ast.ScopeTypeIs:
		return s.Type
	case ast.ScopeTypeIsIn:
		return s.Type
	}
	return ""
}
