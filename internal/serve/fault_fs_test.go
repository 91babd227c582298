package serve_test

import (
	"errors"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/leadglass/leadglass/internal/durable"
)

// fault is how an operation of a disk fails.
type fault struct {
	name string
	err  error
	done float64 // how much of a write is done all the same; anything else is done at 1 only
}

var (
	diskFull  = fault{"full", syscall.ENOSPC, 0}
	writeCut  = fault{"short", syscall.ENOSPC, 0.5}
	ioError   = fault{"error", syscall.EIO, 0}
	persisted = fault{"persisted", syscall.EIO, 1}
)

// faulty is the file system with a fault: of one operation that changes something,
// or of all in a folder while it is told to. It does not wait for the disk.
type faulty struct {
	durable.FS

	mu    sync.Mutex // covers what follows
	n     int        // operations that changed something
	at    int        // the one that fails
	in    string     // or all whose path has this
	what  string     // or only those of this kind
	fault fault
	hit   string // what failed first
}

func newFaulty() *faulty { return &faulty{FS: durable.OS()} }

// inject gives a fault to the n-th operation from now on.
func (f *faulty) inject(n int, how fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.fault, f.hit, f.in, f.what = f.n+n, how, "", "", ""
}

// fail gives a fault to all operations of a kind on paths with a word in them; where
// it is empty to all those that a full disk refuses.
func (f *faulty) fail(word, what string, how fault) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.at, f.fault, f.hit, f.in, f.what = 0, how, "", word, what
}

// heal ends all faults and returns what failed first, or nothing.
func (f *faulty) heal() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := f.hit
	f.at, f.in, f.hit = 0, "", ""
	return hit
}

// step says whether an operation fails, and how much of it is done then.
func (f *faulty) step(op, name string) (done float64, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
	kind := f.what == op || f.what == "" && op != "sync" && op != "syncdir" && op != "truncate" && op != "remove" && op != "punch"
	here := kind && f.in != "" && strings.Contains(name, f.in)
	if f.n != f.at && !here {
		return 1, nil
	}
	if f.hit == "" {
		f.hit = op + " " + filepath.Base(filepath.Dir(name)) + "/" + filepath.Base(name)
	}
	return f.fault.done, f.fault.err
}

func (f *faulty) do(op, name string, work func() error) error {
	done, err := f.step(op, name)
	if done == 1 {
		err = errors.Join(err, work())
	}
	return err
}

func (f *faulty) Create(name string) (durable.File, error) {
	if _, err := f.step("create", name); err != nil {
		return nil, err
	}
	file, err := f.FS.Create(name)
	return &faultyFile{file, f, name}, err
}

func (f *faulty) Open(name string) (durable.File, error) {
	file, err := f.FS.Open(name)
	return &faultyFile{file, f, name}, err
}

func (f *faulty) Rename(from, to string) error {
	return f.do("rename", to, func() error { return f.FS.Rename(from, to) })
}

func (f *faulty) Remove(name string) error {
	return f.do("remove", name, func() error { return f.FS.Remove(name) })
}

func (f *faulty) MkdirAll(name string) error {
	return f.do("mkdir", name, func() error { return f.FS.MkdirAll(name) })
}

func (f *faulty) SyncDir(name string) error {
	return f.do("syncdir", name, func() error { return nil })
}

type faultyFile struct {
	durable.File
	f    *faulty
	name string
}

func (f *faultyFile) WriteAt(b []byte, at int64) (int, error) {
	done, err := f.f.step("write", f.name)
	n, wrote := f.File.WriteAt(b[:int(done*float64(len(b)))], at)
	return n, errors.Join(err, wrote)
}

func (f *faultyFile) Sync() error { return f.f.do("sync", f.name, func() error { return nil }) }

func (f *faultyFile) Truncate(n int64) error {
	return f.f.do("truncate", f.name, func() error { return f.File.Truncate(n) })
}

func (f *faultyFile) Punch(at, n int64) error {
	return f.f.do("punch", f.name, func() error { return f.File.Punch(at, n) })
}
