package probe

import (
	"context"
	"errors"
	"net"
	"syscall"
)

// dial waits for its turn and connects.
func (a *Asker) dial(ctx context.Context, t Target) (net.Conn, error) {
	if err := a.Network.Pause(ctx); err != nil {
		return nil, err
	}
	dctx, cancel := context.WithTimeout(ctx, a.Network.Timeout)
	defer cancel()
	return a.Network.Dial(dctx, "tcp", t.Address())
}

// unconnected is the class of a port that no connection could be made to.
func unconnected(err error) Class {
	if timedOut(err) {
		return Timeout
	}
	return Closed
}

func timedOut(err error) bool {
	var n net.Error
	return errors.Is(err, context.DeadlineExceeded) || errors.As(err, &n) && n.Timeout() ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}
