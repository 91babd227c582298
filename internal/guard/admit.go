package guard

import (
	"context"
	"crypto/rand"

	"github.com/leadglass/leadglass"
)

// SignIn is an attempt of somebody to show who it is.
type SignIn struct {
	Peer    *leadglass.Peer // as far as it is known
	Route   leadglass.Route
	Device  bool // node authentication (110126) rather than a login (110122)
	Outcome leadglass.Outcome
	Reason  leadglass.Reason
	// Times is how many attempts of one address within a minute it stands for,
	// refused all; 0 is one. A flood must not fill the log.
	Times int
}

// Admit records an attempt to sign in, before the peer is told how it went. One
// that cannot be recorded fails.
func (g *Guard) Admit(ctx context.Context, s SignIn) error {
	r := &leadglass.Record{
		ID: rand.Text(), Time: g.c.Now().UTC(),
		Event: leadglass.UserAuthentication, Type: leadglass.Login, Action: leadglass.Execute,
		Outcome: s.Outcome, Reason: s.Reason, Times: s.Times,
		Route: s.Route, Peer: s.Peer, Policy: g.c.Decider.Policy(),
	}
	if s.Device {
		r.Type = leadglass.NodeAuthentication
	}
	if r.Peer == nil {
		r.Peer = &leadglass.Peer{}
	}
	return g.recordAnyway(ctx, r) // who hangs up has tried all the same
}
