package dimse_test

import (
	"bytes"
	"crypto/tls"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// TestInterop_ToolsOfDCMTKWithTLS is DCMTK's clients with our server, each
// knowing the other by its certificate.
func TestInterop_ToolsOfDCMTKWithTLS(t *testing.T) {
	peertest.Need(t, peertest.Files, "echoscu", "storescu", "findscu")
	us, them := ultest.NewIdentity(t, "us"), ultest.NewIdentity(t, "dcmtk")
	archive := &dimsetest.Archive{AETitle: "OURS"}
	p := port(t, dimsetest.ServeUL(t, &ul.Server{
		Config: ul.Config{TLS: &tls.Config{
			Certificates: []tls.Certificate{us.Certificate}, ClientCAs: them.Pool, ClientAuth: tls.RequireAndVerifyClientCert,
		}},
		Negotiate: dimse.Negotiate(archive, ul.UserInformation{}), Handle: dimse.Handle(archive, dimse.Limits{}),
	}))
	to := func(args ...string) []string {
		return append([]string{"-d", "+tls", them.KeyFile, them.CertFile, "+cf", us.AuthorityFile, "127.0.0.1", p}, args...)
	}
	if out := peertest.Run(t, "echoscu", to()...); !strings.Contains(out, "Received Echo Response (Success)") {
		t.Errorf("echoscu said\n%s", out)
	}
	if out := peertest.Run(t, "storescu", to(filepath.Join(peertest.Files, "CT_small.dcm"))...); !strings.Contains(out, "0x0000: Success") {
		t.Errorf("storescu said\n%s", out)
	}
	f, _ := realFile(t, "CT_small.dcm")
	if objects := archive.Objects(); len(objects) != 1 {
		t.Errorf("%d objects arrived", len(objects))
	} else {
		samePixels(t, objects[0].Data, f)
	}
	out := peertest.Run(t, "findscu", append([]string{"-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"}, to()...)...)
	if !strings.Contains(out, ctStudy) || !strings.Contains(out, "0x0000: Success: Matching is complete") {
		t.Errorf("findscu said\n%s", out)
	}
}

// TestInterop_ClientOfStorescpWithTLS is our client with DCMTK's server.
func TestInterop_ClientOfStorescpWithTLS(t *testing.T) {
	peertest.Need(t, peertest.Files, "storescp")
	us, them := ultest.NewIdentity(t, "us"), ultest.NewIdentity(t, "storescp")
	dir, p := t.TempDir(), peertest.Port(t)
	peertest.Serve(t, p, "storescp", "+tls", them.KeyFile, them.CertFile, "+cf", us.AuthorityFile, "-od", dir, p)
	a, err := ul.Dial(within(t), "127.0.0.1:"+p, interopContexts(), &ul.Config{
		TLS: &tls.Config{RootCAs: them.Pool, Certificates: []tls.Certificate{us.Certificate}},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := dimse.NewClient(a, dimse.Limits{})
	if rsp, err := c.Echo(within(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("echo: %+v, %v", rsp, err)
	}
	f, b := realFile(t, "CT_small.dcm")
	rsp, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: ctUID, Data: bytes.NewReader(b)})
	if err != nil || rsp.Status != dimse.Success {
		t.Errorf("store: %+v, %v", rsp, err)
	}
	if err := a.Release(within(t)); err != nil {
		t.Errorf("release: %v", err)
	}
	written, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(written) != 1 {
		t.Fatalf("storescp wrote %q", written)
	}
	got, err := dicom.ReadFile(written[0], dicom.Options{})
	if err != nil || !bytes.Equal(got.Dataset.Get(dicom.PixelData).Value, f.Dataset.Get(dicom.PixelData).Value) {
		t.Errorf("storescp's file is not as it was sent: %v", err)
	}
}
