package review_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/benchtest"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/tlog"
)

// TestVerify_Speed verifies BENCH records (a million for BENCH=1) in commits of
// 64, which is what 64 writers make of them, and scales to ten million.
func TestVerify_Speed(t *testing.T) {
	n, _ := strconv.Atoi(os.Getenv("BENCH"))
	if n == 0 {
		t.Skip("BENCH=1 generates a log of a million records")
	}
	if n == 1 {
		n = 1_000_000
	}
	c := generate(t, n, 64)
	runtime.GC()
	start, used := time.Now(), benchtest.Processor(t)
	report, err := review.Verify(t.Context(), c)
	took, used := time.Since(start), benchtest.Processor(t)-used
	if err != nil || report.Size != uint64(n) {
		t.Fatalf("%+v, %v", report, err)
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d records, %d commits, %d tiles in %v, %v of processor time: %.2f µs a record, %.1f s for ten million; %d MiB held",
		n, report.Commits, report.Tiles, took, used, used.Seconds()*1e6/float64(n), used.Seconds()*1e7/float64(n), m.HeapSys>>20)
}

// generate writes n records as those of audit are.
func generate(t *testing.T, n, commit int) review.Config {
	t.Helper()
	dir := t.TempDir()
	write(t, dir, 1, 1<<20)
	sample := []tlog.Entry{}
	b, err := os.ReadFile(filepath.Join(dir, "log", "segments", "00000000000000000000.seg"))
	if err != nil {
		t.Fatal(err)
	}
	_, _, at, err := tlog.ParseSegmentHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	f, _, err := tlog.ParseFrame(b[at:])
	if err != nil {
		t.Fatal(err)
	}
	sample = append(sample, f.Entries...)
	secret, public, err := tlog.GenerateKey("log.example.org/speed")
	if err != nil {
		t.Fatal(err)
	}
	c := review.Config{Dir: t.TempDir(), Key: public}
	l, err := tlog.Open(t.Context(), tlog.Config{Dir: c.Dir, Origin: "log.example.org/speed", Key: secret, FS: durabletest.Unsynced(durable.OS())})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < n; i += commit {
		entries := make([]tlog.Entry, min(commit, n-i))
		for j := range entries {
			entries[j] = again(t, sample[(i+j)%3], (i+j)/3)
		}
		if _, err := l.Append(t.Context(), entries...); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

// again is a record like another, of another transfer.
func again(t *testing.T, e tlog.Entry, n int) tlog.Entry {
	h, err := audit.ParseHeader(e.Leaf)
	if err != nil {
		t.Fatal(err)
	}
	h.ID = fmt.Sprintf("request-%d", n)
	if h.Transfer != "" {
		h.Transfer = fmt.Sprintf("transfer-%d", n)
	}
	h.Committed = t0.Add(time.Duration(n) * time.Second).Format("2006-01-02T15:04:05.000Z")
	body := fmt.Appendf(nil, "%d %s", n, e.Beside)
	sum := sha256.Sum256(body)
	h.Body = hex.EncodeToString(sum[:])
	return tlog.Entry{Leaf: h.Format(), Beside: body}
}
