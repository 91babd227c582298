package blob_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/blob/blobtest"
)

// history is what a run was told.
type history struct {
	acked  map[string]blob.Place // by head
	erased map[string]bool       // erasing was acknowledged
	tried  map[string]bool       // erasing was begun
	failed int
}

var faultSizes = []int{10, 700, 0, 3000, 5000, 90, 2000, 300}

// run stores, erases and stores again; what fails is not tried again.
func run(d *blobtest.Disk, h *history) error {
	s, err := blob.Open(blob.Config{FS: d, Dir: "/d", Limits: blob.Limits{Segment: 4000, Gather: 2500}})
	if err != nil {
		return err
	}
	for i, size := range faultSizes {
		head := fmt.Sprint("record ", i)
		r, err := try(s, 1, head, size)
		if err == nil {
			h.acked[head] = r.Place
		} else {
			h.failed++
		}
		if i == 4 {
			for _, head := range []string{"record 1", "record 3"} {
				if p, ok := h.acked[head]; ok {
					h.tried[head] = true
					h.erased[head] = s.Erase([]blob.Place{p}) == nil
				}
			}
		}
	}
	return s.Close()
}

// verify opens what is left and compares.
func verify(t *testing.T, d *blobtest.Disk, h *history) {
	t.Helper()
	s, err := blob.Open(blob.Config{FS: d, Dir: "/d"})
	if err != nil {
		t.Fatalf("opening: %v", err)
	}
	defer s.Close()
	for head, p := range h.acked {
		got, err := read(s, p)
		switch {
		case h.erased[head]:
			if err != blob.ErrErased {
				t.Errorf("%s was erased: %d bytes, %v", head, len(got), err)
			}
		case h.tried[head]: // either, but not half of it
			if err == nil && !bytes.Equal(got, bytesOf(head, len(got))) {
				t.Errorf("%s: wrong bytes", head)
			}
		case err != nil || !bytes.Equal(got, bytesOf(head, len(got))):
			t.Errorf("%s was acknowledged: %d bytes, %v", head, len(got), err)
		}
	}
	err = s.Walk(context.Background(), blob.Place{}, true, func(e *blob.Entry) error {
		half := false
		for head := range h.tried {
			half = half || h.acked[head] == e.Place
		}
		if e.Damage != nil && !half {
			t.Errorf("at %v: %v", e.Place, e.Damage)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if _, err := try(s, 1, "after", 100); err != nil {
		t.Errorf("storing after: %v", err)
	}
}

func newHistory() *history {
	return &history{acked: map[string]blob.Place{}, erased: map[string]bool{}, tried: map[string]bool{}}
}

// TestFaults gives each fault to each operation in turn.
func TestFaults(t *testing.T) {
	clean := blobtest.New()
	if err := run(clean, newHistory()); err != nil {
		t.Fatal(err)
	}
	ops := clean.Operations()
	if ops < 40 { // 50 as a rule, 48 on a busy machine
		t.Fatalf("only %d operations", ops)
	}
	for n := 1; n <= ops; n++ {
		for _, fault := range []blobtest.Fault{blobtest.Fail, blobtest.Short, blobtest.Persist, blobtest.Crash} {
			for seed, loss := range []blobtest.Loss{blobtest.All, blobtest.Nothing, blobtest.Some, blobtest.Some, blobtest.Some} {
				t.Run(fmt.Sprintf("op%d_fault%d_loss%d", n, fault, seed), func(t *testing.T) {
					d, h := blobtest.New(), newHistory()
					d.Inject(n, fault)
					err := run(d, h)
					if fault != blobtest.Crash && err == nil && h.failed > 1 {
						t.Errorf("%d records failed for one fault", h.failed)
					}
					verify(t, d.Reboot(loss, uint64(n*10+seed)), h)
				})
			}
		}
	}
}

// TestAppend_RecoversWhenThereIsSpaceAgain fails ten operations in a row.
func TestAppend_RecoversWhenThereIsSpaceAgain(t *testing.T) {
	d := blobtest.New()
	s, err := blob.Open(blob.Config{FS: d, Dir: "/d"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	first := keep(t, s, 1, "first", 100)
	for range 10 {
		d.Inject(1, blobtest.Short)
		var full *blob.WriteError
		if _, err := try(s, 1, "full", 100); !errors.As(err, &full) {
			t.Fatalf("a full disk: %v", err)
		}
	}
	second := keep(t, s, 1, "second", 100)
	for head, r := range map[string]*blob.Record{"first": first, "second": second} {
		if got, err := read(s, r.Place); err != nil || !bytes.Equal(got, bytesOf(head, 100)) {
			t.Errorf("%s: %d bytes, %v", head, len(got), err)
		}
	}
}

// TestContent_ReadsNoMoreThanItMust: the beginning of a large body costs its
// first chunk and not the rest.
func TestContent_ReadsNoMoreThanItMust(t *testing.T) {
	d := blobtest.New()
	s, err := blob.Open(blob.Config{FS: d, Dir: "/d"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := keep(t, s, 1, "head", 1<<20)
	before := d.BytesRead()
	c, err := s.Content(r.Place)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for off := range int64(20) {
		if _, err := c.ReadAt(make([]byte, 1000), 1000*off); err != nil {
			t.Fatal(err)
		}
	}
	if n := d.BytesRead() - before; n > 70<<10 {
		t.Errorf("20 KB of the beginning cost %d bytes", n)
	}
}
