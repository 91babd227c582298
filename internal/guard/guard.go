// Package guard is the only way to what the archive holds. It asks the policy,
// study by study, records what is going to happen, and then lets it happen: no
// identity, no purpose, no rule or no record, and nothing is released.
//
// The same guard stands behind every face. A study that a peer may not have is,
// for that peer, not there: it is in no row, no count and no error, and asking
// for it takes as many writes as asking for one that does not exist.
package guard

import (
	"context"
	"iter"
	"time"

	"github.com/leadglass/leadglass"
)

// Config is what a Guard stands between.
type Config struct {
	Archive  leadglass.Archive
	Decider  leadglass.Decider
	Recorder leadglass.Recorder
	Now      func() time.Time
}

// Guard enforces decisions. Its methods may be called at the same time. Errors
// that tell a peer something are *leadglass.Error.
type Guard struct{ c Config }

// New returns a Guard.
func New(c Config) *Guard { return &Guard{c} }

// Page is the part of an answer that is wanted, after what may not be seen was
// taken out. Limit 0 is everything.
type Page struct{ Offset, Limit int }

// Echo decides about C-ECHO and the like, which release nothing; it is recorded
// where it is denied.
func (g *Guard) Echo(ctx context.Context, rq *leadglass.Request) error { return nil }

// Find yields the matches that the peer may see, with counts of what it may see.
// The search is recorded before the first is yielded.
func (g *Guard) Find(ctx context.Context, rq *leadglass.Request, q *leadglass.Query, p Page) iter.Seq2[*leadglass.Match, error] {
	return nil
}

// Retrieve decides about rq.Refs, for one of the verbs Describe, View, Get and
// Move, and records that the transfer begins. Nothing that may be had is
// NotFound, whatever the reason.
func (g *Guard) Retrieve(ctx context.Context, rq *leadglass.Request) (*Transfer, error) {
	return nil, nil
}

// Transfer is what a peer was permitted to retrieve. End must be called.
type Transfer struct{}

// Total is how many instances Objects will yield.
func (t *Transfer) Total() int { return 0 }

// Decision is the decision with the most obligations of those for its studies.
func (t *Transfer) Decision() leadglass.Decision { return leadglass.Decision{} }

// Objects yields the instances.
func (t *Transfer) Objects(ctx context.Context) iter.Seq2[*leadglass.Object, error] { return nil }

// Sent counts an object as handed over, with the bytes that left.
func (t *Transfer) Sent(o *leadglass.Object, bytes int64) {}

// Failed counts an object that did not arrive; of it bytes may have left.
func (t *Transfer) Failed(o *leadglass.Object, bytes int64) {}

// End records how the transfer ended. It does so even if ctx is done.
func (t *Transfer) End(ctx context.Context) error { return nil }

// Store decides whether the peer may store and records that it begins: once for
// an association or request, before its first object.
func (g *Guard) Store(ctx context.Context, rq *leadglass.Request) (*Intake, error) { return nil, nil }

// Intake takes objects of one association or request. Put may be called by one
// goroutine at a time. End must be called.
type Intake struct{}

// Put stores one object.
func (i *Intake) Put(ctx context.Context, in *leadglass.Incoming) (*leadglass.Stored, error) {
	return nil, nil
}

// End records what was stored, study by study.
func (i *Intake) End(ctx context.Context) error { return nil }

// Delete deletes what rq.Refs names, after it is recorded, and returns how many
// instances.
func (g *Guard) Delete(ctx context.Context, rq *leadglass.Request) (int, error) { return 0, nil }

// Commitment is the answer to one reference of a storage commitment request.
type Commitment struct {
	Ref leadglass.Ref
	// Object is the instance that is kept, nil where there is none that the peer
	// may know of.
	Object *leadglass.Object
}

// Commit tells which instances of rq.Refs are kept (PS3.4 annex J).
func (g *Guard) Commit(ctx context.Context, rq *leadglass.Request) ([]Commitment, error) {
	return nil, nil
}

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
func (g *Guard) Admit(ctx context.Context, s SignIn) error { return nil }
