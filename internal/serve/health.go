package serve

import (
	"context"
	"errors"
	"net/http"
	"syscall"

	"github.com/leadglass/leadglass"
)

// Health says in words why the archive does not serve as it should; empty where
// all is well. It is for everybody to read and names no files.
func (s *Server) Health() string {
	err := s.log.Err()
	switch {
	case s.log.Broken():
		return "a write to the log failed and may be lost: nothing is released until leadglass is restarted, once its disk is seen to"
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "the disk of the log is full: nothing is released until there is room"
	case err != nil:
		return "the log cannot be written: nothing is released until it can"
	case s.archive.Err() != nil:
		return "the index cannot be written: nothing is found, stored or released until it can; its disk may be full"
	case s.log.Behind() != nil:
		return "the log is written, but what auditors read of it is behind: its disk may be full"
	}
	return ""
}

// healthz answers whether the archive serves, without asking who wants to know.
func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	text := s.Health()
	if text == "" {
		_, _ = w.Write([]byte("ok\n"))
		return
	}
	w.WriteHeader(http.StatusServiceUnavailable)
	_, _ = w.Write([]byte(text + "\n"))
}

// tryLog tries a log that could not be written again, by recording that it can. That
// it still cannot is what Health says.
func (s *Server) tryLog(ctx context.Context) error {
	if s.log.Err() == nil || s.log.Broken() {
		return nil
	}
	if s.log.Record(ctx, s.record(leadglass.ApplicationActivity, leadglass.AuditStarted, leadglass.Execute)) == nil {
		s.c.Diagnostics.Info("the log can be written again")
	}
	return nil
}
