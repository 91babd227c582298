package serve_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
)

// rules writes a folder of rules, as a site has them.
func rules(t testing.TB, text string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "site.cedar"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestServe_Watermark: where the policy obliges to a watermark pictures bear it, and
// what cannot bear one does not leave.
func TestServe_Watermark(t *testing.T) {
	h := start(t, func(c *serve.Config) {
		c.Policies = rules(t, `
@id("all") @because("a test") permit (principal in Role::"radiologist", action, resource);
@id("marked") @because("a test") @obligation("watermark") permit (principal in Role::"clerk", action, resource);
@id("stores") @because("a test") permit (principal in Role::"modality", action, resource);`)
	})
	h.user(identity.Account{Name: "ann", Roles: []leadglass.Role{leadglass.Radiologist}})
	h.user(identity.Account{Name: "bob", Roles: []leadglass.Role{leadglass.Clerk}})
	grey := slice{name: "P^Q", patient: "P", study: "1.2.3", n: 1, pixels: 300 * 200, rows: 200, columns: 300}
	h.store(h.device("ct1", nil, leadglass.Modality), "CT1", grey)

	const instance = "/dicom-web/studies/1.2.3/series/1.2.3.1/instances/1.2.3.1.1"
	seen := map[string]image.Image{}
	for _, who := range []string{"ann", "bob"} {
		rs, body := h.get(h.client(), who, instance+"/rendered", "Accept", "image/png")
		m, err := png.Decode(bytes.NewReader(body))
		if rs.StatusCode != http.StatusOK || err != nil {
			t.Fatalf("%s: %d, %v", who, rs.StatusCode, err)
		}
		seen[who] = m
	}
	differ := 0
	for y := range 200 {
		for x := range 300 {
			a, _, _, _ := seen["ann"].At(x, y).RGBA()
			b, _, _, _ := seen["bob"].At(x, y).RGBA()
			if a != b {
				differ++
			}
		}
	}
	if differ < 300 || differ > 300*200/4 {
		t.Errorf("%d of %d pixels bear the mark", differ, 300*200)
	}
	for who, want := range map[string]int{"ann": http.StatusOK, "bob": http.StatusForbidden} {
		if rs, _ := h.get(h.client(), who, instance, "Accept", `multipart/related; type="application/dicom"; transfer-syntax=*`); rs.StatusCode != want {
			t.Errorf("%s got the object with %d, want %d", who, rs.StatusCode, want)
		}
	}
}
