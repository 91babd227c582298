// Package guard is the only way to what the archive holds. It asks the policy,
// study by study, records what is going to happen, and then lets it happen: no
// identity, no purpose, no rule or no record, and nothing is released.
//
// The same guard stands behind every face. A study that a peer may not have is,
// for that peer, not there: it is in no row, no count and no error, and asking
// for it takes as many writes as asking for one that does not exist.
//
// # In which order
//
// Each method takes these steps, and none begins before the one above is over:
//
//  1. The request as such is decided, with no study. A denial is recorded, and
//     the peer is told its reason: it follows from the request alone and tells
//     nothing about what is kept.
//  2. The studies are looked up and each is decided. What is not permitted is
//     not there. Where nothing is there, one is decided that does not exist.
//  3. What will be released is recorded, and what was refused.
//  4. It is released.
//  5. For a transfer, what was released is recorded.
//
// # Records
//
//	Echo      nothing, or a security alert where it is denied
//	Find      one query event, with the text of the query and never an answer
//	Retrieve  of one instance, and of all that is described or viewed: one
//	          "instances accessed" per patient, with the most that it can be;
//	          of anything else "begin transferring" and "instances transferred"
//	          per patient, linked by Transfer
//	Store     one "begin transferring" and, linked to it, at least one "instances
//	          transferred": one per study and one for what was not kept
//	Delete    one "study deleted" per patient, before; one more where it failed
//	Commit    one "instances accessed" per patient
//	Admit     one "user authentication"
//	Allow     one "audit log used" or security alert
//
// What is refused is one record for the request, whatever was asked for and
// whether it exists or not: it names no subject, and what was asked for in Refs.
package guard

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/leadglass/leadglass"
)

// Config is what a Guard stands between.
type Config struct {
	Archive  leadglass.Archive
	Decider  leadglass.Decider
	Recorder leadglass.Recorder
	Now      func() time.Time
	Limits   Limits
}

// Guard enforces decisions. Its methods may be called at the same time. Errors
// that tell a peer something are *leadglass.Error.
type Guard struct {
	c   Config
	lim Limits
}

// New returns a Guard.
func New(c Config) *Guard { return &Guard{c, c.Limits.orDefault()} }

// What a peer is told is the code and the reason; these texts are the same for
// what is hidden and for what is not there.
var (
	errRefused = errors.New("guard: the policy refuses the request")
	errNothing = errors.New("guard: there is nothing that the peer may know of")
	errVerb    = errors.New("guard: a verb that this method does not serve")
	errRefs    = errors.New("guard: a request that names nothing")
	errTooMany = errors.New("guard: a request that names too much")
)

// own is a request with what every record needs. The caller's stays as it is.
func (g *Guard) own(rq *leadglass.Request) *leadglass.Request {
	own := *rq
	if own.Time.IsZero() {
		own.Time = g.c.Now()
	}
	if own.ID == "" {
		own.ID = rand.Text()
	}
	if own.Peer == nil {
		own.Peer = &leadglass.Peer{}
	}
	return &own
}

// decide decides about a study for one request, or about the request as such.
type decide func(study *leadglass.Study) leadglass.Decision

// preparer is a Decider that decides many studies for one request by one policy, and
// quicker.
type preparer interface {
	For(rq *leadglass.Request) func(study *leadglass.Study) leadglass.Decision
}

// decides asks the policy and refuses what it permits only on terms that nobody
// here could fulfil. The request must not change any more.
func (g *Guard) decides(rq *leadglass.Request) decide {
	ask := func(study *leadglass.Study) leadglass.Decision { return g.c.Decider.Decide(rq, study) }
	if p, ok := g.c.Decider.(preparer); ok {
		ask = p.For(rq)
	}
	return func(study *leadglass.Study) leadglass.Decision {
		d := ask(study)
		if d.Policy == "" {
			d.Policy = g.c.Decider.Policy()
		}
		if d.Effect == leadglass.Permit && !fulfilled(rq, d.Obligations) {
			d.Effect, d.Reason = leadglass.Deny, leadglass.Forbidden
		}
		return d
	}
}

// fulfilled says whether the obligations can be met: objects that leave as they
// are bear no watermark and are exported, and who steps up has shown two factors.
func fulfilled(rq *leadglass.Request, all []leadglass.Obligation) bool {
	leaves := rq.Verb == leadglass.Get || rq.Verb == leadglass.Move
	for _, o := range all {
		switch o {
		case leadglass.NoExport, leadglass.Watermark:
			if leaves {
				return false
			}
		case leadglass.StepUp:
			if rq.Peer.Assurance < leadglass.MultiFactor {
				return false
			}
		case leadglass.Notify, leadglass.ReviewAlways: // follow from the record
		default:
			return false
		}
	}
	return true
}

// ask decides about a request as such and records a denial.
func (g *Guard) ask(ctx context.Context, rq *leadglass.Request, may decide) (leadglass.Decision, error) {
	d := may(nil)
	if d.Effect == leadglass.Permit {
		return d, nil
	}
	if err := g.recordAnyway(ctx, refusal(rq, d, rq.Refs)); err != nil {
		return d, err
	}
	return d, &leadglass.Error{Code: leadglass.Denied, Reason: d.Reason, Err: errRefused}
}

// record makes records durable or says that nothing may be done.
func (g *Guard) record(ctx context.Context, records ...*leadglass.Record) error {
	if len(records) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.lim.Record)
	defer cancel()
	err := ctx.Err()
	if err == nil {
		err = g.c.Recorder.Record(ctx, records...)
	}
	if err != nil {
		return &leadglass.Error{
			Code: leadglass.Unavailable, Reason: leadglass.LogUnavailable, Err: fmt.Errorf("guard: recording: %w", err),
		}
	}
	return nil
}

// recordAnyway is record for what has happened already: it does not depend on
// whether the peer is still there.
func (g *Guard) recordAnyway(ctx context.Context, records ...*leadglass.Record) error {
	return g.record(context.WithoutCancel(ctx), records...)
}

// nothing is the answer to a request for what is hidden and for what is not there.
func (g *Guard) nothing(ctx context.Context, began time.Time) error {
	g.settle(ctx, began)
	return &leadglass.Error{Code: leadglass.NotFound, Err: errNothing}
}

// settle waits until an answer of nothing has taken as long as all of them do. To
// look up what is hidden, and to record that it was refused, takes a little longer
// than for what is not there, and who asks often enough could tell.
func (g *Guard) settle(ctx context.Context, began time.Time) {
	left := g.lim.Nothing - max(0, g.c.Now().Sub(began))
	if left <= 0 {
		return
	}
	t := time.NewTimer(left)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

func invalid(err error) error { return &leadglass.Error{Code: leadglass.Invalid, Err: err} }

// Echo decides about C-ECHO and the like, which release nothing; it is recorded
// where it is denied.
func (g *Guard) Echo(ctx context.Context, rq *leadglass.Request) error {
	rq = g.own(rq)
	_, err := g.ask(ctx, rq, g.decides(rq))
	return err
}

// Allow decides about reading the log and managing the archive, and records it
// whether it is permitted or not.
func (g *Guard) Allow(ctx context.Context, rq *leadglass.Request) error {
	if !slices.Contains([]leadglass.Verb{leadglass.ReadLog, leadglass.Manage}, rq.Verb) {
		return invalid(errVerb)
	}
	rq = g.own(rq)
	d, err := g.ask(ctx, rq, g.decides(rq))
	if err != nil {
		return err
	}
	return g.record(ctx, permission(rq, d))
}
