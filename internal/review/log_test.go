package review_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/tlog"
)

var t0 = time.Date(2026, 11, 24, 16, 1, 2, 3e6, time.UTC)

// some are records of transfers: a begin and an end each, and a search.
func some(i int) []*leadglass.Record {
	peer := &leadglass.Peer{Kind: leadglass.Device, ID: "ct1", Issuer: "local", Assurance: leadglass.Certificate, Calling: "CT1", Called: "LEADGLASS"}
	transfer := fmt.Sprintf("transfer%d", i)
	records := []*leadglass.Record{
		{Event: leadglass.QueryEvent, Action: leadglass.Execute, Verb: leadglass.Find, Query: fmt.Sprintf("PatientID=%d", i)},
		{Event: leadglass.BeginTransferring, Action: leadglass.Execute, Verb: leadglass.Get, Instances: 9, Transfer: transfer, Subject: "1", Issuer: "x"},
		{Event: leadglass.InstancesTransferred, Action: leadglass.ReadIt, Verb: leadglass.Get, Instances: 7, Bytes: 1234, Transfer: transfer, Subject: "1", Issuer: "x"},
	}
	for j, r := range records {
		r.ID, r.Time, r.Peer, r.Purpose, r.Policy = fmt.Sprintf("%d-%d", i, j), t0, peer, leadglass.Treatment, "sha256:ab"
	}
	return records
}

// write writes a log of n commits of three records, in segments of about the size.
func write(t testing.TB, dir string, n int, segment int64) {
	t.Helper()
	writeFrom(t, dir, 0, n, 1, segment)
}

