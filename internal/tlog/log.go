package tlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"path/filepath"
	"sync"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/leadglass/leadglass/internal/durable"
)

// Config says where a log is and who signs it.
type Config struct {
	Dir         string
	Origin      string // first line of the checkpoints: a name that no other log has
	Key         string // secret line of GenerateKey
	FS          durable.FS
	Diagnostics *slog.Logger
	Limits      Limits
}

// Log is an open log. Append may be called by many at once.
type Log struct {
	c        Config
	fs       durable.FS
	signer   note.Signer
	verifier note.Verifier
	lock     io.Closer

	// Owned by the committer once Open has returned.
	file    durable.File
	first   uint64 // of the segment that file is
	end     int64  // of its last frame that is durable
	tree    edge
	buffer  []byte
	entries []Entry

	last      []byte     // leaf, when opened
	published Checkpoint // when opened; the writer of tiles has the newest

	mu      sync.Mutex // guards what follows
	queue   []*Pending
	waiting int
	bytes   int64 // of what waits
	closed  bool
	note    []byte // the newest durable checkpoint
	size    uint64 // of its tree
	failure error  // of the last commit, nil after one that went well
	broken  bool   // failure lasts until the log is opened again
	derive  error  // of the last publication of tiles

	wake      chan struct{} // to the committer, of capacity 1
	committed chan struct{} // to the writer of tiles, of capacity 1
	done      sync.WaitGroup
	stop      chan struct{} // ends the writer of tiles
}

// The ways in which Append fails before anything is written.
var (
	ErrClosed     = errors.New("tlog: the log is closed")
	errShortWrite = io.ErrShortWrite
)

// Open opens the log in a folder, or begins one there.
func Open(ctx context.Context, c Config) (*Log, error) {
	if c.FS == nil {
		c.FS = durable.OS()
	}
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.DiscardHandler)
	}
	c.Limits = c.Limits.withDefaults()
	l := &Log{c: c, fs: c.FS, wake: make(chan struct{}, 1), committed: make(chan struct{}, 1), stop: make(chan struct{})}
	if err := l.open(ctx); err != nil {
		return nil, fmt.Errorf("tlog: opening the log: %w", errors.Join(err, l.release()))
	}
	return l, nil
}

