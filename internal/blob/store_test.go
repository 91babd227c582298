package blob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
)

// bytesOf are those of the body of a record.
func bytesOf(seed string, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		b[i] = byte(i*7) + seed[i%len(seed)]
	}
	return b
}

func keep(t testing.TB, s *blob.Store, kind blob.Kind, head string, size int) *blob.Record {
	t.Helper()
	r, err := try(s, kind, head, size)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func try(s *blob.Store, kind blob.Kind, head string, size int) (*blob.Record, error) {
	body, err := s.NewBody(context.Background())
	if err != nil {
		return nil, err
	}
	defer body.Release()
	in := bytes.NewReader(bytesOf(head, size))
	end, err := body.Gather(in)
	if err == nil && !end {
		_, err = io.Copy(body, in)
	}
	if err != nil {
		return nil, err
	}
	r := &blob.Record{Kind: kind, Head: []byte(head), Body: body}
	return r, s.Append(context.Background(), r)
}

func open(t testing.TB, dir string, lim blob.Limits) *blob.Store {
	t.Helper()
	s, err := blob.Open(blob.Config{FS: durabletest.Unsynced(durable.OS()), Dir: dir, Limits: lim})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func read(s *blob.Store, p blob.Place) ([]byte, error) {
	c, err := s.Content(p)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	return io.ReadAll(c)
}

func TestStore_Sizes(t *testing.T) {
	dir := t.TempDir()
	lim := blob.Limits{Segment: 300 << 10, Gather: 200 << 10}
	s := open(t, dir, lim)
	sizes := []int{0, 1, 63, 64, 65, 64<<10 - 1, 64 << 10, 64<<10 + 1, 200 << 10, 200<<10 + 1, 300 << 10, 5}
	var places []blob.Place
	for _, n := range sizes {
		places = append(places, keep(t, s, 7, "head", n).Place)
	}
	check := func(s *blob.Store) {
		t.Helper()
		for i, n := range sizes {
			if got, err := read(s, places[i]); err != nil || !bytes.Equal(got, bytesOf("head", n)) {
				t.Errorf("%d bytes: %d, %v", n, len(got), err)
			}
		}
		i := 0
		err := s.Walk(context.Background(), blob.Place{}, true, func(e *blob.Entry) error {
			if e.Damage != nil || e.Place != places[i] || e.Body != int64(sizes[i]) || string(e.Head) != "head" || e.Sequence != uint64(i+1) {
				t.Errorf("record %d: %+v", i, e)
			}
			i++
			return nil
		})
		if err != nil || i != len(sizes) {
			t.Errorf("%d records, %v", i, err)
		}
	}
	check(s)
	s.Close()
	s = open(t, dir, lim)
	check(s)
	sizes, places = append(sizes, 9), append(places, keep(t, s, 7, "head", 9).Place)
	check(s)
	if places[len(places)-1].Segment < 2 {
		t.Error("all in one segment")
	}
}

func TestContent_ReadAt(t *testing.T) {
	s := open(t, t.TempDir(), blob.Limits{})
	const size = 150_001
	want := bytesOf("x", size)
	c, err := s.Content(keep(t, s, 1, "x", size).Place)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for _, off := range []int{0, 1, 65535, 65536, 131072, 140000, size - 1, size, size + 5} {
		for _, n := range []int{0, 1, 100, 65536, 65537, 140000, size + 10} {
			p := make([]byte, n)
			m, err := c.ReadAt(p, int64(off))
			wantN := max(0, min(n, size-off))
			if m != wantN || !bytes.Equal(p[:m], want[min(off, size):min(off, size)+m]) || (err == io.EOF) != (m < n) {
				t.Errorf("ReadAt(%d bytes, %d) = %d, %v, want %d", n, off, m, err, wantN)
			}
		}
	}
}

// flip turns a bit of a byte of the first segment.
func flip(t *testing.T, dir string, at int64) {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, "segments", "00000001"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	f.ReadAt(b[:], at)
	b[0] ^= 0x10
	f.WriteAt(b[:], at)
}

// TestWalk_Damage flips every byte of three records, one at a time: the record is
// reported, no wrong byte is handed out, and the others are whole.
func TestWalk_Damage(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, blob.Limits{})
	var places []blob.Place
	for range 3 {
		places = append(places, keep(t, s, 1, "head", 90).Place)
	}
	end := places[1].Offset + 64 + 4 + 4 + 90
	for at := places[1].Offset; at < end; at++ {
		flip(t, dir, at)
		damaged, whole := 0, 0
		err := s.Walk(context.Background(), blob.Place{}, true, func(e *blob.Entry) error {
			if e.Damage != nil {
				damaged++
			} else {
				whole++
			}
			return nil
		})
		if err != nil || damaged != 1 || whole != 2 {
			t.Fatalf("byte %d: %d damaged, %d whole, %v", at, damaged, whole, err)
		}
		var damage *blob.DamageError
		if got, err := read(s, places[1]); len(got) > 0 || !errors.As(err, &damage) {
			t.Fatalf("byte %d: %d bytes, %v", at, len(got), err)
		}
		flip(t, dir, at)
	}
}

// TestOpen_EveryPrefix cuts the segment short everywhere: what is whole stays,
// and the store takes more.
func TestOpen_EveryPrefix(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, blob.Limits{})
	var ends []int64
	for range 3 {
		r := keep(t, s, 1, "head", 30)
		ends = append(ends, r.Place.Offset+64+4+4+30)
	}
	s.Close()
	b, err := os.ReadFile(filepath.Join(dir, "segments", "00000001"))
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; n <= len(b); n++ {
		want := 1
		for _, e := range ends {
			if int64(n) >= e {
				want++
			}
		}
		dir := t.TempDir()
		os.Mkdir(filepath.Join(dir, "segments"), 0o700)
		os.WriteFile(filepath.Join(dir, "segments", "00000001"), b[:n], 0o600)
		s := open(t, dir, blob.Limits{})
		keep(t, s, 1, "more", 10)
		s.Close()
		s = open(t, dir, blob.Limits{})
		whole := 0
		err := s.Walk(context.Background(), blob.Place{}, true, func(e *blob.Entry) error {
			if e.Damage == nil {
				whole++
			} else if n >= 64 {
				t.Errorf("cut at %d: %v", n, e.Damage)
			}
			return nil
		})
		if err != nil || whole != want {
			t.Errorf("cut at %d: %d records, want %d: %v", n, whole, want, err)
		}
		s.Close()
	}
}

