package serve_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
	"github.com/leadglass/leadglass/ul"
)

// TestServe_StoreAndRead: what a modality stores a radiologist finds, reads and
// sees, after a restart as well.
func TestServe_StoreAndRead(t *testing.T) {
	h := start(t, nil)
	h.user(identity.Account{Name: "ann", Roles: []leadglass.Role{leadglass.Radiologist}})
	h.user(identity.Account{Name: "cleo", Roles: []leadglass.Role{leadglass.Administrator}})
	tlsConfig := h.device("ct1", nil, leadglass.Modality)
	planted := slice{name: "PLANTED^NAME", patient: "PLANTED-ID", study: "1.2.840.99999.1", n: 1, pixels: 512}
	h.store(tlsConfig, "CT1", planted)
	for range 2 {
		c := h.client()
		rs, body := h.get(c, "ann", "/dicom-web/studies?PatientID=PLANTED-ID")
		var found []map[string]any
		if err := json.Unmarshal(body, &found); rs.StatusCode != http.StatusOK || err != nil || len(found) != 1 {
			t.Fatalf("status %d, %d studies, %v", rs.StatusCode, len(found), err)
		}
		rs, body = h.get(c, "ann", "/dicom-web/studies/1.2.840.99999.1/series/1.2.840.99999.1.1/instances/1.2.840.99999.1.1.1",
			"Accept", `multipart/related; type="application/dicom"; transfer-syntax=*`)
		if rs.StatusCode != http.StatusOK || !bytes.Contains(body, planted.dataset(t)) {
			t.Errorf("status %d, %d bytes, not those that were stored", rs.StatusCode, len(body))
		}
		if rs, body = h.get(c, "cleo", "/dicom-web/studies"); rs.StatusCode != http.StatusForbidden {
			t.Errorf("an administrator got %d %s", rs.StatusCode, body)
		}
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		h = run(t, h.c)
	}
	for _, planted := range []string{"PLANTED", "1.2.840.99999.1"} {
		if strings.Contains(h.said.String(), planted) {
			t.Errorf("diagnostics have %s", planted)
		}
	}
}

// TestServe_NobodyGetsIn: without an identity there is no answer on any face.
func TestServe_NobodyGetsIn(t *testing.T) {
	h := start(t, nil)
	tlsConfig := h.device("ct1", nil, leadglass.Modality)
	if a, err := ul.Dial(context.Background(), h.dimse, ask("CT1"), &ul.Config{}); err == nil {
		a.Abort(0)
		t.Error("an association without TLS")
	}
	_, err := ul.Dial(context.Background(), h.dimse, ask("OTHER"), &ul.Config{TLS: tlsConfig})
	if r, ok := errors.AsType[*ul.RejectError](err); !ok || r.Reason != ul.ReasonCallingNotRecognised {
		t.Errorf("a borrowed title: %v", err)
	}
	for path, want := range map[string]int{"/healthz": 200, "/": 401, "/dicom-web/studies": 401, "/metrics": 401} {
		if rs, _ := h.get(h.client(), "", path); rs.StatusCode != want {
			t.Errorf("%s: %d, want %d", path, rs.StatusCode, want)
		}
	}
}

// TestOpen_LeavesOthersAlone: a folder with other things in it is not touched.
func TestOpen_LeavesOthersAlone(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := serve.Open(context.Background(), serve.Config{Data: dir})
	if e, ok := errors.AsType[*serve.ConfigError](err); !ok || e.Key != "data" || e.Hint() == "" {
		t.Errorf("got %v", err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 1 {
		t.Errorf("%d files, want 1", len(all))
	}
}

// TestOpen_InUse: two archives do not share a folder or a port.
func TestOpen_InUse(t *testing.T) {
	h := start(t, nil)
	_, err := serve.Open(context.Background(), h.c)
	if e, ok := errors.AsType[*serve.ConfigError](err); !ok || !strings.Contains(e.What, "another leadglass uses") {
		t.Errorf("the same folder: %v", err)
	}
	other := h.c
	other.Data, other.Web.TLS = filepath.Join(t.TempDir(), "other"), []string{h.web}
	_, err = serve.Open(context.Background(), other)
	if e, ok := errors.AsType[*serve.ConfigError](err); !ok || e.Key != "web.tls" || !strings.Contains(e.What, "in use") {
		t.Errorf("the same port: %v", err)
	}
}

// TestServe_Reload: rules that check count at once, others are left.
func TestServe_Reload(t *testing.T) {
	dir := t.TempDir()
	rule := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "a.cedar"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const all = `@id("all") @because("a test") permit (principal, action, resource);`
	rule(all)
	h := start(t, func(c *serve.Config) { c.Policies = dir })
	before := h.s.Policy()
	rule("permit (")
	if err := h.s.Reload(context.Background()); err == nil || h.s.Policy() != before {
		t.Errorf("rules that do not parse: %v, %s", err, h.s.Policy())
	}
	rule(strings.Replace(all, "a test", "another", 1))
	if err := h.s.Reload(context.Background()); err != nil || h.s.Policy() == before {
		t.Errorf("other rules: %v, %s", err, h.s.Policy())
	}
}
