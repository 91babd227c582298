package index

import (
	"context"
	"fmt"
	"iter"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// The sizes of pages: the first is small, since most answers are cut off; later
// ones are larger, since where names lead each page sorts all that is left.
const (
	firstPage = 128
	lastPage  = 1024
)

// Find yields matches: at patient level by patient ID and issuer; below it studies
// by date and time, newest first, then by UID, within a study the series by UID, and
// within a series the instances by number and UID. Between two pages no lock and no
// connection is held, and who stops early has paid for a page.
//
// What is added meanwhile may or may not be there; what was there before the call
// and is not removed is there once.
func (x *store) Find(ctx context.Context, q *leadglass.Query) iter.Seq2[*leadglass.Match, error] {
	return func(yield func(*leadglass.Match, error) bool) {
		if err := x.find(ctx, q, yield); err != nil {
			yield(nil, fmt.Errorf("index: searching: %w", err))
		}
	}
}

func (x *store) find(ctx context.Context, q *leadglass.Query, yield func(*leadglass.Match, error) bool) error {
	p, err := x.schema.plan(q, x.lim)
	if err != nil {
		return err
	}
	l, err := x.lead(ctx, p)
	if err != nil {
		return err
	}
	c := x.candidates(p, l)
	if c.listed() {
		return x.findListed(ctx, c, yield)
	}
	var last *row
	for size := firstPage; ; size = min(2*size, lastPage) {
		page, err := x.page(ctx, c, last, size)
		if err != nil {
			return err
		}
		if more, err := x.yieldAll(ctx, p, page, yield); err != nil || !more {
			return err
		}
		if len(page) < size {
			return nil
		}
		last = page[len(page)-1]
	}
}

// findListed finds what a list names: first the order of all of it, then the rows
// by their numbers. Else each page would look up the whole list.
func (x *store) findListed(ctx context.Context, c *candidates, yield func(*leadglass.Match, error) bool) error {
	ids, err := x.ids(ctx, c)
	if err != nil {
		return err
	}
	for size := firstPage; len(ids) > 0; size = min(2*size, lastPage) {
		n := min(size, len(ids))
		text, args := c.numbered(ids[:n])
		page, err := x.rows(ctx, c, text, args)
		if err != nil {
			return err
		}
		if more, err := x.yieldAll(ctx, c.plan, page, yield); err != nil || !more {
			return err
		}
		ids = ids[n:]
	}
	return nil
}

func (x *store) ids(ctx context.Context, c *candidates) ([]int64, error) {
	text, args := c.ids()
	rows, done, err := x.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer done()
	var all []int64
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return nil, err
		}
		all = append(all, id)
	}
	return all, rows.Err()
}

// page reads candidates and lets go of the connection.
func (x *store) page(ctx context.Context, c *candidates, last *row, size int) ([]*row, error) {
	text, args := c.page(last, size)
	return x.rows(ctx, c, text, args)
}

func (x *store) rows(ctx context.Context, c *candidates, text string, args []any) ([]*row, error) {
	rows, done, err := x.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer done()
	var all []*row
	for rows.Next() {
		r := &row{}
		if err := r.scan(rows, c.plan.level); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// yieldAll yields the rows of a page that pass; more says that more is wanted.
func (x *store) yieldAll(ctx context.Context, p *plan, page []*row, yield func(*leadglass.Match, error) bool) (more bool, err error) {
	kept := page[:0:0]
	for _, r := range page {
		ok, err := r.passes(p)
		if err != nil {
			return false, err
		}
		if ok {
			kept = append(kept, r)
		}
	}
	studies, err := x.studiesOf(ctx, p.level, kept)
	if err != nil {
		return false, err
	}
	for _, r := range kept {
		m := &leadglass.Match{Ref: r.ref(p.level), Studies: studies[studyKey(r, p.level)]}
		if m.Attributes, err = r.answer(x.schema, p); err != nil {
			return false, err
		}
		if !yield(m, nil) {
			return false, nil
		}
		r.sets, r.attrs = [4]*dicom.Dataset{}, [4][]byte{}
	}
	return true, ctx.Err()
}

func studyKey(r *row, level leadglass.Level) int64 {
	if level == leadglass.PatientLevel {
		return r.patient
	}
	return r.id
}

// studiesOf makes the facts of the studies of a page: below patient level they are
// in the rows; at it one statement has those of all patients.
func (x *store) studiesOf(ctx context.Context, level leadglass.Level, page []*row) (map[int64][]*leadglass.Study, error) {
	all := make(map[int64][]*leadglass.Study, len(page))
	if level == leadglass.PatientLevel {
		return all, x.studiesOfPatients(ctx, page, all)
	}
	for _, r := range page {
		if all[r.id] == nil {
			f, err := r.facts(r.pid, r.issuer)
			if err != nil {
				return nil, err
			}
			all[r.id] = []*leadglass.Study{f}
		}
	}
	return all, nil
}

func (x *store) studiesOfPatients(ctx context.Context, page []*row, all map[int64][]*leadglass.Study) error {
	if len(page) == 0 {
		return nil
	}
	ids, by := []byte{'['}, make(map[int64]*row, len(page))
	for i, r := range page {
		if i > 0 {
			ids = append(ids, ',')
		}
		ids = fmt.Append(ids, r.patient)
		by[r.patient] = r
	}
	rows, done, err := x.query(ctx, `SELECT s.patient, `+studyColumns+` FROM json_each(?) w CROSS JOIN study s ON s.patient = w.value
		ORDER BY w.id, s.ord DESC, s.uid`, string(append(ids, ']')))
	if err != nil {
		return err
	}
	defer done()
	for rows.Next() {
		var s studyRow
		var patient int64
		if err := rows.Scan(append([]any{&patient}, s.into()...)...); err != nil {
			return err
		}
		f, err := s.facts(by[patient].pid, by[patient].issuer)
		if err != nil {
			return err
		}
		all[patient] = append(all[patient], f)
	}
	return rows.Err()
}

// unique sets the unique key of a level (PS3.4 section C.3), as the index has it.
func (r *row) unique(d *dicom.Dataset, l leadglass.Level) {
	switch l {
	case leadglass.PatientLevel:
		setValues(d, attribute{tag: dict.PatientID, vr: dicom.LO}, []string{r.pid})
	case leadglass.StudyLevel:
		setValues(d, attribute{tag: dict.StudyInstanceUID, vr: dicom.UI}, []string{r.study})
	case leadglass.SeriesLevel:
		setValues(d, attribute{tag: dict.SeriesInstanceUID, vr: dicom.UI}, []string{r.series})
	case leadglass.InstanceLevel:
		setValues(d, attribute{tag: dict.SOPInstanceUID, vr: dicom.UI}, []string{r.instance})
	}
}