func TestErase(t *testing.T) {
	for _, size := range []int{0, 100, 300 << 10, 2 << 20} {
		dir := t.TempDir()
		s := open(t, dir, blob.Limits{})
		a, b := keep(t, s, 1, "first", size), keep(t, s, 1, "second", 10)
		for range 2 { // the second time nothing happens
			if err := s.Erase([]blob.Place{a.Place}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := read(s, a.Place); err != blob.ErrErased {
			t.Errorf("%d bytes: %v", size, err)
		}
		if _, err := read(s, b.Place); err != nil {
			t.Errorf("the other: %v", err)
		}
		s.Close()
		raw, _ := os.ReadFile(filepath.Join(dir, "segments", "00000001"))
		if bytes.Contains(raw, []byte("first")) || size > 50 && bytes.Contains(raw, bytesOf("first", 50)) {
			t.Error("the bytes are there still")
		}
		if left, _ := filepath.Glob(filepath.Join(dir, "large", "*", "*")); len(left) > 0 {
			t.Errorf("left: %d files", len(left))
		}
	}
}

func TestLimit_Gathering(t *testing.T) {
	s := open(t, t.TempDir(), blob.Limits{Gather: 100, Gathering: 200})
	a, err := s.NewBody(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.NewBody(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.NewBody(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a third body: %v", err)
	}
	a.Release()
	c, err := s.NewBody(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	b.Release()
	c.Release()
}

func TestLimit_Gather(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, blob.Limits{Gather: 100})
	keep(t, s, 1, "in memory", 100)
	if left, _ := filepath.Glob(filepath.Join(dir, "large", "*", "*")); len(left) != 0 {
		t.Error("100 bytes went to a file of their own")
	}
	keep(t, s, 1, "large", 101)
	if left, _ := filepath.Glob(filepath.Join(dir, "large", "*", "*")); len(left) != 1 {
		t.Error("101 bytes did not")
	}
}

func TestLimit_Segment(t *testing.T) {
	s := open(t, t.TempDir(), blob.Limits{Segment: 300})
	keep(t, s, 1, "a", 299-64-64-1-4)
	if p := keep(t, s, 1, "b", 1).Place; p.Segment != 1 {
		t.Errorf("at 299 bytes: %v", p)
	}
	if p := keep(t, s, 1, "c", 1).Place; p.Segment != 2 {
		t.Errorf("past 300 bytes: %v", p)
	}
}
