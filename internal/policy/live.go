package policy

import (
	"sync/atomic"

	"github.com/leadglass/leadglass"
)

// Live is a Decider whose rules may be replaced while it decides. Each decision is
// made by one set and names it.
type Live struct{ set atomic.Pointer[Set] }

// NewLive returns a Live with its first rules.
func NewLive(s *Set) *Live {
	l := new(Live)
	l.set.Store(s)
	return l
}

// Replace lets the next decision be made by another set.
func (l *Live) Replace(s *Set) { l.set.Store(s) }

// Decide is leadglass.Decider's.
func (l *Live) Decide(rq *leadglass.Request, study *leadglass.Study) leadglass.Decision {
	return l.set.Load().Decide(rq, study)
}

// For is that of the set that is there when it is called.
func (l *Live) For(rq *leadglass.Request) func(*leadglass.Study) leadglass.Decision {
	return l.set.Load().For(rq)
}

// Policy is leadglass.Decider's.
func (l *Live) Policy() string { return l.set.Load().Policy() }
