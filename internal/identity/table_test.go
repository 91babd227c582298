package identity_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/identity"
)

// TestTable_BrokenFiles: an archive does not start with a file that it cannot read,
// and one that broke while it runs leaves what was before in force, and is not
// overwritten.
func TestTable_BrokenFiles(t *testing.T) {
	hash := identity.WeakHash(secret)
	account := func(s string) string { return `{"version": 1, "accounts": [` + s + `]}` }
	one := `{"name": "anna", "password": "` + hash + `"}`
	device := func(s string) string { return `{"version": 1, "devices": [` + s + `]}` }
	for _, c := range []struct{ name, file, text string }{
		{"no_json", "accounts.json", "anna:x"},
		{"version", "accounts.json", `{"version": 2, "accounts": []}`},
		{"no_version", "accounts.json", `{"accounts": []}`},
		{"unknown_member", "accounts.json", account(strings.Replace(one, "}", `, "admin": true}`, 1))},
		{"member_twice", "accounts.json", account(strings.Replace(one, "}", `, "name": "eve"}`, 1))},
		{"null", "accounts.json", account("null")},
		{"name_in_capitals", "accounts.json", account(strings.Replace(one, "anna", "Anna", 1))},
		{"twice", "accounts.json", account(one + "," + one)},
		{"no_password", "accounts.json", account(`{"name": "anna"}`)},
		{"plain_password", "accounts.json", account(`{"name": "anna", "password": "secret"}`)},
		{"much_memory", "accounts.json", account(strings.Replace(one, "m=8", "m=4194304", 1))},
		{"many_passes", "accounts.json", account(strings.Replace(one, "t=1", "t=1000000", 1))},
		{"no_lanes", "accounts.json", account(strings.Replace(one, "p=1", "p=0", 1))},
		{"more_behind", "accounts.json", account(one) + "{}"},
		{"cut", "accounts.json", account(one)[:60]},
		{"two_devices", "devices.json", device(`{"name": "a", "subject": "CN=a"}, {"name": "b", "subject": "CN=a"}`)},
		{"device_by_title", "devices.json", device(`{"name": "a", "calling": ["A"]}`)},
		{"device_member", "devices.json", device(`{"name": "a", "subject": "CN=a", "role": "modality"}`)},
		{"device_time", "devices.json", device(`{"name": "a", "subject": "CN=a", "until": "soon"}`)},
		{"device_null", "devices.json", device(`null`)},
		{"device_version", "devices.json", `{"version": 0}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			var said bytes.Buffer
			h, _ := withAnna(t, func(c *identity.Config) { c.Diagnostics = slog.New(slog.NewTextHandler(&said, nil)) })
			cert := certificate(nil)
			if err := h.Enrol(t.Context(), ct(cert)); err != nil {
				t.Fatal(err)
			}
			name := filepath.Join(h.conf.Dir, c.file)
			if err := os.WriteFile(name, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); err != nil {
					t.Errorf("anna: %v", err)
				}
				if _, err := h.Device(t.Context(), from("192.0.2.5", cert), "CT1", "ARCHIVE"); err != nil {
					t.Errorf("the device: %v", err)
				}
			}
			if n := strings.Count(said.String(), "cannot be read"); n != 1 {
				t.Errorf("said %d times: %s", n, &said)
			}
			if words := strings.Join(h.Doctor(), "\n"); !strings.Contains(words, "stays so") || !strings.Contains(words, c.file) {
				t.Errorf("doctor: %s", words)
			}
			change := h.Revoke(t.Context(), "ct-1")
			if c.file == "accounts.json" {
				change = h.ChangeAccount(t.Context(), "anna", func(*identity.Account) {})
			}
			if now := must(os.ReadFile(name)); change == nil || string(now) != c.text {
				t.Errorf("overwritten: %v", change)
			}
			if _, err := identity.Open(t.Context(), h.conf); err == nil {
				t.Error("started with it")
			}
		})
	}
}

// TestTable_Gone: a file that vanishes takes nobody's account away.
func TestTable_Gone(t *testing.T) {
	h, _ := withAnna(t, nil)
	name := filepath.Join(h.conf.Dir, "accounts.json")
	sign := func() error {
		_, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret)
		return err
	}
	if err := os.Rename(name, name+".away"); err != nil {
		t.Fatal(err)
	}
	if err := sign(); err != nil {
		t.Error(err)
	}
	if len(h.Doctor()) == 0 {
		t.Error("doctor says nothing")
	}
	if err := os.Rename(name+".away", name); err != nil {
		t.Fatal(err)
	}
	if err := sign(); err != nil || len(h.Doctor()) != 0 {
		t.Errorf("%v, %q", err, h.Doctor())
	}
}

// TestTable_SeveralWriters: two processes add accounts; none is lost.
func TestTable_SeveralWriters(t *testing.T) {
	h, _ := withAnna(t, nil)
	var wg sync.WaitGroup
	for i := range 4 {
		d := must(identity.Open(t.Context(), h.conf))
		identity.Cheap(d)
		wg.Go(func() {
			for j := range 10 {
				if err := d.AddAccount(context.Background(), identity.Account{Name: fmt.Sprintf("user-%d-%d", i, j)}, secret); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if all := must(h.Accounts()); len(all) != 41 {
		t.Errorf("%d accounts, want 41", len(all))
	}
}

func TestTable_WaitsForOthers(t *testing.T) {
	h, _ := withAnna(t, nil)
	held, err := durable.OS().Lock(filepath.Join(h.conf.Dir, "lock"))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := h.ChangeAccount(ctx, "anna", func(*identity.Account) {}); leadglass.CodeOf(err) != leadglass.Unavailable {
		t.Errorf("got %v", err)
	}
	held.Close()
	if err := h.ChangeAccount(t.Context(), "anna", func(*identity.Account) {}); err != nil {
		t.Error(err)
	}
}

// failing fails the nth operation that writes, and all after it.
type failing struct {
	durable.FS
	left *int
}

var errDisk = errors.New("no space left")

func (f failing) fails() bool { *f.left--; return *f.left < 0 }

func (f failing) Create(name string) (durable.File, error) {
	if f.fails() {
		return nil, errDisk
	}
	file, err := f.FS.Create(name)
	return failingFile{file, f}, err
}

func (f failing) Rename(from, to string) error {
	if f.fails() {
		return errDisk
	}
	return f.FS.Rename(from, to)
}

func (f failing) SyncDir(dir string) error {
	if f.fails() {
		return errDisk
	}
	return f.FS.SyncDir(dir)
}

type failingFile struct {
	durable.File
	f failing
}

func (f failingFile) WriteAt(p []byte, off int64) (int, error) {
	if f.f.fails() {
		n, _ := f.File.WriteAt(p[:len(p)/2], off)
		return n, errDisk
	}
	return f.File.WriteAt(p, off)
}

func (f failingFile) Sync() error {
	if f.f.fails() {
		return errDisk
	}
	return f.File.Sync()
}

// TestTable_Faults: whichever write fails, the file is the old or the new one, and
// what was in force goes on.
func TestTable_Faults(t *testing.T) {
	for n := range 6 {
		left := 1 << 30
		h, _ := withAnna(t, func(c *identity.Config) { c.FS = failing{durable.OS(), &left} })
		left = n
		err := h.AddAccount(t.Context(), identity.Account{Name: "bert"}, secret)
		if n < 5 && leadglass.CodeOf(err) != leadglass.Unavailable || n == 5 && err != nil {
			t.Errorf("operation %d failed: %v", n, err)
		}
		left = 1 << 30
		again := must(identity.Open(t.Context(), h.conf))
		identity.Cheap(again)
		for _, d := range []*identity.Directory{h.Directory, again} {
			if _, err := d.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); err != nil {
				t.Errorf("operation %d failed: %v", n, err)
			}
		}
		if err := h.AddAccount(t.Context(), identity.Account{Name: "carl"}, secret); err != nil {
			t.Errorf("after operation %d failed: %v", n, err)
		}
	}
}
