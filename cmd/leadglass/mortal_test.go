package main_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"

	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/serve"
)

// mortal is leadglass serve that is killed amid a change of its files: its
// arguments are the configuration and which change, counted from 1.
func mortal() {
	if err := serveMortal(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serveMortal(config, op string) error {
	c, err := serve.Load(config)
	if err != nil {
		return err
	}
	n, err := strconv.ParseInt(op, 10, 64)
	if err != nil {
		return err
	}
	m := &mortalFS{FS: durable.OS()}
	m.left.Store(n)
	c.FS, c.Diagnostics = m, slog.New(slog.NewTextHandler(os.Stderr, nil))
	s, err := serve.Open(context.Background(), c)
	if err != nil {
		return err
	}
	for _, l := range s.Listening() {
		fmt.Printf("%-25s %s\n", l.Face, l.Address)
	}
	fmt.Println("ready")
	return s.Serve(context.Background())
}

// mortalFS kills its process amid one operation: before or after it, of a write in
// the middle as well.
type mortalFS struct {
	durable.FS
	left atomic.Int64
}

// reaches says whether it is the operation, and which of the kinds of death.
func (m *mortalFS) reaches() bool { return m.left.Add(-1) == 0 }

// die does not return.
func die() {
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {}
}

// do does an operation, and dies before or after the one it is to die at.
func (m *mortalFS) do(op func() error) error {
	if !m.reaches() {
		return op()
	}
	if os.Getpid()%2 == 0 {
		_ = op()
	}
	die()
	return nil
}

func (m *mortalFS) Create(name string) (f durable.File, err error) {
	err = m.do(func() error { f, err = m.FS.Create(name); return err })
	return &mortalFile{f, m}, err
}

func (m *mortalFS) Open(name string) (durable.File, error) {
	f, err := m.FS.Open(name)
	return &mortalFile{f, m}, err
}

func (m *mortalFS) Rename(from, to string) error {
	return m.do(func() error { return m.FS.Rename(from, to) })
}
func (m *mortalFS) Remove(name string) error { return m.do(func() error { return m.FS.Remove(name) }) }
func (m *mortalFS) MkdirAll(name string) error {
	return m.do(func() error { return m.FS.MkdirAll(name) })
}
func (m *mortalFS) SyncDir(name string) error {
	return m.do(func() error { return m.FS.SyncDir(name) })
}

type mortalFile struct {
	durable.File
	m *mortalFS
}

func (f *mortalFile) WriteAt(b []byte, at int64) (int, error) {
	if f.m.reaches() {
		_, _ = f.File.WriteAt(b[:len(b)*(os.Getpid()%5)/4], at) // none of it to all
		die()
	}
	return f.File.WriteAt(b, at)
}

func (f *mortalFile) Sync() error { return f.m.do(f.File.Sync) }
func (f *mortalFile) Truncate(n int64) error {
	return f.m.do(func() error { return f.File.Truncate(n) })
}
func (f *mortalFile) Punch(at, n int64) error {
	return f.m.do(func() error { return f.File.Punch(at, n) })
}

// tally is what came of lives.
type tally struct {
	mu     sync.Mutex
	counts map[string]int64
}

func (c *tally) count(what string, n int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int64{}
	}
	c.counts[what] += n
}

func (c *tally) add(o *tally) {
	for what, n := range o.counts {
		c.count(what, n)
	}
}

func (c *tally) String() string {
	var b strings.Builder
	for _, what := range []string{killedStarting, killedByTime, killedWriting, acknowledged, checked, answered, objectsOut, bytesOut, recordsRead} {
		fmt.Fprintf(&b, "%d %s, ", c.counts[what], what)
	}
	return strings.TrimSuffix(b.String(), ", ")
}

// What is counted.
const (
	killedStarting = "killed before it was ready"
	killedByTime   = "at a moment"
	killedWriting  = "amid a change of a file"
	acknowledged   = "objects acknowledged"
	checked        = "of them read back bit for bit after the last death"
	answered       = "answers reconciled with the log"
	objectsOut     = "objects"
	bytesOut       = "bytes released"
	recordsRead    = "records in the logs"
)
