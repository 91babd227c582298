package serve_test

import (
	"slices"

	"github.com/leadglass/leadglass"
)

// asker is who asks, as the test knows it.
type asker struct {
	name         string
	kind         leadglass.Kind
	roles        []leadglass.Role
	organisation string
	department   string
	factors      leadglass.Assurance
	nobody       bool              // locked, revoked, unknown
	own          leadglass.Purpose // that the enrolment or the token says
}

func (a *asker) is(roles ...leadglass.Role) bool {
	return slices.ContainsFunc(a.roles, func(r leadglass.Role) bool { return slices.Contains(roles, r) })
}

// treats and below are the shipped rules' words, spelled out here once more so that
// a mistake there does not repeat itself here.
func treats(p leadglass.Purpose) bool {
	return slices.Contains([]leadglass.Purpose{"TREAT", "ETREAT", "COC"}, p)
}

// refused is the reason for which a request is refused as such, empty where it is
// answered.
func (a *asker) refused(p leadglass.Purpose, v leadglass.Verb) leadglass.Reason {
	reason := a.forbidden(p, v)
	if reason == "" && !a.permitted(p, v, nil) {
		reason = leadglass.NoRule
		for _, other := range leadglass.Purposes() {
			if a.permitted(other, v, nil) && a.forbidden(other, v) == "" {
				reason = leadglass.WrongPurpose
			}
		}
	}
	return reason
}

// forbidden is the reason that no rule of a site can lift.
func (a *asker) forbidden(p leadglass.Purpose, v leadglass.Verb) leadglass.Reason {
	operates := []leadglass.Purpose{
		"HOPERAT", "CAREMGT", "DONAT", "FRAUD", "GOV", "HACCRED", "HCOMPL", "HDECD", "HDIRECT", "HDM", "HLEGAL", "HOUTCOMS", "HPRGRP", "HQUALIMP",
		"HSYSADMIN", "LABELING", "METAMGT", "MEMADMIN", "MILCDM", "PATADMIN", "PATSFTY", "PERFMSR", "RECORDMGT", "SYSDEV", "HTEST", "TRAIN", "MLTRAINING",
	}
	switch {
	case a.nobody:
		return leadglass.NoIdentity
	case p == leadglass.NoPurposeGiven:
		return leadglass.NoPurpose
	case a.kind == leadglass.Device && !treats(p) && !slices.Contains(operates, p):
		return leadglass.WrongPurpose
	case p == leadglass.BreakTheGlass && (v == leadglass.Get || v == leadglass.Move):
		return leadglass.WrongPurpose
	case a.is(leadglass.Administrator):
		return leadglass.Forbidden
	}
	return leadglass.NoReason
}

// may says whether the study is there for the asker.
func (a *asker) may(p leadglass.Purpose, v leadglass.Verb, s *kept) bool {
	if a.refused(p, v) != "" || !a.permitted(p, v, s) {
		return false
	}
	has := func(label string) bool { return slices.Contains(s.labels, label) }
	cares := treats(p) || p == leadglass.BreakTheGlass
	if has("R") && !(a.factors >= leadglass.Token && cares && a.is("radiologist", "referring-clinician", "workstation", "router")) {
		return false
	}
	return !has("V") || a.kind == leadglass.Person && a.factors == leadglass.MultiFactor && cares && a.is("radiologist", "referring-clinician")
}

// permitted says whether some rule permits it; s is nil for the request as such.
func (a *asker) permitted(p leadglass.Purpose, v leadglass.Verb, s *kept) bool {
	person, device := a.kind == leadglass.Person, a.kind == leadglass.Device
	reads := slices.Contains([]leadglass.Verb{"find", "describe", "view", "get"}, v)
	moves := v == leadglass.Move
	looks := reads && v != leadglass.Get
	ours := s == nil || a.organisation != "" && s.organisation == a.organisation
	theirs := s != nil && a.department != "" && slices.Contains(s.labels, a.department)
	switch {
	case person && a.is("radiologist") && treats(p) && (reads || moves):
		return true
	case person && a.is("referring-clinician") && treats(p) && reads && (ours || theirs):
		return true
	case person && a.is("technologist") && treats(p) && reads && (s == nil || s.recent):
		return true
	case person && a.is("clerk") && slices.Contains([]leadglass.Purpose{"PATADMIN", "HPAYMT"}, p) && (v == "find" || v == "describe"):
		return true
	case !device && a.is("researcher") && p == "HRESCH" && reads && (s == nil || slices.Contains(s.labels, "research")):
		return true
	case device && a.is("workstation") && treats(p) && (reads || moves) && (ours || a.organisation == ""):
		return true
	case device && a.is("router") && (treats(p) || p == "RECORDMGT") && moves:
		return true
	}
	return person && a.factors == leadglass.MultiFactor && p == leadglass.BreakTheGlass && looks && a.is("radiologist", "referring-clinician")
}
