// Package tlogtest reads logs for the tests of those who write them.
package tlogtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass/internal/tlog"
)

// Entries are those of a log, in its folder of a data folder, in their order.
func Entries(t testing.TB, data string) (all []tlog.Entry) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(data, "log", "segments", "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		all = append(all, Segment(t, name)...)
	}
	return all
}

// Segment are the entries of one segment, which has to be whole.
func Segment(t testing.TB, name string) (all []tlog.Entry) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	_, _, at, err := tlog.ParseSegmentHeader(b)
	for err == nil && at < len(b) {
		var f *tlog.Frame
		var n int
		if f, n, err = tlog.ParseFrame(b[at:]); err == nil {
			all = append(all, f.Entries...)
			at += n
		}
	}
	if err != nil {
		t.Fatalf("%s: %v", filepath.Base(name), err)
	}
	return all
}
