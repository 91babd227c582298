package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	leadglass "github.com/leadglass/leadglass/cmd/leadglass"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/survey"
)

// archives are DICOM services on addresses of loopback that reject whoever
// calls, and count the connections of each.
type archives struct {
	port uint16

	mu       sync.Mutex // covers contacts
	contacts map[netip.Addr]int
}

// archiveCount is how many there are, in the first addresses of archiveNet.
const (
	archiveCount = 300
	archiveNet   = "127.77.0.0/23"
)

// serveArchives listens on addresses of loopback alone, until the test ends.
func serveArchives(t *testing.T) *archives {
	t.Helper()
	a := &archives{contacts: map[netip.Addr]int{}}
	addr := netip.MustParsePrefix(archiveNet).Addr()
	for i := range archiveCount {
		addr = addr.Next()
		l, err := net.Listen("tcp", netip.AddrPortFrom(addr, a.port).String())
		if err != nil && i == 0 {
			t.Skip("this machine has no 127.77.0.1: ", err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { l.Close() })
		a.port = netip.MustParseAddrPort(l.Addr().String()).Port()
		go a.serve(l, addr) // ends when l is closed
	}
	return a
}

func (a *archives) serve(l net.Listener, addr netip.Addr) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		a.mu.Lock()
		a.contacts[addr]++
		a.mu.Unlock()
		go func() { // ends when the other side hangs up
			defer c.Close()
			head := make([]byte, 6)
			if _, err := c.Read(head); err != nil {
				return
			}
			time.Sleep(5 * time.Millisecond)
			// A-ASSOCIATE-RJ, permanent, by the user, called AE title not recognized
			// (PS3.8 section 9.3.4).
			_, _ = c.Write([]byte{3, 0, 0, 0, 0, 4, 0, 1, 1, 7})
			_, _ = bufio.NewReader(c).ReadByte()
		}()
	}
}

func (a *archives) snapshot() map[netip.Addr]int {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := map[netip.Addr]int{}
	for addr, n := range a.contacts {
		all[addr] = n
	}
	return all
}

// begin starts the survey of the archives as a process of its own.
func (a *archives) begin(t *testing.T, dir string, more ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	scope := filepath.Join(filepath.Dir(dir), "scope.toml")
	text := fmt.Sprintf("[authorisation]\norganisation=\"o\"\ncontact=\"c\"\nreference=\"r\"\nvalid_from=2020-01-01\nvalid_to=2099-01-01\n"+
		"[targets]\ninclude=[%q]\ndicom_ports=[%d]\nhttp_ports=[]\n[limits]\nper_host_rate=-1\ntotal_rate=1000\nconnections=%d\n", archiveNet, a.port, inFlight)
	if err := os.WriteFile(scope, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	name, err := exec.LookPath("leadglass")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, append([]string{"survey", "--scope", scope, "--out", dir, "--timeout", "1s"}, more...)...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

const inFlight = 24

// waitFor returns when the checkpoint holds that many hosts.
func waitFor(t *testing.T, dir string, hosts int) {
	t.Helper()
	for range 2000 {
		if len(finished(t, dir)) >= hosts {
			return
		}
		time.Sleep(5 * time.Millisecond)
	}
	t.Fatalf("%d hosts are not finished after ten seconds", hosts)
}

// finished returns the systems of the whole lines of the checkpoint, by place.
func finished(t *testing.T, dir string) map[uint64][]report.System {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, survey.CheckpointFile))
	if err != nil {
		return nil
	}
	all := map[uint64][]report.System{}
	for _, line := range bytes.SplitAfter(b, []byte("\n")) {
		var l struct {
			Host  *uint64
			Found survey.Found
		}
		if bytes.HasSuffix(line, []byte("\n")) && json.Unmarshal(line, &l) == nil && l.Host != nil {
			all[*l.Host] = l.Found.Systems
		}
	}
	return all
}

