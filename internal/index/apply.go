package index

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// memory is what the writer knows of studies and series that it met lately, with
// what is to be added to their counts when the transaction ends. It is forgotten
// when an Apply fails, and when something is removed or merged.
type memory struct {
	studies  map[string]*studyState
	series   map[seriesName]*seriesState
	patients map[int64]*counts // of this transaction
	dirty    []*studyState
	dirtier  []*seriesState
}

type counts struct {
	studies, series, instances int
	bytes                      int64
}

type studyState struct {
	id, patient                int64
	modalities, parts, classes string // sets, see with
	add                        counts
	dirty                      bool
}

type seriesName struct {
	study int64
	uid   string
}

type seriesState struct {
	id      int64
	study   *studyState
	classes string
	add     counts
	dirty   bool
}

// mostRemembered bounds the memory: 8192 series take about 3 MB.
const mostRemembered = 8192

func (x *store) forget() {
	x.memory = memory{map[string]*studyState{}, map[seriesName]*seriesState{}, map[int64]*counts{}, nil, nil}
}

// Apply applies changes and position in one transaction. It is not interrupted
// by ctx once it has begun.
func (x *store) Apply(ctx context.Context, changes []Change, upTo Position) (err error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("index: applying: %w", err)
	}
	if x.w == nil {
		return fmt.Errorf("index: applying: %w", sql.ErrConnDone)
	}
	ctx = context.WithoutCancel(ctx)
	if _, err := x.stmts.begin.ExecContext(ctx); err != nil {
		return fmt.Errorf("index: applying: %w", err)
	}
	if err := x.applyAll(ctx, changes, upTo); err != nil {
		x.forget()
		_, undo := x.stmts.rollback.ExecContext(ctx)
		return fmt.Errorf("index: applying: %w", errors.Join(err, undo))
	}
	return nil
}

func (x *store) applyAll(ctx context.Context, changes []Change, upTo Position) error {
	for _, c := range changes {
		if err := x.apply(ctx, c); err != nil {
			return err
		}
	}
	if err := x.flush(ctx); err != nil {
		return err
	}
	if _, err := x.stmts.setPosition.ExecContext(ctx, string(upTo)); err != nil {
		return err
	}
	_, err := x.stmts.commit.ExecContext(ctx)
	return err
}

func (x *store) apply(ctx context.Context, c Change) error {
	if c, ok := c.(Add); ok {
		return x.add(ctx, c.Instance)
	}
	if err := x.flush(ctx); err != nil {
		return err
	}
	switch c := c.(type) {
	case SetLabels:
		return x.setLabels(ctx, c)
	case Remove:
		x.forget()
		return x.remove(ctx, c.Ref)
	case MergePatient:
		x.forget()
		return x.merge(ctx, clean(string(c.From)), clean(string(c.Into)))
	}
	return fmt.Errorf("unknown change %T", c)
}

// add adds an instance. What its study, its series and its patient are was said
// by the first instance of each; where another says otherwise the first stays.
func (x *store) add(ctx context.Context, i *Instance) error {
	uid := clean(string(i.Ref.Instance))
	var there int
	switch err := x.stmts.hasInstance.QueryRowContext(ctx, uid).Scan(&there); {
	case err == nil:
		return nil
	case !errors.Is(err, sql.ErrNoRows):
		return err
	}
	a := adding{i, i.Header}
	if a.h == nil {
		a.h = &dicom.Dataset{}
	}
	study, err := x.studyOf(ctx, a)
	if err != nil {
		return err
	}
	series, err := x.seriesOf(ctx, a, study)
	if err != nil {
		return err
	}
	_, err = x.stmts.addInstance.ExecContext(ctx, uid, series.id, number(a.h, dict.InstanceNumber), clean(string(i.Class)), clean(string(i.Syntax)),
		i.Frames, i.Size, i.HeaderSize, i.Digest[:], string(i.Where), clean(string(i.Source)), i.Received.UnixNano(),
		x.schema.keep(a.h, leadglass.InstanceLevel, x.lim, a.own))
	if err != nil {
		return err
	}
	x.count(series, a)
	return nil
}

// adding is an instance on its way in.
type adding struct {
	*Instance
	h *dicom.Dataset
}

