package ul_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// dialled runs Dial against a script and returns its error.
func dialled(t *testing.T, cfg *ul.Config, script ...ultest.Step) error {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- ultest.Serve(ln, script...) }()
	a, err := ul.Dial(brief(t), ln.Addr().String(), echoRQ(), cfg)
	if err == nil {
		_ = a.Abort(0)
	}
	ln.Close()
	if serr := <-done; serr != nil {
		t.Error(serr)
	}
	return err
}

func TestDial_Rejected(t *testing.T) {
	want := ul.RejectError{Result: ul.RejectedTransient, Source: ul.ProviderPresentation, Reason: ul.ReasonLocalLimitExceeded}
	err := dialled(t, nil, ultest.Expect(ul.TypeAssociateRQ), ultest.Send(&want), ultest.ExpectClosed())
	var got *ul.RejectError
	if !errors.As(err, &got) || *got != want {
		t.Errorf("got %v, want %v", err, &want)
	}
}

func TestDial_Aborted(t *testing.T) {
	err := dialled(t, nil, ultest.Expect(ul.TypeAssociateRQ), ultest.Send(&ul.AbortError{Source: 2, Reason: 1}), ultest.ExpectClosed())
	var got *ul.AbortError
	if !errors.As(err, &got) || got.SourceName() != "service-provider" || got.Name() != "unrecognized-pdu" {
		t.Errorf("got %v", err)
	}
}

// TestDial_AnotherProtocol shows what stood at the port instead.
func TestDial_AnotherProtocol(t *testing.T) {
	rq := encoded(t, echoRQ())
	for name, c := range map[string]struct {
		sends string
		abort bool
	}{
		"http":         {"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n400 Bad Request", true},
		"ssh":          {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", true},
		"tls_alert":    {"\x15\x03\x01\x00\x02\x02\x46", true},
		"rdp":          {"\x03\x00\x00\x13\x0e\xd0\x00\x00\x124\x00\x02\x1f\x08\x00\x02\x00\x00\x00", true},
		"one_byte":     {"\x00", true},
		"echo":         {string(rq), true},
		"data":         {"\x04\x00\x00\x00\x00\x08\x00\x00\x00\x04\x01\x03ab", true},
		"bad_answer":   {"\x02\x00\x00\x00\x00\x04abcd", true},
		"long_release": {"\x05\x00\x00\x00\x00\x05abcde", true},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := pair(t)
			wait := play(t, theirs, ultest.Expect(ul.TypeAssociateRQ), ultest.Bytes([]byte(c.sends)...), ultest.Expect(ul.TypeAbort))
			_, err := ul.Client(brief(t), ours, echoRQ(), nil)
			wait()
			var got *ul.ProtocolError
			if !errors.As(err, &got) {
				t.Fatalf("got %v", err)
			}
			if want := c.sends[:min(64, len(c.sends))]; string(got.Prefix) != want {
				t.Errorf("prefix %q, want %q", got.Prefix, want)
			}
			if strings.Contains(err.Error(), "Bad Request") {
				t.Errorf("the text shows what came: %v", err)
			}
		})
	}
}

func TestDial_ClosedWithoutAWord(t *testing.T) {
	err := dialled(t, nil, ultest.Expect(ul.TypeAssociateRQ), ultest.Close())
	var protocol *ul.ProtocolError
	if !errors.Is(err, io.ErrUnexpectedEOF) || errors.As(err, &protocol) {
		t.Errorf("got %v, want the end and no protocol error", err)
	}
}

func TestDial_ClosedWithinThePDU(t *testing.T) {
	err := dialled(t, nil, ultest.Expect(ul.TypeAssociateRQ), ultest.Bytes(2, 0, 0, 0, 0, 99, 1), ultest.Close())
	var protocol *ul.ProtocolError
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &protocol) || !bytes.Equal(protocol.Prefix, []byte{2, 0, 0, 0, 0, 99, 1}) {
		t.Errorf("got %#v", err)
	}
}

func TestDial_Refused(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := ln.Addr().String()
	ln.Close()
	_, err = ul.Dial(brief(t), addr, echoRQ(), nil)
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v, want connection refused", err)
	}
}

func TestDial_Silence(t *testing.T) {
	err := dialled(t, &ul.Config{Limits: ul.Limits{ARTIM: 50 * time.Millisecond}}, ultest.Expect(ul.TypeAssociateRQ), ultest.Expect(ul.TypeAbort), ultest.ExpectClosed())
	var over *ul.LimitError
	if !errors.As(err, &over) || over.Name != "artim" || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("got %v, want the limit artim", err)
	}
}

