package review_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/review"
)

// FuzzVerify verifies a folder with any segment and any checkpoint. None but the
// one that was written passes.
func FuzzVerify(f *testing.F) {
	dir := f.TempDir()
	write(f, dir, 2, 1<<20)
	c := config(f, dir)
	name, head := filepath.Join(c.Dir, "segments", "00000000000000000000.seg"), filepath.Join(c.Dir, "checkpoint")
	segment, err := os.ReadFile(name)
	checkpoint, err2 := os.ReadFile(head)
	if err := errors.Join(err, err2); err != nil {
		f.Fatal(err)
	}
	f.Add(segment, checkpoint)
	f.Add(segment[:len(segment)-1], checkpoint)
	f.Add(segment[:40], []byte(nil))
	f.Fuzz(func(t *testing.T, s, p []byte) {
		if err := errors.Join(os.WriteFile(name, s, 0o600), os.WriteFile(head, p, 0o600)); err != nil {
			t.Fatal(err)
		}
		if _, err := review.Verify(t.Context(), c); err == nil && (string(s) != string(segment) || string(p) != string(checkpoint)) {
			t.Error("verified what was not written")
		}
	})
}

// FuzzHeader compares the scanner with the reader of audit: what that one takes,
// this one takes too.
func FuzzHeader(f *testing.F) {
	f.Add([]byte(leaf("")))
	f.Add([]byte(leaf(`,"id":"a\"\\"`)))
	f.Fuzz(func(t *testing.T, b []byte) {
		what := review.ReadHeader(b)
		h, err := audit.ParseHeader(b)
		if err != nil || len(h.Body) != 64 || len(h.Committed) != 24 || len(h.Time) != 24 || h.Event == "" {
			return
		}
		if h.Instances < 0 || h.Bytes < 0 || h.Times < 0 || h.Clock != "" && h.Clock != "back" {
			return
		}
		if big := int64(1e17); h.Bytes > big || h.Instances > big || h.Times > big || h.Evidence > big || h.Outcome > big || h.Evidence < -big || h.Outcome < -big {
			return
		}
		if what != "" && what != "a time is none" {
			t.Errorf("%s: %s", what, b)
		}
	})
}
