package dimse_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// flood answers for ever.
func flood() everything {
	session := newEverything()
	session.finder = func(_ context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		for i := 0; ; i++ {
			if err := m.Send(study(i % 1000)); err != nil {
				return dimse.UnableToProcess, err
			}
		}
	}
	return session
}

// trickle is a connection that lets one byte through at a time once slow is set.
type trickle struct {
	net.Conn
	slow *atomic.Bool
}

func (c trickle) Read(p []byte) (int, error) {
	if c.slow.Load() {
		time.Sleep(20 * time.Millisecond)
		p = p[:1]
	}
	return c.Conn.Read(p)
}

// TestFind_ByteByByte: a peer that sends a byte now and then is given up after
// ul.Limits.Read.
func TestFind_ByteByByte(t *testing.T) {
	var slow atomic.Bool
	cfg := &ul.Config{
		Limits: ul.Limits{Read: 200 * time.Millisecond, Linger: 50 * time.Millisecond},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			return trickle{conn, &slow}, err
		},
	}
	a, err := ul.Dial(within(t), dimsetest.Serve(t, flood(), dimse.Limits{}), dimsetest.Request("ME", "YOU", all()...), cfg)
	if err != nil {
		t.Fatal(err)
	}
	slow.Store(true)
	start := time.Now()
	_, err = dimse.NewClient(a, dimse.Limits{}).Find(within(t), studies(), nil)
	var le *ul.LimitError
	if !errors.As(err, &le) || le.Name != "read" {
		t.Errorf("error %v, want the limit read", err)
	}
	if d := time.Since(start); d > 3*time.Second {
		t.Errorf("given up after %v", d)
	}
}

// TestFind_ContextEndsInFlood: the operation ends with its context however much
// the peer sends.
func TestFind_ContextEndsInFlood(t *testing.T) {
	c := findClient(t, flood())
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	n := 0
	start := time.Now()
	_, err := c.Find(ctx, studies(), func([]byte, *dicom.TransferSyntax) error {
		if n++; n == 5000 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || time.Since(start) > 2*time.Second {
		t.Errorf("error %v after %d answers and %v", err, n, time.Since(start))
	}
}

// TestFind_ContextEndsInSilence: a peer that neither answers nor closes cannot
// hold the caller past its context and ul.Limits.Linger.
func TestFind_ContextEndsInSilence(t *testing.T) {
	silent := make(chan struct{})
	address := dimsetest.ServeUL(t, &ul.Server{
		Negotiate: dimse.Negotiate(flood(), ul.UserInformation{}),
		Handle:    func(context.Context, *ul.Assoc) { <-silent },
	})
	t.Cleanup(func() { close(silent) }) // before the server is shut down
	a, err := ul.Dial(within(t), address, dimsetest.Request("ME", "YOU", all()...), &ul.Config{Limits: ul.Limits{Linger: 100 * time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err = dimse.NewClient(a, dimse.Limits{}).Find(ctx, studies(), nil)
	if d := time.Since(start); !errors.Is(err, context.DeadlineExceeded) || d > time.Second {
		t.Errorf("error %v after %v", err, d)
	}
}

// TestServe_PeerDoesNotRead: a handler whose answers nobody takes is freed when
// the peer breaks the protocol, and when it goes.
func TestServe_PeerDoesNotRead(t *testing.T) {
	for name, do := range map[string]func(a *ul.Assoc, conn net.Conn){
		"breaks_the_protocol": func(a *ul.Assoc, _ net.Conn) {
			_ = a.WritePDV(ul.PDV{ContextID: 5, Last: true, Data: []byte("a data set where a command is due")})
			_ = a.Flush()
		},
		"goes": func(_ *ul.Assoc, conn net.Conn) { _ = conn.Close() },
	} {
		t.Run(name, func(t *testing.T) {
			ended := make(chan error, 1)
			session := flood()
			address := dimsetest.ServeUL(t, &ul.Server{
				Config:    ul.Config{Limits: ul.Limits{Linger: 50 * time.Millisecond}},
				Negotiate: dimse.Negotiate(session, ul.UserInformation{}),
				Handle: func(ctx context.Context, a *ul.Assoc) {
					ended <- dimse.Serve(ctx, a, session, dimse.Limits{})
				},
			})
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			a, err := ul.Client(within(t), conn, dimsetest.Request("ME", "YOU", all()...), nil)
			if err != nil {
				t.Fatal(err)
			}
			id, _, _ := a.ContextFor(dimse.StudyRootFind)
			for _, p := range []ul.PDV{cmd(id, findRQ), data(id, explicit(t))} {
				if err := a.WritePDV(p); err != nil {
					t.Fatal(err)
				}
			}
			if err := a.Flush(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(300 * time.Millisecond) // until the buffers between are full
			start := time.Now()
			do(a, conn)
			select {
			case err := <-ended:
				if err == nil || time.Since(start) > 2*time.Second {
					t.Errorf("ended with %v after %v", err, time.Since(start))
				}
			case <-time.After(10 * time.Second):
				t.Error("still serving after ten seconds")
			}
		})
	}
}

// explicit is the query of studies in explicit little endian.
func explicit(t *testing.T) []byte {
	b, err := dicom.Append(nil, studies().Identifier, dicom.ExplicitVRLittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
