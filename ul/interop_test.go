package ul_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// cEchoRQ is a C-ECHO-RQ in implicit little endian (PS3.7 section 9.3.5.1).
func cEchoRQ() []byte {
	element := func(n uint16, v []byte) []byte {
		b := binary.LittleEndian.AppendUint16([]byte{0, 0}, n)
		return append(binary.LittleEndian.AppendUint32(b, uint32(len(v))), v...)
	}
	var b []byte
	b = append(b, element(0x0002, []byte("1.2.840.10008.1.1\x00"))...)
	b = append(b, element(0x0100, []byte{0x30, 0})...)
	b = append(b, element(0x0110, []byte{1, 0})...)
	b = append(b, element(0x0800, []byte{1, 1})...)
	return append(element(0x0000, binary.LittleEndian.AppendUint32(nil, uint32(len(b)))), b...)
}

// element finds the value of (0000,n) in a command set.
func element(command []byte, n uint16) []byte {
	for len(command) >= 8 {
		tag, size := binary.LittleEndian.Uint16(command[2:]), binary.LittleEndian.Uint32(command[4:])
		if int(size) > len(command)-8 {
			return nil
		}
		if tag == n {
			return command[8 : 8+size]
		}
		command = command[8+size:]
	}
	return nil
}

// verified dials, asks for verification and releases.
func verified(t *testing.T, addr string, rq *ul.AssociateRQ, cfg *ul.Config) *ul.AssociateAC {
	t.Helper()
	a, err := ul.Dial(brief(t), addr, rq, cfg)
	if err != nil {
		t.Fatal(err)
	}
	rsp := exchange(t, a, cEchoRQ())
	if status := element(rsp, 0x0900); !bytes.Equal(status, []byte{0, 0}) {
		t.Errorf("C-ECHO status %x, want 0000", status)
	}
	if err := a.Release(brief(t)); err != nil {
		t.Errorf("release: %v", err)
	}
	return a.Answer()
}

func wantReject(t *testing.T, addr string, rq *ul.AssociateRQ, name string) {
	t.Helper()
	_, err := ul.Dial(brief(t), addr, rq, nil)
	var rj *ul.RejectError
	if !errors.As(err, &rj) || rj.Name() != name {
		t.Errorf("got %v, want %s", err, name)
	}
}

