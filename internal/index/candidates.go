package index

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/leadglass/leadglass"
)

// candidates writes the statement that yields candidates of a plan in their
// order, a page at a time. Its text depends on which keys there are and never on
// their values, so there are few, and they are kept ready.
//
// The order of the tables is ours and not the planner's (CROSS JOIN): the table of
// the most selective key leads, else the index of studies by date, which gives the
// order for nothing.
type candidates struct {
	plan  *plan
	lead  lead
	from  string
	terms []string
	args  []any
}

// lead is the table or index that leads.
type lead uint8

const (
	byDate lead = iota
	byInstance
	bySeries
	byStudy
	byAccession
	byPatientID
	byWord
	byBirth
	byPatientOrder // patient level only
)

// fewPatients is up to how many names a word may begin for names to lead: their
// studies are all read and sorted. Above it, studies by date soon have a page full.
const fewPatients = 1500

// lead chooses. Names are counted first, no further than needed.
func (x *store) lead(ctx context.Context, p *plan) (lead, error) {
	h := &p.hot
	switch {
	case h.uids[leadglass.InstanceLevel] != nil:
		return byInstance, nil
	case h.uids[leadglass.SeriesLevel] != nil:
		return bySeries, nil
	case h.uids[leadglass.StudyLevel] != nil:
		return byStudy, nil
	case h.accession != nil:
		return byAccession, nil
	case h.patients != nil:
		return byPatientID, nil
	}
	if h.word != "" {
		few, err := x.few(ctx, h.word)
		if err != nil || few {
			return byWord, err
		}
	}
	switch {
	case h.births != nil && h.births.from == h.births.to[:min(len(h.births.to), 8)]:
		return byBirth, nil
	case h.patient != "" && !h.short():
		return byPatientID, nil
	case p.level == leadglass.PatientLevel:
		return byPatientOrder, nil
	}
	return byDate, nil
}

// short says that a range of dates is given that a page or two will hold.
func (h *hot) short() bool {
	return h.dates != nil && len(h.dates.from) >= 6 && len(h.dates.to) >= 6 && h.dates.from[:6] == h.dates.to[:6]
}

func (x *store) few(ctx context.Context, word string) (bool, error) {
	rows, done, err := x.query(ctx, `SELECT count(*) FROM (SELECT 1 FROM word WHERE word >= ? AND word < ? LIMIT ?)`, word, after(word), fewPatients+1)
	if err != nil {
		return false, err
	}
	defer done()
	n := 0
	if rows.Next() {
		err = rows.Scan(&n)
	}
	if err == nil {
		err = rows.Err()
	}
	return n <= fewPatients, err
}

// after comes after all that begins with s.
func after(s string) string { return s + "\U0010FFFF" }

func (x *store) candidates(p *plan, l lead) *candidates {
	c := &candidates{plan: p, lead: l}
	c.tables()
	c.patients()
	c.studies()
	c.below()
	return c
}

// tables joins those that the level needs, the leading one first.
func (c *candidates) tables() {
	const (
		patient  = ` CROSS JOIN patient p ON p.id = s.patient`
		series   = ` CROSS JOIN series e ON e.study = s.id`
		instance = ` CROSS JOIN instance i ON i.series = e.id`
	)
	level := c.plan.level
	switch c.lead {
	case byInstance:
		c.from = `instance i CROSS JOIN series e ON e.id = i.series CROSS JOIN study s ON s.id = e.study` + patient
		return
	case bySeries:
		c.from = `series e CROSS JOIN study s ON s.id = e.study` + patient
		if level == leadglass.InstanceLevel {
			c.from += instance
		}
		return
	case byWord:
		c.from = `(SELECT DISTINCT patient AS id FROM word WHERE word >= ? AND word < ?) w CROSS JOIN patient p ON p.id = w.id`
		c.args = append(c.args, c.plan.hot.word, after(c.plan.hot.word))
	case byPatientID, byBirth, byPatientOrder:
		c.from = `patient p`
	default:
		c.from = `study s` + patient
		c.deeper(series, instance)
		return
	}
	if level >= leadglass.StudyLevel {
		c.from += ` CROSS JOIN study s ON s.patient = p.id`
		c.deeper(series, instance)
	}
}

func (c *candidates) deeper(series, instance string) {
	if c.plan.level >= leadglass.SeriesLevel {
		c.from += series
	}
	if c.plan.level == leadglass.InstanceLevel {
		c.from += instance
	}
}

func (c *candidates) and(term string, args ...any) {
	c.terms = append(c.terms, term)
	c.args = append(c.args, args...)
}

// listOf is a list as one argument.
func listOf(values []string) string {
	b, _ := json.Marshal(values)
	return string(b)
}

// in restricts a column to values. Only a column that leads uses its index.
func (c *candidates) in(column string, values []string, leads bool) {
	if !leads {
		column = "+" + column
	}
	if len(values) == 1 {
		c.and(column+` = ?`, values[0])
		return
	}
	c.and(column+` IN (SELECT value FROM json_each(?))`, listOf(values))
}

func (c *candidates) patients() {
	h := &c.plan.hot
	if h.patients != nil {
		c.in("p.pid", h.patients, c.lead == byPatientID)
	}
	if h.patient != "" {
		column := "p.pid"
		if c.lead != byPatientID {
			column = "+" + column
		}
		c.and(column+` >= ? AND `+column+` < ?`, h.patient, after(h.patient))
	}
	if h.births != nil {
		column := "p.birth"
		if c.lead != byBirth {
			column = "+" + column
		}
		c.and(column+` >= ? AND `+column+` <= ? AND p.birth <> ''`, h.births.from, h.births.to+latest)
	}
	if h.word != "" && c.lead != byWord {
		c.and(`instr(p.name, ?) > 0`, h.word)
	}
}

