package survey_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

const onePort = "dicom_ports = [104]\nhttp_ports = []\n"

func TestRun_FindsWhoIsThere(t *testing.T) {
	there := map[string]bool{"192.0.2.7": true, "192.0.2.200": true}
	d := &dialer{there: func(to netip.AddrPort) bool { return there[to.Addr().String()] && to.Port() == 104 }}
	e := &examiner{}
	var last survey.Progress
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/24"]`+"\ndicom_ports=[104,11112]\nhttp_ports=[80]"), Examiner: e, Dial: d.dial, Lookup: noLookup(t), Tool: "test",
		Progress: func(p survey.Progress) { last = p },
	})
	if len(s.Systems) != 2 || s.Systems[0].Address != "192.0.2.7:104" || s.Systems[1].Address != "192.0.2.200:104" {
		t.Errorf("systems %+v", s.Systems)
	}
	if s.Hosts != 256 || s.HostsAsked != 256 || s.Partial || s.Tool != "test" || s.Authorisation.Organisation != "Test" {
		t.Errorf("hosts %d asked %d partial %v tool %q", s.Hosts, s.HostsAsked, s.Partial, s.Tool)
	}
	if s.Answers["closed"] != 254*3 || s.Answers["accepts-anyone"] != 2 || s.Totals.SystemsDICOM != 2 {
		t.Errorf("answers %v, totals %+v", s.Answers, s.Totals)
	}
	if d.dials.Load() != 256*3 {
		t.Errorf("%d connections, want one a port: 768", d.dials.Load())
	}
	if e.count() != 2 {
		t.Errorf("%d hosts examined, want 2", e.count())
	}
	if last != (survey.Progress{Hosts: 256, Total: 256, Systems: 2}) {
		t.Errorf("progress %+v", last)
	}
}

// TestRun_ExclusionsAreNeverAsked looks at what reached the network.
func TestRun_ExclusionsAreNeverAsked(t *testing.T) {
	d := &dialer{there: always}
	names := map[string][]netip.Addr{
		"in.example":  {netip.MustParseAddr("192.0.2.130"), netip.MustParseAddr("::ffff:192.0.2.9")},
		"out.example": {netip.MustParseAddr("192.0.2.40")},
	}
	lookup := func(_ context.Context, _, name string) ([]netip.Addr, error) { return names[name], nil }
	// The examiner tries to go where it must not.
	var refused atomic.Int64
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		for _, to := range []string{"192.0.2.130:104", "192.0.2.9:80", "192.0.2.40:104", "203.0.113.1:80", h.Addr.String() + ":9999", "out.example:104"} {
			c, err := n.Dial(ctx, "tcp", to)
			if err == nil {
				c.Close()
				t.Errorf("%s: connected to %s", h.Addr, to)
			}
			refused.Add(1)
		}
		if c, err := n.Dial(ctx, "udp", h.Addr.String()+":104"); err == nil {
			c.Close()
			t.Error("connected by UDP")
		}
		return found(h), nil
	}}
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/24","in.example","192.0.2.9:80"]`+"\n"+
			`exclude=["192.0.2.128/25","::ffff:192.0.2.9","out.example","192.0.2.5:104"]`+"\ndicom_ports=[104]\nhttp_ports=[80]"),
		Examiner: e, Dial: d.dial, Lookup: lookup,
	})
	for to := range d.to {
		a := to.Addr().String()
		if netip.MustParsePrefix("192.0.2.128/25").Contains(to.Addr()) || a == "192.0.2.9" || a == "192.0.2.40" || to.String() == "192.0.2.5:104" {
			t.Errorf("%s was asked", to)
		}
	}
	if s.Hosts != 126 || len(d.hosts()) != 126 || refused.Load() != 126*6 {
		t.Errorf("%d hosts, %d asked, %d refused; want 126, 126, 756", s.Hosts, len(d.hosts()), refused.Load())
	}
}

