package index

import (
	"context"
	"strings"

	"github.com/leadglass/leadglass"
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
