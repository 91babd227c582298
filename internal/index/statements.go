package index

import (
	"context"
	"database/sql"
	"errors"
)

// statements are those of the writer, prepared on its connection.
type statements struct {
	begin, commit, rollback, setPosition          *sql.Stmt
	hasInstance, addInstance                      *sql.Stmt
	getSeries, addSeries, countSeries             *sql.Stmt
	getStudy, addStudy, countStudy                *sql.Stmt
	getPatient, addPatient, countPatient, addWord *sql.Stmt
	getMerged, setLabels                          *sql.Stmt
	all                                           []*sql.Stmt
}

func (s *statements) prepare(ctx context.Context, c *sql.Conn) error {
	for _, p := range []struct {
		into **sql.Stmt
		text string
	}{
		{&s.begin, `BEGIN IMMEDIATE`},
		{&s.commit, `COMMIT`},
		{&s.rollback, `ROLLBACK`},
		{&s.setPosition, `INSERT INTO meta (name, value) VALUES ('position', ?) ON CONFLICT DO UPDATE SET value = excluded.value`},
		{&s.hasInstance, `SELECT 1 FROM instance WHERE uid = ?`},
		{&s.addInstance, `INSERT INTO instance (uid, series, number, class, syntax, frames, size, header, digest, place, source, received, attrs)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.getSeries, `SELECT id, classes FROM series WHERE study = ? AND uid = ?`},
		{&s.addSeries, `INSERT INTO series (uid, study, number, modality, part, attrs) VALUES (?, ?, ?, ?, ?, ?)`},
		{&s.countSeries, `UPDATE series SET instances = instances + ?, bytes = bytes + ?, classes = ? WHERE id = ?`},
		{&s.getStudy, `SELECT id, patient, modalities, parts, classes FROM study WHERE uid = ?`},
		{&s.addStudy, `INSERT INTO study (uid, patient, ord, date, accession, institution, attrs) VALUES (?, ?, ?, ?, ?, ?, ?)`},
		{&s.countStudy, `UPDATE study SET series = series + ?, instances = instances + ?, bytes = bytes + ?,
			modalities = ?, parts = ?, classes = ? WHERE id = ?`},
		{&s.getPatient, `SELECT id FROM patient WHERE pid = ? AND issuer = ? AND orphan = ?`},
		{&s.addPatient, `INSERT INTO patient (pid, issuer, orphan, birth, name, attrs) VALUES (?, ?, ?, ?, ?, ?)`},
		{&s.countPatient, `UPDATE patient SET studies = studies + ?, series = series + ?, instances = instances + ? WHERE id = ?`},
		{&s.addWord, `INSERT OR IGNORE INTO word (word, patient) VALUES (?, ?)`},
		{&s.getMerged, `SELECT new FROM merged WHERE old = ?`},
		{&s.setLabels, `UPDATE study SET labels = ? WHERE uid = ?`},
	} {
		st, err := c.PrepareContext(ctx, p.text)
		if err != nil {
			return err
		}
		*p.into = st
		s.all = append(s.all, st)
	}
	return nil
}

func (s *statements) close() error {
	var errs []error
	for _, st := range s.all {
		errs = append(errs, st.Close())
	}
	s.all = nil
	return errors.Join(errs...)
}
