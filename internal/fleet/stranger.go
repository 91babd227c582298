package fleet

import (
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// connections are those of strangers that are open, so that Close can end them.
type connections struct {
	mu     sync.Mutex // covers what follows
	closed bool
	open   map[net.Conn]struct{}
}

func (c *connections) add(conn net.Conn) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return false
	}
	if c.open == nil {
		c.open = map[net.Conn]struct{}{}
	}
	c.open[conn] = struct{}{}
	return true
}

func (c *connections) remove(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.open, conn)
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for conn := range c.open {
		_ = conn.Close()
	}
}

// strangerTime bounds a connection to a stranger: long enough to try anybody's
// patience, short enough that none stays for good.
const strangerTime = 5 * time.Minute

// serveStranger accepts until the listener is closed.
func (f *Fleet) serveStranger(ln net.Listener, kind plan.Other) {
	for {
		conn, err := ln.Accept()
		if err != nil {
			if f.ctx.Err() != nil || isClosed(err) {
				return
			}
			time.Sleep(5 * time.Millisecond) // out of file descriptors, most often
			continue
		}
		if !f.conns.add(conn) {
			_ = conn.Close()
			return
		}
		f.wg.Go(func() { // ends with its connection, which Close closes
			defer f.conns.remove(conn)
			defer conn.Close()
			ctx, cancel := context.WithTimeout(f.ctx, strangerTime)
			defer cancel()
			_ = conn.SetDeadline(time.Now().Add(strangerTime))
			talk(ctx, conn, kind)
		})
	}
}

// talk is how a stranger behaves on a connection.
func talk(ctx context.Context, conn net.Conn, o plan.Other) {
	switch o {
	case plan.OtherSSH:
		banner(conn, "SSH-2.0-OpenSSH_7.4\r\n")
	case plan.OtherSMTP:
		banner(conn, "220 mail.invalid ESMTP Postfix\r\n")
	case plan.OtherFTP:
		banner(conn, "220 (vsFTPd 3.0.2)\r\n")
	case plan.OtherHTTP:
		plainHTTP(conn)
	case plan.OtherSilent:
		_, _ = io.Copy(io.Discard, conn)
	case plan.OtherTarpit:
		drip(ctx, conn, []byte{'-'}, 3*time.Second)
	case plan.OtherSlow:
		drip(ctx, conn, slowAnswer(), 2*time.Second)
	case plan.OtherEndless:
		endless(conn, func(b []byte) { fill(b, "ok ") })
	case plan.OtherEndsHTTP:
		if _, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nServer: nginx\r\n\r\n<html><body>"); err == nil {
			endless(conn, func(b []byte) { fill(b, "<p>more</p>\n") })
		}
	case plan.OtherGarbage:
		garbage(conn)
	case plan.OtherEcho:
		_, _ = io.Copy(conn, conn)
	case plan.OtherHangs:
	case plan.OtherClaims: // an A-ASSOCIATE-AC that claims all that its length can say
		_, _ = conn.Write([]byte{2, 0, 0xFF, 0xFF, 0xFF, 0xFF})
		_, _ = io.Copy(io.Discard, conn)
	}
}

// banner greets, and waits until the peer has had enough.
func banner(conn net.Conn, text string) {
	if _, err := io.WriteString(conn, text); err != nil {
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	_, _ = io.CopyN(io.Discard, conn, 4096)
}

// plainHTTP is a web server that has nothing to do with images.
func plainHTTP(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var request [4096]byte
	n, err := conn.Read(request[:])
	if err != nil && n == 0 {
		return
	}
	status, page := "200 OK", "<html><head><title>Welcome to nginx!</title></head><body><h1>Welcome to nginx!</h1></body></html>\n"
	switch first := string(request[:min(n, 6)]); {
	case first != "GET / " && (len(first) < 4 || first[:4] != "GET " && first[:4] != "HEAD"):
		status, page = "400 Bad Request", "<html><head><title>400 Bad Request</title></head></html>\n"
	case first != "GET / ":
		status, page = "404 Not Found", "<html><head><title>404 Not Found</title></head></html>\n"
	}
	_, _ = io.WriteString(conn, "HTTP/1.1 "+status+"\r\nServer: nginx/1.14.0\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"+page)
}

// drip sends byte by byte, over and over.
func drip(ctx context.Context, conn net.Conn, bytes []byte, every time.Duration) {
	for i := 0; ; i++ {
		if sleep(ctx, every) != nil {
			return
		}
		if _, err := conn.Write(bytes[i%len(bytes) : i%len(bytes)+1]); err != nil {
			return
		}
	}
}

// slowAnswer is the beginning of an A-ASSOCIATE-AC (PS3.8 section 9.3.3).
func slowAnswer() []byte {
	return append([]byte{2, 0, 0, 0, 0x10, 0, 0, 1, 0, 0}, make([]byte, 64)...)
}

// endlessBytes bounds what nobody should read to its end anyway.
const endlessBytes = 1 << 30

func endless(conn net.Conn, make32k func([]byte)) {
	buf := make([]byte, 32<<10)
	make32k(buf)
	for n := 0; n < endlessBytes; n += len(buf) {
		if _, err := conn.Write(buf); err != nil {
			return
		}
	}
}

func fill(b []byte, text string) {
	for n := 0; n < len(b); {
		n += copy(b[n:], text)
	}
}

// garbage answers with random bytes that are no protocol's.
func garbage(conn net.Conn) {
	_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	var request [1]byte
	if _, err := conn.Read(request[:]); err != nil {
		return
	}
	buf := make([]byte, 512)
	for i := range buf {
		buf[i] = byte(0x80 + rand.IntN(0x40)) // no PDU type, no letter, no TLS record
	}
	_, _ = conn.Write(buf)
}

func isClosed(err error) bool { return errors.Is(err, net.ErrClosed) }
