package blob_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/blob/blobtest"
	"github.com/leadglass/leadglass/internal/durable"
)

func FuzzParsePlace(f *testing.F) {
	f.Add("1:64")
	f.Add("")
	f.Fuzz(func(t *testing.T, s string) {
		p, err := blob.ParsePlace(s)
		if err != nil {
			return
		}
		if again, err := blob.ParsePlace(p.String()); err != nil || again != p {
			t.Errorf("%q gives %v and then %v, %v", s, p, again, err)
		}
	})
}

// FuzzOpen (with -fuzzminimizetime 5x: coverage changes with the goroutine that
// commits, and minimizing would take all the time) opens a segment of any bytes: it may refuse it or find damage, and
// what it hands out was written by someone who knows the checksums.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	s, err := blob.Open(blob.Config{FS: durable.OS(), Dir: dir})
	if err != nil {
		f.Fatal(err)
	}
	for range 3 {
		keep(f, s, 1, "head", 100)
	}
	s.Close()
	whole, err := os.ReadFile(filepath.Join(dir, "segments", "00000001"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)-1])
	f.Add(whole[:64])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		d := blobtest.New()
		file, err := d.Create("/d/segments/00000001")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(b, 0); err != nil {
			t.Fatal(err)
		}
		s, err := blob.Open(blob.Config{FS: d, Dir: "/d"})
		if err != nil {
			return
		}
		defer s.Close()
		keep(t, s, 1, "after", 10)
		whole := 0
		err = s.Walk(context.Background(), blob.Place{}, true, func(e *blob.Entry) error {
			if e.Damage == nil {
				whole++
			}
			return nil
		})
		if err != nil || whole == 0 {
			t.Errorf("%d whole records, %v", whole, err)
		}
	})
}
