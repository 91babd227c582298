package tlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
	"github.com/leadglass/leadglass/internal/tlog"
)

// faulty is a file system of which one operation fails, or all from one on.
type faulty struct {
	durable.FS
	mu   sync.Mutex
	n    int // of operations that change something, so far
	at   int // the one that fails, -1 none
	dead bool
	done bool   // what fails is done all the same
	only string // counts operations of this name only
	hit  string // the operation that failed
	err  error
}

// fault says whether an operation fails, and whether it is done.
func (f *faulty) fault(op, name string) (do bool, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.only != "" && f.only != op {
		return true, nil
	}
	f.n++
	if f.at < 0 || f.n-1 < f.at || f.n-1 > f.at && !f.dead {
		return true, nil
	}
	if f.hit == "" {
		f.hit = op + " " + filepath.Base(name)
	}
	return f.done, f.err
}

func (f *faulty) set(at int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n, f.at, f.hit = 0, at, ""
}

func (f *faulty) Create(name string) (durable.File, error) {
	if _, err := f.fault("create", name); err != nil {
		return nil, err
	}
	file, err := f.FS.Create(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f, name}, nil
}

func (f *faulty) Open(name string) (durable.File, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, err
	}
	return &faultyFile{file, f, name}, nil
}

func (f *faulty) op(op, name string, work func() error) error {
	do, err := f.fault(op, name)
	if do {
		err = errors.Join(err, work())
	}
	return err
}

func (f *faulty) Rename(from, to string) error {
	return f.op("rename", to, func() error { return f.FS.Rename(from, to) })
}

func (f *faulty) Remove(name string) error {
	return f.op("remove", name, func() error { return f.FS.Remove(name) })
}

func (f *faulty) MkdirAll(name string) error {
	return f.op("mkdir", name, func() error { return f.FS.MkdirAll(name) })
}

func (f *faulty) SyncDir(name string) error {
	return f.op("syncdir", name, func() error { return f.FS.SyncDir(name) })
}

type faultyFile struct {
	durable.File
	f    *faulty
	name string
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	do, err := f.f.fault("write", f.name)
	switch {
	case err == nil:
		return f.File.WriteAt(b, at)
	case do:
		n, _ := f.File.WriteAt(b, at)
		return n, err
	}
	n, _ := f.File.WriteAt(b[:len(b)/2], at) // a short write
	return n, err
}

func (f *faultyFile) Sync() error { return f.f.op("sync", f.name, f.File.Sync) }

func (f *faultyFile) Truncate(n int64) error {
	return f.f.op("truncate", f.name, func() error { return f.File.Truncate(n) })
}

// scenario opens a log, appends until all is written or refused, and closes it.
// It returns the leaves of which Append said that they are there.
func scenario(t *testing.T, c tlog.Config) (acknowledged []string, broken bool) {
	l, err := tlog.Open(t.Context(), c)
	if err != nil {
		return nil, false
	}
	for i := range 12 {
		e := []tlog.Entry{entry(2 * i), entry(2*i + 1)}
		first, err := l.Append(t.Context(), e...)
		if err != nil {
			if l.Health() == nil {
				t.Errorf("append failed and the log is well: %v", err)
			}
			continue
		}
		if first != uint64(len(acknowledged)) {
			t.Errorf("entry %d has index %d", len(acknowledged), first)
		}
		acknowledged = append(acknowledged, string(e[0].Leaf), string(e[1].Leaf))
	}
	broken = l.Broken()
	_ = l.Close() // may fail: of what it would have written nobody was told
	return acknowledged, broken
}

// leaves are those of the bundles of a folder that was closed well.
func leaves(t *testing.T, dir string, v note.Verifier) []string {
	t.Helper()
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		return nil
	}
	c, err := tlog.OpenCheckpoint(signed, v, origin)
	if err != nil {
		t.Fatal(err)
	}
	checkForeign(t, dir, v, int(c.Size))
	b, err := os.ReadFile(filepath.Join(dir, tlog.TilePath(-1, 0, int(c.Size))))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := tlog.ParseBundle(b)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, leaf := range raw {
		all = append(all, string(leaf))
	}
	return all
}