// TestDoor_RemembersTheDead wants no second packet to a port that is closed,
// and no pause spent on it.
func TestDoor_RemembersTheDead(t *testing.T) {
	d := &dialer{there: func(to netip.AddrPort) bool { return to.Port() == 80 }}
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		for range 50 {
			if err := n.Pause(ctx); err != nil {
				return nil, err
			}
			if _, err := n.Dial(ctx, "tcp", "192.0.2.1:104"); !errors.Is(err, syscall.ECONNREFUSED) {
				return nil, fmt.Errorf("dialling the dead: %w", err)
			}
		}
		return found(h), nil
	}}
	sc := load(t, `include=["192.0.2.1"]`+"\ndicom_ports=[104]\nhttp_ports=[80]")
	sc.Limits.PerHostRate = 20
	began := time.Now()
	run(t, context.Background(), survey.Config{Scope: sc, Examiner: e, Dial: d.dial, Lookup: noLookup(t)})
	if d.dials.Load() != 2 {
		t.Errorf("%d connections, want 2", d.dials.Load())
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v: the pauses before remembered answers are not free", took)
	}
}

// TestRates wants the caps to hold: a second's worth at most in a second, and
// the burst.
func TestRates(t *testing.T) {
	for _, c := range []struct {
		name           string
		perHost, total float64
		hosts          string
		least          time.Duration
	}{
		{"per_host", 20, -1, "192.0.2.1", 20 * time.Second / 20},
		{"total", -1, 40, "192.0.2.0/30", 84 * time.Second / 40},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
				for range 10 {
					if err := n.Pause(ctx); err != nil {
						return nil, err
					}
				}
				for range 10 {
					if err := n.Pause(ctx); err != nil {
						return nil, err
					}
					conn, err := n.Dial(ctx, "tcp", netip.AddrPortFrom(h.Addr, 104).String())
					if err != nil {
						return nil, err
					}
					conn.Close()
				}
				return found(h), nil
			}}
			sc := load(t, `include=["`+c.hosts+`"]`+"\n"+onePort)
			sc.Limits.PerHostRate, sc.Limits.TotalRate = c.perHost, c.total
			began := time.Now()
			s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t)})
			took := time.Since(began)
			if took < c.least*9/10 || took > 2*c.least {
				t.Errorf("took %v, want about %v", took, c.least)
			}
			if int(s.Hosts) != len(s.Systems) {
				t.Errorf("%d of %d hosts", len(s.Systems), s.Hosts)
			}
		})
	}
}

func TestLimit_Connections(t *testing.T) {
	var now, most atomic.Int64
	d := &dialer{there: always}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := d.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		n := now.Add(1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		return &counted{Conn: c, now: &now}, nil
	}
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		for range 3 {
			c, err := n.Dial(ctx, "tcp", netip.AddrPortFrom(h.Addr, 104).String())
			if err != nil {
				return nil, err
			}
			time.Sleep(2 * time.Millisecond)
			c.Close()
			c.Close() // twice frees once
		}
		return found(h), nil
	}}
	for _, limit := range []int{1, 4, 9} {
		most.Store(0)
		sc := load(t, `include=["192.0.2.0/26"]`+"\n"+onePort)
		sc.Limits.Connections = limit
		s := run(t, context.Background(), survey.Config{Scope: sc, Examiner: e, Dial: dial, Lookup: noLookup(t)})
		if len(s.Systems) != 64 || most.Load() > int64(limit) || now.Load() != 0 {
			t.Errorf("limit %d: %d systems, at most %d open, %d left open", limit, len(s.Systems), most.Load(), now.Load())
		}
	}
}

type counted struct {
	net.Conn
	now    *atomic.Int64
	closed atomic.Bool
}

func (c *counted) Close() error {
	if c.closed.CompareAndSwap(false, true) {
		c.now.Add(-1)
	}
	return c.Conn.Close()
}

