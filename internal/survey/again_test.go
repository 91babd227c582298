package survey_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

// TestKnock_SilenceOfTheLiving: a silent port of a host where another answers
// is knocked on twice, that of a silent host once.
func TestKnock_SilenceOfTheLiving(t *testing.T) {
	living := netip.MustParseAddr("192.0.2.0")
	var silent, dead, lost atomic.Int64
	there := &dialer{there: always}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		to := netip.MustParseAddrPort(address)
		quiet := &net.OpError{Op: "dial", Net: "tcp", Err: os.ErrDeadlineExceeded}
		switch {
		case to.Addr() != living:
			dead.Add(1)
			return nil, quiet
		case to.Port() == 105:
			silent.Add(1)
			return nil, quiet
		case to.Port() == 106 && lost.Add(1) == 1:
			return nil, quiet
		}
		return there.dial(ctx, network, address)
	}
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		c, err := n.Dial(ctx, "tcp", h.Addr.String()+":106")
		if err != nil {
			return nil, err
		}
		c.Close()
		return found(h), nil
	}}
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, `include=["192.0.2.0/31"]`+"\ndicom_ports=[104,105,106]\nhttp_ports=[]"), Examiner: e, Dial: dial, Lookup: noLookup(t),
	})
	if len(s.Systems) != 1 || silent.Load() != 2 || dead.Load() != 3 || lost.Load() != 3 {
		t.Errorf("%d systems; %d knocks on the silent port, %d on the dead host, %d connections to the one that lost a packet; want 1, 2, 3, 3",
			len(s.Systems), silent.Load(), dead.Load(), lost.Load())
	}
}

// TestExaminer_AsksTheSilentOnceMore: a port that takes connections and says
// nothing is asked in the clear and within TLS, twice, and counts once. The
// second time does not wait for the end of the first, nor one port for another.
func TestExaminer_AsksTheSilentOnceMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const patience = 150 * time.Millisecond
		d := &dialer{there: always}
		h := scope.Host{Addr: netip.MustParseAddr("192.0.2.1"), DICOMPorts: []uint16{104, 11112}}
		e := &survey.Examiner{}
		began := time.Now()
		f, err := e.Examine(context.Background(), h, &probe.Network{
			Dial: d.dial, Pause: func(ctx context.Context) error { return ctx.Err() }, Timeout: patience,
		})
		took := time.Since(began)
		if err != nil || f.Answers[probe.Timeout] != 2 || len(f.Answers) != 1 {
			t.Fatalf("found %+v, %v", f, err)
		}
		if d.dials.Load() != 8 {
			t.Errorf("%d connections, want 4 a port", d.dials.Load())
		}
		if took != 3*patience {
			t.Errorf("took %v, want three times %v", took, patience)
		}
	})
}

// TestExaminer_LateForOnce: an archive that hears nothing of its first
// connections is found by the second asking, and a silent web port is not asked
// twice.
func TestExaminer_LateForOnce(t *testing.T) {
	archive := full()
	at := archive.Serve(t)
	var n, web atomic.Int64
	quiet := &dialer{there: always}
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		if netip.MustParseAddrPort(address).Port() != at.Port() {
			web.Add(1)
			return quiet.dial(ctx, network, address)
		}
		if n.Add(1) == 1 {
			return quiet.dial(ctx, network, address)
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}
	h := scope.Host{Addr: at.Addr(), DICOMPorts: []uint16{at.Port()}, HTTPPorts: []uint16{1}}
	e := &survey.Examiner{NoCount: true}
	f, err := e.Examine(context.Background(), h, &probe.Network{
		Dial: dial, Pause: func(ctx context.Context) error { return ctx.Err() }, Timeout: 300 * time.Millisecond,
	})
	if err != nil || f.Answers[probe.AcceptsAnyone] != 1 || len(f.Systems) != 1 {
		t.Errorf("found %+v, %v", f, err)
	}
	if web.Load() != 4 {
		t.Errorf("%d connections to the silent web port, want HTTP and DICOM, in the clear and within TLS", web.Load())
	}
}

// TestRun_KeepsTheKnock: on a host of one port the connection of the knock is
// the one that is asked on.
func TestRun_KeepsTheKnock(t *testing.T) {
	d := &dialer{there: always}
	e := &examiner{examine: func(ctx context.Context, h scope.Host, n *probe.Network) (*survey.Found, error) {
		for range 2 {
			c, err := n.Dial(ctx, "tcp", h.Addr.String()+":104")
			if err != nil {
				return nil, err
			}
			c.Close()
		}
		return found(h), nil
	}}
	sc := load(t, `include=["192.0.2.0/27"]`+"\n"+onePort)
	sc.Limits.Connections = 3
	run(t, context.Background(), survey.Config{Scope: sc, Examiner: e, Dial: d.dial, Lookup: noLookup(t)})
	if n := d.dials.Load(); n < 64 || n > 96 {
		t.Errorf("%d connections, want two a host, or three where it waited", n)
	}
}

// TestRun_DiscoveryIsItsOwn: it says so, and is not gone on with as something else.
func TestRun_DiscoveryIsItsOwn(t *testing.T) {
	cfg := survey.Config{
		Scope: load(t, `include=["192.0.2.1"]`+"\n"+onePort), Examiner: &examiner{}, Dial: (&dialer{there: always}).dial,
		Lookup: noLookup(t), Dir: t.TempDir(), Discovery: true,
	}
	if s := run(t, context.Background(), cfg); !s.Discovery || len(s.Countries) != 0 || len(s.Systems) != 1 {
		t.Errorf("discovery %v, countries %v, %d systems", s.Discovery, s.Countries, len(s.Systems))
	}
	cfg.Discovery, cfg.Resume = false, true
	_, err := survey.Run(context.Background(), cfg)
	if told := (*survey.Error)(nil); !errors.As(err, &told) {
		t.Errorf("went on with a discovery as a survey: %v", err)
	}
}