// TestKill ends surveys with SIGKILL, again and again, and resumes each. Who was
// finished is asked no more, at most those in flight are asked again, and in the
// end everybody is found.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	a := serveArchives(t)
	dir := filepath.Join(t.TempDir(), "out")
	for round, hosts := range []int{60, 200, 350} {
		cmd, _ := a.begin(t, dir, "--resume")
		waitFor(t, dir, hosts)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		time.Sleep(50 * time.Millisecond)
		before, done := a.snapshot(), finished(t, dir)

		cmd, out := a.begin(t, dir, "--resume")
		waitFor(t, dir, len(done)+30)
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		time.Sleep(50 * time.Millisecond)
		after := a.snapshot()
		for _, systems := range done {
			for _, s := range systems {
				addr := netip.MustParseAddrPort(s.Address).Addr()
				if after[addr] != before[addr] {
					t.Errorf("round %d: %s was finished and is asked again", round, addr)
				}
			}
		}
		again := 0
		for addr, n := range before {
			if after[addr] > n {
				again++
			}
		}
		if again > inFlight {
			t.Errorf("round %d: %d hosts are asked again, more than %d in flight", round, again, inFlight)
		}
		if t.Failed() {
			t.Fatal(out.String())
		}
	}
	cmd, out := a.begin(t, dir, "--resume")
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	s, err := report.Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.Systems) != archiveCount || s.Partial || s.HostsAsked != 512 || s.Answers["closed"] != 512-archiveCount {
		t.Errorf("%d systems, partial %v, %d hosts asked, answers %v", len(s.Systems), s.Partial, s.HostsAsked, s.Answers)
	}
	for _, x := range s.Systems {
		if x.Class != "rejects" || x.Reject == "" {
			t.Errorf("%s is %s %s, want rejects", x.Address, x.Class, x.Reject)
		}
	}
}

// TestInterrupt sends SIGINT and SIGTERM: what there is gets written, and says
// that it is partial.
func TestInterrupt(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	a := serveArchives(t)
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		t.Run(strconv.Itoa(int(sig)), func(t *testing.T) {
			dir := filepath.Join(t.TempDir(), "out")
			cmd, out := a.begin(t, dir)
			waitFor(t, dir, 100)
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			began := time.Now()
			_ = cmd.Wait() // the code is looked at below
			if code := cmd.ProcessState.ExitCode(); code != 130 {
				t.Errorf("exit code %d, want 130: %s", code, out)
			}
			if took := time.Since(began); took > 5*time.Second {
				t.Errorf("took %v to stop", took)
			}
			s, err := report.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			if !s.Partial || s.HostsAsked < 100 || s.HostsAsked == s.Hosts || int(s.HostsAsked) != len(finished(t, dir)) {
				t.Errorf("partial %v, %d of %d hosts", s.Partial, s.HostsAsked, s.Hosts)
			}
			page, err := os.ReadFile(filepath.Join(dir, report.ReportFile))
			if err != nil || !bytes.Contains(page, []byte("This survey is partial.")) {
				t.Errorf("report.html does not say that it is partial: %v", err)
			}
			lines, err := os.ReadFile(filepath.Join(dir, report.SystemsFile))
			if err != nil || bytes.Count(lines, []byte("\n")) != len(s.Systems)+1 {
				t.Errorf("systems.csv has %d lines for %d systems, %v", bytes.Count(lines, []byte("\n")), len(s.Systems), err)
			}
			for _, want := range []string{"PARTIAL: interrupted before every host was asked", "interrupted: the report is partial", "hint: the same command with --resume goes on"} {
				if !bytes.Contains(out.Bytes(), []byte(want)) {
					t.Errorf("says %s, want %q", out, want)
				}
			}
			cmd, out = a.begin(t, dir, "--resume")
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if s, err = report.Load(dir); err != nil || len(s.Systems) != archiveCount || s.Partial {
				t.Errorf("resumed: %d systems, %v", len(s.Systems), err)
			}
		})
	}
}

func TestProgressLine(t *testing.T) {
	p := survey.Progress{Hosts: 12_345, Total: 65_536, Systems: 17, Resumed: 345}
	if got, want := leadglass.RateLine(345, p, 25*time.Second), " 12,345 of 65,536 hosts, 17 systems, 480/s, 1m51s left"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := leadglass.RateLine(0, survey.Progress{Hosts: 850, Total: 856, Systems: 9}, 4*time.Second), " 850 of 856 hosts, 9 systems, 212/s, the last ones"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := leadglass.RateLine(345, survey.Progress{Hosts: 345, Total: 65_536}, time.Second), " 345 of 65,536 hosts, 0 systems"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	for hosts, want := range map[uint64]string{
		1: "0.1/s", 481: "48.1/s", 9_994: "999/s", 9_996: "1,000/s", 109_120: "10,912/s", 12_345_678: "1,234,568/s",
	} {
		got := leadglass.RateLine(0, survey.Progress{Hosts: hosts, Total: 1 << 40}, 10*time.Second)
		if !strings.Contains(got, ", 0 systems, "+want+", ") {
			t.Errorf("%q, want %s", got, want)
		}
	}
	for d, want := range map[time.Duration]string{
		1500 * time.Millisecond: "2s", 61 * time.Minute: "1h01m", 100 * time.Hour: "4 days",
	} {
		if got := leadglass.Short(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
	for n, want := range map[uint64]string{0: "0", 999: "999", 1000: "1,000", 1234567: "1,234,567"} {
		if got := leadglass.Group(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}
