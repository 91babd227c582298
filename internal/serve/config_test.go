package serve_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/serve"
)

const full = `data = "archive"
origin = "pacs.example.org/log"

[dimse]
title = "ARCHIVE"
tls   = [":2762"]
plain = ["127.0.0.1:11112"]

[web]
tls = ["[::1]:8443"]

[tls]
profile = "B.13"
names = ["pacs.example.org"]

[[exception]]
name = "old ultrasound"
addresses = ["192.0.2.7", "192.0.2.16/28"]
calling = ["US_OLD"]
roles = ["modality"]
purpose = "treat"
services = ["C-STORE", "C-ECHO"]
expires = 2027-06-30
accept = "…"

[[issuer]]
url = "https://login.example.org"
audience = "leadglass"
roles_claim = "groups"
roles = { rad = "radiologist" }

[retention]
days = 10
`

func TestParse_Everything(t *testing.T) {
	c, err := serve.Parse("/etc/leadglass/leadglass.toml", []byte(full))
	if err != nil {
		t.Fatal(err)
	}
	if c.Data != "/etc/leadglass/archive" || c.Origin != "pacs.example.org/log" || c.DIMSE.Title != "ARCHIVE" || c.TLS.Profile != "B.13" {
		t.Errorf("got %+v", c)
	}
	if c.Retention.After != 240*time.Hour {
		t.Errorf("kept for %v, want 10 days", c.Retention.After)
	}
	x := c.Exceptions[0]
	if len(x.Addresses) != 2 || x.Addresses[0].String() != "192.0.2.7/32" || x.Purpose != leadglass.Treatment ||
		!x.Expires.Equal(time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC)) || !reflect.DeepEqual(x.Services, []leadglass.Route{leadglass.CStore, leadglass.CEcho}) {
		t.Errorf("exception %+v", x)
	}
	if is := c.Issuers[0]; is.Roles["rad"] != leadglass.Radiologist || is.RolesClaim != "groups" {
		t.Errorf("issuer %+v", is)
	}
}

// TestParse_Refuses: what is wrong is told with line, key and remedy.
func TestParse_Refuses(t *testing.T) {
	for _, c := range []struct {
		name, old, new string
		line           int
		key, what      string
	}{
		{"unknown_key", "tls   = ", "tsl   = ", 6, "", `no key "dimse.tsl"`},
		{"not_toml", "[web]", "[web", 9, "", ""},
		{"title", `"ARCHIVE"`, `"ARCHIVE_WITH_A_LONG_NAME"`, 5, "dimse.title", "no AE title"},
		{"called", "tls   = [\":2762\"]", `called = [""]`, 6, "dimse.called", "no AE title"},
		{"passphrase", `origin = "pacs.example.org/log"`, `passphrase_file = "none"`, 2, "passphrase_file", "no such file"},
		{"profile", `"B.13"`, `"B.1"`, 13, "tls.profile", "no profile"},
		{"plain_web", `tls = ["[::1]:8443"]`, `plain = ["0.0.0.0:80"]`, 10, "web.plain", "not loopback"},
		{"listener", `"[::1]:8443"`, `"::1"`, 10, "web.tls", "no address to listen on"},
		{"no_date", "expires = 2027-06-30\n", "", 16, "exception.expires", "missing"},
		{"date_as_text", "2027-06-30", `"soon"`, 23, "exception.expires", "no date"},
		{"purpose", `"treat"`, `"CURIOSITY"`, 21, "exception.purpose", "no purpose of use"},
		{"address", `"192.0.2.7"`, `"modality-7"`, 18, "exception.addresses", "no address"},
		{"issuer_http", "https://login", "http://login", 27, "issuer.url", "no https URL"},
		{"issuer_not_loopback", "https://login", "http://127.0.0.1.login", 27, "issuer.url", "no https URL"},
		{"issuer_keys", `roles_claim = "groups"`, `keys = "none"`, 29, "issuer.keys", "no such file"},
		{"audience", `audience = "leadglass"` + "\n", "", 26, "issuer.audience", "missing"},
		{"days", "days = 10", "days = -1", 33, "retention.days", "-1 days"},
		{"half_a_certificate", `names = ["pacs.example.org"]`, `key = "k.pem"`, 12, "tls.certificate", "belong together"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := serve.Parse("leadglass.toml", []byte(strings.Replace(full, c.old, c.new, 1)))
			e, ok := errors.AsType[*serve.ConfigError](err)
			if !ok {
				t.Fatalf("got %v, want a ConfigError", err)
			}
			if e.Line != c.line || e.Key != c.key || !strings.Contains(e.What, c.what) || e.Hint() == "" {
				t.Errorf("line %d, key %q, %q, hint %q", e.Line, e.Key, e.What, e.Hint())
			}
		})
	}
}

// TestParse_PlainNeedsAnException: outside of loopback nobody speaks in the clear
// unless somebody accepted it.
func TestParse_PlainNeedsAnException(t *testing.T) {
	const plain = "[dimse]\nplain = [\":11112\"]\n"
	_, err := serve.Parse("x.toml", []byte(plain))
	if e, ok := errors.AsType[*serve.ConfigError](err); !ok || e.Key != "dimse.plain" || e.Line != 2 {
		t.Errorf("got %v", err)
	}
	if _, err := serve.Parse("x.toml", []byte(plain+full[strings.Index(full, "[[exception]]"):])); err != nil {
		t.Errorf("with an exception: %v", err)
	}
}

func TestLimit_File(t *testing.T) {
	name := filepath.Join(t.TempDir(), "long.toml")
	for size, good := range map[int]bool{1 << 20: true, 1<<20 + 1: false} {
		if err := os.WriteFile(name, []byte(strings.Repeat("#", size)), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := serve.Load(name); (err == nil) != good {
			t.Errorf("%d bytes: %v", size, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(full))
	f.Add([]byte("[[exception]]\n[[issuer]]\n"))
	f.Add([]byte("dimse = 1"))
	f.Fuzz(func(t *testing.T, text []byte) {
		if _, err := serve.Parse("f", text); err != nil {
			if e, ok := errors.AsType[*serve.ConfigError](err); !ok || e.What == "" || e.Remedy == "" {
				t.Errorf("no ConfigError with a remedy: %#v", err)
			}
		}
	})
}
