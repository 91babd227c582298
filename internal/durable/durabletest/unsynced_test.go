package durabletest_test

import (
	"errors"
	"io/fs"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
)

func TestUnsynced(t *testing.T) {
	sys, dir := durabletest.Unsynced(durable.OS()), t.TempDir()
	name := filepath.Join(dir, "one")
	if f, err := sys.Open(name); f != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("opened what is not there: %v", err)
	}
	f, err := sys.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	if f, err := sys.Create(name); f != nil || !errors.Is(err, fs.ErrExist) {
		t.Errorf("made twice: %v", err)
	}
	if _, err := f.WriteAt([]byte("abc"), 0); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Sync(), f.Close(), sys.SyncDir(dir)); err != nil {
		t.Fatal(err)
	}
	if b, err := durable.ReadFile(sys, name, 10); err != nil || string(b) != "abc" {
		t.Errorf("%q, %v", b, err)
	}
}