// TestRun_ConnectionsBeyondTheReserve has each host want more connections than
// are set aside, on a scope with hardly any: it must end all the same.
func TestRun_ConnectionsBeyondTheReserve(t *testing.T) {
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		for range 6 {
			if _, err := n.Dial(ctx, "tcp", netip.AddrPortFrom(h.Addr, 104).String()); err != nil {
				return nil, err
			}
		}
		return found(h), nil // and leaves them open
	}}
	sc := load(t, `include=["192.0.2.0/28"]`+"\n"+onePort)
	sc.Limits.Connections = 4
	s := run(t, context.Background(), survey.Config{
		Scope: sc, Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t), Limits: survey.Limits{HostTime: 100 * time.Millisecond},
	})
	if s.Partial || s.Answers["timeout"] != 16 {
		t.Errorf("partial %v, answers %v: want the 16 hosts to run out of time", s.Partial, s.Answers)
	}
}

func TestLimit_HostTime(t *testing.T) {
	for name, stuck := range map[string]func(ctx context.Context, c net.Conn) error{
		"heeds_ctx": func(ctx context.Context, _ net.Conn) error { <-ctx.Done(); return ctx.Err() },
		"reads": func(_ context.Context, c net.Conn) error {
			_ = c.SetReadDeadline(time.Time{}) // wants no end, and gets one
			_, err := c.Read(make([]byte, 1))
			return err
		},
		"reads_for_long": func(_ context.Context, c net.Conn) error {
			_ = c.SetDeadline(time.Now().Add(time.Hour))
			_, err := io.ReadAll(c)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
				c, err := n.Dial(ctx, "tcp", "192.0.2.1:104")
				if err != nil {
					return nil, err
				}
				return nil, stuck(ctx, c)
			}}
			began := time.Now()
			s := run(t, context.Background(), survey.Config{
				Scope: load(t, `include=["192.0.2.1"]`+"\n"+onePort), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t),
				Limits: survey.Limits{HostTime: 50 * time.Millisecond},
			})
			if took := time.Since(began); took > time.Second || s.Partial || s.Answers["timeout"] != 1 {
				t.Errorf("took %v, partial %v, answers %v", took, s.Partial, s.Answers)
			}
		})
	}
}

// TestRun_LeavesTheStuckBehind has an examiner that does not come back at all.
func TestRun_LeavesTheStuckBehind(t *testing.T) {
	free := make(chan struct{})
	defer close(free)
	e := &examiner{examine: func(_ context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		if h.Addr.String() == "192.0.2.1" {
			<-free
		}
		return found(h), nil
	}}
	var d diagnostics
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/29"]`+"\n"+onePort), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t),
		Limits: survey.Limits{HostTime: 50 * time.Millisecond}, Diagnostics: d.logger(),
	})
	if len(s.Systems) != 7 || s.Answers["timeout"] != 1 || !strings.Contains(d.String(), "left behind") {
		t.Errorf("%d systems, answers %v, diagnostics %s", len(s.Systems), s.Answers, d.String())
	}
}

