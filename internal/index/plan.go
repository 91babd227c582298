package index

import (
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// plan is a query made ready: what restricts it, and what it asks for.
type plan struct {
	level leadglass.Level
	all   bool
	asked []asked
	tests [4][]test // those of each level, done in Go on the candidates of the database
	hot   hot
}

type asked struct {
	attribute
	item *dicom.Dataset // of a sequence key: the attributes that are asked for
}

type test struct {
	attribute
	key *key
}

// hot is what the database restricts candidates by. It is never more than what
// the tests say, so that one place decides.
type hot struct {
	patients  []string // exact IDs
	patient   string   // beginning of the ID
	births    *span
	uids      [4][]string
	accession []string
	dates     *span
	modality  []string
	within    string // one of the modalities of the study
	word      string // beginning of a word of the patient's name, folded
}

// moments pairs the dates and times that combined matching joins.
func moments() map[dicom.Tag]dicom.Tag {
	return map[dicom.Tag]dicom.Tag{
		dict.StudyDate: dict.StudyTime, dict.SeriesDate: dict.SeriesTime, dict.ContentDate: dict.ContentTime,
		dict.AcquisitionDate: dict.AcquisitionTime, dict.InstanceCreationDate: dict.InstanceCreationTime,
		dict.PerformedProcedureStepStartDate: dict.PerformedProcedureStepStartTime,
		dict.PresentationCreationDate:        dict.PresentationCreationTime, dict.PatientBirthDate: dict.PatientBirthTime,
	}
}

func (s *schema) plan(q *leadglass.Query, lim Limits) (*plan, error) {
	p := &plan{level: q.Level, all: q.All}
	if q.Level > leadglass.InstanceLevel {
		return nil, leadglass.Errorf(leadglass.Invalid, "index: no such level: %d", q.Level)
	}
	if q.Keys == nil {
		return p, nil
	}
	c := &compiler{lim: lim, fuzzy: q.Fuzzy}
	for i := range q.Keys.Elements {
		e := &q.Keys.Elements[i]
		a, ok := s.find(e.Tag, q.Level)
		if !ok { // unknown, or of a level below: neither matched nor returned
			if c.seen++; c.seen > lim.Keys {
				return nil, over("keys", lim.Keys)
			}
			continue
		}
		k, err := c.key(q.Keys, e, a.vr)
		if err != nil {
			return nil, err
		}
		p.ask(a, e)
		if k != nil {
			p.tests[a.level] = append(p.tests[a.level], test{a, k})
		}
	}
	if q.DateTime {
		p.combine()
	}
	p.heat()
	return p, nil
}

func (p *plan) ask(a attribute, e *dicom.Element) {
	ask := asked{attribute: a}
	if a.vr == dicom.SQ && len(e.Items) > 0 && len(e.Items[0].Elements) > 0 {
		ask.item = e.Items[0]
	}
	p.asked = append(p.asked, ask)
}

// combine makes one range of a date and one of its time, if both are there (PS3.4
// section C.2.2.2.5.4): the test of the time goes, that of the date has both.
func (p *plan) combine() {
	for date, time := range moments() {
		for l := range p.tests {
			d, t := find(p.tests[l], date), find(p.tests[l], time)
			if d < 0 || t < 0 || !p.tests[l][d].oneRange() || !p.tests[l][t].oneRange() {
				continue
			}
			day, clock := p.tests[l][d].key.values[0].span, p.tests[l][t].key.values[0].span
			both := joined(*day, *clock)
			p.tests[l][d].key = &key{vr: dicom.DT, values: []value{{span: &both}}, time: time}
			p.tests[l] = append(p.tests[l][:t], p.tests[l][t+1:]...)
		}
	}
}

// joined is from the one moment to the other.
func joined(day, clock span) span {
	both := span{day.from, day.to, true}
	if day.from != earliest && clock.from != earliest {
		both.from += clock.from
	}
	if day.to != latest {
		both.to += clock.to // "~" where it is open: the whole day
	}
	return both
}

func (t *test) oneRange() bool {
	return !t.key.empty && len(t.key.values) == 1 && t.key.values[0].span != nil
}

func find(tests []test, tag dicom.Tag) int {
	for i := range tests {
		if tests[i].tag == tag {
			return i
		}
	}
	return -1
}

// heat takes from the tests what the database can look up.
func (p *plan) heat() {
	for l := range p.tests {
		for i := range p.tests[l] {
			t := &p.tests[l][i]
			if t.key.empty {
				continue
			}
			p.hot.take(t.tag, t.key)
		}
	}
}

func (h *hot) take(tag dicom.Tag, k *key) {
	switch tag {
	case dict.PatientID:
		h.patients = exact(k)
		if h.patients == nil && len(k.values) == 1 {
			h.patient = literal(k.values[0].text)
		}
	case dict.PatientBirthDate:
		h.births = onlySpan(k)
	case dict.PatientName:
		h.word = firstWord(k)
	case dict.StudyInstanceUID:
		h.uids[leadglass.StudyLevel] = listed(k)
	case dict.SeriesInstanceUID:
		h.uids[leadglass.SeriesLevel] = listed(k)
	case dict.SOPInstanceUID:
		h.uids[leadglass.InstanceLevel] = listed(k)
	case dict.AccessionNumber:
		h.accession = exact(k)
	case dict.StudyDate:
		h.dates = onlySpan(k)
	case dict.ModalitiesInStudy:
		if all := exact(k); len(all) == 1 {
			h.within = all[0]
		}
	case dict.Modality:
		h.modality = exact(k)
	}
}

// exact are the values of a key that has no wildcards, nil where one has.
func exact(k *key) []string {
	var all []string
	for i := range k.values {
		if k.values[i].pattern {
			return nil
		}
		all = append(all, k.values[i].text)
	}
	return all
}

func onlySpan(k *key) *span {
	if len(k.values) == 1 {
		return k.values[0].span
	}
	return nil
}

func listed(k *key) []string {
	all := make([]string, 0, len(k.uids))
	for uid := range k.uids {
		all = append(all, uid)
	}
	return all
}

// firstWord is the beginning of a word that each name that matches must have,
// empty where there is none.
func firstWord(k *key) string {
	if len(k.values) != 1 {
		return ""
	}
	if s := k.values[0].sounds; len(s) > 0 {
		longest := ""
		for _, w := range s {
			if len(w) > len(longest) {
				longest = w
			}
		}
		return longest
	}
	for _, group := range k.values[0].name {
		if w := words(literal(group)); len(w) > 0 && !strings.HasPrefix(group, "*") {
			return w[0]
		}
	}
	return ""
}