func TestInterop_StoreSCP(t *testing.T) {
	peertest.Need(t, "storescp")
	port := peertest.Port(t)
	addr := "127.0.0.1:" + port
	peertest.Serve(t, port, "storescp", port)
	ac := verified(t, addr, echoRQ(), nil)
	if got := ac.User.ImplementationVersionName; !strings.HasPrefix(got, "OFFIS_DCMTK_") {
		t.Errorf("implementation version name %q", got)
	}

	rq := echoRQ()
	rq.ApplicationContext = "1.2.3"
	wantReject(t, addr, rq, "application-context-name-not-supported")
	rq = echoRQ()
	rq.ProtocolVersion = 2
	wantReject(t, addr, rq, "protocol-version-not-supported")

	// All 128 contexts, every other with a transfer syntax that nobody has.
	rq = manyContexts(128, 1)
	rq.Called, rq.Calling = "ANY", "US"
	for i := range rq.Contexts {
		rq.Contexts[i].AbstractSyntax = ctStorage
		if i%2 == 1 {
			rq.Contexts[i].TransferSyntaxes = []dicom.UID{"2.25.1234"}
		}
	}
	a, err := ul.Dial(brief(t), addr, rq, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range rq.Contexts {
		if _, ts, ok := a.Context(c.ID); ok != (i%2 == 0) || ok && ts != implicitLE {
			t.Errorf("context %d: %s %v", c.ID, ts, ok)
		}
	}
	_ = a.Abort(0)
}

func TestInterop_DcmqrscpRejects(t *testing.T) {
	peertest.Need(t, "dcmqrscp")
	port, dir := peertest.Port(t), t.TempDir()
	config := fmt.Sprintf(`NetworkTCPPort = %s
MaxPDUSize = 16384
MaxAssociations = 1
HostTable BEGIN
acme = (ACME, localhost, 5678)
HostTable END
VendorTable BEGIN
VendorTable END
AETable BEGIN
OPEN %s RW (10, 1024mb) ANY
AETable END
`, port, dir)
	file := filepath.Join(dir, "dcmqrscp.cfg")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	addr := "127.0.0.1:" + port
	peertest.Serve(t, port, "dcmqrscp", "-c", file)
	find := func(called ul.AETitle) *ul.AssociateRQ {
		rq := echoRQ()
		rq.Called = called
		rq.Contexts = append(rq.Contexts, ul.PresentationContext{ID: 3, AbstractSyntax: studyFind, TransferSyntaxes: []dicom.UID{implicitLE}})
		return rq
	}
	wantReject(t, addr, find("ELSE"), "called-ae-title-not-recognized")
	verified(t, addr, find("OPEN"), nil)
	// Its one association at a time is taken: the next is rejected for now.
	eventually(t, func() error {
		a, err := ul.Dial(brief(t), addr, find("OPEN"), nil)
		if err != nil {
			return err
		}
		defer func() { _ = a.Abort(0) }()
		wantReject(t, addr, find("OPEN"), "local-limit-exceeded")
		return nil
	})
}

func TestInterop_StoreSCPWithTLS(t *testing.T) {
	peertest.Need(t, "storescp")
	us, them := ultest.NewIdentity(t, "us"), ultest.NewIdentity(t, "storescp")

	t.Run("any_client", func(t *testing.T) {
		port := peertest.Port(t)
		addr := "127.0.0.1:" + port
		peertest.Serve(t, port, "storescp", "+tls", them.KeyFile, them.CertFile, "-ic", port)
		verified(t, addr, echoRQ(), &ul.Config{TLS: &tls.Config{RootCAs: them.Pool}})
		// Plain DICOM to it gets no answer that is one.
		_, err := ul.Dial(brief(t), addr, echoRQ(), &ul.Config{Limits: ul.Limits{ARTIM: 3 * time.Second}})
		var rj *ul.RejectError
		if err == nil || errors.As(err, &rj) {
			t.Errorf("without TLS: %v", err)
		}
	})
	t.Run("client_certificate", func(t *testing.T) {
		port := peertest.Port(t)
		addr := "127.0.0.1:" + port
		peertest.Serve(t, port, "storescp", "+tls", them.KeyFile, them.CertFile, "-rc", "+cf", us.AuthorityFile, port)
		verified(t, addr, echoRQ(), &ul.Config{TLS: &tls.Config{RootCAs: them.Pool, Certificates: []tls.Certificate{us.Certificate}}})
		_, err := ul.Dial(brief(t), addr, echoRQ(), &ul.Config{TLS: &tls.Config{RootCAs: them.Pool}})
		var alert tls.AlertError
		if !errors.Is(err, ul.ErrClientCertificate) {
			t.Errorf("without a certificate: %v, want ErrClientCertificate", err)
		}
		if errors.As(err, &alert) {
			t.Logf("without a certificate: alert %d", alert)
		}
	})
}

func TestInterop_Orthanc(t *testing.T) {
	peertest.Need(t, "Orthanc")
	for _, c := range []struct {
		name   string
		config map[string]any
		check  func(t *testing.T, addr string)
	}{
		{"open", map[string]any{}, func(t *testing.T, addr string) {
			ac := verified(t, addr, echoRQ(), nil)
			if got := ac.User.ImplementationVersionName; !strings.HasPrefix(got, "OFFIS_DCMTK_") {
				t.Errorf("implementation version name %q", got)
			}
		}},
		{"called_title_checked", map[string]any{"DicomCheckCalledAet": true}, func(t *testing.T, addr string) {
			wantReject(t, addr, echoRQ(), "called-ae-title-not-recognized")
			rq := echoRQ()
			rq.Called = "ORTHANC"
			verified(t, addr, rq, nil)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			port := peertest.Port(t)
			c.config["DicomAet"], c.config["HttpServerEnabled"] = "ORTHANC", false
			peertest.Orthanc(t, port, c.config)
			c.check(t, "127.0.0.1:"+port)
		})
	}
}

// answerEcho answers C-ECHO-RQ with success: the request with the fields that
// differ (PS3.7 section 9.3.5.2).
func answerEcho(_ context.Context, a *ul.Assoc) {
	rsp := cEchoRQ()
	binary.LittleEndian.PutUint32(rsp[8:], binary.LittleEndian.Uint32(rsp[8:])+10)
	copy(element(rsp, 0x0100), []byte{0x30, 0x80})
	rsp = append(rsp, 0, 0, 0x00, 0x09, 2, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint16(rsp[bytes.Index(rsp, []byte{0, 0, 0x10, 1, 2, 0, 0, 0})+2:], 0x0120)
	for {
		p, err := a.ReadPDV()
		if err != nil {
			return
		}
		copy(element(rsp, 0x0120), element(p.Data, 0x0110))
		if a.WritePDV(ul.PDV{ContextID: p.ContextID, Command: true, Last: true, Data: rsp}) != nil || a.Flush() != nil {
			return
		}
	}
}

func TestInterop_EchoSCU(t *testing.T) {
	peertest.Need(t, "echoscu")
	released := make(chan error, 1)
	s := &ul.Server{Negotiate: acceptAll, Handle: answerEcho, Refused: func(_ net.Addr, err error) { released <- err }}
	_, port, _ := net.SplitHostPort(served(t, s))
	peertest.Run(t, "echoscu", "127.0.0.1", port)
	peertest.Run(t, "echoscu", "--propose-ts", "20", "--propose-pc", "100", "--repeat", "5", "127.0.0.1", port)
	peertest.Run(t, "echoscu", "--abort", "127.0.0.1", port)
	select {
	case err := <-released:
		t.Errorf("refused: %v", err)
	default:
	}
}

func TestInterop_EchoSCUWithTLS(t *testing.T) {
	peertest.Need(t, "echoscu")
	us, them := ultest.NewIdentity(t, "us"), ultest.NewIdentity(t, "echoscu")
	s := &ul.Server{
		Config:    ul.Config{TLS: &tls.Config{Certificates: []tls.Certificate{us.Certificate}, ClientCAs: them.Pool, ClientAuth: tls.RequireAndVerifyClientCert}},
		Negotiate: acceptAll, Handle: answerEcho,
	}
	_, port, _ := net.SplitHostPort(served(t, s))
	peertest.Run(t, "echoscu", "+tls", them.KeyFile, them.CertFile, "+cf", us.AuthorityFile, "127.0.0.1", port)
}

func TestInterop_StoreSCUNegotiates(t *testing.T) {
	peertest.Need(t, "storescu")
	object := "/usr/lib/python3/dist-packages/pydicom/data/test_files/CT_small.dcm"
	if _, err := os.Stat(object); err != nil {
		t.Skip("python3-pydicom is not installed: no object to send")
	}
	got := make(chan int, 1)
	p := &ul.Acceptor{Supported: ul.Supported{ctStorage: {explicitLE}}}
	s := &ul.Server{Negotiate: p.Negotiate, Handle: func(_ context.Context, a *ul.Assoc) {
		n := 0
		for command := false; ; {
			p, err := a.ReadPDV()
			if err != nil {
				return
			}
			command = command || p.Command
			if !p.Command {
				n += len(p.Data)
			}
			if !p.Command && p.Last {
				got <- n
				_ = a.Abort(0) // no C-STORE-RSP here
				return
			}
		}
	}}
	_, port, _ := net.SplitHostPort(served(t, s))
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_ = exec.CommandContext(ctx, "storescu", "-R", "127.0.0.1", port, object).Run()
	select {
	case n := <-got:
		if n < 30_000 {
			t.Errorf("an object of %d bytes came", n)
		}
	case <-time.After(time.Second):
		t.Error("no object came")
	}
}
