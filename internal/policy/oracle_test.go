package policy_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/policy"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func shipped(t testing.TB) *policy.Set {
	t.Helper()
	s, err := policy.Load(policy.Shipped())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// state is one point of the space that is enumerated.
type state struct {
	role      leadglass.Role
	verb      leadglass.Verb
	purpose   leadglass.Purpose
	assurance leadglass.Assurance
	tls       bool
	active    bool
	study     string // "" for the request as such; else of whom and how old, see study
	label     string
}

func kindOf(r leadglass.Role) leadglass.Kind {
	if slices.Contains([]leadglass.Role{leadglass.Modality, leadglass.Workstation, leadglass.Router}, r) {
		return leadglass.Device
	}
	return leadglass.Person
}

func (s state) request() *leadglass.Request {
	p := &leadglass.Peer{
		Kind: kindOf(s.role), ID: "x", Issuer: "local", Assurance: s.assurance, Active: s.active, TLS: s.tls,
		Organisation: "north", Department: "cardiology", Address: netip.MustParseAddrPort("192.0.2.1:104"),
	}
	if s.role != "" {
		p.Roles = []leadglass.Role{s.role}
	}
	rq := &leadglass.Request{Verb: s.verb, Purpose: s.purpose, Peer: p, Time: noon}
	if s.purpose != "" {
		rq.DeclaredBy = leadglass.ByRequest
	}
	if s.verb == leadglass.Move {
		rq.Destination = &leadglass.Peer{Kind: leadglass.Device, ID: "d", TLS: true}
	}
	return rq
}

// facts is the study: "own" is of the peer's organisation and of today, "old" of the
// same and of last year, "other" of another organisation and of today.
func (s state) facts() *leadglass.Study {
	if s.study == "" {
		return nil
	}
	st := &leadglass.Study{UID: "1.2", Patient: "P", Date: "20261124", Institution: "north"}
	switch s.study {
	case "old":
		st.Date = "20251124"
	case "other":
		st.Institution = "south"
	}
	if s.label != "" {
		st.Labels = []string{s.label}
	}
	return st
}

// want is the oracle: the table in Go, written without looking at the rules.
func (s state) want() (leadglass.Effect, leadglass.Reason) {
	if reason := s.never(); reason != "" {
		return leadglass.Deny, reason
	}
	switch {
	case s.label != "" && s.study != "" && s.restricted():
		return leadglass.Deny, leadglass.Forbidden
	case s.permitted(s.purpose):
		return leadglass.Permit, ""
	case s.study == "" && s.otherwise():
		return leadglass.Deny, leadglass.WrongPurpose
	}
	return leadglass.Deny, leadglass.NoRule
}

// never is what no rule can lift, the first reason first.
func (s state) never() leadglass.Reason {
	reads := s.reads() || s.verb == leadglass.Move
	switch {
	case s.assurance == leadglass.Claimed:
		return leadglass.NoIdentity
	case !s.active:
		return leadglass.NotActive
	case !s.tls:
		return leadglass.NotEncrypted
	case s.verb == leadglass.Echo:
		return ""
	case s.purpose == "":
		return leadglass.NoPurpose
	case kindOf(s.role) == leadglass.Device && !s.purpose.Within(leadglass.Treatment) && !s.purpose.Within(leadglass.Operations):
		return leadglass.WrongPurpose
	case s.purpose == leadglass.BreakTheGlass && !slices.Contains([]leadglass.Verb{leadglass.Find, leadglass.Describe, leadglass.View}, s.verb):
		return leadglass.WrongPurpose
	case s.role == leadglass.Administrator && reads:
		return leadglass.Forbidden
	}
	return ""
}

func (s state) reads() bool {
	return slices.Contains([]leadglass.Verb{leadglass.Find, leadglass.Describe, leadglass.View, leadglass.Get}, s.verb)
}

func (s state) restricted() bool {
	if !s.reads() && s.verb != leadglass.Move {
		return false
	}
	treats := s.purpose.Within(leadglass.Treatment) || s.purpose == leadglass.BreakTheGlass
	clinician := s.role == leadglass.Radiologist || s.role == leadglass.Referrer
	switch s.label {
	case "R":
		return !treats || s.assurance < leadglass.Token || !clinician && s.role != leadglass.Workstation && s.role != leadglass.Router
	case "V":
		return !treats || s.assurance < leadglass.MultiFactor || !clinician
	}
	return false
}

// otherwise says whether another purpose would do, of those that somebody who is
// let in may have at all.
func (s state) otherwise() bool {
	return slices.ContainsFunc(leadglass.Purposes(), func(p leadglass.Purpose) bool {
		other := s
		other.purpose = p
		return other.never() == "" && other.permitted(p)
	})
}

