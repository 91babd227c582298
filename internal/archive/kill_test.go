package archive_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
)

// killEnv makes the test binary the process that is killed.
const killEnv = "ARCHIVE_TEST_KILL"

// victim is the object with a number: of all sizes, in a few studies.
func victim(n int) slice {
	sizes := []int{0, 100, 5000, 70_000, 300_000, 1 << 20, 1500 << 10}
	return slice{n: n, pixels: sizes[n%len(sizes)], study: fmt.Sprintf("1.2.%d", n%5), patient: fmt.Sprintf("P%d", n%5), fill: byte(n >> 8)}
}

// TestKillChild stores from four goroutines, and deletes every tenth, and says
// what was acknowledged until it is killed.
func TestKillChild(t *testing.T) {
	dir := os.Getenv(killEnv)
	if dir == "" {
		t.Skip("it is the process that TestKill starts")
	}
	first, _ := strconv.Atoi(os.Getenv(killEnv + "_FROM"))
	a := place{dir: dir}.open(t)
	var mu sync.Mutex
	say := func(what string, n int) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf("%s %d\n", what, n)
	}
	say("open", 0)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for n := first + g; n < first+4000; n += 4 {
				s := victim(n)
				if _, err := a.Store(context.Background(), s.incoming()); err != nil {
					t.Error(err)
					return
				}
				say("stored", n)
				if n%10 == 0 {
					say("deleting", n)
					if _, err := a.Delete(context.Background(), leadglass.Ref{Instance: s.uid()}); err != nil {
						t.Error(err)
						return
					}
					say("deleted", n)
				}
			}
		})
	}
	wg.Wait()
}

// killed starts the child, kills it at some point up to the last and returns what it
// said.
func killed(t *testing.T, dir string, from int, last time.Duration) map[int]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKillChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), killEnv+"="+dir, killEnv+"_FROM="+strconv.Itoa(from))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := map[int]string{}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		var what string
		var n int
		if _, err := fmt.Sscan(lines.Text(), &what, &n); err != nil {
			t.Errorf("the child says %q", lines.Text())
			continue
		}
		if what == "open" {
			time.AfterFunc(rand.N(last), func() { cmd.Process.Kill() })
			continue
		}
		said[n] = what
	}
	cmd.Wait()
	return said
}

// thorough says that a test runs as the issue asks, and not as short as it can be.
func thorough() bool { return os.Getenv("LONG") != "" || os.Getenv("INTEROP") == "1" }

// TestKill kills a storing process at random points, again and again: whatever
// it acknowledged is there, byte for byte. `make test` has a thousand rounds.
func TestKill(t *testing.T) {
	rounds, last := 10, 100*time.Millisecond
	if thorough() {
		rounds, last = 1000, 150*time.Millisecond
	}
	if testing.Short() {
		rounds = 3
	}
	dir, next, kept := t.TempDir(), 1, 0
	for round := range rounds {
		if round%100 == 0 { // otherwise the disk fills
			dir = filepath.Join(t.TempDir(), "again")
			os.Mkdir(dir, 0o700)
		}
		said := killed(t, dir, next, last)
		p := place{dir: dir}
		a := p.open(t)
		for n, what := range said {
			got, err := bytesOf(a, victim(n).uid())
			switch {
			case what == "deleted":
				if got != nil || err != nil {
					t.Errorf("round %d: %d was deleted: %d bytes, %v", round, n, len(got), err)
				}
			case what == "deleting" && got == nil && err == nil:
			case err != nil || !bytes.Equal(got, victim(n).dataset()):
				t.Errorf("round %d: %d was acknowledged: %d bytes, %v", round, n, len(got), err)
			default:
				kept++
			}
			next = max(next, n+100)
		}
		if round%50 == rounds%50 || round == rounds-1 {
			if c, err := a.Fsck(context.Background(), false); err != nil || len(c.Damages) > 0 || c.Index > 0 || c.Unerased > 0 {
				t.Errorf("round %d: %+v, %v", round, c, err)
			}
		}
		a.Close()
		if t.Failed() {
			return
		}
	}
	t.Logf("%d rounds, %d objects acknowledged and there", rounds, kept)
}
