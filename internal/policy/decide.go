package policy

import (
	"iter"
	"slices"

	"github.com/cedar-policy/cedar-go"
	cedarast "github.com/cedar-policy/cedar-go/ast"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/cedar-policy/cedar-go/x/exp/ast"

	"github.com/leadglass/leadglass"
)

// Set is a set of rules that was read, checked and hashed. It does not change, and
// remembers nothing of what it decides.
type Set struct {
	hash  string
	rules map[cedar.PolicyID]*rule
	plans map[leadglass.Verb]*plan
	world *world
}

// plan is the rules that may speak about a verb, in the order of their ids.
type plan struct {
	steps    []step
	uses     uses
	purposes []leadglass.Purpose // that those which permit name
}

// step is a rule, and whom and what it can be about at all.
type step struct {
	id     cedar.PolicyID
	policy *cedar.Policy
	only   types.EntityType // of principals, "" for all
	role   types.EntityUID  // that they have, the zero value for any
	what   types.EntityType // of resources, "" for all
}

// newPlan takes the rules whose scope admits the verb. The others are not asked, and
// these are not asked about the verb again.
func newPlan(v leadglass.Verb, rules []*rule) *plan {
	p := &plan{uses: uses{}}
	for _, r := range rules {
		scope := (*ast.Policy)(r.policy.AST())
		if !admits(scope.Action, cedar.NewEntityUID(actionType, cedar.String(v))) {
			continue
		}
		s := step{id: cedar.PolicyID(r.id), policy: anyAction(r.policy), only: typeOf(scope.Principal), what: typeOf(scope.Resource)}
		if _, one := scope.Principal.(ast.ScopeTypeEq); !one {
			for _, e := range entitiesOf(scope.Principal) {
				s.role = e
			}
		}
		p.steps = append(p.steps, s)
		p.uses.of(r)
		if !r.forbids {
			p.purposes = append(p.purposes, purposesOf(r)...)
		}
	}
	slices.Sort(p.purposes)
	p.purposes = slices.Compact(p.purposes)
	return p
}

// anyAction is a policy without the action in its scope.
func anyAction(p *cedar.Policy) *cedar.Policy {
	own := *(*ast.Policy)(p.AST())
	own.Action = ast.ScopeTypeAll{}
	return cedar.NewPolicyFromAST((*cedarast.Policy)(&own))
}

func admits(scope ast.IsScopeNode, action types.EntityUID) bool {
	if _, all := scope.(ast.ScopeTypeAll); all {
		return true
	}
	return slices.Contains(entitiesOf(scope), action)
}

// purposesOf are the purposes that the conditions of a rule name.
func purposesOf(r *rule) []leadglass.Purpose {
	var all []leadglass.Purpose
	for _, c := range (*ast.Policy)(r.policy.AST()).Conditions {
		ast.Inspect(ast.NewNode(c.Body), func(n ast.IsNode) bool {
			if v, ok := n.(ast.NodeValue); ok {
				if e, ok := v.Value.(types.EntityUID); ok && e.Type == purposeType && e.ID != noPurpose {
					all = append(all, leadglass.Purpose(e.ID))
				}
			}
			return true
		})
	}
	return all
}

// about is the rules of a plan that can be about a principal and a resource. Cedar
// would find the others not to apply; this is only quicker.
type about struct {
	plan      *plan
	principal *cedar.Entity
	resource  types.EntityType
}

// All is cedar.PolicyIterator's.
func (a about) All() iter.Seq2[cedar.PolicyID, *cedar.Policy] {
	return func(yield func(cedar.PolicyID, *cedar.Policy) bool) {
		for i := range a.plan.steps {
			s := &a.plan.steps[i]
			if s.only != "" && s.only != a.principal.UID.Type || s.role.Type != "" && !a.in(s.role) || s.what != "" && s.what != a.resource {
				continue
			}
			if !yield(s.id, s.policy) {
				return
			}
		}
	}
}

// in says whether the principal is in an entity; its roles are in no others.
func (a about) in(e types.EntityUID) bool {
	return e == a.principal.UID || a.principal.Parents.Contains(e)
}

// Policy is leadglass.Decider's.
func (s *Set) Policy() string { return s.hash }

