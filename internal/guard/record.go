package guard

import (
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// eventOf is what a verb is in the log.
func eventOf(v leadglass.Verb) (leadglass.Event, leadglass.EventType, leadglass.Action) {
	switch v {
	case leadglass.Find:
		return leadglass.QueryEvent, leadglass.NoType, leadglass.Execute
	case leadglass.Describe, leadglass.View, leadglass.Commit:
		return leadglass.InstancesAccessed, leadglass.NoType, leadglass.ReadIt
	case leadglass.Get, leadglass.Move, leadglass.Store:
		return leadglass.BeginTransferring, leadglass.NoType, leadglass.Execute
	case leadglass.Delete:
		return leadglass.StudyDeleted, leadglass.NoType, leadglass.Remove
	case leadglass.ReadLog:
		return leadglass.AuditLogUsed, leadglass.NoType, leadglass.ReadIt
	}
	return leadglass.SecurityAlert, leadglass.RestrictedFunction, leadglass.Execute
}

// of is a record with what a request says.
func of(rq *leadglass.Request, d leadglass.Decision) *leadglass.Record {
	r := &leadglass.Record{
		ID: rq.ID, Time: rq.Time.UTC(),
		Verb: rq.Verb, Route: rq.Route, Peer: rq.Peer, Destination: rq.Destination,
		Purpose: rq.Purpose, DeclaredBy: rq.DeclaredBy,
		Policy: d.Policy, Rules: d.Rules, Obligations: d.Obligations,
		Correlation: rq.Correlation,
	}
	r.Event, r.Type, r.Action = eventOf(rq.Verb)
	return r
}

// permission is the record of a request that is permitted.
func permission(rq *leadglass.Request, d leadglass.Decision) *leadglass.Record {
	r := of(rq, d)
	r.Query, r.Refs = rq.Query, rq.Refs
	return r
}

// refusal is the record of a request that is refused, or of that part of it. It
// names no subject, since what does not exist has none.
func refusal(rq *leadglass.Request, d leadglass.Decision, refs []leadglass.Ref) *leadglass.Record {
	r := of(rq, d)
	r.Outcome, r.Reason = leadglass.MinorFailure, d.Reason
	r.Query, r.Refs = rq.Query, refs
	return r
}

// patient is who a record is about. The same ID of two issuers is two patients.
type patient struct {
	id     dicom.PatientID
	issuer string
}

// share is what one patient has in a transfer.
type share struct {
	patient
	decision leadglass.Decision // merged from those of the studies
	studies  []*leadglass.Study
	refs     []leadglass.Ref // what of them was asked for
	transfer string          // links begin and end
	total    int             // instances that are due
	most     int64           // bytes that may leave

	sent, failed int
	bytes        int64
	classes      []dicom.UID // each once
}

// shares are those of the patients of one request, in the order in which they came.
type shares []*share

// of is the share of a study's patient, a new one if there is none.
func (all *shares) of(study *leadglass.Study) *share {
	who := patient{study.Patient, study.Issuer}
	for _, s := range *all {
		if s.patient == who {
			return s
		}
	}
	s := &share{patient: who}
	*all = append(*all, s)
	return s
}

// add adds a permitted study.
func (s *share) add(study *leadglass.Study, d leadglass.Decision) {
	if slices.ContainsFunc(s.studies, func(have *leadglass.Study) bool { return have.UID == study.UID }) {
		return
	}
	s.studies = append(s.studies, study)
	s.decision = merged(s.decision, d)
}

// merged joins two decisions that permit: what one of them obliges to is due.
func merged(a, b leadglass.Decision) leadglass.Decision {
	if a.Effect != leadglass.Permit {
		return b
	}
	a.Rules, a.Obligations = union(a.Rules, b.Rules), union(a.Obligations, b.Obligations)
	return a
}

// union is what is in either, sorted; neither is changed.
func union[T ~string](a, b []T) []T {
	if len(b) == 0 || slices.Equal(a, b) {
		return a
	}
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// class notes a SOP class.
func (s *share) class(uid dicom.UID) {
	if !slices.Contains(s.classes, uid) {
		s.classes = append(s.classes, uid)
	}
}

// record is a record about the share; the counts are left to the caller.
func (s *share) record(rq *leadglass.Request) *leadglass.Record {
	r := of(rq, s.decision)
	r.Transfer, r.Refs = s.transfer, s.refs
	r.Subject, r.Issuer = s.id, s.issuer
	describe(r, s.studies...)
	return r
}

// describe fills in what the decisions about studies depended on.
func describe(r *leadglass.Record, studies ...*leadglass.Study) {
	for _, s := range studies {
		r.Studies = append(r.Studies, s.UID)
		r.Modalities = union(r.Modalities, s.Modalities)
		r.BodyParts = union(r.BodyParts, s.BodyParts)
		r.Labels = union(r.Labels, s.Labels)
	}
	if len(studies) == 1 {
		r.Accession, r.StudyDate = studies[0].Accession, studies[0].Date
	}
}

// end is the record of how a transfer ended.
func (s *share) end(g *Guard, rq *leadglass.Request) *leadglass.Record {
	r := s.record(rq)
	r.Time = g.c.Now().UTC()
	r.Event, r.Type, r.Action = leadglass.InstancesTransferred, leadglass.NoType, leadglass.ReadIt
	r.Refs = nil // the begin has them
	r.Instances, r.Bytes, r.Classes = s.sent, s.bytes, s.classes
	switch {
	case s.sent >= s.total && s.failed == 0:
	case s.sent > 0:
		r.Outcome = leadglass.MinorFailure
	default:
		r.Outcome = leadglass.SeriousError
	}
	return r
}
