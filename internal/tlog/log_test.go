package tlog_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"

	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
	"github.com/leadglass/leadglass/internal/tlog"
)

const origin = "log.example.org/test"

func testKey(t testing.TB) (secret string, v note.Verifier) {
	t.Helper()
	secret, public, err := tlog.GenerateKey(origin)
	if err != nil {
		t.Fatal(err)
	}
	v, err = note.NewVerifier(public)
	if err != nil {
		t.Fatal(err)
	}
	return secret, v
}

func open(t testing.TB, c tlog.Config) *tlog.Log {
	t.Helper()
	l, err := tlog.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func entry(i int) tlog.Entry {
	return tlog.Entry{Leaf: fmt.Appendf(nil, "leaf %d", i), Beside: fmt.Appendf(nil, "body %d", i)}
}

func TestPublicKey_IsThatOfTheSecret(t *testing.T) {
	for range 50 { // keys with a plus among their digits too
		secret, public, err := tlog.GenerateKey("a/b")
		if err != nil {
			t.Fatal(err)
		}
		if got, err := tlog.PublicKey(secret); err != nil || got != public {
			t.Fatalf("PublicKey = %q, %v, want %q", got, err, public)
		}
	}
}

// tileFolder reads tiles as a foreign client does.
type tileFolder string

func (d tileFolder) Height() int { return 8 }

func (d tileFolder) SaveTiles([]sumdb.Tile, [][]byte) {}

func (d tileFolder) ReadTiles(tiles []sumdb.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		// C2SP leaves out the height that sumdb has in its paths.
		path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
		b, err := os.ReadFile(filepath.Join(string(d), path))
		if err != nil { // a wider one holds it
			path = strings.TrimSuffix(path, fmt.Sprintf(".p/%d", tile.W))
			b, err = os.ReadFile(filepath.Join(string(d), path))
		}
		if err != nil || len(b) < 32*tile.W {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		all = append(all, b[:32*tile.W])
	}
	return all, nil
}

// checkForeign verifies a folder with golang.org/x/mod/sumdb alone.
func checkForeign(t *testing.T, dir string, v note.Verifier, want int) {
	t.Helper()
	signed, err := os.ReadFile(filepath.Join(dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := tlog.OpenCheckpoint(signed, v, origin)
	if err != nil || c.Size != uint64(want) {
		t.Fatalf("published %d, %v, want %d", c.Size, err, want)
	}
	r := sumdb.TileHashReader(sumdb.Tree{N: int64(c.Size), Hash: c.Root}, tileFolder(dir))
	for i := range int64(want) {
		width := 0
		if uint64(i)/256 == c.Size/256 {
			width = int(c.Size % 256)
		}
		b, err := os.ReadFile(filepath.Join(dir, tlog.TilePath(-1, uint64(i)/256, width)))
		if err != nil {
			t.Fatal(err)
		}
		leaves, err := tlog.ParseBundle(b)
		if err != nil {
			t.Fatal(err)
		}
		proof, err := sumdb.ProveRecord(int64(c.Size), i, r)
		if err != nil {
			t.Fatal(err)
		}
		if err := sumdb.CheckRecord(proof, int64(c.Size), c.Root, i, sumdb.RecordHash(leaves[i%256])); err != nil {
			t.Fatalf("entry %d: %v", i, err)
		}
	}
}

func TestLog_ForeignersReadIt(t *testing.T) {
	secret, v := testKey(t)
	for _, n := range []int{1, 2, 255, 256, 257, 700} {
		dir := t.TempDir()
		c := tlog.Config{Dir: dir, Origin: origin, Key: secret, FS: durabletest.Unsynced(durable.OS()), Limits: tlog.Limits{Segment: 4000, Publish: time.Hour}}
		l := open(t, c)
		for i := range n {
			if first, err := l.Append(t.Context(), entry(i)); err != nil || first != uint64(i) {
				t.Fatalf("entry %d: %d, %v", i, first, err)
			}
			if i%100 == 50 { // and go on in another life
				if err := l.Close(); err != nil {
					t.Fatal(err)
				}
				l = open(t, c)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		checkForeign(t, dir, v, n)
	}
}

func TestLog_TilesAreDerivedAgain(t *testing.T) {
	secret, v := testKey(t)
	dir := t.TempDir()
	c := tlog.Config{Dir: dir, Origin: origin, Key: secret, FS: durabletest.Unsynced(durable.OS()), Limits: tlog.Limits{Segment: 4000, Publish: time.Hour}}
	l := open(t, c)
	for i := range 300 {
		if _, err := l.Append(t.Context(), entry(i)); err != nil {
			t.Fatal(err)
		}
	}
	l.Close()
	if err := os.RemoveAll(filepath.Join(dir, "tile")); err != nil {
		t.Fatal(err)
	}
	l = open(t, c)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	checkForeign(t, dir, v, 300)
}

func TestLog_IsOpenOnce(t *testing.T) {
	secret, _ := testKey(t)
	c := tlog.Config{Dir: t.TempDir(), Origin: origin, Key: secret}
	l := open(t, c)
	if _, err := tlog.Open(t.Context(), c); !errors.Is(err, durable.ErrLocked) {
		t.Fatalf("second Open: %v", err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), entry(0)); !errors.Is(err, tlog.ErrClosed) {
		t.Fatalf("Append after Close: %v", err)
	}
}

func BenchmarkAppend(b *testing.B) {
	for _, writers := range []int{1, 16, 64} {
		b.Run(fmt.Sprint(writers), func(b *testing.B) {
			secret, _ := testKey(b)
			l := open(b, tlog.Config{Dir: b.TempDir(), Origin: origin, Key: secret})
			leaf, body := make([]byte, 500), []byte(strings.Repeat("x", 400))
			var next atomic.Int64
			var wg sync.WaitGroup
			times := make([][]time.Duration, writers)
			b.ResetTimer()
			for w := range writers {
				wg.Go(func() {
					for next.Add(1) <= int64(b.N) {
						start := time.Now()
						if _, err := l.Append(context.Background(), tlog.Entry{Leaf: leaf, Beside: body}); err != nil {
							b.Error(err)
						}
						times[w] = append(times[w], time.Since(start))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			all := slices.Sorted(slices.Values(slices.Concat(times...)))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds()), "p50-µs")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds()), "p99-µs")
			if err := l.Close(); err != nil {
				b.Error(err)
			}
		})
	}
}
