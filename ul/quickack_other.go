//go:build !linux

package ul

import "net"

// acknowledger: other systems have no such option.
func acknowledger(net.Conn) func() { return nil }
