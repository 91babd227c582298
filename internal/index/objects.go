package index

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
)

// Studies yields the studies that a reference names or belongs to, newest first.
// One that names nothing has all.
func (x *store) Studies(ctx context.Context, ref leadglass.Ref) iter.Seq2[*leadglass.Study, error] {
	return func(yield func(*leadglass.Study, error) bool) {
		if err := x.studiesUnder(ctx, ref, yield); err != nil {
			yield(nil, fmt.Errorf("index: listing studies: %w", err))
		}
	}
}

func (x *store) studiesUnder(ctx context.Context, ref leadglass.Ref, yield func(*leadglass.Study, error) bool) error {
	from, where, args := under(ref)
	if where == "" {
		from, where = `FROM study s CROSS JOIN patient p ON p.id = s.patient`, `true`
	}
	text := `SELECT DISTINCT p.pid, p.issuer, ` + studyColumns + ` ` + from + ` WHERE ` + where
	ord, uid := latest, ""
	for {
		page, err := x.studyPage(ctx, text+` AND s.ord <= ? AND (s.ord < ? OR s.uid > ?) ORDER BY s.ord DESC, s.uid LIMIT ?`,
			append(append([]any{}, args...), ord, ord, uid, lastPage))
		if err != nil {
			return err
		}
		for i := range page {
			f, err := page[i].facts(page[i].pid, page[i].issuer)
			if err != nil {
				return err
			}
			if !yield(f, nil) {
				return nil
			}
		}
		if len(page) < lastPage {
			return nil
		}
		ord, uid = page[len(page)-1].ord, page[len(page)-1].study
	}
}

func (x *store) studyPage(ctx context.Context, text string, args []any) ([]row, error) {
	rows, done, err := x.query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer done()
	var all []row
	for rows.Next() {
		var r row
		if err := rows.Scan(append([]any{&r.pid, &r.issuer}, r.into()...)...); err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, rows.Err()
}

// seriesRef is where the instances of a series are.
type seriesRef struct {
	id                 int64
	pid, study, series string
}

// Objects yields the instances of a reference: studies newest first, series by
// number and UID, instances by number and UID. One that names nothing has none.
func (x *store) Objects(ctx context.Context, ref leadglass.Ref) iter.Seq2[*Instance, error] {
	return func(yield func(*Instance, error) bool) {
		if err := x.objects(ctx, ref, yield); err != nil {
			yield(nil, fmt.Errorf("index: listing objects: %w", err))
		}
	}
}

func (x *store) objects(ctx context.Context, ref leadglass.Ref, yield func(*Instance, error) bool) error {
	all, err := x.seriesOfRef(ctx, ref)
	if err != nil {
		return err
	}
	for _, s := range all {
		if more, err := x.objectsOf(ctx, s, clean(string(ref.Instance)), yield); err != nil || !more {
			return err
		}
	}
	return nil
}

func (x *store) seriesOfRef(ctx context.Context, ref leadglass.Ref) ([]seriesRef, error) {
	from, where, args := under(ref)
	if where == "" {
		return nil, nil
	}
	rows, done, err := x.query(ctx, `SELECT e.id, p.pid, s.uid, e.uid `+from+` WHERE `+where+` ORDER BY s.ord DESC, s.uid, e.number, e.uid`, args...)
	if err != nil {
		return nil, err
	}
	defer done()
	var all []seriesRef
	for rows.Next() {
		var s seriesRef
		if err := rows.Scan(&s.id, &s.pid, &s.study, &s.series); err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, rows.Err()
}

// instanceColumns are those of scanInstance.
const instanceColumns = `i.uid, i.number, i.class, i.syntax, i.frames, i.size, i.header, i.digest, i.place, i.source, i.received`

// objectsOf yields a series, or the one instance of it that has a UID.
func (x *store) objectsOf(ctx context.Context, s seriesRef, only string, yield func(*Instance, error) bool) (more bool, err error) {
	text := `SELECT ` + instanceColumns + ` FROM instance i WHERE i.series = ? AND (i.number, i.uid) > (?, ?) ORDER BY i.number, i.uid LIMIT ?`
	number, uid := int64(-lastNumber), ""
	for size := firstPage; ; size = min(2*size, lastPage) {
		args := []any{s.id, number, uid, size}
		if only != "" {
			text, args = `SELECT `+instanceColumns+` FROM instance i WHERE i.uid = ? AND +i.series = ? LIMIT 1`, []any{only, s.id}
		}
		page, last, err := x.instancePage(ctx, s, text, args)
		if err != nil {
			return false, err
		}
		for _, i := range page {
			if !yield(i, nil) {
				return false, nil
			}
		}
		if only != "" || len(page) < size {
			return true, ctx.Err()
		}
		number, uid = last, string(page[len(page)-1].Ref.Instance)
	}
}

// instancePage reads instances; last is the number of the last.
func (x *store) instancePage(ctx context.Context, s seriesRef, text string, args []any) (page []*Instance, last int64, err error) {
	rows, done, err := x.query(ctx, text, args...)
	if err != nil {
		return nil, 0, err
	}
	defer done()
	for rows.Next() {
		i := &Instance{Ref: leadglass.Ref{Patient: dicom.PatientID(s.pid), Study: dicom.UID(s.study), Series: dicom.UID(s.series)}}
		if last, err = scanInstance(rows, i); err != nil {
			return nil, 0, err
		}
		page = append(page, i)
	}
	return page, last, rows.Err()
}

func scanInstance(rows *sql.Rows, i *Instance, before ...any) (number int64, err error) {
	var digest []byte
	var received int64
	err = rows.Scan(append(before, &i.Ref.Instance, &number, &i.Class, &i.Syntax, &i.Frames, &i.Size, &i.HeaderSize, &digest, &i.Where, &i.Source, &received)...)
	if err == nil && copy(i.Digest[:], digest) != len(i.Digest) {
		err = fmt.Errorf("digest of %d bytes", len(digest))
	}
	i.Received = time.Unix(0, received).UTC()
	return number, err
}

// Lookup returns the instance of a UID, nil if there is none.
func (x *store) Lookup(ctx context.Context, uid dicom.UID) (*Instance, error) {
	rows, done, err := x.query(ctx, `SELECT p.pid, s.uid, e.uid, `+instanceColumns+` FROM instance i CROSS JOIN series e ON e.id = i.series
		CROSS JOIN study s ON s.id = e.study CROSS JOIN patient p ON p.id = s.patient WHERE i.uid = ?`, clean(string(uid)))
	if err != nil {
		return nil, fmt.Errorf("index: looking up an instance: %w", err)
	}
	defer done()
	if !rows.Next() {
		return nil, rows.Err()
	}
	i := &Instance{}
	if _, err := scanInstance(rows, i, &i.Ref.Patient, &i.Ref.Study, &i.Ref.Series); err != nil {
		return nil, fmt.Errorf("index: looking up an instance: %w", err)
	}
	return i, nil
}
