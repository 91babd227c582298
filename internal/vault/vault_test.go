package vault_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/durable/durabletest"
	"github.com/leadglass/leadglass/internal/vault"
)

func open(t testing.TB, c vault.Config) *vault.Vault {
	t.Helper()
	v, err := vault.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func who(i int) vault.Who {
	return vault.Who{Kind: vault.Subject, Epoch: 2026, Name: fmt.Sprintf("NAME%d", i)}
}

func TestVault_Remembers(t *testing.T) {
	dir := t.TempDir()
	v := open(t, vault.Config{Dir: dir})
	first, err := v.Keys(t.Context(), who(1), who(2), who(1))
	if err != nil || first[0].Handle != first[2].Handle || first[0].Handle == first[1].Handle || len(first[0].Handle) != 32 {
		t.Fatalf("%v, %v", first, err)
	}
	sealed := first[0].AEAD.Seal(nil, make([]byte, 12), []byte("text"), nil)
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	v = open(t, vault.Config{Dir: dir})
	defer v.Close()
	w, k, ok := v.ByHandle(first[0].Handle)
	if !ok || w != who(1) {
		t.Fatalf("%+v, %v", w, ok)
	}
	if text, err := k.AEAD.Open(nil, make([]byte, 12), sealed, nil); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	again, err := v.Keys(t.Context(), who(2))
	if err != nil || again[0].Handle != first[1].Handle {
		t.Errorf("%v, %v", again, err)
	}
	st, err := os.Stat(filepath.Join(dir, "kek"))
	if err != nil || st.Mode().Perm() != 0o600 {
		t.Errorf("the key: %v, %v", st.Mode(), err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "names"))
	if err != nil || bytes.Contains(b, []byte("NAME")) {
		t.Errorf("a name in clear, %v", err)
	}
}

func TestVault_Passphrase(t *testing.T) {
	dir := t.TempDir()
	v := open(t, vault.Config{Dir: dir, Passphrase: []byte("right")})
	v.Close()
	name := filepath.Join(dir, "kek")
	if b, err := os.ReadFile(name); err != nil || !strings.HasPrefix(string(b), "leadglass-kek-1 scrypt 18 ") {
		t.Errorf("a key sealed with %.26q, %v", b, err)
	}
	// From here on with one that takes no second each time.
	text, err := vault.SealKEK(bytes.Repeat([]byte{7}, 32), []byte("right"), 10)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	v = open(t, vault.Config{Dir: dir, Passphrase: []byte("right")})
	first, err := v.Keys(t.Context(), who(1))
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
	for _, wrong := range []string{"", "wrong"} {
		if _, err := vault.Open(t.Context(), vault.Config{Dir: dir, Passphrase: []byte(wrong)}); err == nil || !strings.Contains(err.Error(), "passphrase") {
			t.Errorf("with %q: %v", wrong, err)
		}
	}
	v = open(t, vault.Config{Dir: dir, Passphrase: []byte("right")})
	defer v.Close()
	if again, err := v.Keys(t.Context(), who(1)); err != nil || again[0].Handle != first[0].Handle {
		t.Errorf("%v, %v", again, err)
	}
}

func TestVault_AKeyIsNotReplaced(t *testing.T) {
	dir := t.TempDir()
	v := open(t, vault.Config{Dir: dir})
	if _, err := v.Keys(t.Context(), who(1)); err != nil {
		t.Fatal(err)
	}
	v.Close()
	if err := os.Remove(filepath.Join(dir, "kek")); err != nil {
		t.Fatal(err)
	}
	if _, err := vault.Open(t.Context(), vault.Config{Dir: dir}); err == nil {
		t.Error("opened without its key")
	}
}

// TestVault_Tail cuts the file everywhere and flips each byte: what is cut off
// at the end goes, what is damaged before is found.
func TestVault_Tail(t *testing.T) {
	dir := t.TempDir()
	v := open(t, vault.Config{Dir: dir, FS: durabletest.Unsynced(durable.OS())})
	var ends []int
	name := filepath.Join(dir, "names")
	for i := range 3 {
		if _, err := v.Keys(t.Context(), who(i)); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(name)
		ends = append(ends, len(b))
	}
	v.Close()
	whole, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for cut := 0; cut < len(whole); cut += 1 + cut%13 {
		if err := os.WriteFile(name, whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		v := open(t, vault.Config{Dir: dir, FS: durabletest.Unsynced(durable.OS())})
		want := 0
		for want < 3 && ends[want] <= cut {
			want++
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		if b, _ := os.ReadFile(name); want == 0 && len(b) != 0 || want > 0 && len(b) != ends[want-1] {
			t.Fatalf("cut at %d: %d bytes left", cut, len(b))
		}
	}
	for i := 0; i < ends[1]; i += 1 + i%13 { // of all but the last row
		b := bytes.Clone(whole)
		b[i] ^= 4
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if v, err := vault.Open(t.Context(), vault.Config{Dir: dir, FS: durabletest.Unsynced(durable.OS())}); err == nil {
			v.Close()
			t.Fatalf("byte %d flipped: opened", i)
		}
	}
}

// failing fails from its nth write or sync on, with half of a write done.
type failing struct {
	durable.FS
	left  atomic.Int64
	syncs bool
}

type failingFile struct {
	durable.File
	f *failing
}

func (f *failing) wrap(file durable.File, err error) (durable.File, error) {
	if err != nil {
		return nil, err
	}
	return &failingFile{file, f}, nil
}

func (f *failing) Create(name string) (durable.File, error) { return f.wrap(f.FS.Create(name)) }
func (f *failing) Open(name string) (durable.File, error)   { return f.wrap(f.FS.Open(name)) }

func (f *failingFile) WriteAt(b []byte, at int64) (int, error) {
	if !f.f.syncs && f.f.left.Add(-1) < 0 {
		n, _ := f.File.WriteAt(b[:len(b)/2], at)
		return n, syscall.ENOSPC
	}
	return f.File.WriteAt(b, at)
}

func (f *failingFile) Sync() error {
	if f.f.syncs && f.f.left.Add(-1) < 0 {
		return syscall.EIO
	}
	return f.File.Sync()
}

func TestVault_FullDisk(t *testing.T) {
	f := &failing{FS: durable.OS()}
	f.left.Store(1 << 30)
	dir := t.TempDir()
	v := open(t, vault.Config{Dir: dir, FS: f})
	old, err := v.Keys(t.Context(), who(1))
	if err != nil {
		t.Fatal(err)
	}
	f.left.Store(0)
	if _, err := v.Keys(t.Context(), who(1), who(2)); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("full: %v", err)
	}
	if k, err := v.Keys(t.Context(), who(1)); err != nil || k[0] != old[0] {
		t.Fatalf("what is there: %v", err)
	}
	f.left.Store(1 << 30)
	k, err := v.Keys(t.Context(), who(2))
	if err != nil || v.Health() != nil {
		t.Fatalf("with room again: %v, %v", err, v.Health())
	}
	v.Close()
	v = open(t, vault.Config{Dir: dir})
	defer v.Close()
	if w, _, ok := v.ByHandle(k[0].Handle); !ok || w != who(2) {
		t.Errorf("after a restart: %v, %v", w, ok)
	}
}

func TestVault_FailedSync(t *testing.T) {
	f := &failing{FS: durable.OS(), syncs: true}
	f.left.Store(1 << 30)
	v := open(t, vault.Config{Dir: t.TempDir(), FS: f})
	f.left.Store(0)
	if _, err := v.Keys(t.Context(), who(2)); !errors.Is(err, syscall.EIO) {
		t.Fatal(err)
	}
	f.left.Store(1 << 30)
	if _, err := v.Keys(t.Context(), who(2)); err == nil || v.Health() == nil {
		t.Errorf("went on after a failed sync: %v, %v", err, v.Health())
	}
}

func TestVault_ManyAtOnceShareSyncs(t *testing.T) {
	f := &failing{FS: durable.OS(), syncs: true}
	f.left.Store(1 << 30)
	v := open(t, vault.Config{Dir: t.TempDir(), FS: f})
	defer v.Close()
	var wg sync.WaitGroup
	for i := range 32 {
		wg.Go(func() {
			for j := range 20 {
				if _, err := v.Keys(context.Background(), who(i*20+j), who(j)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if syncs := 1<<30 - f.left.Load(); syncs > 400 {
		t.Errorf("%d syncs for 640 names", syncs)
	}
}

func TestVault_LongName(t *testing.T) {
	v := open(t, vault.Config{Dir: t.TempDir()})
	defer v.Close()
	if _, err := v.Keys(t.Context(), vault.Who{Kind: vault.Subject, Name: strings.Repeat("x", 1025)}); err == nil {
		t.Error("taken")
	}
	if _, err := v.Keys(t.Context(), vault.Who{Kind: vault.Subject, Name: strings.Repeat("\xff", 1024)}); err != nil {
		t.Error(err)
	}
}

func FuzzParseKEK(f *testing.F) {
	f.Add("leadglass-kek-1 plain "+strings.Repeat("ab", 32), "")
	f.Add("leadglass-kek-1 scrypt 2 "+strings.Repeat("ab", 16)+" "+strings.Repeat("ab", 48), "x")
	f.Fuzz(func(t *testing.T, text, passphrase string) {
		if strings.Contains(text, "scrypt 1") || strings.Contains(text, "scrypt 2") {
			t.Skip("takes a second, rightly")
		}
		if kek, err := vault.ParseKEK(text, []byte(passphrase)); err == nil && len(kek) != 32 {
			t.Error("a key of another length")
		}
	})
}

// FuzzLoad opens a vault over any file of names.
func FuzzLoad(f *testing.F) {
	f.Add([]byte{0, 0, 0, 40, 1, 2, 3})
	f.Fuzz(func(t *testing.T, b []byte) {
		dir := t.TempDir()
		_ = os.WriteFile(filepath.Join(dir, "kek"), []byte("leadglass-kek-1 plain "+strings.Repeat("ab", 32)), 0o600)
		_ = os.WriteFile(filepath.Join(dir, "names"), b, 0o600)
		if v, err := vault.Open(t.Context(), vault.Config{Dir: dir}); err == nil {
			v.Close()
		}
	})
}
