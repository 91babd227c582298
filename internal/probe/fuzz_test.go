package probe_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
)

// piped is an asker whose every connection answers with data and ends.
func piped(data []byte) *probe.Asker {
	n := probetest.NewNetwork()
	n.Timeout = 200 * time.Millisecond
	n.Dial = func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go func() {
			go io.Copy(io.Discard, theirs)
			theirs.SetDeadline(time.Now().Add(time.Second))
			theirs.Write(data)
			theirs.Close()
		}()
		return ours, nil
	}
	return probetest.NewAsker(n)
}

var somewhere = probe.Target{Addr: netip.MustParseAddr("127.0.0.1"), Port: 8080}

// FuzzSite_Read: whatever an HTTP service answers, asking it ends.
func FuzzSite_Read(f *testing.F) {
	for _, seed := range []string{
		"", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n",
		"HTTP/1.1 302 Found\r\nLocation: /a\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: //[::1]:8080/%zz\r\n\r\n",
		"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.0 200 OK\r\n\r\n[" + plantedStudy + "]",
		"HTTP/1.1 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.", "HTTP/9.9 999\r\n\r\n", "SSH-2.0-x\r\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, _, err := piped(data).OpenSite(t.Context(), somewhere)
		if err != nil {
			t.Fatal(err)
		}
		if s != nil {
			s.AskAll(t.Context(), func(string, error) {})
			s.Close()
		}
	})
}

// FuzzAssociate_Read: whatever a port answers, it gets a class.
func FuzzAssociate_Read(f *testing.F) {
	for _, seed := range []string{
		"", "\x02\x00\x00\x00\x00\x44", "\x03\x00\x00\x00\x00\x04\x00\x01\x01\x07", "\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00",
		"\x15\x03\x01\x00\x02\x02\x28", "\x16\x03\x03\x00\x04\x00\x00\x00\x00", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x02\x00\xff\xff\xff\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		d, err := piped(data).Associate(t.Context(), somewhere)
		if err != nil {
			t.Fatal(err)
		}
		if d.Facts.Class == "" {
			t.Errorf("no class for %q", data)
		}
		d.AskAll(t.Context(), func(string, error) {})
		d.Close(t.Context())
	})
}

// FuzzSample_Answer: whatever an answer holds, looking at it keeps no more than
// the words that there are.
func FuzzSample_Answer(f *testing.F) {
	for _, d := range probetest.Studies(1) {
		for _, ts := range []*dicom.TransferSyntax{dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian} {
			b, err := dicom.Append(nil, d, ts)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(b, ts == dicom.ImplicitVRLittleEndian)
		}
	}
	f.Add([]byte("["+plantedStudy+"]"), false)
	f.Add([]byte(`[{"00100010":{"Value":[{"Alphabetic":1}]}},`), false)
	f.Fuzz(func(t *testing.T, data []byte, implicit bool) {
		ts := dicom.ExplicitVRLittleEndian
		if implicit {
			ts = dicom.ImplicitVRLittleEndian
		}
		var s probe.Sample
		probe.LookAtAnswer(&s, data, ts)
		_ = probe.LookAtMatches(&s, data)
		if len(s.Attributes) > 8 {
			t.Errorf("attributes %v, want the eight that there are at most", s.Attributes)
		}
	})
}
