package main_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/ul"
)

// contestant is an archive that is measured: a process of its own, on loopback.
type contestant struct {
	*bench
	name    string
	program []string
	dimse   string // address
	web     string // URL of the DICOMweb service
	header  http.Header
	cmd     *exec.Cmd
	said    *peertest.Said
}

// folderOf makes a folder for what a contestant keeps.
func (b *bench) folderOf(name string, files map[string]string) string {
	b.Helper()
	dir := b.path(name)
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	for file, text := range files {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return dir
}

// leadglass is our archive: DIMSE not encrypted, by an exception, and DICOMweb not
// encrypted on loopback, for a person with a bearer token. Everything is recorded.
func (b *bench) leadglass() *contestant {
	b.Helper()
	keys, token := b.issuer()
	d, w := peertest.Port(b.T), peertest.Port(b.T)
	dir := b.folderOf("ours", map[string]string{"keys.json": keys, "leadglass.toml": exception("104", "BENCH") + fmt.Sprintf(`
[dimse]
tls = []
plain = ["127.0.0.1:%s"]
[web]
tls = []
plain = ["127.0.0.1:%s"]
[[issuer]]
url = "https://login.example.org/bench"
audience = "leadglass"
keys = "keys.json"
roles = { rad = "radiologist" }
`, d, w)})
	config := filepath.Join(dir, "leadglass.toml")
	text, _ := os.ReadFile(config)
	if err := os.WriteFile(config, append([]byte("data = \"data\"\n"), text...), 0o600); err != nil {
		b.Fatal(err)
	}
	return &contestant{
		bench: b, name: "leadglass", program: []string{b.path("leadglass"), "serve", "--config", config},
		dimse: "127.0.0.1:" + d, web: "http://127.0.0.1:" + w + "/dicom-web",
		header: http.Header{"Authorization": {"Bearer " + token}, "Purpose-Of-Use": {"TREAT"}},
	}
}

// issuer makes a key set and a token of a radiologist that it signed.
func (b *bench) issuer() (keys, token string) {
	b.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Use: "sig"}}})
	if err != nil {
		b.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		b.Fatal(err)
	}
	now := time.Now().Unix()
	claims, err := json.Marshal(map[string]any{
		"iss": "https://login.example.org/bench", "aud": "leadglass", "sub": "rita", "exp": now + 7200, "iat": now, "jti": "1", "roles": []string{"rad"},
	})
	if err != nil {
		b.Fatal(err)
	}
	signed, err := signer.Sign(claims)
	if err != nil {
		b.Fatal(err)
	}
	token, err = signed.CompactSerialize()
	if err != nil {
		b.Fatal(err)
	}
	return string(set), token
}

// peertest.OrthancDICOMweb is Debian's plugin.
// orthanc is Debian's Orthanc with its defaults, the ports excepted, and with C-GET,
// which it does not allow to strangers by default. It knows nobody and records nothing.
func (b *bench) orthanc() *contestant {
	b.Helper()
	d, w := peertest.Port(b.T), peertest.Port(b.T)
	dir := b.folderOf("theirs", nil)
	config, err := json.Marshal(map[string]any{
		"StorageDirectory": dir, "IndexDirectory": dir, "HttpPort": peertest.Number(w), "DicomPort": peertest.Number(d), "DicomAet": "LEADGLASS",
		"DicomAlwaysAllowFind": true, "DicomAlwaysAllowGet": true, "AuthenticationEnabled": false, "RemoteAccessAllowed": false,
		"Plugins": []string{peertest.OrthancDICOMweb},
	})
	if err != nil {
		b.Fatal(err)
	}
	name := filepath.Join(dir, "orthanc.json")
	if err := os.WriteFile(name, config, 0o600); err != nil {
		b.Fatal(err)
	}
	return &contestant{
		bench: b, name: "Orthanc", program: []string{"Orthanc", name},
		dimse: "127.0.0.1:" + d, web: "http://127.0.0.1:" + w + "/dicom-web", header: http.Header{},
	}
}

// start starts it and returns after how long it answers both faces.
func (c *contestant) start() time.Duration {
	c.Helper()
	c.cmd, c.said = exec.Command(c.program[0], c.program[1:]...), &peertest.Said{}
	c.cmd.Stdout, c.cmd.Stderr = c.said, c.said
	c.cmd.Env = append(os.Environ(), "TCP_NODELAY=1") // DCMTK, which is in Orthanc, waits otherwise
	begin := time.Now()
	if err := c.cmd.Start(); err != nil {
		c.Fatal(err)
	}
	for !c.answers() {
		if time.Since(begin) > time.Minute {
			c.Fatalf("%s does not answer:\n%s", c.name, c.said)
		}
		time.Sleep(2 * time.Millisecond)
	}
	return time.Since(begin)
}

// answers says whether both faces answer: an echo, and a search for nobody.
func (c *contestant) answers() bool {
	ctx, cancel := context.WithTimeout(c.Context(), 10*time.Second)
	defer cancel()
	a, err := ul.Dial(ctx, c.dimse, request("BENCH"), nil)
	if err != nil {
		return false
	}
	defer a.Abort(0)
	if rsp, err := dimse.NewClient(a, dimse.Limits{}).Echo(ctx); err != nil || rsp.Status != dimse.Success {
		return false
	}
	_ = a.Release(ctx)
	rsp, err := c.asks(http.DefaultClient, "/studies?PatientID=NOBODY", "application/dicom+json")
	return err == nil && rsp >= 0
}

// stop ends it in order.
func (c *contestant) stop() {
	c.Helper()
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	if err := c.cmd.Wait(); err != nil {
		c.Errorf("%s ended with %v:\n%s", c.name, err, c.said)
	}
	c.cmd = nil
}

// request is an association request of all that is measured.
func request(calling ul.AETitle) *ul.AssociateRQ {
	rq := dimsetest.Request(calling, "LEADGLASS", append(dimsetest.Classes(dimse.Verification, dimse.StudyRootGet),
		dimsetest.Context{Class: ctClass, Syntax: explicitLittle})...)
	rq.User.Roles = append(rq.User.Roles, ul.RoleSelection{SOPClass: ctClass, SCU: true, SCP: true})
	return rq
}

const explicitLittle = "1.2.840.10008.1.2.1"

// processor is the time that processors spent on it so far.
func (c *contestant) processor() time.Duration {
	c.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		c.Fatal(err)
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after) // from the third on (proc_pid_stat(5))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	kernel, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+kernel) * (time.Second / 100)
}

// settled is processor once what an archive does later is done, too.
func (c *contestant) settled() time.Duration {
	was := c.processor()
	for range 40 {
		time.Sleep(250 * time.Millisecond)
		is := c.processor()
		if is == was {
			break
		}
		was = is
	}
	return was
}

// memory is a line of its status: VmRSS, VmHWM, in bytes.
func (c *contestant) memory(key string) int64 {
	c.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		c.Fatal(err)
	}
	_, after, _ := strings.Cut(string(status), key+":")
	n, _ := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
	return n << 10
}

// fromNow lets VmHWM begin anew.
func (c *contestant) fromNow() {
	_ = os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", c.cmd.Process.Pid), []byte("5"), 0)
}
