package probe

import (
	"context"
	"net"
	"time"
)

// Network is the only door to a target. Whoever makes it enforces scope, rate
// caps and the number of connections; a probe has no other way to send.
type Network struct {
	// Dial connects to an IP address and port in scope.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Pause waits until one more request may be sent to this host.
	Pause func(ctx context.Context) error
	// Timeout bounds one answer.
	Timeout time.Duration
}
