package archive_test

import (
	"context"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/blob/blobtest"
)

// TestOpen_ReadsOnlyWhatIsNew: with an index that is up to date, Open reads a few
// headers, however much there is.
func TestOpen_ReadsOnlyWhatIsNew(t *testing.T) {
	x, d := memIndex(t), blobtest.New()
	open := func() *archive.Archive {
		a, err := archive.Open(context.Background(), archive.Config{Dir: "/a", FS: d, Index: x})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	for n := range 300 {
		store(t, a, slice{n: n, pixels: 2000})
	}
	a.Close()
	before, start := d.BytesRead(), time.Now()
	a = open()
	defer a.Close()
	if n := d.BytesRead() - before; n > 10_000 {
		t.Errorf("Open read %d bytes", n)
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("Open took %v", took)
	}
	store(t, a, slice{n: 5000})
	if n := count(t, a, study); n != 301 {
		t.Errorf("%d objects, want 301", n)
	}
}
