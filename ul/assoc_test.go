package ul_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

const (
	verification dicom.UID = "1.2.840.10008.1.1"
	studyFind    dicom.UID = "1.2.840.10008.5.1.4.1.2.2.1"
	implicitLE   dicom.UID = "1.2.840.10008.1.2"
	explicitLE   dicom.UID = "1.2.840.10008.1.2.1"
)

// echoRQ asks for verification.
func echoRQ() *ul.AssociateRQ {
	return &ul.AssociateRQ{
		Called:   "ANY-SCP",
		Calling:  "ECHOSCU",
		Contexts: []ul.PresentationContext{{ID: 1, AbstractSyntax: verification, TransferSyntaxes: []dicom.UID{implicitLE}}},
		User:     ul.UserInformation{ImplementationClassUID: "2.25.1", ImplementationVersionName: "TEST"},
	}
}

// acceptAll takes verification and query.
func acceptAll(_ context.Context, _ net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
	table := ul.Supported{verification: {implicitLE}, studyFind: {explicitLE, implicitLE}}
	return ul.Accept(rq, table, ul.UserInformation{ImplementationClassUID: "2.25.2"}), nil
}

// echo sends every piece back until the end.
func echo(_ context.Context, a *ul.Assoc) {
	for {
		p, err := a.ReadPDV()
		if err != nil {
			return
		}
		if a.WritePDV(p) != nil || a.Flush() != nil {
			return
		}
	}
}

// served starts a server and returns where; it ends with the test.
func served(t testing.TB, s *ul.Server) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(ln) }()
	t.Cleanup(func() {
		_ = s.Close()
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("Serve returned %v, want net.ErrClosed", err)
		}
	})
	return ln.Addr().String()
}

func brief(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func TestAssoc_EchoAndRelease(t *testing.T) {
	ended := make(chan error, 1)
	addr := served(t, &ul.Server{Negotiate: acceptAll, Handle: func(_ context.Context, a *ul.Assoc) {
		for {
			p, err := a.ReadPDV()
			if err != nil {
				ended <- err
				return
			}
			_ = a.WritePDV(p)
			_ = a.Flush()
		}
	}})
	a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 300, 70_000, 1 << 20} {
		sent := bytes.Repeat([]byte{7}, n)
		got := exchange(t, a, sent)
		if !bytes.Equal(got, sent) {
			t.Errorf("%d bytes came back as %d", n, len(got))
		}
	}
	if err := a.Release(brief(t)); err != nil {
		t.Errorf("release: %v", err)
	}
	if err := <-ended; err != io.EOF {
		t.Errorf("the acceptor saw %v, want io.EOF", err)
	}
	if _, err := a.ReadPDV(); err != io.EOF {
		t.Errorf("reading after the release: %v, want io.EOF", err)
	}
	if err := a.WritePDV(ul.PDV{ContextID: 1}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing after the release: %v, want net.ErrClosed", err)
	}
}

// exchange sends data and returns the data of as many pieces as end them.
func exchange(t testing.TB, a *ul.Assoc, data []byte) []byte {
	t.Helper()
	sent := make(chan error, 1)
	go func() {
		err := a.WritePDV(ul.PDV{ContextID: 1, Command: true, Last: true, Data: data})
		if err == nil {
			err = a.Flush()
		}
		sent <- err
	}()
	var got []byte
	for {
		p, err := a.ReadPDV()
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, p.Data...); p.Last {
			break
		}
	}
	if err := <-sent; err != nil {
		t.Fatal(err)
	}
	return got
}
