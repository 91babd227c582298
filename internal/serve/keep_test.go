package serve_test

import (
	"context"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/serve"
)

// verified is what the log of a data folder holds.
func verified(t testing.TB, data string) *review.Report {
	t.Helper()
	key, err := os.ReadFile(filepath.Join(data, "log.pub"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := review.Verify(context.Background(), review.Config{Dir: filepath.Join(data, "log"), Key: strings.TrimSpace(string(key)), Open: true})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestExpire: what is older than the retention is deleted, each study recorded.
func TestExpire(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	h := start(t, func(c *serve.Config) {
		c.Retention.After = 10 * 24 * time.Hour
		c.Now = func() time.Time { return now }
	})
	// Certificates are of the real time, which the archive does not go by here.
	h.user(identity.Account{Name: "ann", Roles: []leadglass.Role{leadglass.Radiologist}})
	put := func(uid, date string) string {
		name := filepath.Join(t.TempDir(), "a.dcm")
		if err := os.WriteFile(name, slice{name: "A", patient: uid, study: dicom.UID(uid), n: 1, date: date}.file(t), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	done, err := serve.Import(t.Context(), h.c, serve.Importing{
		Paths: []string{put("1.2.1", "20261113"), put("1.2.2", "20261114"), put("1.2.3", "")}, Operator: "root",
	})
	if err != nil || done.Stored != 3 {
		t.Fatalf("%+v, %v", done, err)
	}
	h = run(t, h.c)
	if n, err := h.s.Expire(t.Context()); err != nil || n != 1 {
		t.Errorf("%d studies expired, %v; want 1", n, err)
	}
	if n := verified(t, h.c.Data).Events["110105"]; n != 1 {
		t.Errorf("%d deletions are recorded, want 1", n)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	found, err := serve.Fsck(t.Context(), h.c, false)
	if err != nil || !found.Good() || found.Objects != 2 {
		t.Errorf("%+v, %v; want 2 objects", found, err)
	}
}

// TestImport_Denied: where the site's policies do not let it, nothing is stored and
// the refusal is recorded.
func TestImport_Denied(t *testing.T) {
	c := serve.Config{Data: filepath.Join(t.TempDir(), "data")}
	c.Policies = rules(t, `@id("none") @because("a test") permit (principal in Role::"radiologist", action, resource);`)
	_, err := serve.Import(t.Context(), c, serve.Importing{Paths: []string{"."}, Operator: "root"})
	if err == nil || !strings.Contains(err.Error(), "do not permit") {
		t.Errorf("got %v", err)
	}
	if r := verified(t, c.Data); r.Refused != 1 || r.Size != 1 {
		t.Errorf("%d records, %d refused; want 1 and 1", r.Size, r.Refused)
	}
}

// TestDoctor: it says what runs, and what is open.
func TestDoctor(t *testing.T) {
	web := free(t)
	h := start(t, func(c *serve.Config) { c.Web.TLS = []string{web} })
	find := func(about string) (serve.Finding, bool) {
		for _, f := range serve.Doctor(t.Context(), h.c) {
			if f.About == about {
				return f, true
			}
		}
		return serve.Finding{}, false
	}
	if f, ok := find("running"); !ok || f.Bad || f.Text != "yes, and well, at "+web {
		t.Errorf("%+v", f)
	}
	if rs, body := h.get(h.client(), "", "/healthz"); rs.StatusCode != http.StatusOK || string(body) != "ok\n" {
		t.Errorf("%d %q", rs.StatusCode, body)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	if f, ok := find("running"); !ok || !strings.HasPrefix(f.Text, "no: ") {
		t.Errorf("%+v", f)
	}
	h.c.Policies = rules(t, "permit (")
	if f, ok := find("policies"); !ok || !f.Bad {
		t.Errorf("%+v", f)
	}
}

// TestRegistry_IsRecorded: what changes of accounts and devices is in the log, once,
// also what changed while the archive was stopped; passwords are not.
func TestRegistry_IsRecorded(t *testing.T) {
	h := start(t, nil)
	h.user(identity.Account{Name: "ann", Roles: []leadglass.Role{leadglass.Radiologist}})
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h.device("ct1", nil, leadglass.Modality)
	h = run(t, h.c)
	if err := h.directory().Revoke(t.Context(), "ct1"); err != nil {
		t.Fatal(err)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	h = run(t, h.c)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, r := range records(t, h.c.Data) {
		if r.Type == leadglass.UserSecurity {
			text, _, _ := strings.Cut(r.Text, ": {")
			said = append(said, string(r.Action)+" "+text)
			if strings.Contains(r.Text, "argon2") {
				t.Error("a record has a password")
			}
		}
	}
	if got, want := strings.Join(said, ", "), "C account ann made, C device ct1 made, U device ct1 changed"; got != want {
		t.Errorf("recorded %q, want %q", got, want)
	}
}

// TestRegistry_AnyFile: what was recorded last may have become anything.
func TestRegistry_AnyFile(t *testing.T) {
	h := start(t, nil)
	h.user(identity.Account{Name: "ann", Roles: []leadglass.Role{leadglass.Radiologist}})
	for _, text := range []string{"null", "{", ""} {
		if err := h.stop(); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(h.c.Data, "identity", "recorded.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		h = run(t, h.c)
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range records(t, h.c.Data) {
		if r.Type == leadglass.UserSecurity {
			n++
		}
	}
	if n != 3 {
		t.Errorf("recorded %d times, want 3", n)
	}
}