func (l *Log) open(ctx context.Context) error {
	if err := l.keys(); err != nil {
		return err
	}
	for _, dir := range []string{"segments", "tile/entries"} {
		if err := l.fs.MkdirAll(filepath.Join(l.c.Dir, dir)); err != nil {
			return err
		}
	}
	if err := l.fs.SyncDir(l.c.Dir); err != nil {
		return err
	}
	if err := l.hold(); err != nil {
		return err
	}
	if err := l.fs.Remove(filepath.Join(l.c.Dir, unfinished)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	t, err := l.loadTiles()
	if err != nil {
		return err
	}
	if err := l.recover(); err != nil {
		return err
	}
	l.size = l.tree.size
	if err := ctx.Err(); err != nil {
		return err
	}
	l.done.Add(2)
	go l.commitAll()
	go l.publishAll(t)
	return nil
}

func (l *Log) keys() error {
	var err error
	if l.signer, err = note.NewSigner(l.c.Key); err != nil {
		return fmt.Errorf("reading the key: %w", err)
	}
	public, err := PublicKey(l.c.Key)
	if err != nil {
		return err
	}
	if l.verifier, err = note.NewVerifier(public); err != nil {
		return err
	}
	if l.signer.Name() != l.c.Origin {
		return fmt.Errorf("the key signs for %q and the log is %q", l.signer.Name(), l.c.Origin)
	}
	return nil
}

// hold takes the lock. It is a lock of the operating system: it ends with the
// process, however that ends.
func (l *Log) hold() error {
	f, err := l.fs.Lock(filepath.Join(l.c.Dir, "lock"))
	if err == nil {
		l.lock = f
	}
	return err
}

func (l *Log) release() error {
	var err error
	if l.file != nil {
		err = l.file.Close()
	}
	if l.lock != nil {
		err = errors.Join(err, l.lock.Close())
	}
	return err
}

// Pending is entries on their way into the log.
type Pending struct {
	entries []Entry
	size    int64
	first   uint64
	err     error
	done    chan struct{}
	log     *Log
}

// Append makes entries durable, side by side and all or none, and returns the
// index of the first.
func (l *Log) Append(ctx context.Context, entries ...Entry) (uint64, error) {
	p, err := l.Enqueue(entries...)
	if err != nil {
		return 0, err
	}
	return p.Wait(ctx)
}

// Enqueue hands entries over in the order of the calls. They are in the log when
// Wait says so. The entries belong to the log from now on.
func (l *Log) Enqueue(entries ...Entry) (*Pending, error) {
	size := int64(0)
	for _, e := range entries {
		size += int64(len(e.Leaf) + len(e.Beside))
		if len(e.Leaf) > l.c.Limits.Leaf {
			return nil, &LimitError{"leaf", int64(l.c.Limits.Leaf)}
		}
		if len(e.Beside) > l.c.Limits.Beside {
			return nil, &LimitError{"beside", int64(l.c.Limits.Beside)}
		}
	}
	p := &Pending{entries: entries, size: size, done: make(chan struct{}), log: l}
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.closed:
		return nil, ErrClosed
	case l.broken:
		return nil, l.failure
	case l.waiting+len(entries) > l.c.Limits.Waiting:
		return nil, &LimitError{"waiting", int64(l.c.Limits.Waiting)}
	case l.bytes > 0 && l.bytes+size > l.c.Limits.Memory:
		return nil, &LimitError{"memory", l.c.Limits.Memory}
	case len(entries) == 0:
		close(p.done)
		return p, nil
	}
	l.queue = append(l.queue, p)
	l.waiting += len(entries)
	l.bytes += size
	select {
	case l.wake <- struct{}{}:
	default:
	}
	return p, nil
}

// Wait returns when the entries are durable, with the index of the first. When
// it fails they are not in the tree, with one exception: if ctx is done while
// they are being written, nobody knows yet.
func (p *Pending) Wait(ctx context.Context) (uint64, error) {
	select {
	case <-p.done:
		return p.first, p.err
	case <-ctx.Done():
	}
	if p.log.withdraw(p) {
		return 0, fmt.Errorf("tlog: waiting for a commit: %w", ctx.Err())
	}
	select {
	case <-p.done:
		return p.first, p.err
	default:
		return 0, fmt.Errorf("tlog: in the middle of a commit: %w", ctx.Err())
	}
}

func (l *Log) withdraw(p *Pending) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, q := range l.queue {
		if q == p {
			l.queue = append(l.queue[:i], l.queue[i+1:]...)
			l.waiting -= len(p.entries)
			l.bytes -= p.size
			return true
		}
	}
	return false
}

// Checkpoint is the newest durable checkpoint, signed; nil of an empty log.
func (l *Log) Checkpoint() []byte {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.note
}

// Last is the last leaf that the log had when it was opened, nil of an empty one.
func (l *Log) Last() []byte { return l.last }

// Size is the number of durable entries.
func (l *Log) Size() uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.size
}

// Health says why the last Append failed and why the tiles are behind, nil where
// neither is so.
func (l *Log) Health() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return errors.Join(l.failure, l.derive)
}

// Failure says why the last Append failed, nil where it did not.
func (l *Log) Failure() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.failure
}

// Broken reports whether no Append will succeed before the log is opened again.
func (l *Log) Broken() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}

// Close commits what waits, publishes it and closes the log.
func (l *Log) Close() error {
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return ErrClosed
	}
	l.closed = true
	close(l.wake)
	l.mu.Unlock()
	l.done.Wait()
	l.mu.Lock()
	err := l.derive
	l.mu.Unlock()
	return errors.Join(err, l.release())
}

func recordHash(leaf []byte) Hash { return tlog.RecordHash(leaf) }
