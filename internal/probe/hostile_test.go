package probe_test

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
)

// starts sends prefix once something came, and then a byte a minute: none, for
// as long as anybody waits.
func starts(prefix string) func(net.Conn) { return probetest.Says(prefix) }

// TestHostile: whatever a peer draws out, claims or repeats, each of the three
// ways to ask ends in time, reads little and finds no archive.
func TestHostile(t *testing.T) {
	const timeout = 200 * time.Millisecond
	for _, tt := range []struct {
		name  string
		serve func(net.Conn)
	}{
		{"dicom_4_gigabytes", probetest.Floods("\x02\x00\xff\xff\xff\xff")},
		{"dicom_rejection_of_4_gigabytes", probetest.Floods("\x03\x00\xff\xff\xff\xff")},
		{"dicom_item_longer_than_its_pdu", starts("\x02\x00\x00\x00\x00\x48\x00\x01" + strings.Repeat("\x00", 66) + "\x10\x00\xff\xff")},
		{"dicom_byte_a_minute", starts("\x02\x00\x00\x00")},
		{"tls_handshake_of_16_megabytes", probetest.Floods("\x16\x03\x03\x40\x00\x02\xff\xff\xff")},
		{"tls_record_of_64_kilobytes", probetest.Floods("\x16\x03\x03\xff\xff")},
		{"tls_empty_records", func(c net.Conn) { floodWith(c, "\x16\x03\x03\x00\x00") }},
		{"tls_warnings", func(c net.Conn) { floodWith(c, "\x15\x03\x03\x00\x02\x01\x64") }},
		{"tls_byte_a_minute", starts("\x16\x03\x03\x00")},
		{"http_header_without_end", probetest.Floods("HTTP/1.1 200 OK\r\nX: ")},
		{"http_byte_a_minute", starts("HTTP/1.1 2")},
		{"http_10000_headers", starts("HTTP/1.1 200 OK\r\n" + strings.Repeat("a: b\r\n", 10_000) + "\r\n")},
		{"http_interim_for_ever", func(c net.Conn) { floodWith(c, "HTTP/1.1 100 Continue\r\n\r\n") }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := probetest.NewNetwork()
			n.Timeout = timeout
			read := counted(n)
			at, start := target(probetest.Peer(t, tt.serve)), time.Now()
			d, err := probetest.NewAsker(n).Associate(limited(t), at)
			if err != nil || d.DICOM() || d.Facts.Class != probe.OtherService && d.Facts.Class != probe.Timeout {
				t.Errorf("in DICOM: class %q, %v", d.Facts.Class, err)
			}
			s, class, err := probetest.NewAsker(n).OpenSite(limited(t), at)
			if err != nil || s != nil || class != probe.OtherService && class != probe.Timeout {
				t.Errorf("in HTTP: site %v, class %q, %v", s, class, err)
			}
			// Six connections at most, each with a connect, a handshake, an answer
			// and a farewell.
			if took := time.Since(start); took > 24*timeout {
				t.Errorf("took %v", took)
			}
			if got := read.Load(); got > 4<<20 {
				t.Errorf("read %d bytes, want 4 MiB at most", got)
			}
		})
	}
}

func floodWith(c net.Conn, unit string) {
	block := []byte(strings.Repeat(unit, 1000))
	c.Read(make([]byte, 1))
	for {
		if _, err := c.Write(block); err != nil {
			return
		}
	}
}

// counted counts what is read through n.
func counted(n *probetest.Network) *atomic.Int64 {
	read := new(atomic.Int64)
	dial := n.Dial
	n.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
		c, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return &counter{c, read}, nil
	}
	return read
}