func (s state) permitted(p leadglass.Purpose) bool {
	if s.verb == leadglass.Echo {
		return true
	}
	any, treats := s.study == "", p.Within(leadglass.Treatment)
	in := func(verbs ...leadglass.Verb) bool { return slices.Contains(verbs, s.verb) }
	if p == leadglass.BreakTheGlass {
		return (s.role == leadglass.Radiologist || s.role == leadglass.Referrer) && s.assurance == leadglass.MultiFactor &&
			in(leadglass.Find, leadglass.Describe, leadglass.View)
	}
	switch s.role {
	case leadglass.Modality:
		return treats && in(leadglass.Store, leadglass.Commit)
	case leadglass.Workstation:
		return treats && (s.reads() || in(leadglass.Move)) && (any || s.study != "other")
	case leadglass.Router:
		return (treats || p.Within(leadglass.RecordsManagement)) && in(leadglass.Store, leadglass.Commit, leadglass.Move)
	case leadglass.Radiologist:
		return treats && (s.reads() || in(leadglass.Move))
	case leadglass.Referrer:
		return treats && s.reads() && (any || s.study != "other" || s.label == "cardiology")
	case leadglass.Technologist:
		return treats && s.reads() && (any || s.study != "old")
	case leadglass.Clerk:
		return (p.Within(leadglass.PatientAdmin) || p.Within(leadglass.Payment)) && in(leadglass.Find, leadglass.Describe)
	case leadglass.Researcher:
		return p.Within(leadglass.Research) && s.reads() && (any || s.label == "research")
	case leadglass.Auditor:
		return p.Within(leadglass.Operations) && in(leadglass.ReadLog)
	case leadglass.Administrator:
		return in(leadglass.Manage) && (p.Within(leadglass.SystemAdmin) || p.Within(leadglass.RecordsManagement)) ||
			in(leadglass.Delete) && p.Within(leadglass.RecordsManagement)
	}
	return false
}

// TestShipped_Oracle compares the shipped rules with the oracle over all states.
func TestShipped_Oracle(t *testing.T) {
	s := shipped(t)
	roles := []leadglass.Role{
		"", leadglass.Modality, leadglass.Workstation, leadglass.Router, leadglass.Radiologist, leadglass.Referrer,
		leadglass.Technologist, leadglass.Clerk, leadglass.Researcher, leadglass.Auditor, leadglass.Administrator,
	}
	purposes := []leadglass.Purpose{
		"", leadglass.Treatment, leadglass.EmergencyRoom, leadglass.BreakTheGlass, leadglass.PatientAdmin, leadglass.Payment,
		"LABELING", leadglass.RecordsManagement, "CLINTRCHPC", leadglass.PatientRequest, "HCOMPL",
	}
	n, permitted := 0, 0
	each := func(st state) {
		d := s.Decide(st.request(), st.facts())
		effect, reason := st.want()
		if n++; d.Effect != effect || d.Reason != reason {
			t.Errorf("%+v: %s %q by %v, want %s %q", st, d.Effect, d.Reason, d.Rules, effect, reason)
		}
		if d.Effect == leadglass.Permit {
			permitted++
		}
	}
	for _, role := range roles {
		for _, verb := range leadglass.Verbs() {
			for _, purpose := range purposes {
				for _, assurance := range []leadglass.Assurance{leadglass.Claimed, leadglass.Password, leadglass.Token, leadglass.MultiFactor} {
					for flags := range 4 {
						st := state{role: role, verb: verb, purpose: purpose, assurance: assurance, tls: flags&1 == 0, active: flags&2 == 0}
						each(st)
						if flags != 0 && assurance != leadglass.MultiFactor {
							continue // denied for every study alike
						}
						for _, st.study = range []string{"own", "old", "other"} {
							for _, st.label = range []string{"", "R", "V", "research", "cardiology"} {
								each(st)
							}
						}
					}
				}
				if t.Failed() {
					t.FailNow()
				}
			}
		}
	}
	t.Logf("%d states, %d permitted", n, permitted)
	if n < 100_000 || permitted < 1000 {
		t.Errorf("%d states, %d permitted: too few to prove anything", n, permitted)
	}
}