// TestLog_EachOperationFails lets each write, sync and rename fail in turn: once
// or for good, done or not. What was acknowledged is there afterwards and, unless
// the disk died, nothing else is.
func TestLog_EachOperationFails(t *testing.T) {
	secret, v := testKey(t)
	hits := map[string]int{}
	for _, mode := range []struct{ dead, done bool }{{false, false}, {false, true}, {true, false}, {true, true}} {
		for at := 0; ; at++ {
			dir := t.TempDir()
			f := &faulty{FS: durabletest.Unsynced(durable.OS()), at: at, dead: mode.dead, done: mode.done, err: syscall.EIO}
			c := tlog.Config{Dir: dir, Origin: origin, Key: secret, FS: f, Limits: tlog.Limits{Segment: 900, Publish: time.Hour}}
			want, _ := scenario(t, c)
			if f.hit == "" {
				break // fewer operations than that
			}
			hits[strings.Fields(f.hit)[0]]++
			c.FS = durabletest.Unsynced(durable.OS())
			l, err := tlog.Open(t.Context(), c)
			if err != nil {
				t.Fatalf("%+v, %d, %s: opening again: %v", mode, at, f.hit, err)
			}
			if _, err := l.Append(t.Context(), entry(99)); err != nil {
				t.Fatalf("%+v, %d, %s: appending again: %v", mode, at, f.hit, err)
			}
			if err := l.Close(); err != nil {
				t.Fatalf("%+v, %d, %s: closing again: %v", mode, at, f.hit, err)
			}
			got := leaves(t, dir, v)
			got = got[:len(got)-1]
			more := len(got) > len(want)
			if more && mode.dead {
				got = got[:len(want)] // it could not be cut off
			}
			if !slices.Equal(got, want) {
				t.Fatalf("%+v, %d, %s: got %q, want %q", mode, at, f.hit, got, want)
			}
		}
	}
	for _, op := range []string{"write", "sync", "rename", "create", "syncdir", "mkdir"} {
		if hits[op] < 4 {
			t.Errorf("%d failures of %s", hits[op], op)
		}
	}
	t.Log(hits)
}