func TestLimit_HostBytes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	go func() { // ends when l is closed
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() { // ends when the other side hangs up
				defer c.Close()
				for block := make([]byte, 1<<16); ; {
					if _, err := c.Write(block); err != nil {
						return
					}
				}
			}()
		}
	}()
	var read int64
	var readErr error
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		for range 2 {
			c, err := n.Dial(ctx, "tcp", l.Addr().String())
			if err != nil {
				return nil, err
			}
			var got int64
			got, readErr = io.Copy(io.Discard, io.LimitReader(c, 600_000))
			read += got
			c.Close()
		}
		return found(h), nil
	}}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["127.0.0.1:`+port+`"]`), Examiner: e, Lookup: noLookup(t), Limits: survey.Limits{HostBytes: 1 << 20},
	})
	limit, ok := errors.AsType[*survey.LimitError](readErr)
	if !ok || limit.Limit != 1<<20 || read > 1<<20 || read < 1<<20-1<<16 {
		t.Errorf("read %d, then %v; want a limit error at 1 MiB", read, readErr)
	}
}

// TestRun_CatchesPanics has each kind of panic end as another service, without
// a word of what was in it.
func TestRun_CatchesPanics(t *testing.T) {
	const secret = "DOE^JANE"
	e := &examiner{examine: func(_ context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		switch h.Addr.As4()[3] {
		case 1:
			panic(secret)
		case 2:
			panic(fmt.Errorf("reading %s", secret))
		case 3:
			var v any = secret
			_ = v.(error)
		}
		return found(h), nil
	}}
	var d diagnostics
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/29"]`+"\n"+onePort), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t), Diagnostics: d.logger(),
	})
	if len(s.Systems) != 5 || s.Answers["other-service"] != 3 || s.Partial {
		t.Errorf("%d systems, answers %v", len(s.Systems), s.Answers)
	}
	text := d.String()
	if strings.Contains(text, secret) || strings.Contains(text, "JANE") {
		t.Errorf("a diagnostic says what was in memory: %s", text)
	}
	if strings.Count(text, "msg=panic") != 3 || !strings.Contains(text, "run_test.go") && !strings.Contains(text, "TestRun_CatchesPanics") {
		t.Errorf("diagnostics %s, want where the three panics were", text)
	}
}

// TestRun_ExaminerFails has a host that the examiner gives up.
func TestRun_ExaminerFails(t *testing.T) {
	e := &examiner{examine: func(context.Context, scope.Host, *probe.Network) (*survey.Found, error) {
		return nil, errors.New("no more")
	}}
	d := &dialer{there: func(to netip.AddrPort) bool { return to.Port() == 104 }}
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.1"]`+"\ndicom_ports=[104]\nhttp_ports=[80]"), Examiner: e, Dial: d.dial, Lookup: noLookup(t),
	})
	if s.Answers["closed"] != 1 || s.Answers["timeout"] != 1 || s.HostsAsked != 1 {
		t.Errorf("answers %v, asked %d", s.Answers, s.HostsAsked)
	}
}

func TestRun_InterruptedIsPartial(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	e := &examiner{examine: func(ctx context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		if h.Addr.String() == "192.0.2.20" {
			cancel()
		}
		if h.Addr.As4()[3] >= 20 && h.Addr.As4()[3] < 28 {
			<-ctx.Done()
			return found(h), ctx.Err()
		}
		return found(h), nil
	}}
	began := time.Now()
	s := run(t, ctx, survey.Config{Scope: load(t, `include=["192.0.2.0/24"]`+"\n"+onePort), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t)})
	if !s.Partial || s.HostsAsked > 248 || int(s.HostsAsked) != len(s.Systems) || s.Hosts != 256 {
		t.Errorf("partial %v, asked %d, systems %d", s.Partial, s.HostsAsked, len(s.Systems))
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v to stop", took)
	}
}

func TestRun_EndsWithTheAuthorisation(t *testing.T) {
	e := &examiner{examine: func(ctx context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}}
	s, err := survey.Run(context.Background(), survey.Config{
		Scope: loadUntil(t, `include=["192.0.2.0/29"]`+"\n"+onePort, time.Now().Add(150*time.Millisecond)), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t),
	})
	if se, ok := errors.AsType[*scope.Error](err); !ok || se.Kind != scope.BadAuthorisation || se.Hint() == "" {
		t.Errorf("error %v, want one of the authorisation", err)
	}
	if s == nil || !s.Partial {
		t.Errorf("survey %+v, want what there is", s)
	}
}

