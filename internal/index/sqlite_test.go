package index_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/index"
	"github.com/leadglass/leadglass/internal/index/indextest"
)

func open(t testing.TB, path string) index.Index {
	t.Helper()
	x, err := index.OpenSQLite(context.Background(), path, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSQLite_Suite(t *testing.T) {
	t.Run("File", func(t *testing.T) {
		indextest.Run(t, func(t *testing.T) index.Index { return open(t, filepath.Join(t.TempDir(), "a ?#%.db")) })
	})
	t.Run("Memory", func(t *testing.T) {
		indextest.Run(t, func(t *testing.T) index.Index { return open(t, index.Memory) })
	})
}

func TestSQLite_Reopened(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	x := open(t, path)
	if err := x.Apply(context.Background(), nil, "here"); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
	x = open(t, path)
	defer x.Close()
	if at, err := x.Position(context.Background()); at != "here" || err != nil {
		t.Errorf("position %q, %v", at, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others may read the index: %v", info.Mode())
	}
}

func TestSQLite_NoIndex(t *testing.T) {
	path := filepath.Join(t.TempDir(), "index.db")
	if err := os.WriteFile(path, []byte("this is not a database, and long enough to show it"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := index.OpenSQLite(context.Background(), path, index.Options{}); err == nil {
		t.Error("a file of something else is opened")
	}
}
