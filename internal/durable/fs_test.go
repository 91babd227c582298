package durable_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/leadglass/leadglass/internal/durable"
)

func TestFS_Names(t *testing.T) {
	sys, dir := durable.OS(), filepath.Join(t.TempDir(), "a", "b")
	if err := sys.MkdirAll(dir); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "one")
	f, err := sys.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := sys.Create(name); !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if err := durable.Rename(sys, name, filepath.Join(dir, "two")); err != nil {
		t.Error(err)
	}
	sys.MkdirAll(filepath.Join(dir, "sub"))
	if names, err := sys.List(dir); err != nil || !slices.Equal(names, []string{"two"}) {
		t.Errorf("%q, %v", names, err)
	}
	if err := durable.Remove(sys, filepath.Join(dir, "two")); err != nil {
		t.Error(err)
	}
	if err := durable.Remove(sys, filepath.Join(dir, "two")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("removed twice: %v", err)
	}
	if _, err := sys.Open(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened what is gone: %v", err)
	}
}

func TestFS_OnlyTheOwnerReads(t *testing.T) {
	sys, dir := durable.OS(), filepath.Join(t.TempDir(), "a")
	sys.MkdirAll(dir)
	f, err := sys.Create(filepath.Join(dir, "one"))
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	for name, want := range map[string]fs.FileMode{dir: 0o700, filepath.Join(dir, "one"): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%v, %v, want %v", info.Mode(), err, want)
		}
	}
}

func TestFile_PunchAndZero(t *testing.T) {
	f, err := durable.OS().Create(filepath.Join(t.TempDir(), "f"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const size = 300_000
	want := bytes.Repeat([]byte{7}, size)
	for _, wipe := range []func(off, n int64) error{f.Punch, func(off, n int64) error { return durable.Zero(f, off, n) }} {
		if _, err := f.WriteAt(want, 0); err != nil {
			t.Fatal(err)
		}
		if err := wipe(10, 200_000); err != nil {
			t.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			t.Fatal(err)
		}
		got := make([]byte, size)
		if _, err := f.ReadAt(got, 0); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got[:10], want[:10]) || !bytes.Equal(got[10:200_010], make([]byte, 200_000)) || !bytes.Equal(got[200_010:], want[200_010:]) {
			t.Error("not what was asked for became zero")
		}
	}
	if n, err := f.Size(); n != size || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
}

func TestLock(t *testing.T) {
	sys, name := durable.OS(), filepath.Join(t.TempDir(), "lock")
	held, err := sys.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sys.Lock(name); !errors.Is(err, durable.ErrLocked) {
		t.Errorf("locked twice: %v", err)
	}
	held.Close()
	again, err := sys.Lock(name)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}