// TestLog_FullDisk: appending fails while the disk is full, readers go on, and it
// works again without more ado once there is room.
func TestLog_FullDisk(t *testing.T) {
	secret, v := testKey(t)
	dir := t.TempDir()
	f := &faulty{FS: durabletest.Unsynced(durable.OS()), at: -1, dead: true, only: "write", err: syscall.ENOSPC}
	c := tlog.Config{Dir: dir, Origin: origin, Key: secret, FS: f, Limits: tlog.Limits{Publish: time.Hour}}
	l := open(t, c)
	if _, err := l.Append(t.Context(), entry(0)); err != nil {
		t.Fatal(err)
	}
	f.set(0)
	for range 3 {
		if _, err := l.Append(t.Context(), entry(1)); !errors.Is(err, syscall.ENOSPC) {
			t.Fatalf("full: %v", err)
		}
	}
	if !errors.Is(l.Health(), syscall.ENOSPC) || l.Broken() || l.Size() != 1 || l.Checkpoint() == nil {
		t.Errorf("full: %v, %v, %d entries", l.Health(), l.Broken(), l.Size())
	}
	f.set(-1)
	if first, err := l.Append(t.Context(), entry(2)); err != nil || first != 1 || l.Health() != nil {
		t.Fatalf("with room: %d, %v, %v", first, err, l.Health())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := leaves(t, dir, v); !slices.Equal(got, []string{"leaf 0", "leaf 2"}) {
		t.Errorf("got %q", got)
	}
}

// TestLog_FailedSync: nothing is appended after it, until the log is opened again.
func TestLog_FailedSync(t *testing.T) {
	secret, v := testKey(t)
	dir := t.TempDir()
	f := &faulty{FS: durabletest.Unsynced(durable.OS()), at: -1, only: "sync", err: syscall.EIO}
	c := tlog.Config{Dir: dir, Origin: origin, Key: secret, FS: f, Limits: tlog.Limits{Publish: time.Hour}}
	l := open(t, c)
	if _, err := l.Append(t.Context(), entry(0)); err != nil {
		t.Fatal(err)
	}
	f.set(0)
	for range 2 {
		if _, err := l.Append(t.Context(), entry(1)); !errors.Is(err, syscall.EIO) {
			t.Fatalf("after a failed sync: %v", err)
		}
	}
	if !l.Broken() || l.Health() == nil {
		t.Error("the log is well")
	}
	l.Close()
	l = open(t, c)
	if _, err := l.Append(t.Context(), entry(2)); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := leaves(t, dir, v); !slices.Equal(got, []string{"leaf 0", "leaf 2"}) {
		t.Errorf("got %q", got)
	}
}

// TestLog_Damage: what was published or is followed by more is not cut off as if
// a crash had torn it.
func TestLog_Damage(t *testing.T) {
	secret, _ := testKey(t)
	whole := t.TempDir()
	c := tlog.Config{Dir: whole, Origin: origin, Key: secret, Limits: tlog.Limits{Publish: time.Hour}}
	l := open(t, c)
	var ends []int64
	name := filepath.Join("segments", fmt.Sprintf("%020d.seg", 0))
	for i := range 4 {
		if _, err := l.Append(t.Context(), entry(i)); err != nil {
			t.Fatal(err)
		}
		st, err := os.Stat(filepath.Join(whole, name))
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, st.Size())
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(b []byte, dir string) []byte{
		"published":         func(b []byte, _ string) []byte { return b[:len(b)-3] },
		"published_flipped": func(b []byte, _ string) []byte { b[ends[2]+40]++; return b },
		"followed": func(b []byte, dir string) []byte {
			os.Remove(filepath.Join(dir, "checkpoint"))
			b[ends[1]+40]++
			return b
		},
		"header":               func(b []byte, dir string) []byte { os.Remove(filepath.Join(dir, "checkpoint")); b[3]++; return b },
		"published_frame_gone": func(b []byte, _ string) []byte { return b[:ends[2]] },
	} {
		t.Run(what, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
				t.Fatal(err)
			}
			b, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			b = change(b, dir)
			if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
				t.Fatal(err)
			}
			c.Dir = dir
			if l, err := tlog.Open(t.Context(), c); err == nil {
				l.Close()
				t.Error("opened")
			}
			if after, _ := os.ReadFile(filepath.Join(dir, name)); len(after) != len(b) {
				t.Errorf("%d of %d bytes are left", len(after), len(b))
			}
		})
	}
}