// own is what stands for the UIDs, whatever the header has.
func (a adding) own(tag dicom.Tag) string {
	switch tag {
	case dict.StudyInstanceUID:
		return clean(string(a.Ref.Study))
	case dict.SeriesInstanceUID:
		return clean(string(a.Ref.Series))
	case dict.SOPInstanceUID:
		return clean(string(a.Ref.Instance))
	case dict.SOPClassUID:
		return clean(string(a.Class))
	}
	return ""
}

func (x *store) count(s *seriesState, a adding) {
	class := clean(string(a.Class))
	s.add.instances, s.add.bytes, s.classes = s.add.instances+1, s.add.bytes+a.Size, with(s.classes, class)
	st := s.study
	st.add.instances, st.add.bytes, st.classes = st.add.instances+1, st.add.bytes+a.Size, with(st.classes, class)
	x.patientCounts(st.patient).instances++
	x.mark(s)
}

func (x *store) mark(s *seriesState) {
	if !s.dirty {
		s.dirty = true
		x.memory.dirtier = append(x.memory.dirtier, s)
	}
	if !s.study.dirty {
		s.study.dirty = true
		x.memory.dirty = append(x.memory.dirty, s.study)
	}
}

func (x *store) patientCounts(id int64) *counts {
	c := x.memory.patients[id]
	if c == nil {
		c = &counts{}
		x.memory.patients[id] = c
	}
	return c
}

// flush writes the counts of what was added, once each.
func (x *store) flush(ctx context.Context) error {
	for _, s := range x.memory.dirtier {
		if _, err := x.stmts.countSeries.ExecContext(ctx, s.add.instances, s.add.bytes, s.classes, s.id); err != nil {
			return err
		}
		s.add, s.dirty = counts{}, false
	}
	for _, s := range x.memory.dirty {
		_, err := x.stmts.countStudy.ExecContext(ctx, s.add.series, s.add.instances, s.add.bytes, s.modalities, s.parts, s.classes, s.id)
		if err != nil {
			return err
		}
		s.add, s.dirty = counts{}, false
	}
	for id, c := range x.memory.patients {
		if _, err := x.stmts.countPatient.ExecContext(ctx, c.studies, c.series, c.instances, id); err != nil {
			return err
		}
	}
	x.memory.dirty, x.memory.dirtier = x.memory.dirty[:0], x.memory.dirtier[:0]
	clear(x.memory.patients)
	if len(x.memory.series) > mostRemembered {
		x.forget()
	}
	return nil
}

// studyOf finds the study of an instance, or makes it and its patient.
func (x *store) studyOf(ctx context.Context, a adding) (*studyState, error) {
	uid := clean(string(a.Ref.Study))
	if s := x.memory.studies[uid]; s != nil {
		return s, nil
	}
	s := &studyState{}
	err := x.stmts.getStudy.QueryRowContext(ctx, uid).Scan(&s.id, &s.patient, &s.modalities, &s.parts, &s.classes)
	if errors.Is(err, sql.ErrNoRows) {
		err = x.newStudy(ctx, a, uid, s)
	}
	if err != nil {
		return nil, err
	}
	x.memory.studies[uid] = s
	return s, nil
}

func (x *store) newStudy(ctx context.Context, a adding, uid string, s *studyState) (err error) {
	if s.patient, err = x.patientOf(ctx, a, uid); err != nil {
		return err
	}
	date := text(a.h, dict.StudyDate, x.lim)
	res, err := x.stmts.addStudy.ExecContext(ctx, uid, s.patient, order(date, text(a.h, dict.StudyTime, x.lim)), date,
		text(a.h, dict.AccessionNumber, x.lim), text(a.h, dict.InstitutionName, x.lim),
		x.schema.keep(a.h, leadglass.StudyLevel, x.lim, a.own))
	if err != nil {
		return err
	}
	x.patientCounts(s.patient).studies++
	s.id, err = res.LastInsertId()
	return err
}

// patientOf finds the patient of a new study, or makes it. Patients are told
// apart by ID and issuer; one without an ID has this one study.
func (x *store) patientOf(ctx context.Context, a adding, study string) (int64, error) {
	pid, issuer, orphan := text(a.h, dict.PatientID, x.lim), text(a.h, dict.IssuerOfPatientID, x.lim), ""
	own := a.own
	switch into, err := x.mergedInto(ctx, pid); {
	case err != nil:
		return 0, err
	case into != "":
		return x.ensure(ctx, a, into)
	case pid == "":
		issuer, orphan = "", study
	}
	return x.getOrAdd(ctx, a.h, pid, issuer, orphan, own)
}

