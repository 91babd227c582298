package main_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/report"
)

// gauge is a set of servers that note when somebody comes and how many are
// there at once. They answer each request with a line of HTTP, late.
type gauge struct {
	t    *testing.T
	late time.Duration

	mu         sync.Mutex // covers the rest
	came       []time.Time
	open, most int
}

// listen listens at an address of loopback until the test ends.
func (g *gauge) listen(at string) netip.AddrPort {
	g.t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		g.t.Skipf("this machine does not listen on %s: %v", at, err)
	}
	g.t.Cleanup(func() { l.Close() })
	go func() { // ends when l is closed
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			g.enter(1)
			go g.serve(c) // ends when the other side hangs up
		}
	}()
	return netip.MustParseAddrPort(l.Addr().String())
}

func (g *gauge) enter(n int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.open += n
	g.most = max(g.most, g.open)
	if n > 0 {
		g.came = append(g.came, time.Now())
	}
}

func (g *gauge) serve(c net.Conn) {
	defer g.enter(-1)
	defer c.Close()
	buf := make([]byte, 4096)
	for {
		n, err := c.Read(buf)
		if err != nil {
			return
		}
		if n > 0 {
			time.Sleep(g.late)
			_, _ = c.Write([]byte("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"))
			return
		}
	}
}

// busiest is how many came in the busiest span of that length.
func (g *gauge) busiest(span time.Duration) (most int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	slices.SortFunc(g.came, time.Time.Compare)
	from := 0
	for i := range g.came {
		for g.came[i].Sub(g.came[from]) >= span {
			from++
		}
		most = max(most, i-from+1)
	}
	return most
}

// surveyOf surveys the targets by the program itself, within the limits.
func surveyOf(t *testing.T, targets, limits string, more ...string) (*report.Survey, string) {
	t.Helper()
	dir := t.TempDir()
	scope := filepath.Join(dir, "scope.toml")
	text := "[authorisation]\norganisation=\"o\"\ncontact=\"c\"\nreference=\"r\"\nvalid_from=2020-01-01\nvalid_to=2099-01-01\n[targets]\n" + targets + "\n[limits]\n" + limits + "\n"
	if err := os.WriteFile(scope, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	cmd := exec.Command("leadglass", append([]string{"survey", "--scope", scope, "--out", out, "--timeout", "1s"}, more...)...)
	if said, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	s, err := report.Load(out)
	if err != nil {
		t.Fatal(err)
	}
	return s, out
}

// TestCaps_AsTheScopeSays reads each cap from a scope file and measures at the
// other side what came of it.
func TestCaps_AsTheScopeSays(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	// What was sent within a second may arrive within a little less.
	const slack = 2
	t.Run("per_host_rate", func(t *testing.T) {
		t.Parallel()
		g := &gauge{t: t}
		var ports []string
		for range 4 {
			ports = append(ports, fmt.Sprint(g.listen("127.78.0.1:0").Port()))
		}
		s, _ := surveyOf(t, `include=["127.78.0.1"]`+"\ndicom_ports=[]\nhttp_ports=["+strings.Join(ports, ",")+"]", "per_host_rate=15\ntotal_rate=-1")
		if got := g.busiest(time.Second); got > 15+1+slack || len(g.came) < 30 {
			t.Errorf("%d came in a second, %d in all; the cap is 15", got, len(g.came))
		}
		if s.Answers["other-service"] != 4 {
			t.Errorf("answers %v, want four other services", s.Answers)
		}
	})
	t.Run("total_rate", func(t *testing.T) {
		t.Parallel()
		g := &gauge{t: t}
		port := g.listen("127.79.0.1:0").Port()
		for i := 2; i <= 60; i++ {
			g.listen(fmt.Sprintf("127.79.0.%d:%d", i, port))
		}
		s, _ := surveyOf(t, fmt.Sprintf("include=[\"127.79.0.1-127.79.0.60\"]\ndicom_ports=[]\nhttp_ports=[%d]", port), "per_host_rate=-1\ntotal_rate=150")
		if got := g.busiest(time.Second); got > 150+15+slack || len(g.came) < 300 {
			t.Errorf("%d came in a second, %d in all; the cap is 150", got, len(g.came))
		}
		if s.Answers["other-service"] != 60 {
			t.Errorf("answers %v, want 60 other services", s.Answers)
		}
	})
	for _, limit := range []int{1, 5} {
		t.Run(fmt.Sprintf("connections_%d", limit), func(t *testing.T) {
			t.Parallel()
			g := &gauge{t: t, late: 5 * time.Millisecond}
			net := fmt.Sprintf("127.80.%d", limit)
			port := g.listen(net + ".1:0").Port()
			for i := 2; i <= 20; i++ {
				g.listen(fmt.Sprintf("%s.%d:%d", net, i, port))
			}
			s, _ := surveyOf(t, fmt.Sprintf("include=[\"%s.1-%s.20\"]\ndicom_ports=[]\nhttp_ports=[%d]", net, net, port), fmt.Sprintf("per_host_rate=-1\ntotal_rate=-1\nconnections=%d", limit))
			// A server learns of an end a moment after the one who made it.
			if g.most > limit+slack || s.Answers["other-service"] != 20 {
				t.Errorf("%d connections at once of %d; answers %v", g.most, limit, s.Answers)
			}
		})
	}
}

// TestSurvey_IPv6 asks an address of IPv6, by itself and by a file of entries,
// with a network that names its owner; one port is excluded.
func TestSurvey_IPv6(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	g := &gauge{t: t}
	web, spared := g.listen("[::1]:0"), &gauge{t: t}
	closed := spared.listen("[::1]:0")
	a := &archives{contacts: map[netip.Addr]int{}}
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skip("this machine has no ::1: ", err)
	}
	t.Cleanup(func() { l.Close() })
	go a.serve(l, netip.IPv6Loopback()) // ends when l is closed
	dicom := netip.MustParseAddrPort(l.Addr().String())
	networks := filepath.Join(t.TempDir(), "networks.csv")
	if err := os.WriteFile(networks, []byte("0.0.0.0/0,FR,Elsewhere\n::/64,DE,Six Clinic\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, out := surveyOf(t, fmt.Sprintf("include=[\"::1\",\"[::1]:%d\"]\nexclude=[\"[::1]:%d\"]\ndicom_ports=[%d]\nhttp_ports=[%d]", web.Port(), closed.Port(), dicom.Port(), closed.Port()),
		"per_host_rate=-1", "--networks", networks)
	if len(s.Systems) != 1 || s.Hosts != 1 || len(g.came) == 0 || len(spared.came) != 0 {
		t.Fatalf("%d hosts, %d systems; %d came to the web, %d to what is excluded", s.Hosts, len(s.Systems), len(g.came), len(spared.came))
	}
	if y := s.Systems[0]; y.Address != dicom.String() || y.Class != "rejects" || y.Reject != "called-ae-title-not-recognized" || y.Country != "DE" || y.Network != "Six Clinic" {
		t.Errorf("system %+v", y)
	}
	csv, err := os.ReadFile(filepath.Join(out, report.SystemsFile))
	if err != nil || !strings.Contains(string(csv), dicom.String()) {
		t.Errorf("systems.csv: %s, %v", csv, err)
	}
}
