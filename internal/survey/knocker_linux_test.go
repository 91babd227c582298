package survey_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

// knocked is a scope of addresses and one port, with connections at once.
func knocked(t *testing.T, include string, port uint16, connections int) *scope.Scope {
	t.Helper()
	sc := load(t, fmt.Sprintf("include=[%s]\ndicom_ports=[%d]\nhttp_ports=[]", include, port))
	sc.Limits.Connections = connections
	return sc
}

// echoing listens at each address, on one port, and sends back what it gets.
func echoing(t *testing.T, addresses ...string) (port uint16, taken *atomic.Int64) {
	t.Helper()
	taken = new(atomic.Int64)
	for _, a := range addresses {
		l, err := net.Listen("tcp", net.JoinHostPort(a, fmt.Sprint(port)))
		if err != nil {
			t.Skip("this machine has no such address: ", err)
		}
		t.Cleanup(func() { l.Close() })
		port = netip.MustParseAddrPort(l.Addr().String()).Port()
		go func() { // ends with the listener
			for {
				c, err := l.Accept()
				if errors.Is(err, syscall.EMFILE) {
					time.Sleep(time.Millisecond)
					continue
				}
				if err != nil {
					return
				}
				taken.Add(1)
				go func() { // ends with the connection
					defer c.Close()
					b := make([]byte, 64)
					for n, err := c.Read(b); err == nil; n, err = c.Read(b) {
						if _, err := c.Write(b[:n]); err != nil {
							return
						}
					}
				}()
			}
		}()
	}
	return port, taken
}

// echoes asks a host for its own address, and then wants a deadline to hold.
func echoes(t *testing.T) *examiner {
	return &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		at := netip.AddrPortFrom(h.Addr, h.DICOMPorts[0]).String()
		c, err := n.Dial(ctx, "tcp", at)
		if err != nil {
			return nil, err
		}
		defer c.Close()
		b := make([]byte, 64)
		if _, err := c.Write([]byte(at)); err != nil {
			return nil, err
		}
		if n, err := c.Read(b); err != nil || string(b[:n]) != at || c.RemoteAddr().String() != at {
			t.Errorf("%s answers %q from %s, %v", at, b[:n], c.RemoteAddr(), err)
		}
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Millisecond)); err != nil {
			return nil, err
		}
		if _, err := c.Read(b); !os.IsTimeout(err) {
			t.Errorf("%s: a read beyond its deadline ends with %v", at, err)
		}
		return found(h), nil
	}}
}

// TestKnock_LiveAmongDead has four connections at once for 301 addresses: the
// sockets that were refused knock again, and those of the living are whole. The
// excluded one hears nothing.
func TestKnock_LiveAmongDead(t *testing.T) {
	port, taken := echoing(t, "127.98.0.1", "127.98.0.200", "127.98.1.44", "::1")
	spared, heard := net.JoinHostPort("127.98.0.7", fmt.Sprint(port)), make(chan struct{})
	l, err := net.Listen("tcp", spared)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // ends with the listener
		if _, err := l.Accept(); err == nil {
			close(heard)
		}
	}()
	sc := load(t, fmt.Sprintf("include=[\"127.98.0.0-127.98.1.44\",\"::1\"]\nexclude=[\"127.98.0.7\"]\ndicom_ports=[%d]\nhttp_ports=[]", port))
	sc.Limits.Connections = 4
	s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: echoes(t), Lookup: noLookup(t)})
	l.Close()
	if len(s.Systems) != 4 || s.Answers["accepts-anyone"] != 4 || s.Answers["closed"] != 297 || s.Partial {
		t.Errorf("%d systems, answers %v", len(s.Systems), s.Answers)
	}
	if n := taken.Load(); n < 4 || n > 8 {
		t.Errorf("%d connections, want those of the knocks, 4, or a second one where a host waited", n)
	}
	select {
	case <-heard:
		t.Error("the excluded address was connected to")
	default:
	}
}

