package index

import (
	"context"
	"database/sql"
	"errors"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// remove removes what a reference names, then what is empty, and counts again
// what is left of the studies and patients that it touched. It is done by the
// instances of a study or less, never by the whole index.
func (x *store) remove(ctx context.Context, ref leadglass.Ref) error {
	series, err := x.seriesUnder(ctx, ref)
	if err != nil {
		return err
	}
	studies, patients := map[int64]bool{}, map[int64]bool{}
	for _, s := range series {
		if ref.Instance != "" {
			err = x.exec(ctx, `DELETE FROM instance WHERE series = ? AND uid = ?`, s.id, clean(string(ref.Instance)))
		} else {
			err = x.exec(ctx, `DELETE FROM instance WHERE series = ?`, s.id)
		}
		if err == nil {
			err = x.recountSeries(ctx, s.id)
		}
		if err != nil {
			return err
		}
		studies[s.study] = true
		patients[s.patient] = true
	}
	for id := range studies {
		if err := x.recountStudy(ctx, id); err != nil {
			return err
		}
	}
	for id := range patients {
		if err := x.recountPatient(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (x *store) exec(ctx context.Context, text string, args ...any) error {
	_, err := x.w.ExecContext(ctx, text, args...)
	return err
}

type lineage struct{ id, study, patient int64 }

// seriesUnder are the series that a reference touches. One that names nothing
// touches nothing: nobody removes everything by leaving a field empty.
func (x *store) seriesUnder(ctx context.Context, ref leadglass.Ref) ([]lineage, error) {
	from, where, args := under(ref)
	if where == "" {
		return nil, nil
	}
	rows, err := x.w.QueryContext(ctx, `SELECT DISTINCT e.id, s.id, s.patient `+from+` WHERE `+where, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []lineage
	for rows.Next() {
		var l lineage
		if err := rows.Scan(&l.id, &l.study, &l.patient); err != nil {
			return nil, err
		}
		all = append(all, l)
	}
	return all, rows.Err()
}

// under is how the series of a reference are found: from the narrowest name.
func under(ref leadglass.Ref) (from, where string, args []any) {
	and := func(term string, arg string) {
		if where != "" {
			where += " AND "
		}
		where += term
		args = append(args, clean(arg))
	}
	switch {
	case ref.Instance != "":
		from = `FROM instance i CROSS JOIN series e ON e.id = i.series CROSS JOIN study s ON s.id = e.study CROSS JOIN patient p ON p.id = s.patient`
		and(`i.uid = ?`, string(ref.Instance))
	case ref.Series != "":
		from = `FROM series e CROSS JOIN study s ON s.id = e.study CROSS JOIN patient p ON p.id = s.patient`
	case ref.Study != "":
		from = `FROM study s CROSS JOIN series e ON e.study = s.id CROSS JOIN patient p ON p.id = s.patient`
	case ref.Patient != "":
		from = `FROM patient p CROSS JOIN study s ON s.patient = p.id CROSS JOIN series e ON e.study = s.id`
	}
	if ref.Series != "" {
		and(`e.uid = ?`, string(ref.Series))
	}
	if ref.Study != "" {
		and(`s.uid = ?`, string(ref.Study))
	}
	if ref.Patient != "" {
		and(`p.pid = ?`, string(ref.Patient))
	}
	return from, where, args
}

func (x *store) recountSeries(ctx context.Context, id int64) error {
	classes, err := x.set(ctx, `SELECT DISTINCT class FROM instance WHERE series = ? ORDER BY class`, id)
	if err != nil {
		return err
	}
	return errors.Join(
		x.exec(ctx, `UPDATE series SET classes = ?, (instances, bytes) = (SELECT count(*), coalesce(sum(size), 0) FROM instance WHERE series = ?)
			WHERE id = ?`, classes, id, id),
		x.exec(ctx, `DELETE FROM series WHERE id = ? AND instances = 0`, id))
}

func (x *store) recountStudy(ctx context.Context, id int64) error {
	modalities, err := x.set(ctx, `SELECT modality FROM series WHERE study = ? ORDER BY id`, id)
	if err != nil {
		return err
	}
	parts, err := x.set(ctx, `SELECT part FROM series WHERE study = ? ORDER BY id`, id)
	if err != nil {
		return err
	}
	classes, err := x.set(ctx, `SELECT classes FROM series WHERE study = ? ORDER BY id`, id)
	if err != nil {
		return err
	}
	return errors.Join(
		x.exec(ctx, `UPDATE study SET modalities = ?, parts = ?, classes = ?, (series, instances, bytes) =
			(SELECT count(*), coalesce(sum(instances), 0), coalesce(sum(bytes), 0) FROM series WHERE study = ?) WHERE id = ?`,
			modalities, parts, classes, id, id),
		x.exec(ctx, `DELETE FROM study WHERE id = ? AND series = 0`, id))
}

func (x *store) recountPatient(ctx context.Context, id int64) error {
	return errors.Join(
		x.exec(ctx, `UPDATE patient SET (studies, series, instances) =
			(SELECT count(*), coalesce(sum(series), 0), coalesce(sum(instances), 0) FROM study WHERE patient = ?) WHERE id = ?`, id, id),
		x.exec(ctx, `DELETE FROM word WHERE patient = ? AND EXISTS (SELECT 1 FROM patient WHERE id = ? AND studies = 0)`, id, id),
		x.exec(ctx, `DELETE FROM patient WHERE id = ? AND studies = 0`, id))
}

// set joins the values that a statement yields.
func (x *store) set(ctx context.Context, text string, id int64) (string, error) {
	rows, err := x.w.QueryContext(ctx, text, id)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	set := ""
	for rows.Next() {
		var v string
		if err := rows.Scan(&v); err != nil {
			return "", err
		}
		for _, m := range members(v) {
			set = with(set, m)
		}
	}
	return set, rows.Err()
}

// first is the patient of an ID, the one that was met first where several issuers
// gave it; 0 where there is none.
func (x *store) first(ctx context.Context, pid string) (id int64, err error) {
	err = x.w.QueryRowContext(ctx, `SELECT coalesce(min(id), 0) FROM patient WHERE pid = ?`, pid).Scan(&id)
	return id, err
}

// mergedInto is the ID that another was merged into, empty where it was not.
func (x *store) mergedInto(ctx context.Context, pid string) (into string, err error) {
	if pid == "" {
		return "", nil
	}
	err = x.stmts.getMerged.QueryRowContext(ctx, pid).Scan(&into)
	if errors.Is(err, sql.ErrNoRows) {
		return "", nil
	}
	return into, err
}

// merge moves the studies of all patients who have the one ID to the patient who
// has the other, whose demographics stay. Where nobody has it, the first of them
// gets it. An object that arrives later with the old ID goes to the new patient.
func (x *store) merge(ctx context.Context, from, into string) error {
	if from == "" || into == "" || from == into {
		return nil
	}
	if err := x.renamed(ctx, from, into); err != nil {
		return err
	}
	target, err := x.first(ctx, into)
	if err != nil {
		return err
	}
	if target == 0 {
		if target, err = x.first(ctx, from); err != nil || target == 0 {
			return err
		}
		if err := x.rename(ctx, target, into); err != nil {
			return err
		}
	}
	err = x.exec(ctx, `UPDATE study SET patient = ? WHERE patient IN (SELECT id FROM patient WHERE pid = ?)`, target, from)
	if err == nil {
		err = x.recountPatient(ctx, target)
	}
	return errors.Join(err,
		x.exec(ctx, `DELETE FROM word WHERE patient IN (SELECT id FROM patient WHERE pid = ?)`, from),
		x.exec(ctx, `DELETE FROM patient WHERE pid = ?`, from))
}

// renamed remembers that an ID is another's now, those merged into it included.
func (x *store) renamed(ctx context.Context, from, into string) error {
	return errors.Join(
		x.exec(ctx, `DELETE FROM merged WHERE old = ?`, into),
		x.exec(ctx, `UPDATE merged SET new = ? WHERE new = ?`, into, from),
		x.exec(ctx, `INSERT INTO merged (old, new) VALUES (?, ?) ON CONFLICT DO UPDATE SET new = excluded.new`, from, into))
}

// rename gives a patient another ID.
func (x *store) rename(ctx context.Context, id int64, pid string) error {
	var attrs []byte
	if err := x.w.QueryRowContext(ctx, `SELECT attrs FROM patient WHERE id = ?`, id).Scan(&attrs); err != nil {
		return err
	}
	d, err := dicom.DecodeBytes(attrs, dicom.ExplicitVRLittleEndian, dicom.Options{})
	if err != nil {
		return err
	}
	attrs = x.schema.keep(d, leadglass.PatientLevel, x.lim, func(tag dicom.Tag) string {
		if tag == dict.PatientID {
			return pid
		}
		return ""
	})
	return x.exec(ctx, `UPDATE patient SET pid = ?, attrs = ? WHERE id = ?`, pid, attrs, id)
}
