package probetest

import (
	"context"
	"crypto/rand"
	"net"
	"sync/atomic"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
)

// Timeout is how long probes of tests wait for one answer.
const Timeout = 400 * time.Millisecond

// Network counts what passes through the door.
type Network struct {
	probe.Network
	Pauses atomic.Int64
	Dials  atomic.Int64
}

// NewNetwork is a door to loopback alone.
func NewNetwork() *Network {
	n := &Network{}
	n.Timeout = Timeout
	n.Pause = func(ctx context.Context) error {
		n.Pauses.Add(1)
		return ctx.Err()
	}
	n.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		n.Dials.Add(1)
		host, _, _ := net.SplitHostPort(address)
		if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
			panic("probetest: dialling " + address)
		}
		return new(net.Dialer).DialContext(ctx, network, address)
	}
	return n
}

// NewAsker asks through n.
func NewAsker(n *Network) *probe.Asker {
	return &probe.Asker{Network: &n.Network, Invent: probe.NewInventor(rand.Reader), Trust: &probe.Trust{}}
}