func (c *candidates) studies() {
	h := &c.plan.hot
	if c.plan.level < leadglass.StudyLevel {
		return
	}
	if uids := h.uids[leadglass.StudyLevel]; uids != nil {
		c.in("s.uid", uids, c.lead == byStudy)
	}
	if h.within != "" {
		c.and(`instr(s.modalities, ?) > 0`, h.within)
	}
	if h.accession != nil {
		c.and(`s.accession <> ''`)
		c.in("s.accession", h.accession, c.lead == byAccession)
	}
	if h.dates != nil {
		column := "+s.ord"
		if c.lead == byDate || c.lead == byPatientID || c.lead == byWord || c.lead == byBirth {
			column = "s.ord"
		}
		c.and(column+` >= ? AND `+column+` <= ? AND s.ord <> ''`, h.dates.from, h.dates.to+latest)
	}
}

func (c *candidates) below() {
	h := &c.plan.hot
	if c.plan.level >= leadglass.SeriesLevel {
		if uids := h.uids[leadglass.SeriesLevel]; uids != nil {
			c.in("e.uid", uids, c.lead != byInstance)
		}
		if h.modality != nil {
			c.in("e.modality", h.modality, false)
		}
	}
	if uids := h.uids[leadglass.InstanceLevel]; uids != nil && c.plan.level == leadglass.InstanceLevel {
		c.in("i.uid", uids, c.lead == byInstance)
	}
}

// listed says that all candidates are on a list of UIDs that is longer than a page.
func (c *candidates) listed() bool {
	h, level := &c.plan.hot, c.plan.level
	own := level == leadglass.StudyLevel && c.lead == byStudy || level == leadglass.SeriesLevel && c.lead == bySeries ||
		level == leadglass.InstanceLevel && c.lead == byInstance
	return own && len(h.uids[level]) > firstPage
}

// own is the table of the level, which has a row for each candidate.
func (c *candidates) own() string { return [...]string{"p", "s", "e", "i"}[c.plan.level] }

// ids is the statement for the numbers of all candidates in their order.
func (c *candidates) ids() (string, []any) {
	return `SELECT ` + c.own() + `.id FROM ` + c.from + ` WHERE ` + strings.Join(c.terms, ` AND `) + ` ORDER BY ` + c.order(), c.args
}

// numbered is the statement for candidates by their numbers, in the order of those.
func (c *candidates) numbered(ids []int64) (string, []any) {
	from := [...]string{
		leadglass.StudyLevel:    `study s ON s.id = w.value`,
		leadglass.SeriesLevel:   `series e ON e.id = w.value CROSS JOIN study s ON s.id = e.study`,
		leadglass.InstanceLevel: `instance i ON i.id = w.value CROSS JOIN series e ON e.id = i.series CROSS JOIN study s ON s.id = e.study`,
	}[c.plan.level]
	b, _ := json.Marshal(ids)
	return `SELECT ` + c.columns() + ` FROM json_each(?) w CROSS JOIN ` + from + ` CROSS JOIN patient p ON p.id = s.patient ORDER BY w.id`, []any{string(b)}
}

// columns are those of row.scan.
func (c *candidates) columns() string {
	cols := `p.id, p.pid, p.issuer, p.orphan, p.studies, p.series, p.instances, p.attrs`
	if c.plan.level >= leadglass.StudyLevel {
		cols += `, ` + studyColumns + `, s.attrs`
	}
	if c.plan.level >= leadglass.SeriesLevel {
		cols += `, e.uid, e.instances, e.attrs`
	}
	if c.plan.level == leadglass.InstanceLevel {
		cols += `, i.uid, i.number, i.syntax, i.attrs`
	}
	return cols
}

// page is the statement for what comes after a row; nil begins.
func (c *candidates) page(last *row, size int) (string, []any) {
	terms, args := c.terms, append([]any{}, c.args...)
	if last != nil {
		term, more := c.beyond(last)
		terms = append(append([]string{}, terms...), term)
		args = append(args, more...)
	}
	text := `SELECT ` + c.columns() + ` FROM ` + c.from
	if len(terms) > 0 {
		text += ` WHERE ` + strings.Join(terms, ` AND `)
	}
	return text + ` ORDER BY ` + c.order() + ` LIMIT ?`, append(args, size)
}

func (c *candidates) order() string {
	return [...]string{
		`p.pid, p.issuer, p.orphan`,
		`s.ord DESC, s.uid`,
		`s.ord DESC, s.uid, e.uid`,
		`s.ord DESC, s.uid, e.uid, i.number, i.uid`,
	}[c.plan.level]
}

// beyond is what comes after a row in the order.
func (c *candidates) beyond(r *row) (string, []any) {
	ord := `+s.ord`
	if c.lead == byDate || c.lead == byPatientID {
		ord = `s.ord`
	}
	newest := ord + ` <= ? AND (s.ord < ? OR `
	switch c.plan.level {
	case leadglass.PatientLevel:
		return `(p.pid, p.issuer, p.orphan) > (?, ?, ?)`, []any{r.pid, r.issuer, r.orphan}
	case leadglass.StudyLevel:
		return newest + `s.uid > ?)`, []any{r.ord, r.ord, r.study}
	case leadglass.SeriesLevel:
		return newest + `(s.uid, e.uid) > (?, ?))`, []any{r.ord, r.ord, r.study, r.series}
	}
	return newest + `(s.uid, e.uid, i.number, i.uid) > (?, ?, ?, ?))`, []any{r.ord, r.ord, r.study, r.series, r.number, r.instance}
}
