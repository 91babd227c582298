package ul

import (
	"net"
	"syscall"
)

// acknowledger returns what makes the system acknowledge at once what arrived
// on a connection, nil where it cannot be told to.
func acknowledger(conn net.Conn) func() {
	if c, ok := conn.(interface{ NetConn() net.Conn }); ok { // of package tls
		conn = c.NetConn()
	}
	c, ok := conn.(syscall.Conn)
	if !ok {
		return nil
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	set := func(fd uintptr) { // what is no TCP refuses, and needs it no more
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_QUICKACK, 1)
	}
	return func() { _ = raw.Control(set) } // fails when the connection is closed, which the next read reports
}
