package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// application marks the file as ours: "lgix" (PRAGMA application_id).
const application = 0x6C676978

// steps are the versions of the tables. A file of an older version is brought up
// by the steps that it lacks; a step that is published never changes. docs/format.md
// describes the outcome.
func steps() []string { return []string{first} }

const first = `
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE patient (
	id        INTEGER PRIMARY KEY,
	pid       TEXT NOT NULL,
	issuer    TEXT NOT NULL,
	orphan    TEXT NOT NULL,           -- study UID of a patient without an ID, else empty
	birth     TEXT NOT NULL,
	name      TEXT NOT NULL,           -- groups folded, with = between
	studies   INTEGER NOT NULL DEFAULT 0,
	series    INTEGER NOT NULL DEFAULT 0,
	instances INTEGER NOT NULL DEFAULT 0,
	attrs     BLOB NOT NULL
);
CREATE UNIQUE INDEX patient_pid ON patient (pid, issuer, orphan);
CREATE INDEX patient_birth ON patient (birth);

CREATE TABLE word (
	word    TEXT NOT NULL,
	patient INTEGER NOT NULL,
	PRIMARY KEY (word, patient)
) WITHOUT ROWID;
CREATE INDEX word_patient ON word (patient);

CREATE TABLE merged (old TEXT PRIMARY KEY, new TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE study (
	id          INTEGER PRIMARY KEY,
	uid         TEXT NOT NULL,
	patient     INTEGER NOT NULL,
	ord         TEXT NOT NULL,         -- date and time in digits
	date        TEXT NOT NULL,
	accession   TEXT NOT NULL,
	institution TEXT NOT NULL,
	modalities  TEXT NOT NULL DEFAULT '',
	parts       TEXT NOT NULL DEFAULT '',
	classes     TEXT NOT NULL DEFAULT '',
	labels      TEXT NOT NULL DEFAULT '',
	series      INTEGER NOT NULL DEFAULT 0,
	instances   INTEGER NOT NULL DEFAULT 0,
	bytes       INTEGER NOT NULL DEFAULT 0,
	attrs       BLOB NOT NULL
);
CREATE UNIQUE INDEX study_uid ON study (uid);
CREATE INDEX study_ord ON study (ord DESC, uid);
CREATE INDEX study_patient ON study (patient, ord DESC, uid);
CREATE INDEX study_accession ON study (accession) WHERE accession <> '';

CREATE TABLE series (
	id        INTEGER PRIMARY KEY,
	uid       TEXT NOT NULL,
	study     INTEGER NOT NULL,
	number    INTEGER NOT NULL,
	modality  TEXT NOT NULL,
	part      TEXT NOT NULL,
	classes   TEXT NOT NULL DEFAULT '',
	instances INTEGER NOT NULL DEFAULT 0,
	bytes     INTEGER NOT NULL DEFAULT 0,
	attrs     BLOB NOT NULL
);
CREATE UNIQUE INDEX series_study ON series (study, uid);
CREATE INDEX series_uid ON series (uid);

CREATE TABLE instance (
	id       INTEGER PRIMARY KEY,
	uid      TEXT NOT NULL,
	series   INTEGER NOT NULL,
	number   INTEGER NOT NULL,
	class    TEXT NOT NULL,
	syntax   TEXT NOT NULL,
	frames   INTEGER NOT NULL,
	size     INTEGER NOT NULL,
	header   INTEGER NOT NULL,
	digest   BLOB NOT NULL,
	place    TEXT NOT NULL,
	source   TEXT NOT NULL,
	received INTEGER NOT NULL,         -- nanoseconds since 1970
	attrs    BLOB NOT NULL
);
CREATE UNIQUE INDEX instance_uid ON instance (uid);
CREATE INDEX instance_series ON instance (series, number, uid);
`

// errForeign: the file is a database, but not an index.
var errForeign = errors.New("not an index of this program, or of a newer one")

// migrate brings the tables to this version. An index whose attributes are other
// ones than those of the schema has lost something that only the objects know,
// so it begins anew: its position is empty.
func (x *store) migrate(ctx context.Context) error {
	mark, err := x.number(ctx, `PRAGMA application_id`)
	if err != nil {
		return err
	}
	version, err := x.number(ctx, `PRAGMA user_version`)
	if err != nil {
		return err
	}
	if mark == 0 && version == 0 {
		tables, err := x.number(ctx, `SELECT count(*) FROM sqlite_schema`)
		if err != nil || tables > 0 {
			return errors.Join(err, errForeign)
		}
	} else if mark != application || version > len(steps()) {
		return errForeign
	}
	if err := x.bring(ctx, version); err != nil {
		return err
	}
	return x.anew(ctx)
}

func (x *store) bring(ctx context.Context, version int) error {
	for i, step := range steps()[version:] {
		end := fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT;", application, version+i+1)
		if _, err := x.w.ExecContext(ctx, "BEGIN IMMEDIATE;"+step+end); err != nil {
			_, _ = x.w.ExecContext(ctx, "ROLLBACK")
			return err
		}
	}
	return nil
}

// anew empties an index of other attributes.
func (x *store) anew(ctx context.Context) error {
	var have string
	err := x.w.QueryRowContext(ctx, `SELECT value FROM meta WHERE name = 'schema'`).Scan(&have)
	switch {
	case err == nil && have == x.schema.String():
		return nil
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return err
	}
	_, err = x.w.ExecContext(ctx, `BEGIN IMMEDIATE; DELETE FROM instance; DELETE FROM series; DELETE FROM study; DELETE FROM word;
		DELETE FROM patient; DELETE FROM merged; DELETE FROM meta;`)
	if err == nil {
		_, err = x.w.ExecContext(ctx, `INSERT INTO meta (name, value) VALUES ('schema', ?)`, x.schema.String())
	}
	if err == nil {
		_, err = x.w.ExecContext(ctx, `COMMIT`)
	}
	if err != nil {
		_, _ = x.w.ExecContext(ctx, `ROLLBACK`)
	}
	return err
}

func (x *store) number(ctx context.Context, text string) (n int, err error) {
	err = x.w.QueryRowContext(ctx, text).Scan(&n)
	return n, err
}
