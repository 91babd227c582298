package identity

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/durable"
)

// table is a file that is replaced as a whole. It is looked at by every get, which
// costs a stat, and read again where it is another; what cannot be read leaves the
// last state in force.
type table[T any] struct {
	c     Config
	lim   int64
	name  string
	parse func([]byte) (T, error) // of nil: an empty one

	last atomic.Pointer[state[T]] // nil before the first get

	mu sync.Mutex // covers reading and writing by this process
}

// state is what a file held at one time.
type state[T any] struct {
	seen    os.FileInfo // nil where there was no file
	gone    bool        // there had been one
	value   T
	problem error // why value is older than seen
}

func newTable[T any](c Config, name string, parse func([]byte) (T, error)) *table[T] {
	return &table[T]{c: c, lim: int64(c.Limits.orDefault().FileBytes), name: name, parse: parse}
}

func (t *table[T]) path() string { return filepath.Join(t.c.Dir, t.name) }

// get returns what the file holds now, or held when it could be read last.
func (t *table[T]) get() (T, error) {
	info, err := os.Stat(t.path())
	if last := t.last.Load(); last != nil && err == nil && same(last.seen, info) {
		return last.value, nil
	} else if last != nil && errors.Is(err, fs.ErrNotExist) && last.seen == nil && !last.gone {
		return last.value, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.read()
}

func same(a, b os.FileInfo) bool {
	return a != nil && os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// read reads the file. t.mu is held.
func (t *table[T]) read() (T, error) {
	next := &state[T]{}
	info, err := os.Stat(t.path())
	last := t.last.Load()
	switch {
	case err == nil && last != nil && same(last.seen, info):
		return last.value, nil // another get was faster
	case err == nil:
		next.seen = info
		var text []byte
		if text, err = durable.ReadFile(t.c.FS, t.path(), t.lim); err == nil {
			next.value, err = t.parse(text)
		}
	case errors.Is(err, fs.ErrNotExist) && (last == nil || last.seen == nil && !last.gone):
		next.value, err = t.parse(nil)
	}
	if err == nil {
		t.last.Store(next)
		return next.value, nil
	}
	err = leadglass.Errorf(leadglass.Unavailable, "identity: reading %q: %w", t.path(), err)
	if last == nil {
		return next.value, err
	}
	if last.problem == nil || last.problem.Error() != err.Error() {
		t.c.Diagnostics.Error("a file cannot be read; what it held before is in force", "error", err)
	}
	next.value, next.problem, next.gone = last.value, err, next.seen == nil
	t.last.Store(next)
	return next.value, nil
}

// problem is why the file is not in force as it is, nil where it is.
func (t *table[T]) problem() error {
	if _, err := t.get(); err != nil {
		return err
	}
	return t.last.Load().problem
}

// update replaces the file by what change makes of it, or leaves it. It reads the
// file before, and keeps others from writing meanwhile.
func (t *table[T]) update(ctx context.Context, change func(T) ([]byte, error)) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	unlock, err := lock(ctx, t.c.FS, filepath.Join(t.c.Dir, "lock"))
	if err != nil {
		return err
	}
	defer unlock.Close()
	now, err := t.read()
	if err != nil {
		return err
	}
	if last := t.last.Load(); last.problem != nil {
		return last.problem // what is there would be lost
	}
	text, err := change(now)
	if err != nil {
		return err
	}
	if int64(len(text)) > t.lim {
		return leadglass.Errorf(leadglass.Limited, "identity: writing %q: longer than %d bytes", t.name, t.lim)
	}
	if _, err := t.parse(text); err != nil {
		return err
	}
	if err = durable.WriteFile(t.c.FS, t.path(), text); err == nil {
		err = t.c.FS.SyncDir(t.c.Dir)
	}
	if err != nil {
		return leadglass.Errorf(leadglass.Unavailable, "identity: writing %q: %w", t.path(), err)
	}
	_, err = t.read()
	return err
}

// lock waits for other processes to end their writing.
func lock(ctx context.Context, fsys durable.FS, name string) (io.Closer, error) {
	for {
		held, err := fsys.Lock(name)
		if err == nil {
			return held, nil
		}
		if !errors.Is(err, durable.ErrLocked) {
			return nil, leadglass.Errorf(leadglass.Unavailable, "identity: locking: %w", err)
		}
		select {
		case <-ctx.Done():
			return nil, leadglass.Errorf(leadglass.Unavailable, "identity: waiting for another process: %w", context.Cause(ctx))
		case <-time.After(10 * time.Millisecond):
		}
	}
}
