package serve_test

import (
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/tlog/tlogtest"
)

// records are those of the log of an archive that is stopped, opened.
func records(t testing.TB, data string) (all []*leadglass.Record) {
	t.Helper()
	l, err := audit.Open(t.Context(), audit.Config{Dir: data})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, e := range tlogtest.Entries(t, data) {
		r, err := audit.Decode(uint64(len(all)), e.Leaf, e.Beside, l.Vault())
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}