// writeFrom writes those from one to another, several in a commit.
func writeFrom(t testing.TB, dir string, from, to, several int, segment int64) {
	t.Helper()
	now := t0.Add(time.Duration(from) * time.Second)
	l, err := audit.Open(t.Context(), audit.Config{
		Dir: dir, Origin: "log.example.org/review", FS: durabletest.Unsynced(durable.OS()), Now: func() time.Time { now = now.Add(time.Millisecond); return now },
		Limits: tlog.Limits{Segment: segment, Publish: time.Hour},
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < to; i += several {
		var records []*leadglass.Record
		for j := range several {
			records = append(records, some(i+j)...)
		}
		if err := l.Record(t.Context(), records...); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

func key(t testing.TB, dir string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func config(t testing.TB, dir string) review.Config {
	return review.Config{Dir: filepath.Join(dir, "log"), Key: key(t, dir)}
}

func TestVerify_Whole(t *testing.T) {
	for _, n := range []int{1, 85, 86, 256, 300} { // 255, 258, 768 and 900 records
		dir := t.TempDir()
		write(t, dir, n, 20000)
		got, err := review.Verify(t.Context(), config(t, dir))
		if err != nil {
			t.Fatalf("%d: %v", n, err)
		}
		want := uint64(n)
		if got.Size != 3*want || got.Published != 3*want || got.Commits != want || got.Bodies != 3*want || got.Begun != want || got.Ended != want ||
			got.Unended != 0 || got.Instances != 7*want || got.Events["110112"] != want || got.Origin != "log.example.org/review" {
			t.Errorf("%d: %+v", n, got)
		}
		if tiles := 2 + 2*(3*n/256); n > 1 && got.Tiles < uint64(tiles-1) {
			t.Errorf("%d: %d tiles compared", n, got.Tiles)
		}
	}
}

func TestVerify_Rollback(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, 10, 1<<20)
	old := t.TempDir()
	if err := os.CopyFS(old, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	write(t, dir, 0, 1<<20) // nothing more: the same checkpoint holds
	c := config(t, dir)
	newer, err := os.ReadFile(filepath.Join(c.Dir, "checkpoint"))
	if err != nil {
		t.Fatal(err)
	}
	c.Checkpoint = newer
	if _, err := review.Verify(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	l, err := audit.Open(t.Context(), audit.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), &leadglass.Record{Event: leadglass.QueryEvent, Time: t0}); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := review.Verify(t.Context(), c); err != nil { // an older one holds as well
		t.Fatal(err)
	}
	newer, _ = os.ReadFile(filepath.Join(c.Dir, "checkpoint"))
	c = config(t, old)
	c.Checkpoint = newer
	if _, err := review.Verify(t.Context(), c); err == nil || !strings.Contains(err.Error(), "cut back") {
		t.Errorf("a folder put back: %v", err)
	}
	// A second history under the same key.
	l, err = audit.Open(t.Context(), audit.Config{Dir: old})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Record(t.Context(), some(77)...); err != nil {
		t.Fatal(err)
	}
	l.Close()
	if _, err := review.Verify(t.Context(), config(t, old)); err != nil {
		t.Fatal(err)
	}
	if _, err := review.Verify(t.Context(), c); err == nil || !strings.Contains(err.Error(), "given") {
		t.Errorf("another history: %v", err)
	}
}

// raw writes leaves and bodies as they are.
func raw(t *testing.T, entries ...tlog.Entry) review.Config {
	t.Helper()
	secret, public, err := tlog.GenerateKey("log.example.org/raw")
	if err != nil {
		t.Fatal(err)
	}
	c := review.Config{Dir: t.TempDir(), Key: public}
	l, err := tlog.Open(t.Context(), tlog.Config{Dir: c.Dir, Origin: "log.example.org/raw", Key: secret, FS: durabletest.Unsynced(durable.OS())})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(t.Context(), entries...); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return c
}

func leaf(more string) string {
	return `{"body":"` + strings.Repeat("0", 64) + `","committed":"2026-11-24T16:01:02.003Z","event":"110112"` + more + `,"time":"2026-11-24T16:01:02.003Z","v":1}`
}

func TestVerify_Erased(t *testing.T) {
	erased := tlog.Entry{Leaf: []byte(leaf(`,"key":"ab"`)), Beside: make([]byte, 40)}
	_, err := review.Verify(t.Context(), raw(t, erased))
	if err == nil || !strings.Contains(err.Error(), "record 0, segments/00000000000000000000.seg: its body is erased") {
		t.Errorf("no reason: %v", err)
	}
	empty := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	shred := strings.Replace(leaf(`,"shred":"ab"`), strings.Repeat("0", 64), empty, 1)
	got, err := review.Verify(t.Context(), raw(t, erased, tlog.Entry{Leaf: []byte(shred)}))
	if err != nil || got.Erased != 1 {
		t.Errorf("shredded: %+v, %v", got, err)
	}
}

// TestVerify_Meaning has logs that are signed and yet say what cannot be.
func TestVerify_Meaning(t *testing.T) {
	empty := "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	of := func(event, at, more string) tlog.Entry {
		return tlog.Entry{Leaf: []byte(`{"body":"` + empty + `","committed":"` + at + `","event":"` + event + `"` + more + `,"v":1,"verb":"get"}`)}
	}
	const a, b = "2026-11-24T16:01:02.003Z", "2026-11-24T16:01:02.004Z"
	mid := func(instances string) string {
		return instances + `,"time":"` + a + `","transfer":"t"`
	}
	for name, c := range map[string]struct {
		entries []tlog.Entry
		want    string // empty for none
	}{
		"good":          {[]tlog.Entry{of("110102", a, mid(`,"instances":3`)), of("110104", a, mid(`,"instances":3`))}, ""},
		"ended_twice":   {[]tlog.Entry{of("110102", a, mid("")), of("110104", a, mid("")), of("110104", a, mid(""))}, ""},
		"back":          {[]tlog.Entry{of("110112", b, mid("")), of("110112", a, mid(""))}, "record 1, segments/00000000000000000000.seg: it was written at " + a},
		"no_begin":      {[]tlog.Entry{of("110104", a, mid(""))}, "record 0, segments/00000000000000000000.seg: a transfer ends that has not begun"},
		"begun_twice":   {[]tlog.Entry{of("110102", a, mid("")), of("110102", a, mid(""))}, "record 1, segments/00000000000000000000.seg: a transfer begins that has begun already"},
		"more":          {[]tlog.Entry{of("110102", a, mid(`,"instances":3`)), of("110104", a, mid(`,"instances":4`))}, "more was handed out"},
		"no_json":       {[]tlog.Entry{{Leaf: []byte("x")}}, "the header: it is no object"},
		"member":        {[]tlog.Entry{of("110112", a, mid(`,"name":"x"`))}, "a member that none has"},
		"order":         {[]tlog.Entry{of("110112", a, `,"time":"`+a+`","id":"x"`)}, "not in their order"},
		"no_such_body":  {[]tlog.Entry{{Leaf: of("110112", a, mid("")).Leaf, Beside: []byte("x")}}, "not the one that the header names"},
		"no_such_time":  {[]tlog.Entry{of("110112", "2026-11-24 16:01:02.003Z", mid(""))}, "a time is none"},
		"more_than_one": {[]tlog.Entry{{Leaf: append(of("110112", a, mid("")).Leaf, ' ')}}, "something follows"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := review.Verify(t.Context(), raw(t, c.entries...))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
