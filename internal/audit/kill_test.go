package audit_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/tlog"
	"github.com/leadglass/leadglass/internal/tlog/tlogtest"
)

// killed names the folder that TestMain writes to until it is killed.
const killed = "LEADGLASS_TEST_KILLED"

func TestMain(m *testing.M) {
	if dir := os.Getenv(killed); dir != "" {
		fmt.Println("error", writeForever(dir))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// writeForever records by eight writers, and says of each record that is
// recorded which it is.
func writeForever(dir string) error {
	l, err := audit.Open(context.Background(), audit.Config{Dir: dir, Limits: tlog.Limits{Segment: 40000, Publish: 5 * time.Millisecond}})
	if err != nil {
		return err
	}
	failed := make(chan error)
	for w := range 8 {
		go func() {
			for i := 0; ; i++ {
				r := full()
				r.ID, r.Transfer = fmt.Sprintf("%s-%d-%d", filepath.Base(dir), w, i), ""
				r.Event, r.Action, r.Subject = leadglass.QueryEvent, leadglass.Execute, r.Subject+"x"
				if err := l.Record(context.Background(), r); err != nil {
					failed <- err
					return
				}
				fmt.Printf("%d %s\n", r.Index, r.ID) // one write: never torn
			}
		}()
	}
	return <-failed
}

// TestLog_Killed kills a writer at random points. What was acknowledged is there
// afterwards, and the log verifies. `make test` has a thousand rounds.
func TestLog_Killed(t *testing.T) {
	rounds := 20
	if os.Getenv("LONG") != "" || os.Getenv("INTEROP") == "1" { // as the issue asks
		rounds = 1000
	}
	if testing.Short() {
		rounds = 5
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	records, dir := 0, ""
	for round := range rounds {
		if round%3 == 0 {
			dir = t.TempDir()
		}
		acknowledged := killWriter(t, self, dir, round%3 == 0)
		records += len(acknowledged)
		l, err := audit.Open(t.Context(), audit.Config{Dir: dir})
		if err != nil {
			t.Fatalf("round %d: opening: %v", round, err)
		}
		if err := l.Close(); err != nil {
			t.Fatalf("round %d: closing: %v", round, err)
		}
		public, err := os.ReadFile(filepath.Join(dir, "log.pub"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := review.Verify(t.Context(), review.Config{Dir: filepath.Join(dir, "log"), Key: string(public)}); err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		all := tlogtest.Entries(t, dir)
		for _, line := range acknowledged {
			var index int
			var id string
			if _, err := fmt.Sscanf(line, "%d %s", &index, &id); err != nil {
				t.Fatalf("round %d: the writer said %q", round, line)
			}
			if index >= len(all) || !bytes.Contains(all[index].Leaf, []byte(`"id":"`+id+`"`)) {
				t.Fatalf("round %d: record %d, %s, was acknowledged and is lost", round, index, id)
			}
		}
	}
	if records < rounds {
		t.Errorf("%d records in %d rounds", records, rounds)
	}
	t.Logf("%d records acknowledged in %d rounds, none lost", records, rounds)
}

// killWriter starts a writer, kills it, and returns what it said. Early is before
// it says anything, while the folder is made.
func killWriter(t *testing.T, self, dir string, early bool) []string {
	t.Helper()
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), killed+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in := bufio.NewReader(out)
	first := ""
	if !early {
		if first, err = in.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
	}
	time.AfterFunc(time.Duration(rand.IntN(40000))*time.Microsecond, func() { _ = cmd.Process.Kill() })
	rest, err := io.ReadAll(in)
	if err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // it was killed
	return strings.FieldsFunc(first+string(rest), func(r rune) bool { return r == '\n' })
}
