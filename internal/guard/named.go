package guard

import (
	"context"
	"slices"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// copied is the query with keys of its own, to be changed: the caller's stay.
func copied(q *leadglass.Query) *leadglass.Query {
	own, keys := *q, *q.Keys
	keys.Elements = slices.Clone(keys.Elements)
	own.Keys = &keys
	return &own
}

// narrowed is the query without the studies that it names and the peer may not see,
// nil where none is left. To find rows and leave them out takes time, the more of it
// the more is hidden; so what is hidden is looked up as what does not exist is, and
// neither is searched. A search by anything else than studies is left as it is.
func (s *search) narrowed(ctx context.Context, q *leadglass.Query) (*leadglass.Query, error) {
	named := s.named(q)
	if len(named) == 0 {
		return q, nil
	}
	var left []string
	for _, uid := range named {
		may, err := s.mayOne(ctx, dicom.UID(uid))
		if err != nil {
			return nil, err
		}
		if may {
			left = append(left, uid)
		}
	}
	if len(left) == 0 {
		return nil, nil
	}
	q = copied(q)
	q.Keys.SetString(dict.StudyInstanceUID, left...)
	return q, nil
}

// named are the studies that a search names, none where it may be about others.
func (s *search) named(q *leadglass.Query) []string {
	if q.Keys == nil || q.Level == leadglass.PatientLevel {
		return nil
	}
	uids := q.Keys.Strings(dict.StudyInstanceUID)
	if len(uids) > s.g.lim.Named || slices.ContainsFunc(uids, func(uid string) bool { return uid == "" || strings.ContainsAny(uid, "*?") }) {
		return nil
	}
	return uids
}

// mayOne decides about one study by name. One that does not exist takes a decision
// as well.
func (s *search) mayOne(ctx context.Context, uid dicom.UID) (may bool, err error) {
	there := false
	for study, err := range s.g.c.Archive.Studies(ctx, leadglass.Ref{Study: uid}) {
		if err != nil {
			return false, err
		}
		there, may = true, s.may(study)
	}
	if !there {
		s.decide(&leadglass.Study{UID: uid})
	}
	return may, nil
}
