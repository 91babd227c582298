package review_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/tlog"
)

// TestVerify_WhileWritten verifies a log, again and again, while somebody writes
// it, rotates its segments and publishes its tiles: nothing is wrong with it.
func TestVerify_WhileWritten(t *testing.T) {
	dir := t.TempDir()
	l, err := audit.Open(t.Context(), audit.Config{
		Dir: dir, Origin: "log.example.org/review", FS: durabletest.Unsynced(durable.OS()), Limits: tlog.Limits{Segment: 50_000, Publish: time.Millisecond},
	})
	if err != nil {
		t.Fatal(err)
	}
	stop, written := make(chan struct{}), make(chan error)
	go func() { // ends by stop
		defer close(written)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := l.Record(t.Context(), some(i)...); err != nil {
				written <- err
				return
			}
		}
	}()
	c := config(t, dir)
	c.Open = true
	var size uint64
	for began := time.Now(); time.Since(began) < time.Second || size < 1000 && time.Since(began) < time.Minute; {
		r, err := review.Verify(t.Context(), c)
		if err != nil {
			t.Fatalf("after %d records: %v", size, err)
		}
		if r.Size < size {
			t.Fatalf("%d records, before there were %d", r.Size, size)
		}
		size = r.Size
	}
	close(stop)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if r, err := review.Verify(t.Context(), config(t, dir)); err != nil || r.Size < size || size < 1000 {
		t.Errorf("%d records after %d: %v", r.Size, size, err)
	}
}

// TestVerify_PartialBeforeFull: a log whose writer was killed before it published
// a tile that is full by now has the partial one still. It is compared all the same.
func TestVerify_PartialBeforeFull(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 10, 1<<20)
	tiles := filepath.Join(dir, "log", "tile")
	kept := filepath.Join(dir, "kept")
	if err := os.CopyFS(kept, os.DirFS(filepath.Join(dir, "log"))); err != nil {
		t.Fatal(err)
	}
	writeFrom(t, dir, 10, 100, 1, 1<<20)
	for _, name := range []string{"tile", "checkpoint"} { // as they were before
		if err := os.RemoveAll(filepath.Join(dir, "log", name)); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(kept, name), filepath.Join(dir, "log", name)); err != nil {
			t.Fatal(err)
		}
	}
	c := config(t, dir)
	c.Open = true
	if r, err := review.Verify(t.Context(), c); err != nil || r.Size != 300 || r.Published != 30 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, name := range []string{"0/000.p/30", "entries/000.p/30"} {
		text, err := os.ReadFile(filepath.Join(tiles, name))
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(filepath.Join(tiles, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := review.Verify(t.Context(), c); err == nil {
			t.Errorf("%s was changed and nobody noticed", name)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(filepath.Join(tiles, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
