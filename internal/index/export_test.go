package index

import (
	"context"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Explain returns how SQLite finds the first page of a query.
func Explain(ctx context.Context, x Index, q *leadglass.Query) (string, error) {
	s := x.(*store)
	p, err := s.schema.plan(q, s.lim)
	if err != nil {
		return "", err
	}
	l, err := s.lead(ctx, p)
	if err != nil {
		return "", err
	}
	text, args := s.candidates(p, l).page(nil, firstPage)
	rows, done, err := s.query(ctx, "EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		return "", err
	}
	defer done()
	var all strings.Builder
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return "", err
		}
		all.WriteString(detail + "\n")
	}
	return all.String(), rows.Err()
}

// Answer does what Apply and Find do of an instance and a query without a
// database between: it keeps, compiles, matches and answers. It is nil where the
// instance does not match.
func Answer(i *Instance, q *leadglass.Query) (*dicom.Dataset, error) {
	s, lim, a := newSchema(), Limits{}.orDefault(), adding{i, i.Header}
	p, err := s.plan(q, lim)
	if err != nil {
		return nil, err
	}
	r := &row{pid: text(a.h, dict.PatientID, lim), number: number(a.h, dict.InstanceNumber), syntax: clean(string(i.Syntax))}
	r.study, r.series, r.instance = clean(string(i.Ref.Study)), clean(string(i.Ref.Series)), clean(string(i.Ref.Instance))
	r.modalities = with("", text(a.h, dict.Modality, lim))
	nameWords(foldedName(a.h, lim), lim)
	for l := range r.attrs {
		r.attrs[l] = s.keep(a.h, leadglass.Level(l), lim, a.own)
	}
	if ok, err := r.passes(p); err != nil || !ok {
		return nil, err
	}
	return r.answer(s, p)
}
