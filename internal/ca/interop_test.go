package ca_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/ca"
)

// TestInterop_OpenSSL: another implementation reads our certificates, keeps to their
// constraints, and is refused with what the profiles forbid.
func TestInterop_OpenSSL(t *testing.T) {
	if os.Getenv("INTEROP") != "1" {
		t.Skip("INTEROP=1 runs it: it needs openssl")
	}
	c := config(t)
	c.Now = time.Now
	a := open(t, c)
	dir := t.TempDir()
	put := func(name string, text []byte) string {
		t.Helper()
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	roots := put("roots.pem", a.PEM())
	d := must(a.Device(ca.DeviceRequest{Name: "ct.example.com"}))
	cert, key := put("cert.pem", d.CertPEM), put("key.pem", d.KeyPEM)
	run := func(args ...string) (string, error) {
		cmd := exec.CommandContext(t.Context(), "openssl", args...)
		cmd.Stdin = strings.NewReader("Q\n")
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for _, purpose := range []string{"sslclient", "sslserver"} {
		if out, err := run("verify", "-x509_strict", "-purpose", purpose, "-CAfile", roots, cert); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	}
	forged := put("forged.pem", ca.PEM(ca.Forge(a, "login.example.com")))
	if out, err := run("verify", "-CAfile", roots, forged); err == nil || !strings.Contains(out, "permitted subtree violation") {
		t.Errorf("a name that the authority is not for: %v: %s", err, out)
	}
	trust := &ca.Trust{Roots: a.Pool()}
	address := listen(t, must(ca.ServerTLS(ca.BCP195, must(a.Server(nil)), trust, true)))
	connect := func(args ...string) (string, error) {
		args = append([]string{"s_client", "-connect", address, "-CAfile", roots, "-verify_return_error", "-verify_ip", "127.0.0.1"}, args...)
		return run(args...)
	}
	mine := []string{"-cert", cert, "-key", key}
	for name, try := range map[string]struct {
		args []string
		good bool
	}{
		"tls1_3":       {[]string{"-tls1_3"}, true},
		"tls1_2":       {[]string{"-tls1_2"}, true},
		"tls1_1":       {[]string{"-tls1_1", "-cipher", "ALL:@SECLEVEL=0"}, false},
		"tls1":         {[]string{"-tls1", "-cipher", "ALL:@SECLEVEL=0"}, false},
		"cbc":          {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256:@SECLEVEL=0"}, false},
		"static_rsa":   {[]string{"-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"}, false},
		"chacha_in_12": {[]string{"-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"}, false},
		"null":         {[]string{"-tls1_2", "-cipher", "NULL:@SECLEVEL=0"}, false},
	} {
		if out, err := connect(append(try.args, mine...)...); (err == nil) != try.good {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	if out, err := connect("-tls1_2"); err == nil {
		t.Errorf("without a certificate: %s", out)
	}
}
