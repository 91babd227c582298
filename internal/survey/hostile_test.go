package survey_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/survey"
)

// hostile are the servers that nobody should wait for, by name.
func hostile() map[string]func(net.Conn) {
	block := make([]byte, 1<<16)
	for i := range block {
		block[i] = byte(rand.Uint32())
	}
	return map[string]func(net.Conn){
		"silent":  func(c net.Conn) { _, _ = io.Copy(io.Discard, c) },
		"garbage": func(c net.Conn) { _, _ = c.Write(block[:1000]); _, _ = io.Copy(io.Discard, c) },
		"endless": func(c net.Conn) { // as fast as it is read
			for {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		},
		"endless_association": func(c net.Conn) { // an A-ASSOCIATE-AC of 4 GiB
			if _, err := c.Write([]byte{2, 0, 0xff, 0xff, 0xff, 0xff}); err != nil {
				return
			}
			for {
				if _, err := c.Write(block); err != nil {
					return
				}
			}
		},
		"endless_header": func(c net.Conn) {
			if _, err := c.Write([]byte("HTTP/1.1 200 OK\r\nX: ")); err != nil {
				return
			}
			for {
				if _, err := c.Write(block[:1]); err != nil {
					return
				}
				if _, err := c.Write(make([]byte, 1<<12)); err != nil {
					return
				}
			}
		},
		"loris": func(c net.Conn) { // an answer that never gets whole
			for _, b := range []byte("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n" + strings.Repeat(" ", 1000)) {
				if _, err := c.Write([]byte{b}); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		},
		"hangs_up": func(net.Conn) {},
		"echo":     func(c net.Conn) { _, _ = io.Copy(c, c) },
	}
}

func hostileNames() []string {
	return []string{"silent", "garbage", "endless", "endless_association", "endless_header", "loris", "hangs_up", "echo"}
}

// TestHostileServers is no test: it serves for TestRun_HostileTargets, as a
// process of its own so that memory and files are measured apart.
func TestHostileServers(t *testing.T) {
	if os.Getenv("HOSTILE_SERVERS") == "" {
		t.Skip("serves for another test")
	}
	for name, serve := range hostile() {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		fmt.Printf("%s %s\n", name, l.Addr())
		go func() { // ends with the process
			for {
				c, err := l.Accept()
				if err != nil {
					time.Sleep(time.Millisecond) // out of files
					continue
				}
				go func() { // ends with the connection
					defer c.Close()
					serve(c)
				}()
			}
		}()
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // until who started it is gone
	os.Exit(0)
}

// serveHostile starts the servers and returns where each kind listens.
func serveHostile(t *testing.T) map[string]string {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestHostileServers$")
	cmd.Env = append(os.Environ(), "HOSTILE_SERVERS=1", "GOMAXPROCS=1")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait() // it exits of itself
	})
	at := map[string]string{}
	for lines := bufio.NewScanner(out); lines.Scan(); {
		name, addr, ok := strings.Cut(lines.Text(), " ")
		if ok {
			at[name] = addr
		}
		if name == "ready" {
			return at
		}
	}
	t.Fatal("the servers did not start")
	return nil
}

// watchMemory returns a function that stops watching and gives the most that
// this process held of the operating system's memory.
func watchMemory() (stop func() int64) {
	sample := []metrics.Sample{{Name: "/memory/classes/total:bytes"}, {Name: "/memory/classes/heap/released:bytes"}}
	done, most := make(chan struct{}), make(chan int64)
	go func() { // ends with stop
		var m int64
		for {
			metrics.Read(sample)
			m = max(m, int64(sample[0].Value.Uint64()-sample[1].Value.Uint64()))
			select {
			case <-done:
				most <- m
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return func() int64 { close(done); return <-most }
}

// TestRun_HostileTargets surveys 2,000 hosts (10,000 with LONG=1) that are all
// there and all hostile, all at once, with the real examiner.
func TestRun_HostileTargets(t *testing.T) {
	hosts, include, connections := 2048, "10.0.0.0/21", 4096
	if os.Getenv("LONG") != "" {
		hosts, include, connections = 10_240, `10.0.0.0/19","10.0.32.0/21`, -1
	} else if testing.Short() {
		t.Skip("takes seconds")
	}
	at := serveHostile(t)
	names := hostileNames()
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		to := netip.MustParseAddrPort(address).Addr().As4()
		name := names[(int(to[2])<<8|int(to[3]))%len(names)]
		return (&net.Dialer{}).DialContext(ctx, network, at[name])
	}
	debug.FreeOSMemory()
	old := debug.SetMemoryLimit(384 << 20) // as the command does
	defer debug.SetMemoryLimit(old)
	before := runtime.NumGoroutine()
	memory := watchMemory()
	sc := load(t, `include=["`+include+`"]`+"\ndicom_ports=[104]\nhttp_ports=[80]")
	sc.Limits.Connections = connections
	const hostTime = 20 * time.Second
	began := time.Now()
	s := run(t, context.Background(), survey.Config{
		Scope: sc, Examiner: &survey.Examiner{Contact: "test@example.org"}, Dial: dial, Lookup: noLookup(t),
		Limits: survey.Limits{Answer: 500 * time.Millisecond, HostTime: hostTime},
	})
	took, most := time.Since(began), memory()
	t.Logf("%d hosts in %v, at most %d MiB", hosts, took.Round(time.Millisecond), most>>20)
	if int(s.HostsAsked) != hosts || s.Partial || len(s.Systems) != 0 {
		t.Errorf("asked %d, partial %v, systems %d (%+v)", s.HostsAsked, s.Partial, len(s.Systems), s.Systems[:min(1, len(s.Systems))])
	}
	var answers int64
	for class, n := range s.Answers {
		answers += n
		if class != string(probe.OtherService) && class != string(probe.Timeout) && class != string(probe.Closed) {
			t.Errorf("%d answers of class %s", n, class)
		}
	}
	if answers != int64(2*hosts) {
		t.Errorf("%d answers %v, want one a port: %d", answers, s.Answers, 2*hosts)
	}
	if most > 512<<20 {
		t.Errorf("held %d MiB, over 512", most>>20)
	}
	if limit := 4 * hostTime; took > limit { // it ends; how soon is the machine's
		t.Errorf("took %v, over %v", took, limit)
	}
	settled := time.Now().Add(5 * time.Second)
	for runtime.NumGoroutine() > before+5 && time.Now().Before(settled) {
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before+5 {
		t.Errorf("%d goroutines are left, %d were there", n, before)
	}
}

// TestRun_DeadAddressesAreQuick asks 15,000 addresses of loopback where nobody
// listens, over the real network.
func TestRun_DeadAddressesAreQuick(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	l, err := net.Listen("tcp", "127.99.0.1:0")
	if err != nil {
		t.Skip("this machine has no 127.99.0.1: ", err)
	}
	port := netip.MustParseAddrPort(l.Addr().String()).Port()
	l.Close()
	sc := load(t, fmt.Sprintf("include=[\"127.99.0.0-127.99.58.151\"]\ndicom_ports=[%d]\nhttp_ports=[]", port))
	began := time.Now()
	s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: &examiner{}, Lookup: noLookup(t), Dir: t.TempDir()})
	took := time.Since(began)
	t.Logf("15,000 dead addresses in %v", took.Round(time.Millisecond))
	if s.HostsAsked != 15_000 || s.Answers["closed"] != 15_000 || took > 10*time.Second {
		t.Errorf("asked %d, answers %v, took %v", s.HostsAsked, s.Answers, took)
	}
}
