package advisory

import (
	"errors"
	"slices"
)

// errBudget is for the caller, who knows the limit.
var errBudget = errors.New("over the budget")

// csafStatus is section 3.2.3.9. What is recommended or still looked into is
// neither affected nor known not to be.
type csafStatus struct {
	Known       []string `json:"known_affected"`
	First       []string `json:"first_affected"`
	Last        []string `json:"last_affected"`
	Fixed       []string `json:"fixed"`
	FirstFixed  []string `json:"first_fixed"`
	NotAffected []string `json:"known_not_affected"`
}

// csafAffected is an affected product and the ids that say so.
type csafAffected struct {
	ids     []string
	product csafProduct
}

// csafTrains are the first and last affected versions of one product.
type csafTrains struct {
	csafAffected
	events []event
}

// affected lists what is affected. Of what is named by its first and last
// affected versions, those between them are.
func (s *csafStatus) affected(products *csafProducts, fixed map[string][]Range, budget *int) ([]csafAffected, error) {
	var all []csafAffected
	trains := map[string]*csafTrains{}
	var keys []string // in the order of the document
	for _, list := range []struct {
		ids  []string
		kind eventKind
	}{{s.Known, -1}, {s.First, introduced}, {s.Last, lastAffected}} {
		for _, id := range list.ids {
			named := products.of(id)
			if *budget -= len(named); *budget < 0 {
				return nil, errBudget
			}
			for _, p := range named {
				version, exact := p.exact()
				if list.kind < 0 || !exact {
					all = append(all, csafAffected{[]string{id}, p})
					continue
				}
				t := trains[p.key()]
				if t == nil {
					t = &csafTrains{csafAffected: csafAffected{product: p}}
					trains[p.key()], keys = t, append(keys, p.key())
				}
				t.ids = append(t.ids, id)
				t.events = append(t.events, event{list.kind, version})
			}
		}
	}
	for _, key := range keys {
		all = append(all, trains[key].joined(fixed[key]))
	}
	return all, nil
}

// joined is the product with the ranges between the events.
func (t *csafTrains) joined(not []Range) csafAffected {
	for _, r := range not {
		if r.From != "" {
			t.events = append(t.events, event{fixed, r.From})
		}
	}
	t.product.in = between(t.events)
	return t.csafAffected
}

// fixed is what is fixed or never was affected, by product.
func (s *csafStatus) fixed(products *csafProducts) map[string][]Range {
	not := map[string][]Range{}
	for _, id := range slices.Concat(s.Fixed, s.FirstFixed, s.NotAffected) {
		if p, ok := products.leaves[id]; ok && !p.vague {
			not[p.key()] = append(not[p.key()], p.in...)
		}
	}
	return not
}
