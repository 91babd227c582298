package dimse_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// identity is a certificate for 127.0.0.1 that signs itself, also in files as
// DCMTK reads them.
type identity struct {
	certificate       tls.Certificate
	pool              *x509.CertPool
	certFile, keyFile string
}

func newIdentity(t *testing.T, name string) identity {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	id := identity{certificate: tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool: x509.NewCertPool()}
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	id.pool.AppendCertsFromPEM(certificate)
	id.certFile = pemFile(t, name+".pem", certificate)
	id.keyFile = pemFile(t, name+".key", pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyDER}))
	return id
}

func pemFile(t *testing.T, name string, b []byte) string {
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInterop_ToolsOfDCMTKWithTLS is DCMTK's clients with our server, each
// knowing the other by its certificate.
func TestInterop_ToolsOfDCMTKWithTLS(t *testing.T) {
	interop(t, "echoscu", "storescu", "findscu")
	us, them := newIdentity(t, "us"), newIdentity(t, "dcmtk")
	archive := &dimsetest.Archive{AETitle: "OURS"}
	p := port(t, dimsetest.ServeUL(t, &ul.Server{
		Config: ul.Config{TLS: &tls.Config{
			Certificates: []tls.Certificate{us.certificate}, ClientCAs: them.pool, ClientAuth: tls.RequireAndVerifyClientCert,
		}},
		Negotiate: dimse.Negotiate(archive, ul.UserInformation{}), Handle: dimse.Handle(archive, dimse.Limits{}),
	}))
	to := func(args ...string) []string {
		return append([]string{"-d", "+tls", them.keyFile, them.certFile, "+cf", us.certFile, "127.0.0.1", p}, args...)
	}
	if out := tool(t, "echoscu", to()...); !strings.Contains(out, "Received Echo Response (Success)") {
		t.Errorf("echoscu said\n%s", out)
	}
	if out := tool(t, "storescu", to(filepath.Join(realFiles, "CT_small.dcm"))...); !strings.Contains(out, "0x0000: Success") {
		t.Errorf("storescu said\n%s", out)
	}
	f, _ := realFile(t, "CT_small.dcm")
	if objects := archive.Objects(); len(objects) != 1 {
		t.Errorf("%d objects arrived", len(objects))
	} else {
		samePixels(t, objects[0].Data, f)
	}
	out := tool(t, "findscu", append([]string{"-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID"}, to()...)...)
	if !strings.Contains(out, ctStudy) || !strings.Contains(out, "0x0000: Success: Matching is complete") {
		t.Errorf("findscu said\n%s", out)
	}
}

// TestInterop_ClientOfStorescpWithTLS is our client with DCMTK's server.
func TestInterop_ClientOfStorescpWithTLS(t *testing.T) {
	interop(t, "storescp")
	us, them := newIdentity(t, "us"), newIdentity(t, "storescp")
	dir, p := t.TempDir(), freePort(t)
	peer(t, p, "storescp", "+tls", them.keyFile, them.certFile, "+cf", us.certFile, "-od", dir, fmt.Sprint(p))
	a, err := ul.Dial(within(t), fmt.Sprint("127.0.0.1:", p), interopContexts(), &ul.Config{
		TLS: &tls.Config{RootCAs: them.pool, Certificates: []tls.Certificate{us.certificate}},
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
