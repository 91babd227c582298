package probe_test

import (
	"context"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/ul"
)

// turning sends what it is given once, the answer to the association request,
// and from then on something else instead.
type turning struct {
	net.Conn
	writes atomic.Int32
	then   func(net.Conn, []byte) (int, error)
}

func (c *turning) Write(b []byte) (int, error) {
	if c.writes.Add(1) == 1 {
		return c.Conn.Write(b)
	}
	return c.then(c.Conn, b)
}

// turns serves an archive that agrees to everything and then answers with then.
func turns(t *testing.T, then func(net.Conn, []byte) (int, error)) netip.AddrPort {
	return probetest.Peer(t, func(conn net.Conn) {
		server := &ul.Server{
			Config: ul.Config{Limits: ul.Limits{Linger: 10 * time.Millisecond}},
			Negotiate: func(_ context.Context, _ net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
				table := ul.Supported{}
				for _, class := range probetest.Everything() {
					table[class] = dimse.MessageSyntaxes()
				}
				return ul.Accept(rq, table, ul.UserInformation{ImplementationClassUID: "1.2.3"}), nil
			},
			Handle: func(ctx context.Context, a *ul.Assoc) { dimse.Serve(ctx, a, &yes{}, dimse.Limits{}) },
		}
		server.ServeConn(t.Context(), &turning{Conn: conn, then: then})
	})
}

// yes answers what needs no data.
type yes struct{}

func (*yes) Echo(context.Context) dimse.Status { return dimse.Success }
func (*yes) Find(context.Context, *dimse.Query, dimse.Matches) (dimse.Status, error) {
	return dimse.Success, nil
}

// TestAskAll_Garbage: whatever comes after the agreement, the class stands, the
// questions end, and nothing is taken for an answer.
func TestAskAll_Garbage(t *testing.T) {
	says := func(text string) func(net.Conn, []byte) (int, error) {
		return func(c net.Conn, b []byte) (int, error) {
			_, err := c.Write([]byte(text))
			return len(b), err
		}
	}
	for _, tt := range []struct {
		name string
		then func(net.Conn, []byte) (int, error)
	}{
		{"zeros", says("\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00")},
		{"another_protocol", says("HTTP/1.1 200 OK\r\n\r\n")},
		{"four_gigabytes", says("\x04\x00\xff\xff\xff\xff\xff\xff\xff\xfb\x01\x03")},
		{"no_command", says("\x04\x00\x00\x00\x00\x0a\x00\x00\x00\x06\x01\x03abcd")},
		{"data_before_a_command", says("\x04\x00\x00\x00\x00\x0a\x00\x00\x00\x06\x01\x02abcd")},
		{"an_unknown_context", says("\x04\x00\x00\x00\x00\x0a\x00\x00\x00\x06\x63\x03abcd")},
		{"another_answer_to_the_request", says("\x02\x00\x00\x00\x00\x44")},
		{"a_release", says("\x05\x00\x00\x00\x00\x04\x00\x00\x00\x00")},
		{"an_abort", says("\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00")},
		{"nothing", func(_ net.Conn, b []byte) (int, error) { return len(b), nil }},
		{"the_end", func(c net.Conn, b []byte) (int, error) { return len(b), c.Close() }},
		{"half", func(c net.Conn, b []byte) (int, error) {
			_, err := c.Write(b[:len(b)/2])
			return len(b), err
		}},
		{"a_fragment_for_ever", func(c net.Conn, b []byte) (int, error) {
			for {
				if _, err := c.Write([]byte("\x04\x00\x00\x00\x00\x0a\x00\x00\x00\x06\x01\x01abcd")); err != nil {
					return 0, err
				}
			}
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			f, not := ask(t, turns(t, tt.then))
			if f.Class != probe.AcceptsAnyone || f.ImplementationClassUID != "1.2.3" || !f.Store {
				t.Errorf("lost what was learned: %+v", f)
			}
			if f.Echo || f.Study.Open || f.Patient.Open || f.Retrieve {
				t.Errorf("garbage was taken for an answer: %+v", f)
			}
			if len(not) == 0 {
				t.Error("nothing was noted as unanswered")
			}
			if took := time.Since(start); took > 15*time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}
