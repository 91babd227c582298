package dimse_test

import (
	"bytes"
	"context"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// hesitant writes the header of each PDU apart, as DCMTK does, and has Nagle's
// algorithm on.
type hesitant struct{ *net.TCPConn }

func (c hesitant) Write(p []byte) (int, error) {
	const header = 6
	n, err := c.TCPConn.Write(p[:min(header, len(p))])
	if err != nil || n == len(p) {
		return n, err
	}
	m, err := c.TCPConn.Write(p[n:])
	return n + m, err
}

// TestServe_NagleDoesNotStall: such a peer waits for an acknowledgement within
// each message, which the system would delay by 40 ms.
func TestServe_NagleDoesNotStall(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux can be told not to delay acknowledgements")
	}
	s := &sink{}
	address := dimsetest.Serve(t, s, dimse.Limits{})
	cfg := &ul.Config{Limits: ul.Limits{Buffer: 4 << 10}, DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := new(net.Dialer).DialContext(ctx, network, address)
		if err != nil {
			return nil, err
		}
		tcp := conn.(*net.TCPConn)
		return hesitant{tcp}, tcp.SetNoDelay(false)
	}}
	a, err := ul.Dial(within(t), address, dimsetest.Request("SENDER", "ARCHIVE", dimsetest.Classes(ctImage)...), cfg)
	if err != nil {
		t.Fatal(err)
	}
	c := dimse.NewClient(a, dimse.Limits{})
	const objects, size = 50, 20_001
	start := time.Now()
	for range objects {
		rsp, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "2.25.1", Data: bytes.NewReader(make([]byte, size))})
		if err != nil || rsp.Status != dimse.Success {
			t.Fatal(rsp, err)
		}
	}
	if took := time.Since(start); took > objects*20*time.Millisecond {
		t.Errorf("%d objects took %v: an acknowledgement was waited for", objects, took)
	}
	if err := a.Release(within(t)); err != nil {
		t.Error(err)
	}
	if s.objects != objects || s.bytes != objects*size {
		t.Errorf("%d objects, %d bytes", s.objects, s.bytes)
	}
}
