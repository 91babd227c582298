package serve_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/tlog"
)

// records are those of the log of an archive that is stopped, opened.
func records(t testing.TB, data string) (all []*leadglass.Record) {
	t.Helper()
	l, err := audit.Open(t.Context(), audit.Config{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, e := range entries(t, data) {
		r, err := audit.Decode(uint64(len(all)), e.Leaf, e.Beside, l.Vault())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// entries are the whole entries of a log, also of one that is being written.
func entries(t testing.TB, data string) (all []tlog.Entry) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(data, "log", "segments", "*.seg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, _, at, err := tlog.ParseSegmentHeader(b)
		if err != nil {
			t.Fatal(err)
		}
		for at < len(b) {
			f, n, err := tlog.ParseFrame(b[at:])
			if err != nil {
				break // it is not whole yet
			}
			all = append(all, f.Entries...)
			at += n
		}
	}
	return all
}
