package scp

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/ul"
)

// Action answers N-ACTION: storage commitment (PS3.4 annex J). The result follows
// on the same association or, where the peer does not stay for it, on one that we
// request of it.
//
// BUG: what could not be reported is not kept over a restart; the peer asks again.
func (ses *session) Action(ctx context.Context, a *dimse.ActionRequest) *dimse.ActionResponse {
	rq, err := ses.request(ctx, leadglass.Commit, leadglass.NAction)
	var asked *dimse.CommitRequest
	if err == nil {
		asked, err = ses.asked(a)
	}
	var kept []guard.Commitment
	if err == nil {
		for _, o := range asked.Objects {
			rq.Refs = append(rq.Refs, leadglass.Ref{Instance: o.SOPInstance})
		}
		kept, err = ses.s.c.Guard.Commit(ctx, rq)
	}
	if err != nil && !errors.Is(err, errNotCommit) && leadglass.CodeOf(err) != leadglass.NotFound {
		st, text := ses.failed(ctx, rq, err)
		return &dimse.ActionResponse{Status: st.normalized, Comment: text}
	}
	if asked == nil {
		return &dimse.ActionResponse{Status: dimse.NoSuchAction}
	}
	event := result(asked, kept).Event()
	return &dimse.ActionResponse{Then: func(ctx context.Context, c *dimse.Client) error {
		ctx, cancel := context.WithTimeout(ctx, reportTimeout)
		defer cancel()
		_, err := c.EventReport(ctx, event)
		if err != nil {
			ses.s.reportLater(ses.peer.Calling, event)
		}
		return err
	}}
}

var errNotCommit = errors.New("scp: an action that is no storage commitment")

func (ses *session) asked(a *dimse.ActionRequest) (*dimse.CommitRequest, error) {
	asked, err := dimse.ParseCommit(a)
	switch {
	case err != nil && a.Type != 1:
		return nil, errNotCommit
	case err != nil:
		return nil, invalid(err)
	case len(asked.Objects) > ses.s.lim.Refs:
		return nil, &leadglass.Error{Code: leadglass.Limited, Err: errRefs}
	}
	return asked, nil
}

// result says of each object that was asked about whether it is kept.
func result(asked *dimse.CommitRequest, kept []guard.Commitment) *dimse.CommitResult {
	r := &dimse.CommitResult{Transaction: asked.Transaction}
	for i, o := range asked.Objects {
		switch {
		case i >= len(kept) || kept[i].Object == nil:
			r.Failed = append(r.Failed, dimse.CommitFailure{ObjectRef: o, Reason: dimse.NoSuchInstance})
		case kept[i].Object.Class != o.SOPClass:
			r.Failed = append(r.Failed, dimse.CommitFailure{ObjectRef: o, Reason: dimse.ClassInstanceConflict})
		default:
			r.Committed = append(r.Committed, o)
		}
	}
	return r
}

// reports are the storage commitments whose result waits to be told.
type reports struct {
	mu     sync.Mutex // covers what follows
	closed bool
	timers map[*time.Timer]struct{}
}

// firstReport is after how long a report is tried on an association of its own.
// A peer that waits for it listens by then.
const firstReport = time.Second

// reportLater reports on an association of its own.
func (s *Server) reportLater(title leadglass.AETitle, event *dimse.EventRequest) {
	s.reports.after(firstReport, s.lim.Reports, func() { s.report(title, event, 1) })
}

// report tries to tell a result, and again later where that fails.
func (s *Server) report(title leadglass.AETitle, event *dimse.EventRequest, attempt int) {
	ctx, cancel := context.WithTimeout(context.Background(), reportTimeout)
	defer cancel()
	err := s.tell(ctx, title, event)
	if err == nil {
		return
	}
	if attempt >= s.lim.ReportAttempts {
		s.c.Diagnostics.Warn("a storage commitment cannot be reported", "device", string(title), "attempts", attempt, "error", err)
		return
	}
	wait := secondReport << (attempt - 1)
	s.reports.after(wait, s.lim.Reports, func() { s.report(title, event, attempt+1) })
}

const (
	secondReport  = 10 * time.Second
	reportTimeout = time.Minute // to connect, negotiate and tell; or to tell only
)

// tell reports a result to a device that is still enrolled.
func (s *Server) tell(ctx context.Context, title leadglass.AETitle, event *dimse.EventRequest) error {
	to, err := s.destination(ctx, title)
	if err != nil {
		return err
	}
	a, err := s.dial(ctx, to, title, &ul.AssociateRQ{
		Contexts: []ul.PresentationContext{{
			ID: 1, AbstractSyntax: dimse.StorageCommitment, TransferSyntaxes: dimse.MessageSyntaxes(),
		}},
		User: ul.UserInformation{Roles: dimse.RetrieveRoles(dimse.StorageCommitment)},
	})
	if err != nil {
		return err
	}
	rsp, err := dimse.NewClient(a, s.c.Messages).EventReport(ctx, event)
	if err != nil {
		_ = a.Abort(0) // it is over already
		return err
	}
	_ = a.Release(ctx) // the result was taken
	return rsp.Status.Err()
}

// after runs f later, unless too much waits already.
func (r *reports) after(d time.Duration, most int, f func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.closed || len(r.timers) >= most {
		return
	}
	if r.timers == nil {
		r.timers = map[*time.Timer]struct{}{}
	}
	var t *time.Timer
	t = time.AfterFunc(d, func() {
		r.mu.Lock()
		delete(r.timers, t)
		closed := r.closed
		r.mu.Unlock()
		if !closed {
			f()
		}
	})
	r.timers[t] = struct{}{}
}

func (r *reports) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = true
	for t := range r.timers {
		t.Stop()
	}
	clear(r.timers)
}
