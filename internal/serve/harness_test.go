package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
)

// password is that of every account of the tests.
const password = "correct horse battery"

// house is an archive that runs, with what is needed to speak to it.
type house struct {
	t    testing.TB
	c    serve.Config
	s    *serve.Server
	said *diagnostics
	stop func() error // ends it; may be called again

	dimse, plain, web, http string // addresses; empty where there is none
}

// start runs an archive in a folder of the test, on loopback and free ports.
func start(t testing.TB, change func(*serve.Config)) *house {
	t.Helper()
	c := serve.Config{Data: filepath.Join(t.TempDir(), "data")}
	c.DIMSE.TLS, c.Web.TLS = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
	if change != nil {
		change(&c)
	}
	return run(t, c)
}

// run runs an archive as configured.
func run(t testing.TB, c serve.Config) *house {
	t.Helper()
	h := &house{t: t, c: c, said: &diagnostics{}}
	h.c.Diagnostics = slog.New(slog.NewTextHandler(h.said, &slog.HandlerOptions{Level: slog.LevelDebug}))
	ctx, cancel := context.WithCancel(context.Background())
	s, err := serve.Open(ctx, h.c)
	if err != nil {
		cancel()
		t.Fatal(err)
	}
	h.s = s
	served := make(chan error, 1)
	go func() { served <- s.Serve(ctx) }()
	h.stop = sync.OnceValue(func() error {
		cancel()
		err := <-served
		if closed := s.Close(); err == nil {
			err = closed
		}
		return err
	})
	t.Cleanup(func() {
		if err := h.stop(); err != nil {
			t.Errorf("stopping: %v", err)
		}
		if t.Failed() {
			t.Logf("diagnostics:\n%s", h.said)
		}
	})
	for _, l := range s.Listening() {
		switch l.Face {
		case serve.DIMSEOverTLS:
			h.dimse = l.Address
		case serve.PlainDIMSE:
			h.plain = l.Address
		case serve.HTTPS:
			h.web = l.Address
		case serve.PlainHTTP:
			h.http = l.Address
		}
	}
	return h
}

// directory is that of the archive, as a command opens it.
func (h *house) directory() *identity.Directory {
	h.t.Helper()
	d, err := h.c.OpenDirectory(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	return d
}

// device enrols a device, whose name in capitals is its title, and returns how it
// connects: to DIMSE and to the web.
func (h *house) device(name string, change func(*identity.Enrolment), roles ...leadglass.Role) *tls.Config {
	h.t.Helper()
	a, err := h.c.OpenCA(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	made, err := a.Device(ca.DeviceRequest{Name: name, Hosts: []string{"127.0.0.1"}})
	if err != nil {
		h.t.Fatal(err)
	}
	e := identity.Enrolment{
		Name: name, Keys: []string{ca.SPKI(made.Certificate)}, Roles: roles, Purpose: leadglass.Treatment,
		Calling: []leadglass.AETitle{leadglass.AETitle(strings.ToUpper(name))},
	}
	if change != nil {
		change(&e)
	}
	if err := h.directory().Enrol(context.Background(), e); err != nil {
		h.t.Fatal(err)
	}
	pair, err := tls.X509KeyPair(made.CertPEM, made.KeyPEM)
	if err != nil {
		h.t.Fatal(err)
	}
	return &tls.Config{RootCAs: a.Pool(), Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, ServerName: "127.0.0.1"}
}

// user makes an account.
func (h *house) user(a identity.Account) {
	h.t.Helper()
	if err := h.directory().AddAccount(context.Background(), a, password); err != nil {
		h.t.Fatal(err)
	}
}

// client is one of the web, which trusts the archive and shows what own says.
func (h *house) client(own ...tls.Certificate) *http.Client {
	h.t.Helper()
	a, err := h.c.OpenCA(context.Background())
	if err != nil {
		h.t.Fatal(err)
	}
	tr := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.Pool(), Certificates: own}, ForceAttemptHTTP2: true}
	h.t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr, Timeout: 30 * time.Second}
}

// get asks the web as a person, for treatment.
func (h *house) get(c *http.Client, user, path string, header ...string) (*http.Response, []byte) {
	h.t.Helper()
	rq, err := http.NewRequest(http.MethodGet, "https://"+h.web+path, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	if user != "" {
		rq.SetBasicAuth(user, password)
	}
	rq.Header.Set("Purpose-Of-Use", "TREAT")
	for i := 0; i+1 < len(header); i += 2 {
		rq.Header.Set(header[i], header[i+1])
	}
	rs, err := c.Do(rq)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rs.Body.Close()
	body, err := io.ReadAll(rs.Body)
	if err != nil {
		h.t.Fatal(err)
	}
	return rs, body
}

// free is an address on loopback where nobody listens.
func free(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// diagnostics is what the archive says, kept.
type diagnostics struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (d *diagnostics) Write(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all.Write(p)
}

func (d *diagnostics) String() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.all.String()
}
