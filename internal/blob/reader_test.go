package blob_test

import (
	"bytes"
	"io"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
)

// opensFS counts how many files are open, and how often one was opened.
type opensFS struct {
	durable.FS
	open, opened atomic.Int64
}

func (o *opensFS) Open(name string) (durable.File, error) {
	f, err := o.FS.Open(name)
	if err != nil {
		return nil, err
	}
	o.open.Add(1)
	o.opened.Add(1)
	return &opensFile{File: f, o: o}, nil
}

type opensFile struct {
	durable.File
	o    *opensFS
	once sync.Once
}

func (f *opensFile) Close() error {
	f.once.Do(func() { f.o.open.Add(-1) })
	return f.File.Close()
}

// TestLimit_Readers reads from one segment more than are kept open, by several at
// the same time; what is being read stays.
func TestLimit_Readers(t *testing.T) {
	const most = 64
	o := &opensFS{FS: durabletest.Unsynced(durable.OS())}
	s, err := blob.Open(blob.Config{FS: o, Dir: t.TempDir(), Limits: blob.Limits{Segment: 1}})
	if err != nil {
		t.Fatal(err)
	}
	var places []blob.Place
	for range most + 1 {
		places = append(places, keep(t, s, 1, "x", 200<<10).Place)
	}
	before := o.open.Load()
	held, err := s.Content(places[0])
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range places {
				if b, err := read(s, places[(i+n)%len(places)]); err != nil || !bytes.Equal(b, bytesOf("x", 200<<10)) {
					t.Errorf("%d bytes, %v", len(b), err)
				}
			}
		})
	}
	all.Wait()
	if n := o.open.Load() - before; n != most {
		t.Errorf("%d segments are open, want %d", n, most)
	}
	was := o.opened.Load()
	if _, err := read(s, places[0]); err != nil || o.opened.Load() != was {
		t.Errorf("what is open was opened again: %v", err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if n, err := held.WriteTo(&out); err != nil || n != 200<<10 || !bytes.Equal(out.Bytes(), bytesOf("x", 200<<10)) {
		t.Errorf("what was open when the store closed has %d bytes, %v", n, err)
	}
	for range 2 {
		if err := held.Close(); err != nil {
			t.Error(err)
		}
	}
	if n := o.open.Load() - before; n > 0 {
		t.Errorf("%d files stay open", n)
	}
}

// TestContent_WriteTo writes from where Read stopped, wherever that is.
func TestContent_WriteTo(t *testing.T) {
	s := open(t, t.TempDir(), blob.Limits{})
	const size = 700_001
	p := keep(t, s, 1, "x", size).Place
	for _, from := range []int64{0, 1, 400, 64<<10 - 1, 64 << 10, 300_000, size - 1, size} {
		c, err := s.Content(p)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.Seek(from, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if n, err := c.WriteTo(&out); err != nil || n != size-from || !bytes.Equal(out.Bytes(), bytesOf("x", size)[from:]) {
			t.Errorf("from %d: %d bytes, %v", from, n, err)
		}
		c.Close()
	}
}
