package index

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// Memory is the path of an index that is gone when it is closed.
const Memory = ":memory:"

// Options say how an index is opened. The zero value is good.
type Options struct {
	Limits  Limits
	Readers int // connections that read at the same time, 4 where 0
}

// defaultReaders: reading is bound by the processor, and a connection keeps up to
// 2 MB of pages.
const defaultReaders = 4

// OpenSQLite opens an index in a file of SQLite, and makes it where there is
// none. It is written through one connection and read through a few, which do not
// wait for each other (write-ahead log).
//
// A commit is not synced to the disk (PRAGMA synchronous=NORMAL): after a power
// cut the index may have lost the last Applies, each as a whole, and its Position
// is that of the last which it has. The archive applies its journal from there,
// so nothing is lost, and it must do so whenever it opens the index.
//
// The attributes that are kept are part of the file; when the program keeps other
// ones the index begins anew, with an empty Position.
func OpenSQLite(ctx context.Context, path string, opt Options) (Index, error) {
	x := &store{path: path, schema: newSchema(), lim: opt.Limits.orDefault(), shapes: map[string]*sql.Stmt{}}
	x.forget()
	if err := x.open(ctx, opt); err != nil {
		_ = x.Close()
		return nil, fmt.Errorf("index: opening %q: %w", path, err)
	}
	return x, nil
}

// store is an Index in SQLite.
type store struct {
	path   string
	schema *schema
	lim    Limits

	mu      sync.Mutex // held by Apply: covers the writer and what it remembers
	writing *sql.DB
	w       *sql.Conn
	stmts   statements
	memory  memory

	reading *sql.DB

	shaping sync.Mutex // covers shapes
	shapes  map[string]*sql.Stmt
}

func (x *store) open(ctx context.Context, opt Options) (err error) {
	if err = private(x.path); err != nil {
		return err
	}
	if x.writing, err = sql.Open("sqlite", source(x.path, 8000)); err != nil {
		return err
	}
	x.writing.SetMaxOpenConns(1)
	if x.w, err = x.writing.Conn(ctx); err != nil {
		return err
	}
	if err = x.migrate(ctx); err != nil {
		return err
	}
	if err = x.stmts.prepare(ctx, x.w); err != nil {
		return err
	}
	return x.openReaders(opt)
}

func (x *store) openReaders(opt Options) (err error) {
	if x.path == Memory {
		return nil // read through the writer's connection
	}
	readers := opt.Readers
	if readers <= 0 {
		readers = defaultReaders
	}
	if x.reading, err = sql.Open("sqlite", source(x.path, 2000)+"&_pragma=query_only(1)"); err != nil {
		return err
	}
	x.reading.SetMaxOpenConns(readers)
	x.reading.SetMaxIdleConns(readers)
	return nil
}

// private makes the file before SQLite does, so that nobody else reads it; the
// write-ahead log gets the same mode.
func private(path string) error {
	if path == Memory {
		return nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// source is the data source name: pages in KB, and how long a connection waits
// for a lock, which only another process can hold for long.
func source(path string, kb int) string {
	name := "file:" + (&url.URL{Path: path}).EscapedPath()
	if path == Memory {
		name = Memory
	}
	return fmt.Sprintf("%s?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"+
		"&_pragma=cache_size(-%d)&_pragma=temp_store(MEMORY)&_pragma=trusted_schema(0)", name, kb)
}

// Close waits for an Apply and closes the file.
func (x *store) Close() error {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.shaping.Lock()
	defer x.shaping.Unlock()
	var errs []error
	for _, s := range x.shapes {
		errs = append(errs, s.Close())
	}
	clear(x.shapes)
	if x.reading != nil {
		errs = append(errs, x.reading.Close())
	}
	errs = append(errs, x.stmts.close())
	if x.w != nil {
		errs = append(errs, x.w.Close())
		x.w = nil
	}
	if x.writing != nil {
		errs = append(errs, x.writing.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("index: closing %q: %w", x.path, err)
	}
	return nil
}

// Position is that of the last Apply.
func (x *store) Position(ctx context.Context) (Position, error) {
	rows, done, err := x.query(ctx, `SELECT value FROM meta WHERE name = 'position'`)
	if err != nil {
		return "", fmt.Errorf("index: reading the position: %w", err)
	}
	defer done()
	var at string
	if rows.Next() {
		err = rows.Scan(&at)
	}
	return Position(at), errors.Join(err, rows.Err())
}

// mostShapes bounds the statements that are kept ready. There are fewer: a query
// has one of a few hundred shapes, whatever its values.
const mostShapes = 512

// query runs a statement of a reader. done must be called.
func (x *store) query(ctx context.Context, text string, args ...any) (*sql.Rows, func(), error) {
	if x.path == Memory {
		return x.queryMemory(ctx, text, args)
	}
	s, err := x.shape(ctx, text)
	if err != nil {
		return nil, nil, err
	}
	var rows *sql.Rows
	if s != nil {
		rows, err = s.QueryContext(ctx, args...)
	} else {
		rows, err = x.reading.QueryContext(ctx, text, args...)
	}
	if err != nil {
		return nil, nil, err
	}
	return rows, func() { _ = rows.Close() }, nil
}

// shape returns the statement of a text, nil where too many are kept.

func (x *store) shape(ctx context.Context, text string) (*sql.Stmt, error) {
	x.shaping.Lock()
	defer x.shaping.Unlock()
	if s := x.shapes[text]; s != nil {
		return s, nil
	}
	if len(x.shapes) >= mostShapes {
		return nil, nil
	}
	s, err := x.reading.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	x.shapes[text] = s
	return s, nil
}

// queryMemory reads through the writer's connection, which has the only copy.
func (x *store) queryMemory(ctx context.Context, text string, args []any) (*sql.Rows, func(), error) {
	x.mu.Lock()
	if x.w == nil {
		x.mu.Unlock()
		return nil, nil, sql.ErrConnDone
	}
	rows, err := x.w.QueryContext(ctx, text, args...)
	if err != nil {
		x.mu.Unlock()
		return nil, nil, err
	}
	return rows, func() { _ = rows.Close(); x.mu.Unlock() }, nil
}
