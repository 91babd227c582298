package serve

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/archive"
)

// itself is the archive as a peer: what it does without being asked.
func itself() *leadglass.Peer {
	return &leadglass.Peer{
		Kind: leadglass.Program, ID: "leadglass", Issuer: "local", Assurance: leadglass.Claimed, Active: true,
		Address: netip.AddrPortFrom(netip.IPv6Loopback(), 0),
	}
}

// record is one of something that the archive does by itself.
func (s *Server) record(e leadglass.Event, t leadglass.EventType, a leadglass.Action) *leadglass.Record {
	return &leadglass.Record{
		ID: rand.Text(), Time: s.c.Now().UTC(), Event: e, Type: t, Action: a,
		Route: leadglass.Command, Peer: itself(), Policy: s.policies.Policy(),
	}
}

// recordStart records that the archive starts: one that cannot does not.
func (s *Server) recordStart(ctx context.Context) error {
	if err := s.log.Record(ctx, s.record(leadglass.ApplicationActivity, leadglass.ApplicationStart, leadglass.Execute)); err != nil {
		return fmt.Errorf("serve: recording the start: %w", err)
	}
	return nil
}

// recordStop records that the archive ends, after everybody is gone.
func (s *Server) recordStop(ctx context.Context) error {
	if err := s.log.Record(ctx, s.record(leadglass.ApplicationActivity, leadglass.ApplicationStop, leadglass.Execute)); err != nil {
		return fmt.Errorf("serve: recording the end: %w", err)
	}
	return nil
}

// Reload reads the policies and the revocation lists again. What cannot be read or
// does not check is not used.
func (s *Server) Reload(ctx context.Context) error {
	return errors.Join(s.readLists(), s.readPolicies(ctx))
}

// readPolicies lets the next decision be made by the policies as they are now, and
// records the change before.
func (s *Server) readPolicies(ctx context.Context) error {
	set, err := s.c.LoadPolicies()
	if err != nil || set.Policy() == s.policies.Policy() {
		return err
	}
	r := s.record(leadglass.SecurityAlert, leadglass.SecurityConfig, leadglass.Update)
	r.Policy = set.Policy()
	if err := s.log.Record(ctx, r); err != nil {
		return fmt.Errorf("serve: recording the change of policies: %w", err)
	}
	s.policies.Replace(set)
	s.c.Diagnostics.Info("policies replaced", slog.String("policy", set.Policy()))
	return nil
}

// expire is Expire as a chore.
func (s *Server) expire(ctx context.Context) error {
	n, err := s.Expire(ctx)
	if err != nil {
		return fmt.Errorf("%d were deleted before: %w", n, err)
	}
	return nil
}

// Expire deletes the studies whose time is over, each recorded before, and returns
// how many.
func (s *Server) Expire(ctx context.Context) (int, error) {
	rule := archive.Retention{Before: s.c.Now().Add(-s.c.Retention.After).Format("20060102"), Keep: s.c.Retention.Keep}
	return s.archive.Expire(ctx, rule, func(st *leadglass.Study) error {
		r := s.record(leadglass.StudyDeleted, leadglass.NoType, leadglass.Remove)
		r.Verb, r.Rules, r.Purpose = leadglass.Delete, []string{"retention"}, leadglass.RecordsManagement
		r.Subject, r.Issuer, r.Instances = st.Patient, st.Issuer, st.Instances
		r.Studies, r.Accession, r.StudyDate, r.Labels = append(r.Studies, st.UID), st.Accession, st.Date, st.Labels
		r.Modalities = st.Modalities
		return s.log.Record(ctx, r)
	})
}