// TestDial_Drip is a server that sends a byte at a time for as long as it may.
func TestDial_Drip(t *testing.T) {
	answer := encoded(t, echoAC())
	start := time.Now()
	err := dialled(t, &ul.Config{Limits: ul.Limits{ARTIM: 200 * time.Millisecond}}, ultest.Expect(ul.TypeAssociateRQ), ultest.Drip(20*time.Millisecond, answer...))
	var over *ul.LimitError
	if !errors.As(err, &over) || over.Name != "artim" {
		t.Errorf("got %v, want the limit artim", err)
	}
	if d := time.Since(start); d > 5*time.Second {
		t.Errorf("held for %v", d)
	}
}

func TestDial_ContextEnds(t *testing.T) {
	for name, script := range map[string][]ultest.Step{
		"silence": {ultest.Expect(ul.TypeAssociateRQ), ultest.Expect(ul.TypeAbort), ultest.ExpectClosed()},
		"drip":    {ultest.Expect(ul.TypeAssociateRQ), ultest.Drip(time.Millisecond, make([]byte, 1)...), ultest.Do("read", readAll)},
	} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := pair(t)
			wait := play(t, theirs, script[0], ultest.Do("rest", func(p *ultest.Peer) error {
				time.Sleep(20 * time.Millisecond)
				return ultest.Run(p.Conn, script[1:]...)
			}))
			cause := errors.New("had enough")
			ctx, cancel := context.WithCancelCause(brief(t))
			time.AfterFunc(10*time.Millisecond, func() { cancel(cause) })
			_, err := ul.Client(ctx, ours, echoRQ(), nil)
			if !errors.Is(err, cause) {
				t.Errorf("got %v, want %v", err, cause)
			}
			wait()
		})
	}
}

func TestDial_ContextEndedBefore(t *testing.T) {
	ctx, cancel := context.WithCancel(brief(t))
	cancel()
	if _, err := ul.Dial(ctx, "127.0.0.1:1", echoRQ(), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func TestDial_OwnDialer(t *testing.T) {
	addr := served(t, &ul.Server{Negotiate: acceptAll, Handle: readToEnd})
	var asked string
	cfg := &ul.Config{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
		asked = network + " " + address
		return new(net.Dialer).DialContext(ctx, network, addr)
	}}
	a, err := ul.Dial(brief(t), "archive.example:104", echoRQ(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Release(brief(t)); err != nil {
		t.Error(err)
	}
	if asked != "tcp archive.example:104" {
		t.Errorf("asked for %q", asked)
	}
}

// TestDial_UnsolicitedAnswers leaves out of use what was not proposed, and
// shows it.
func TestDial_UnsolicitedAnswers(t *testing.T) {
	ac := echoAC()
	ac.Contexts = []ul.PresentationContextAC{
		{ID: 3, TransferSyntax: implicitLE},
		{ID: 2, TransferSyntax: implicitLE},
		{ID: 1, TransferSyntax: "1.2.3"},
	}
	ours, theirs := pair(t)
	wait := play(t, theirs, ultest.Expect(ul.TypeAssociateRQ), ultest.Send(ac), ultest.Expect(ul.TypeAbort))
	a, err := ul.Client(brief(t), ours, echoRQ(), quick(nil))
	if err != nil {
		t.Fatal(err)
	}
	if id, _, ok := a.ContextFor(verification); ok {
		t.Errorf("context %d is in use", id)
	}
	if got := a.Answer().Contexts; len(got) != 3 {
		t.Errorf("the answer shows %d contexts, want 3", len(got))
	}
	if err := a.WritePDV(ul.PDV{ContextID: 3, Last: true}); err == nil {
		t.Error("data went to a context that was not agreed")
	}
	_ = a.Abort(0)
	wait()
}

// TestDial_NoRoom is a peer whose maximum length has no room for data.
func TestDial_NoRoom(t *testing.T) {
	for max, ok := range map[uint32]bool{1: false, 6: false, 7: true, 0: true} {
		ac := echoAC()
		ac.User.MaxLength = max
		ours, theirs := pair(t)
		wait := play(t, theirs, ultest.Expect(ul.TypeAssociateRQ), ultest.Send(ac), ultest.Expect(ul.TypeAbort))
		a, err := ul.Client(brief(t), ours, echoRQ(), quick(nil))
		var protocol *ul.ProtocolError
		if ok != (err == nil) || !ok && !errors.As(err, &protocol) {
			t.Errorf("maximum length %d: %v", max, err)
		}
		if err == nil {
			_ = a.Abort(0)
		}
		wait()
	}
}

// TestDial_RequestThatDoesNotFit is our own fault and sends nothing.
func TestDial_RequestThatDoesNotFit(t *testing.T) {
	ours, theirs := pair(t)
	wait := play(t, theirs, ultest.ExpectClosed())
	rq := echoRQ()
	rq.Called = "SEVENTEEN-LETTERS"
	if _, err := ul.Client(brief(t), ours, rq, nil); err == nil {
		t.Error("no error")
	}
	wait()
}