// TestBase_NoRuleLifts adds a rule that permits everything: the invariants hold, and
// nothing but the invariants.
func TestBase_NoRuleLifts(t *testing.T) {
	s := load(t, `@id("all") @because("x") permit (principal, action, resource);`)
	ok := state{role: leadglass.Radiologist, verb: leadglass.Get, purpose: leadglass.Treatment, assurance: leadglass.Certificate, tls: true, active: true, study: "own"}
	for name, c := range map[string]struct {
		change func(*state, *leadglass.Request)
		want   leadglass.Reason
		rule   string
	}{
		"all_is_well": {func(*state, *leadglass.Request) {}, "", "all"},
		"no_peer":     {func(_ *state, rq *leadglass.Request) { rq.Peer = nil }, leadglass.NoIdentity, "base/no-identity"},
		"no_id":       {func(_ *state, rq *leadglass.Request) { rq.Peer.ID = "" }, leadglass.NoIdentity, "base/no-identity"},
		"no_kind":     {func(_ *state, rq *leadglass.Request) { rq.Peer.Kind = "" }, leadglass.NoIdentity, "base/no-identity"},
		"odd_kind":    {func(_ *state, rq *leadglass.Request) { rq.Peer.Kind = "god" }, leadglass.NoIdentity, "base/no-identity"},
		"claimed":     {func(_ *state, rq *leadglass.Request) { rq.Peer.Assurance = 0 }, leadglass.NoIdentity, "base/only-claimed"},
		"claimed_on_loopback": {func(_ *state, rq *leadglass.Request) {
			rq.Peer.Assurance, rq.Peer.Address = 0, netip.MustParseAddrPort("127.0.0.1:1")
		}, leadglass.NoIdentity, "base/only-claimed"},
		"claimed_by_exception":  {func(_ *state, rq *leadglass.Request) { rq.Peer.Assurance, rq.Peer.AcceptedBy = 0, "old-ct" }, "", "all"},
		"locked":                {func(_ *state, rq *leadglass.Request) { rq.Peer.Active = false }, leadglass.NotActive, "base/not-active"},
		"locked_with_exception": {func(_ *state, rq *leadglass.Request) { rq.Peer.Active, rq.Peer.AcceptedBy = false, "old-ct" }, leadglass.NotActive, "base/not-active"},
		"plain":                 {func(_ *state, rq *leadglass.Request) { rq.Peer.TLS = false }, leadglass.NotEncrypted, "base/not-encrypted"},
		"plain_on_loopback": {func(_ *state, rq *leadglass.Request) {
			rq.Peer.TLS, rq.Peer.Address = false, netip.MustParseAddrPort("[::ffff:127.0.0.1]:1")
		}, "", "all"},
		"plain_by_exception": {func(_ *state, rq *leadglass.Request) { rq.Peer.TLS, rq.Peer.AcceptedBy = false, "old-ct" }, "", "all"},
		"no_purpose":         {func(_ *state, rq *leadglass.Request) { rq.Purpose = "" }, leadglass.NoPurpose, "base/no-purpose"},
		"odd_purpose":        {func(_ *state, rq *leadglass.Request) { rq.Purpose = "FUN" }, leadglass.NoPurpose, "base/no-purpose"},
		"undeclared":         {func(_ *state, rq *leadglass.Request) { rq.DeclaredBy = "" }, leadglass.NoPurpose, "base/no-purpose"},
		"person_by_default":  {func(_ *state, rq *leadglass.Request) { rq.DeclaredBy = leadglass.ByDevice }, leadglass.NoPurpose, "base/people-declare"},
		"device_by_default": {func(_ *state, rq *leadglass.Request) {
			rq.DeclaredBy, rq.Peer.Kind = leadglass.ByDevice, leadglass.Device
		}, "", "all"},
		"device_researches": {func(_ *state, rq *leadglass.Request) { rq.Purpose, rq.Peer.Kind = "HRESCH", leadglass.Device }, leadglass.WrongPurpose, "base/device-purpose"},
		"glass_to_get":      {func(_ *state, rq *leadglass.Request) { rq.Purpose = "BTG" }, leadglass.WrongPurpose, "base/break-the-glass-only-to-look"},
		"administrator": {func(_ *state, rq *leadglass.Request) {
			rq.Peer.Roles = append(rq.Peer.Roles, leadglass.Administrator)
		}, leadglass.Forbidden, "base/administrator-sees-no-images"},
		"move_nowhere": {func(_ *state, rq *leadglass.Request) { rq.Verb = leadglass.Move }, leadglass.NotEncrypted, "base/destination-not-encrypted"},
		"move_plain": {func(_ *state, rq *leadglass.Request) {
			rq.Verb, rq.Destination = leadglass.Move, &leadglass.Peer{Address: netip.MustParseAddrPort("192.0.2.9:1")}
		}, leadglass.NotEncrypted, "base/destination-not-encrypted"},
		"move_loopback": {func(_ *state, rq *leadglass.Request) {
			rq.Verb, rq.Destination = leadglass.Move, &leadglass.Peer{Address: netip.MustParseAddrPort("127.0.0.1:1")}
		}, "", "all"},
		"move_by_exception": {func(_ *state, rq *leadglass.Request) {
			rq.Verb, rq.Destination = leadglass.Move, &leadglass.Peer{AcceptedBy: "old-ws"}
		}, "", "all"},
	} {
		t.Run(name, func(t *testing.T) {
			st := ok
			rq := st.request()
			c.change(&st, rq)
			for _, study := range []*leadglass.Study{nil, st.facts()} {
				d := s.Decide(rq, study)
				if d.Reason != c.want || (d.Effect == leadglass.Permit) != (c.want == "") || !slices.Contains(d.Rules, c.rule) {
					t.Errorf("%s %q by %v, want %q by %s", d.Effect, d.Reason, d.Rules, c.want, c.rule)
				}
			}
		})
	}
}