type counter struct {
	net.Conn
	read *atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// TestHostile_Body: an answer of 4 GB, claimed or in chunks, costs one page.
func TestHostile_Body(t *testing.T) {
	for name, header := range map[string]string{
		"claimed":  "HTTP/1.1 200 OK\r\nContent-Length: 4294967296\r\n\r\n<html>",
		"unending": "HTTP/1.1 200 OK\r\n\r\n<html>",
		"chunk":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n<html>",
	} {
		t.Run(name, func(t *testing.T) {
			n := probetest.NewNetwork()
			n.Timeout = 5 * time.Second // so that the number ends it and not the time
			read := counted(n)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			s, class, err := probetest.NewAsker(n).OpenSite(limited(t), target(probetest.Peer(t, probetest.Floods(header))))
			if err != nil || s == nil {
				t.Fatalf("no site but %q, %v", class, err)
			}
			s.Close()
			runtime.ReadMemStats(&after)
			if got := len(s.Pages[0].Body); got != 64<<10 {
				t.Errorf("kept %d bytes, want 64 KiB", got)
			}
			// Two pages, each with its header and a buffer.
			if got := read.Load(); got > 512<<10 {
				t.Errorf("read %d bytes", got)
			}
			if grew := after.TotalAlloc - before.TotalAlloc; grew > 8<<20 {
				t.Errorf("allocated %d bytes", grew)
			}
		})
	}
}

// TestHostile_Redirects: a service that redirects for ever is asked for a few
// pages, those of each question.
func TestHostile_Redirects(t *testing.T) {
	var asked atomic.Int64
	s, _, _ := askWeb(t, probetest.Peer(t, func(c net.Conn) {
		for buf := make([]byte, 4096); ; {
			if _, err := c.Read(buf); err != nil {
				return
			}
			to := strings.Repeat("x", int(asked.Add(1)))
			if _, err := io.WriteString(c, "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: /"+to+"\r\n\r\n"); err != nil {
				return
			}
		}
	}))
	if got := asked.Load(); got > 80 || s.Facts.Discloses() {
		t.Errorf("%d pages, open %q; want 80 at most and nothing", got, s.Facts.Open())
	}
}

func TestLimit_Interim(t *testing.T) {
	for _, tt := range []struct {
		limit, sent int
		http        bool
	}{{0, 5, true}, {0, 6, false}, {1, 1, true}, {1, 2, false}, {-1, 100, true}} {
		answer := strings.Repeat("HTTP/1.1 100 Continue\r\n\r\n", tt.sent) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
		asker := probetest.NewAsker(probetest.NewNetwork())
		asker.Limits.Interim = tt.limit
		s, _, err := asker.OpenSite(limited(t), target(probetest.Peer(t, probetest.Says(answer))))
		if err != nil || (s != nil) != tt.http {
			t.Errorf("limit %d, %d interim answers: taken %v, %v; want %v", tt.limit, tt.sent, s != nil, err, tt.http)
		}
		if s != nil {
			s.Close()
		}
	}
}

// TestLimit_HandshakeBytes: a handshake that is a byte longer than the limit is
// none, by DICOM and by HTTP.
func TestLimit_HandshakeBytes(t *testing.T) {
	a := &probetest.Archive{TLS: &tls.Config{
		Certificates: []tls.Certificate{probetest.NewAuthority(t).Issue(t, probetest.Certificate{Bits: 2048})}, SessionTicketsDisabled: true,
		MaxVersion: tls.VersionTLS13, MinVersion: tls.VersionTLS13,
	}}
	at := a.Serve(t)
	length := handshakeLength(t, at)
	for _, tt := range []struct {
		limit int
		class probe.Class
	}{{0, probe.TLSOnly}, {-1, probe.TLSOnly}, {length, probe.TLSOnly}, {length - 1, probe.OtherService}} {
		asker := probetest.NewAsker(probetest.NewNetwork())
		asker.Network.Timeout *= 10
		asker.Limits.HandshakeBytes = tt.limit
		d, err := asker.Associate(limited(t), target(at))
		if err != nil || d.Facts.Class != tt.class {
			t.Errorf("limit %d of a handshake of %d: class %q, %v, want %q", tt.limit, length, d.Facts.Class, err, tt.class)
		}
		d.Close(limited(t))
	}
}

// handshakeLength is what a server sends in a handshake. Its RSA key makes that
// the same each time.
func handshakeLength(t *testing.T, at netip.AddrPort) int {
	t.Helper()
	raw, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer raw.Close()
	read := new(atomic.Int64)
	if err := tls.Client(&counter{raw, read}, &tls.Config{InsecureSkipVerify: true}).Handshake(); err != nil {
		t.Fatal(err)
	}
	return int(read.Load())
}