// Rule says why a rule is there, in its own words; ok is false for one that is not.
func (s *Set) Rule(id string) (because string, ok bool) {
	r, ok := s.rules[cedar.PolicyID(id)]
	if !ok {
		return "", false
	}
	return r.because, true
}

// Rules are the ids of all rules, sorted.
func (s *Set) Rules() []string {
	ids := make([]string, 0, len(s.rules))
	for id := range s.rules {
		ids = append(ids, string(id))
	}
	slices.Sort(ids)
	return ids
}

// Decide is leadglass.Decider's.
func (s *Set) Decide(rq *leadglass.Request, study *leadglass.Study) leadglass.Decision {
	return s.For(rq)(study)
}

// For prepares a request that is about many studies. The function decides as Decide
// does, and may be called at the same time.
func (s *Set) For(rq *leadglass.Request) func(study *leadglass.Study) leadglass.Decision {
	a := s.asked(rq)
	return func(study *leadglass.Study) leadglass.Decision {
		d := a.decide(study)
		if d.Reason == leadglass.NoRule && study == nil && a.otherwise() {
			d.Reason = leadglass.WrongPurpose
		}
		return d
	}
}

// asked is a request in Cedar's words.
type asked struct {
	set       *Set
	rq        *leadglass.Request
	plan      *plan
	principal cedar.Entity
	context   cedar.Record
}

func (s *Set) asked(rq *leadglass.Request) *asked {
	a := &asked{set: s, rq: rq, plan: s.plans[rq.Verb]}
	if a.plan == nil {
		return a
	}
	peer := rq.Peer
	if peer == nil {
		peer = &leadglass.Peer{}
	}
	a.principal, a.context = s.world.principal(a.plan.uses, peer), s.world.context(a.plan.uses, rq, peer)
	return a
}

// otherwise says whether another purpose would have done. It is asked only about a
// request as such, so that the answer tells nothing about a study.
func (a *asked) otherwise() bool {
	if a.plan == nil {
		return false
	}
	for _, p := range a.plan.purposes {
		other := *a.rq
		other.Purpose = p
		if a.set.asked(&other).decide(nil).Effect == leadglass.Permit {
			return true
		}
	}
	return false
}

func (a *asked) decide(study *leadglass.Study) leadglass.Decision {
	d := leadglass.Decision{Reason: leadglass.NoRule, Policy: a.set.hash}
	if a.plan == nil {
		return d
	}
	e := entities{world: a.set.world, principal: &a.principal, resource: a.set.world.resource(a.plan.uses, study)}
	answer, diagnostic := cedar.Authorize(about{a.plan, &a.principal, e.resource.UID.Type}, &e, cedar.Request{
		Principal: a.principal.UID,
		Action:    cedar.NewEntityUID(actionType, cedar.String(a.rq.Verb)),
		Resource:  e.resource.UID,
		Context:   a.context,
	})
	switch {
	case len(diagnostic.Errors) > 0:
		// Cedar leaves out a rule that fails. If it was one that forbids, what
		// remains permits too much.
		d.Reason = leadglass.Forbidden
		for _, one := range diagnostic.Errors {
			d.Rules = append(d.Rules, string(one.PolicyID))
		}
	case answer == cedar.Allow:
		a.set.permit(&d, diagnostic.Reasons)
	default:
		a.set.forbid(&d, diagnostic.Reasons)
	}
	return d
}

// permit fills in a decision by the rules that permit: it is due what each obliges
// to.
func (s *Set) permit(d *leadglass.Decision, because []cedar.DiagnosticReason) {
	d.Effect, d.Reason = leadglass.Permit, leadglass.NoReason
	for _, one := range because {
		d.Rules = append(d.Rules, string(one.PolicyID))
		d.Obligations = append(d.Obligations, s.rules[one.PolicyID].obligations...)
	}
	slices.Sort(d.Obligations)
	d.Obligations = slices.Compact(d.Obligations)
}

// forbid fills in a decision by the rules that forbid, if any: of their reasons the
// first in the order of reasons is told.
func (s *Set) forbid(d *leadglass.Decision, because []cedar.DiagnosticReason) {
	first := len(reasons())
	for _, one := range because {
		r := s.rules[one.PolicyID]
		d.Rules = append(d.Rules, r.id)
		if i := slices.Index(reasons(), r.reason); i < first {
			first, d.Reason = i, r.reason
		}
	}
}