func TestRun_Classes(t *testing.T) {
	errs := map[byte]error{
		1: os.NewSyscallError("connect", syscall.ECONNREFUSED),
		2: os.NewSyscallError("connect", syscall.ETIMEDOUT),
		3: os.NewSyscallError("connect", syscall.EHOSTUNREACH),
		4: os.NewSyscallError("connect", syscall.ENETUNREACH),
		5: context.DeadlineExceeded,
		6: os.NewSyscallError("connect", syscall.EACCES),
		7: os.NewSyscallError("connect", syscall.ECONNRESET),
	}
	dial := func(_ context.Context, _, address string) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Err: errs[netip.MustParseAddrPort(address).Addr().As4()[3]]}
	}
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.1-192.0.2.7"]`+"\n"+onePort), Examiner: &examiner{}, Dial: dial, Lookup: noLookup(t),
	})
	if s.Answers["closed"] != 3 || s.Answers["timeout"] != 4 {
		t.Errorf("answers %v, want 3 closed and 4 timeouts", s.Answers)
	}
}

// TestLimit_Connect has a dialer that never answers.
func TestLimit_Connect(t *testing.T) {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { <-ctx.Done(); return nil, ctx.Err() }
	began := time.Now()
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/24"]`+"\n"+onePort), Examiner: &examiner{}, Dial: dial, Lookup: noLookup(t),
		Limits: survey.Limits{Connect: 100 * time.Millisecond},
	})
	if took := time.Since(began); took < 100*time.Millisecond || took > 2*time.Second || s.Answers["timeout"] != 256 {
		t.Errorf("took %v, answers %v: 256 silent hosts are waited for at once", took, s.Answers)
	}
}

// TestRun_WaitsWhenThisMachineIsShort has no files left for a while.
func TestRun_WaitsWhenThisMachineIsShort(t *testing.T) {
	var short atomic.Int64
	d := &dialer{there: always}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if short.Add(1) <= 20 {
			return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("socket", syscall.EMFILE)}
		}
		return d.dial(ctx, network, address)
	}
	var diag diagnostics
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/28"]`+"\n"+onePort), Examiner: &examiner{}, Dial: dial, Lookup: noLookup(t), Diagnostics: diag.logger(),
	})
	if len(s.Systems) != 16 || strings.Count(diag.String(), "short of files") != 1 {
		t.Errorf("%d systems, want 16; diagnostics %s", len(s.Systems), diag.String())
	}
}

func TestRun_Names(t *testing.T) {
	lookup := func(_ context.Context, _, name string) ([]netip.Addr, error) {
		switch name {
		case "a.example":
			return []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1")}, nil
		case "b.example":
			return []netip.Addr{netip.MustParseAddr("192.0.2.1")}, nil
		}
		return nil, &net.DNSError{Err: "no such host", Name: name, IsNotFound: true}
	}
	e := &examiner{examine: func(_ context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		f := found(h)
		f.Systems[0].Name = h.Name
		return f, nil
	}}
	var d diagnostics
	cfg := survey.Config{
		Scope: load(t, `include=["a.example","b.example","gone.example"]`+"\n"+onePort), Examiner: e,
		Dial: (&dialer{there: always}).dial, Lookup: lookup, Diagnostics: d.logger(),
	}
	s := run(t, context.Background(), cfg)
	if len(s.Systems) != 2 || s.Systems[0].Name != "a.example" || s.Systems[1].Name != "a.example" || !strings.Contains(d.String(), "gone.example") {
		t.Errorf("systems %+v, diagnostics %s", s.Systems, d.String())
	}
	cfg.Scope = load(t, `include=["192.0.2.0/24"]`+"\n"+`exclude=["gone.example"]`)
	if _, err := survey.Run(context.Background(), cfg); err == nil {
		t.Error("an excluded name that cannot be looked up: no error")
	}
}

func TestPlaces(t *testing.T) {
	var p survey.Places
	for _, k := range []uint64{3, 1, 1, 0, 7} {
		p.Add(k)
	}
	if p.Count() != 4 || !p.Has(0) || !p.Has(1) || p.Has(2) || !p.Has(3) || p.Has(6) || !p.Has(7) || p.Above() != 2 {
		t.Errorf("%d places, %d above", p.Count(), p.Above())
	}
	p.Add(2)
	if p.Above() != 1 || p.Count() != 5 {
		t.Errorf("%d places, %d above; want 5 and 1", p.Count(), p.Above())
	}
}