// TestKnock_Rate wants the cap of the run to hold for the dead too.
func TestKnock_Rate(t *testing.T) {
	port, _ := echoing(t, "127.98.2.31")
	sc := knocked(t, `"127.98.2.0/27"`, port, 100)
	sc.Limits.TotalRate = 40
	began := time.Now()
	s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: &examiner{}, Lookup: noLookup(t)})
	if took := time.Since(began); took < 28*time.Second/40*9/10 || s.HostsAsked != 32 || len(s.Systems) != 1 {
		t.Errorf("took %v for %d hosts, %d systems; the cap is 40 a second after 4", took, s.HostsAsked, len(s.Systems))
	}
}

// deaf takes a port on all of loopback and lets no connection be made to it.
func deaf(t *testing.T) (port uint16) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.BindToDevice(fd, "lo"); err != nil {
		t.Skip("this machine does not bind to a device: ", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	at, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port = uint16(at.(*syscall.SockaddrInet4).Port)
	for range 8 { // its queue has room for one or two; those behind wait
		d := net.Dialer{Timeout: 50 * time.Millisecond}
		c, err := d.Dial("tcp", net.JoinHostPort("127.0.0.1", fmt.Sprint(port)))
		if err != nil {
			return port
		}
		t.Cleanup(func() { c.Close() })
	}
	t.Skip("this machine lets a queue without room take more")
	return 0
}

// TestKnock_Silence knocks at 4,000 addresses that say nothing, at once: each
// ends with its time, and none has a goroutine.
func TestKnock_Silence(t *testing.T) {
	port := deaf(t)
	const patience = 300 * time.Millisecond
	before, most := runtime.NumGoroutine(), 0
	ended, watched := make(chan struct{}), make(chan struct{})
	go func() { // ends with ended
		defer close(watched)
		for {
			select {
			case <-ended:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, runtime.NumGoroutine())
			}
		}
	}()
	began := time.Now()
	s := run(t, context.Background(), survey.Config{
		Scope: knocked(t, `"127.98.16.0-127.98.31.159"`, port, 4096), Examiner: &examiner{}, Lookup: noLookup(t), Limits: survey.Limits{Connect: patience},
	})
	took := time.Since(began)
	close(ended)
	<-watched
	t.Logf("4,000 silent addresses in %v, %d goroutines at most", took.Round(time.Millisecond), most)
	if s.Answers["timeout"] != 4000 || s.Partial || took < patience || took > 10*time.Second {
		t.Errorf("answers %v in %v", s.Answers, took)
	}
	if most > before+20 {
		t.Errorf("%d goroutines, %d before", most, before)
	}
}

// TestKnock_RunEnds interrupts a run whose knocks are not answered.
func TestKnock_RunEnds(t *testing.T) {
	port := deaf(t)
	ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
	defer cancel()
	began := time.Now()
	s := run(t, ctx, survey.Config{
		Scope: knocked(t, `"127.98.32.0/24"`, port, 100), Examiner: &examiner{}, Lookup: noLookup(t), Limits: survey.Limits{Connect: time.Minute},
	})
	if took := time.Since(began); took > 2*time.Second || !s.Partial || s.HostsAsked != 0 {
		t.Errorf("took %v, partial %v, %d asked", took, s.Partial, s.HostsAsked)
	}
}

// TestKnock_ShortOfFiles has room for a few sockets only: the run waits for them
// and misses nobody.
func TestKnock_ShortOfFiles(t *testing.T) {
	port, _ := echoing(t, "127.98.3.0", "127.98.3.20", "127.98.3.21", "127.98.3.22", "127.98.3.255")
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc: ", err)
	}
	sc := knocked(t, `"127.98.3.0/24"`, port, 100)
	few := was
	few.Cur = uint64(len(open)) + 5
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
			t.Error(err)
		}
	}()
	var diag diagnostics
	// The listeners share the files, so that nobody can wait for their answers.
	s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: &examiner{}, Lookup: noLookup(t), Diagnostics: diag.logger()})
	if !strings.Contains(diag.String(), "short of files") {
		t.Error("there were files enough: this shows nothing")
	}
	if len(s.Systems) != 5 || s.Answers["closed"] != 251 {
		t.Errorf("%d systems, answers %v", len(s.Systems), s.Answers)
	}
}
