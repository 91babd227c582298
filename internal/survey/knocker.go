package survey

import (
	"context"
	"net"
	"net/netip"
)

// knocker connects to many addresses at once.
type knocker interface {
	// start connects and says once what came of it, from a goroutine that others
	// wait for too or before it returns. Where this machine is short of files or
	// ports it waits for some.
	start(to netip.AddrPort, tell func(net.Conn, error))
	// spare gives back what is only kept for later, when this machine is short.
	spare()
	// close is called when everything that was started is told.
	close()
}

// dials knocks by a dialer, with a goroutine for each address.
type dials struct {
	run *run
	ctx context.Context
}

func (d dials) start(to netip.AddrPort, tell func(net.Conn, error)) {
	go func() { tell(d.run.connect(d.ctx, to)) }() // ends with the patience for a connection
}

func (d dials) spare() {}
func (d dials) close() {}
