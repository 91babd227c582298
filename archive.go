package leadglass

import (
	"context"
	"iter"
)

// Archive keeps objects and finds them. It knows no peers and decides nothing:
// only guard may hold one. One that stands for an archive elsewhere is as good,
// so nothing here is a local file.
type Archive interface {
	// Find yields the matches of a query, each once: patients by ID and issuer;
	// below them the newest study first, then by UID, the series of a study by UID
	// and the instances of a series by number, then by UID. An answer is complete as
	// of some moment after the call.
	Find(ctx context.Context, q *Query) iter.Seq2[*Match, error]
	// Studies yields the studies that a reference names or belongs to.
	Studies(ctx context.Context, ref Ref) iter.Seq2[*Study, error]
	// Objects yields the instances of a reference by series and instance number.
	Objects(ctx context.Context, ref Ref) iter.Seq2[*Object, error]
	// Store keeps an object. When it returns nil the object is durable.
	Store(ctx context.Context, in *Incoming) (*Stored, error)
	// Delete removes what a reference names and returns how many instances.
	// When it returns nil it is durable.
	Delete(ctx context.Context, ref Ref) (int, error)
}

// Decider decides. It is pure: the same request and study give the same
// decision, years later as well.
type Decider interface {
	// Decide says whether a request may have the study; study is nil where the
	// request is not about one: an echo, a store before its object is read.
	Decide(rq *Request, study *Study) Decision
	// Policy is the hash of the policy set, "sha256:" and hex.
	Policy() string
}

// Recorder remembers. When Record returns nil the records are durable, in their
// order, and each has its Index; when it fails none may be relied upon and
// nothing may be released.
type Recorder interface {
	Record(ctx context.Context, records ...*Record) error
}
