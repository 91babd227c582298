package guard

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// counts are those of a patient (PS3.4 table C.6-1). They are the only attributes
// of a row that studies other than its own go into.
type counts struct{ studies, series, instances int }

func countTags() [3]dicom.Tag {
	return [3]dicom.Tag{dict.NumberOfPatientRelatedStudies, dict.NumberOfPatientRelatedSeries, dict.NumberOfPatientRelatedInstances}
}

func (c *counts) add(s *leadglass.Study) {
	c.studies++
	c.series += s.Series
	c.instances += s.Instances
}

// withoutCounts is the query with its keys for counts matching anything, and what
// they have to be. The archive would compare them with what is there, and a row
// that comes or stays away would tell how much is hidden.
func (s *search) withoutCounts() (*leadglass.Query, map[dicom.Tag]string) {
	q, counted := s.query, map[dicom.Tag]string{}
	if q.Keys == nil {
		return q, counted
	}
	for _, tag := range countTags() {
		want := q.Keys.String(tag)
		if want == "" {
			continue
		}
		if len(counted) == 0 {
			q = copied(q)
		}
		counted[tag] = strings.TrimSpace(want)
		q.Keys.SetString(tag, "")
	}
	return q, counted
}

// equalCount compares as IS does: a sign or zeros before do not matter.
func equalCount(have, want string) bool {
	a, errA := strconv.Atoi(strings.TrimSpace(have))
	b, errB := strconv.Atoi(want)
	return errA == nil && errB == nil && a == b
}

// recount replaces the counts of a patient by those of what the peer may see.
func (s *search) recount(ctx context.Context, m *leadglass.Match) error {
	if m.Attributes == nil || !slices.ContainsFunc(m.Attributes.Elements, isCount) {
		return nil
	}
	if err := s.count(ctx, m); err != nil {
		return err
	}
	own := *m.Attributes // the archive's stays as it is
	own.Elements = slices.Clone(own.Elements)
	m.Attributes = &own
	values := [3]int{s.counts.studies, s.counts.series, s.counts.instances}
	for i, tag := range countTags() {
		if own.Get(tag) != nil {
			own.SetString(tag, strconv.Itoa(values[i]))
		}
	}
	return nil
}

func isCount(e dicom.Element) bool {
	tags := countTags()
	return slices.Contains(tags[:], e.Tag)
}

// count counts what the peer may see of the patient of a row. At patient level
// the row has all studies of the patient, below it only its own.
func (s *search) count(ctx context.Context, m *leadglass.Match) error {
	if s.query.Level == leadglass.PatientLevel {
		s.counts = counts{}
		for _, study := range m.Studies {
			s.counts.add(study)
		}
		return nil
	}
	who := patient{m.Studies[0].Patient, m.Studies[0].Issuer}
	if who == s.of {
		return nil
	}
	s.of, s.counts = who, counts{}
	for study, err := range s.g.c.Archive.Studies(ctx, leadglass.Ref{Patient: who.id}) {
		if err != nil {
			s.of = patient{}
			return err
		}
		if study.Issuer == who.issuer && s.decide(study).Effect == leadglass.Permit {
			s.counts.add(study)
		}
	}
	return nil
}