// TestLog_TornTail cuts the last commit, of which nothing is published, at every
// byte, and fills it with zeros from there on.
func TestLog_TornTail(t *testing.T) {
	secret, v := testKey(t)
	dir := t.TempDir()
	c := tlog.Config{Dir: dir, Origin: origin, Key: secret, FS: durabletest.Unsynced(durable.OS()), Limits: tlog.Limits{Publish: time.Hour}}
	name := filepath.Join(dir, "segments", fmt.Sprintf("%020d.seg", 0))
	l := open(t, c)
	if _, err := l.Append(t.Context(), entry(0)); err != nil {
		t.Fatal(err)
	}
	l.Close()
	one, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	published, _ := os.ReadFile(filepath.Join(dir, "checkpoint"))
	l = open(t, c)
	if _, err := l.Append(t.Context(), entry(1)); err != nil {
		t.Fatal(err)
	}
	l.Close()
	two, _ := os.ReadFile(name)
	for cut := len(one) + 1; cut < len(two); cut += 1 + cut%7 {
		for _, zeros := range []bool{false, true} {
			torn := slices.Clone(two[:cut])
			if zeros {
				torn = append(torn, make([]byte, len(two)-cut)...)
			}
			if err := errors.Join(os.WriteFile(name, torn, 0o600), os.WriteFile(filepath.Join(dir, "checkpoint"), published, 0o600)); err != nil {
				t.Fatal(err)
			}
			l := open(t, c)
			if n := l.Size(); n != 1 {
				t.Fatalf("cut at %d: %d entries", cut, n)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
	}
	leaves(t, dir, v)
}

func TestPending_Withdrawn(t *testing.T) {
	secret, _ := testKey(t)
	l := open(t, tlog.Config{Dir: t.TempDir(), Origin: origin, Key: secret})
	defer l.Close()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for i := range 20 {
		size := l.Size()
		if _, err := l.Append(ctx, entry(i)); err == nil {
			if l.Size() != size+1 {
				t.Fatal("said to be there and is not")
			}
		} else if !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
	}
}

func TestLimit_Leaf(t *testing.T)   { limit(t, "leaf", tlog.Limits{Leaf: 10}, 10, 0, 1) }
func TestLimit_Beside(t *testing.T) { limit(t, "beside", tlog.Limits{Beside: 10}, 0, 10, 1) }
func TestLimit_Waiting(t *testing.T) {
	limit(t, "waiting", tlog.Limits{Waiting: 3}, 0, 0, 3)
}

// limit appends what is just within a limit and then one more.
func limit(t *testing.T, name string, l tlog.Limits, leaf, beside, count int) {
	t.Helper()
	secret, _ := testKey(t)
	log := open(t, tlog.Config{Dir: t.TempDir(), Origin: origin, Key: secret, Limits: l})
	defer log.Close()
	many := func(more int) []tlog.Entry {
		e := tlog.Entry{Leaf: make([]byte, leaf), Beside: make([]byte, beside)}
		if name == "leaf" {
			e.Leaf = make([]byte, leaf+more)
		} else if name == "beside" {
			e.Beside = make([]byte, beside+more)
		}
		n := count
		if name == "waiting" {
			n += more
		}
		return slices.Repeat([]tlog.Entry{e}, n)
	}
	if _, err := log.Append(t.Context(), many(0)...); err != nil {
		t.Fatal(err)
	}
	var over *tlog.LimitError
	if _, err := log.Append(t.Context(), many(1)...); !errors.As(err, &over) || over.Name != name {
		t.Errorf("one more: %v", err)
	}
	if log.Size() != uint64(count) {
		t.Errorf("%d entries", log.Size())
	}
}

// stalled holds up each sync until it is let go.
type stalled struct {
	durable.FS
	gate chan struct{}
}

type stalledFile struct {
	durable.File
	gate chan struct{}
}

func (s *stalled) Create(name string) (durable.File, error) {
	f, err := s.FS.Create(name)
	return &stalledFile{f, s.gate}, err
}

func (f *stalledFile) Sync() error { <-f.gate; return f.File.Sync() }

func TestLimit_Memory(t *testing.T) {
	secret, _ := testKey(t)
	s := &stalled{FS: durable.OS(), gate: make(chan struct{}, 1)}
	s.gate <- struct{}{} // for the segment
	l := open(t, tlog.Config{Dir: t.TempDir(), Origin: origin, Key: secret, FS: s, Limits: tlog.Limits{Memory: 100, Publish: time.Hour}})
	if _, err := l.Enqueue(tlog.Entry{Leaf: make([]byte, 500)}); err != nil { // one is always taken
		t.Fatal(err)
	}
	// Whether the committer has it already or not, of these at most two hundred bytes fit.
	var over *tlog.LimitError
	taken := 0
	for range 10 {
		if _, err := l.Enqueue(tlog.Entry{Leaf: make([]byte, 50)}); err == nil {
			taken++
		} else if !errors.As(err, &over) || over.Name != "memory" || over.Limit != 100 {
			t.Fatal(err)
		}
	}
	if taken > 4 || over == nil {
		t.Errorf("%d of 50 bytes were taken", taken)
	}
	close(s.gate)
	if err := l.Close(); err != nil || l.Size() != uint64(taken)+1 {
		t.Errorf("%d entries, %v", l.Size(), err)
	}
}