// TestDecide_RouteDoesNotCount: one answer on every route.
func TestDecide_RouteDoesNotCount(t *testing.T) {
	s := shipped(t)
	routes := []leadglass.Route{
		leadglass.CEcho, leadglass.CStore, leadglass.CFind, leadglass.CGet, leadglass.CMove, leadglass.NAction, leadglass.QIDO,
		leadglass.WADO, leadglass.WADOURI, leadglass.STOW, leadglass.Web, leadglass.Command, "",
	}
	for _, verb := range leadglass.Verbs() {
		for _, label := range []string{"", "R", "V"} {
			st := state{role: leadglass.Radiologist, verb: verb, purpose: leadglass.Treatment, assurance: leadglass.Password, tls: true, active: true, study: "own", label: label}
			answers := map[string]bool{}
			for _, route := range routes {
				rq := st.request()
				rq.Route = route
				answers[fmt.Sprint(s.Decide(rq, st.facts()))] = true
			}
			if len(answers) != 1 {
				t.Errorf("%s %s: %d answers: %v", verb, label, len(answers), answers)
			}
		}
	}
}

// TestDecide_Obligations by values.
func TestDecide_Obligations(t *testing.T) {
	s := shipped(t)
	for _, c := range []struct {
		st    state
		rules []string
		due   []leadglass.Obligation
	}{
		{state{role: leadglass.Radiologist, verb: leadglass.View, purpose: "BTG", study: "own"}, []string{"break-the-glass"},
			[]leadglass.Obligation{leadglass.Notify, leadglass.ReviewAlways, leadglass.StepUp}},
		{state{role: leadglass.Radiologist, verb: leadglass.View, purpose: "TREAT", study: "own"}, []string{"radiologist-reads"}, nil},
		{state{role: leadglass.Radiologist, verb: leadglass.View, purpose: "TREAT", study: "own", label: "V"},
			[]string{"radiologist-reads", "very-restricted-is-reviewed"}, []leadglass.Obligation{leadglass.Notify, leadglass.ReviewAlways}},
		{state{role: leadglass.Administrator, verb: leadglass.Delete, purpose: "RECORDMGT", study: "own"}, []string{"administrator-deletes"},
			[]leadglass.Obligation{leadglass.ReviewAlways}},
		{state{role: leadglass.Referrer, verb: leadglass.View, purpose: "TREAT", study: "own", label: "V"},
			[]string{"referrer-reads-own", "very-restricted-is-reviewed-of-referrers"}, []leadglass.Obligation{leadglass.Notify, leadglass.ReviewAlways}},
	} {
		c.st.tls, c.st.active, c.st.assurance = true, true, leadglass.MultiFactor
		d := s.Decide(c.st.request(), c.st.facts())
		if d.Effect != leadglass.Permit || !slices.Equal(d.Rules, c.rules) || !slices.Equal(d.Obligations, c.due) || d.Policy != s.Policy() {
			t.Errorf("%+v: %+v", c.st, d)
		}
	}
}

// TestDecide_Dates: what is recent to a technologist.
func TestDecide_Dates(t *testing.T) {
	s := shipped(t)
	for date, want := range map[string]leadglass.Effect{
		"20261124": leadglass.Permit, "20261122": leadglass.Permit, "20261121": leadglass.Deny, "20261125": leadglass.Permit,
		"20261126": leadglass.Deny, "20991231": leadglass.Deny, "": leadglass.Deny, "20261301": leadglass.Deny, "2026": leadglass.Deny,
	} {
		st := state{role: leadglass.Technologist, verb: leadglass.View, purpose: "TREAT", study: "own", tls: true, active: true, assurance: leadglass.Password}
		study := st.facts()
		study.Date = date
		if d := s.Decide(st.request(), study); d.Effect != want {
			t.Errorf("a study of %q: %s by %v, want %s", date, d.Effect, d.Rules, want)
		}
	}
}
