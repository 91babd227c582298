package ultest_test

import (
	"bytes"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// both runs two scripts against each other and returns how they ended.
func both(t *testing.T, ours, theirs []ultest.Step) (error, error) {
	t.Helper()
	a, b := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- ultest.Run(b, theirs...) }()
	err := ultest.Run(a, ours...)
	return err, <-done
}

func TestRun_ScriptsAgree(t *testing.T) {
	var received []ul.PDU
	err, other := both(t,
		[]ultest.Step{
			ultest.Send(new(ul.ReleaseRQ)), ultest.Expect(ul.TypeReleaseRP), ultest.Drip(time.Millisecond, 7, 0, 0, 0, 0, 4, 0, 0, 2, 1),
			ultest.ExpectClosed(),
		},
		[]ultest.Step{
			ultest.Expect(ul.TypeReleaseRQ), ultest.Wait(time.Millisecond), ultest.Bytes(6, 0, 0, 0, 0, 4, 0, 0, 0, 0),
			ultest.ExpectPDU(&ul.AbortError{Source: 2, Reason: 1}),
			ultest.Do("look", func(p *ultest.Peer) error { received = p.Received; return nil }),
		})
	if err != nil || other != nil {
		t.Errorf("%v and %v", err, other)
	}
	if len(received) != 2 || received[0].Type() != ul.TypeReleaseRQ || received[1].Type() != ul.TypeAbort {
		t.Errorf("received %v", received)
	}
}

func TestRun_NamesTheStepThatFails(t *testing.T) {
	closed := make(chan struct{})
	close(closed)
	for name, c := range map[string]struct {
		step ultest.Step
		sent []ultest.Step
		want string
	}{
		"type":      {ultest.Expect(ul.TypeAbort), []ultest.Step{ultest.Send(new(ul.ReleaseRP))}, "step 2, expect type 07H: got type 06H"},
		"pdu":       {ultest.ExpectPDU(&ul.AbortError{}), []ultest.Step{ultest.Send(&ul.AbortError{Source: 2})}, "step 2, expect *ul.AbortError: got"},
		"malformed": {ultest.Expect(ul.TypeAbort), []ultest.Step{ultest.Bytes(7, 0, 0, 0, 0, 0)}, "malformed item"},
		"long":      {ultest.Expect(ul.TypeAbort), []ultest.Step{ultest.Bytes(7, 0, 255, 0, 0, 0)}, "longer than a script reads"},
		"closed":    {ultest.Expect(ul.TypeAbort), []ultest.Step{ultest.Close()}, "EOF"},
		"open":      {ultest.ExpectClosed(), []ultest.Step{ultest.Bytes(1)}, "1 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			err, _ := both(t, []ultest.Step{ultest.Until(closed), c.step}, c.sent)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func FuzzReadPDU(f *testing.F) {
	f.Add([]byte{7, 0, 0, 0, 0, 4, 0, 0, 2, 1})
	f.Add([]byte{7, 0, 0, 0, 0, 4, 0, 0})
	f.Add([]byte{1, 0, 255, 255, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ultest.ReadPDU(bytes.NewReader(b))
		if err == nil && !bytes.HasPrefix(b, got) {
			t.Errorf("%x of %x", got, b)
		}
	})
}
