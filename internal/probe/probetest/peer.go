package probetest

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// Listen listens on a port of loopback until the test ends.
func Listen(t testing.TB) net.Listener {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	return ln
}

// Peer serves each connection with serve and closes it then, until the test
// ends. It returns only when serve does, or reads fail.
func Peer(t testing.TB, serve func(net.Conn)) netip.AddrPort {
	t.Helper()
	ln := Listen(t)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer conn.Close()
				conn.SetDeadline(time.Now().Add(20 * time.Second))
				serve(conn)
			}()
		}
	}()
	return netip.MustParseAddrPort(ln.Addr().String())
}

// Silent takes what comes and says nothing.
func Silent(conn net.Conn) { io.Copy(io.Discard, conn) }

// Says sends text once something came, and waits for the peer to go.
func Says(text string) func(net.Conn) {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		io.WriteString(conn, text)
		io.Copy(io.Discard, conn)
	}
}

// HangsUp closes once something came.
func HangsUp(conn net.Conn) { conn.Read(make([]byte, 4096)) }

// Drips sends text byte by byte, for ever from the start.
func Drips(text string, every time.Duration) func(net.Conn) {
	return func(conn net.Conn) {
		for {
			for i := range len(text) {
				if _, err := conn.Write([]byte{text[i]}); err != nil {
					return
				}
				time.Sleep(every)
			}
		}
	}
}

// Floods sends prefix and then zeros as fast as they are taken.
func Floods(prefix string) func(net.Conn) {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		io.WriteString(conn, prefix)
		zeros := make([]byte, 64<<10)
		for {
			if _, err := conn.Write(zeros); err != nil {
				return
			}
		}
	}
}

// RepliesOwn sends back what came.
func RepliesOwn(conn net.Conn) { io.Copy(conn, conn) }

// Closed is a port of loopback that nobody listens on.
func Closed(t testing.TB) netip.AddrPort {
	t.Helper()
	ln := Listen(t)
	ln.Close()
	return netip.MustParseAddrPort(ln.Addr().String())
}
