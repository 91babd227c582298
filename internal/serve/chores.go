package serve

import (
	"context"
	"log/slog"
	"time"
)

// chore is what a running archive does by itself, again and again.
type chore struct {
	first, then time.Duration // after the start, and from each time to the next
	failing     string        // what it means that it fails, if it can
	do          func(context.Context) error
}

// Studies expire by the day, and after a start others come first. Revocation lists
// are issued by the day. Commands change accounts and devices while the archive runs,
// and people by hand. A log that could not be written is tried though nobody asks:
// who spreads the load sends nobody to an archive that is unwell.
func (s *Server) chores() []chore {
	all := []chore{
		{5 * time.Second, 5 * time.Second, "changes of accounts and devices are not recorded yet", s.recordRegistry},
		{2 * time.Second, 2 * time.Second, "", s.tryLog},
	}
	if s.c.Retention.After > 0 {
		all = append(all, chore{time.Minute, 24 * time.Hour, "studies whose time is over were not deleted", s.expire})
	}
	if len(s.c.TLS.Revoked) > 0 {
		all = append(all, chore{time.Hour, time.Hour, "the revocation lists stay as they were", func(context.Context) error { return s.readLists() }})
	}
	return all
}

// regularly does a chore until ctx ends.
func (s *Server) regularly(ctx context.Context, c chore) {
	timer := time.NewTimer(c.first)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if err := c.do(ctx); err != nil && ctx.Err() == nil {
			s.c.Diagnostics.Error(c.failing, slog.String("error", err.Error()))
		}
		timer.Reset(c.then)
	}
}