// ensure finds the patient that another was merged into: whoever has the ID.
func (x *store) ensure(ctx context.Context, a adding, pid string) (int64, error) {
	id, err := x.first(ctx, pid)
	if err != nil || id != 0 {
		return id, err
	}
	return x.getOrAdd(ctx, a.h, pid, text(a.h, dict.IssuerOfPatientID, x.lim), "", func(tag dicom.Tag) string {
		if tag == dict.PatientID {
			return pid
		}
		return ""
	})
}

func (x *store) getOrAdd(ctx context.Context, h *dicom.Dataset, pid, issuer, orphan string, own func(dicom.Tag) string) (id int64, err error) {
	err = x.stmts.getPatient.QueryRowContext(ctx, pid, issuer, orphan).Scan(&id)
	if !errors.Is(err, sql.ErrNoRows) {
		return id, err
	}
	birth, _ := moment(dicom.DA, text(h, dict.PatientBirthDate, x.lim), '0')
	name := foldedName(h, x.lim)
	res, err := x.stmts.addPatient.ExecContext(ctx, pid, issuer, orphan, birth, name, x.schema.keep(h, leadglass.PatientLevel, x.lim, own))
	if err != nil {
		return 0, err
	}
	if id, err = res.LastInsertId(); err != nil {
		return 0, err
	}
	for _, w := range nameWords(name, x.lim) {
		if _, err := x.stmts.addWord.ExecContext(ctx, w, id); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// seriesOf finds the series of an instance in its study, or makes it.
func (x *store) seriesOf(ctx context.Context, a adding, study *studyState) (*seriesState, error) {
	name := seriesName{study.id, clean(string(a.Ref.Series))}
	if s := x.memory.series[name]; s != nil {
		return s, nil
	}
	s := &seriesState{study: study}
	err := x.stmts.getSeries.QueryRowContext(ctx, study.id, name.uid).Scan(&s.id, &s.classes)
	if errors.Is(err, sql.ErrNoRows) {
		err = x.newSeries(ctx, a, name.uid, s)
	}
	if err != nil {
		return nil, err
	}
	x.memory.series[name] = s
	return s, nil
}

func (x *store) newSeries(ctx context.Context, a adding, uid string, s *seriesState) error {
	modality, part := text(a.h, dict.Modality, x.lim), text(a.h, dict.BodyPartExamined, x.lim)
	res, err := x.stmts.addSeries.ExecContext(ctx, uid, s.study.id, number(a.h, dict.SeriesNumber), modality, part,
		x.schema.keep(a.h, leadglass.SeriesLevel, x.lim, a.own))
	if err != nil {
		return err
	}
	st := s.study
	st.modalities, st.parts = with(st.modalities, modality), with(st.parts, part)
	st.add.series++
	x.patientCounts(st.patient).series++
	s.id, err = res.LastInsertId()
	return err
}

func (x *store) setLabels(ctx context.Context, c SetLabels) error {
	labels := ""
	if len(c.Labels) > 0 {
		b, err := json.Marshal(c.Labels)
		if err != nil {
			return err
		}
		labels = string(b)
	}
	_, err := x.stmts.setLabels.ExecContext(ctx, labels, clean(string(c.Study)))
	return err
}

// with adds to a set that is kept as text with backslashes, which no value has
// (PS3.5 section 6.4).
func with(set, value string) string {
	switch {
	case value == "" || set == value || len(value) > mostMember || len(set) > mostSet:
		return set
	case set == "":
		return value
	case strings.Contains(`\`+set+`\`, `\`+value+`\`):
		return set
	}
	return set + `\` + value
}

const (
	mostMember = 64      // bytes of a UID (PS3.5 section 9.1); a code string has 16
	mostSet    = 8 << 10 // more classes than the standard has; a study of nonsense costs no more
)

// members are the values of a set.
func members(set string) []string {
	if set == "" {
		return nil
	}
	return strings.Split(set, `\`)
}

// lastNumber stands for a series or an instance without a number: after all that
// have one, which are of 32 bits (PS3.5 table 6.2-1, IS).
const lastNumber = 1 << 32

func number(h *dicom.Dataset, tag dicom.Tag) int64 {
	if n, ok := h.Int(tag); ok && n > -lastNumber && n < lastNumber {
		return n
	}
	return lastNumber
}
