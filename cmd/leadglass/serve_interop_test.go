package main_test

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/peertest"
)

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

// archive is leadglass serve, a process of its own.
type archive struct {
	t                 *testing.T
	dir, config       string
	dimse, plain, web string // addresses
	out               *peertest.Said
}

// serves starts an archive with the configuration beside its listeners, and waits
// until it is ready. When the test ends it stops, and that has to go well.
func serves(t *testing.T, config string) *archive {
	t.Helper()
	a := &archive{t: t, dir: t.TempDir(), out: &peertest.Said{}}
	a.config = filepath.Join(a.dir, "leadglass.toml")
	plain := ""
	if strings.Contains(config, "[[exception]]") {
		plain = "plain = [\"127.0.0.1:0\"]\n"
	}
	text := "data = \"data\"\n[dimse]\ntls = [\"127.0.0.1:0\"]\n" + plain + "[web]\ntls = [\"127.0.0.1:0\"]\n" + config
	if err := os.WriteFile(a.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("leadglass", "serve", "--verbose", "--config", a.config)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = a.out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("leadglass serve ended with %v", err)
		}
		if t.Failed() {
			t.Logf("leadglass serve said:\n%s", a.out)
		}
	})
	a.ready(out)
	return a
}

// ready reads where the archive listens.
func (a *archive) ready(out io.Reader) {
	a.t.Helper()
	lines := bufio.NewScanner(out)
	for lines.Scan() && lines.Text() != "ready" {
		face, address, _ := strings.Cut(lines.Text(), "  ")
		switch address = strings.TrimSpace(address); face {
		case "DICOM over TLS":
			a.dimse = address
		case "DICOM, not encrypted":
			a.plain = address
		case "DICOMweb over HTTPS":
			a.web = address
		}
	}
	if a.dimse == "" || a.web == "" || lines.Text() != "ready" {
		a.t.Fatalf("leadglass serve is not ready: %v\n%s", lines.Err(), a.out)
	}
}

// command runs leadglass on the archive's configuration.
func (a *archive) command(input string, args ...string) string {
	a.t.Helper()
	cmd := exec.Command("leadglass", append(args, "--config", a.config)...)
	cmd.Stdin = strings.NewReader(input)
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		a.t.Fatalf("leadglass %q: %v\n%s%s", args, err, out, said.Bytes())
	}
	return string(out)
}

// device is a machine as the archive knows it.
type device struct{ title, key, cert, ca string }

// enrol makes a device known, by a title and with the options of device enrol.
func (a *archive) enrol(title string, options ...string) device {
	a.t.Helper()
	dir := filepath.Join(a.dir, strings.ToLower(title))
	a.command("", append([]string{"device", "enrol", strings.ToLower(title), "--ae", title, "--out", dir}, options...)...)
	in := func(name string) string { return filepath.Join(dir, name) }
	return device{title, in("key.pem"), in("cert.pem"), in("ca.pem")}
}

// password is that of every account.
const password = "correct horse battery"

// user makes an account.
func (a *archive) user(name, role string) {
	a.t.Helper()
	a.command(password+"\n", "user", "add", name, "--role", role)
}

// tls is how a device connects.
func (d device) tls(t *testing.T) *tls.Config {
	t.Helper()
	pair, err := tls.LoadX509KeyPair(d.cert, d.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{RootCAs: pool(t, d.ca), Certificates: []tls.Certificate{pair}, ServerName: "127.0.0.1"}
}

func pool(t *testing.T, name string) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := x509.NewCertPool()
	if !p.AppendCertsFromPEM(text) {
		t.Fatalf("%s has no certificate", name)
	}
	return p
}

// client speaks to the web as a device.
func (d device) client(t *testing.T) *http.Client {
	tr := &http.Transport{TLSClientConfig: d.tls(t)}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

// ask sends a request to the web and returns the answer.
func (a *archive) ask(c *http.Client, method, path string, body io.Reader, header ...string) (*http.Response, []byte) {
	a.t.Helper()
	rq, err := http.NewRequest(method, a.web+path, body)
	if err != nil {
		a.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	rsp, err := c.Do(rq)
	if err != nil {
		a.t.Fatal(err)
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	if err != nil {
		a.t.Fatal(err)
	}
	return rsp, b
}

// dataSet is what stands after the file meta information of a file, which is
// explicit little endian and ends where group 0002 does (PS3.10 section 7.1).
func dataSet(b []byte) []byte {
	at := 0
	if len(b) >= 132 && string(b[128:132]) == "DICM" {
		at = 132
	}
	for at+12 <= len(b) && binary.LittleEndian.Uint16(b[at:]) == 2 {
		switch string(b[at+4 : at+6]) {
		case "OB", "OW", "UN", "UT", "SQ":
			at += 12 + int(binary.LittleEndian.Uint32(b[at+8:]))
		default:
			at += 8 + int(binary.LittleEndian.Uint16(b[at+6:]))
		}
	}
	return b[min(at, len(b)):]
}
