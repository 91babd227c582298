package identity_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

func anna() identity.Account {
	return identity.Account{Name: "Anna", Roles: []leadglass.Role{leadglass.Radiologist}, Organisation: "Example Hospital", Department: "Radiology", Site: "North"}
}

// withAnna is a house in which passwords cost nothing, and how many were stretched.
func withAnna(t testing.TB, edit func(*identity.Config)) (*house, func() int64) {
	t.Helper()
	h := open(t, edit)
	calls := identity.Cheap(h.Directory)
	if err := h.AddAccount(t.Context(), anna(), secret); err != nil {
		t.Fatal(err)
	}
	calls.Store(0)
	return h, func() int64 { return calls.Swap(0) }
}

func TestPerson_SignsIn(t *testing.T) {
	h := open(t, nil) // with argon2
	if err := h.AddAccount(t.Context(), anna(), secret); err != nil {
		t.Fatal(err)
	}
	again := must(identity.Open(t.Context(), h.conf))
	for name, d := range map[string]*identity.Directory{"at_once": h.Directory, "after_a_start": again} {
		w := from("192.0.2.1", nil)
		p, err := d.Person(t.Context(), w, "ANNA", secret)
		if err != nil {
			t.Fatal(name, err)
		}
		want := &leadglass.Peer{
			Kind: leadglass.Person, ID: "anna", Issuer: "local", Assurance: leadglass.Password, Active: true, Roles: []leadglass.Role{leadglass.Radiologist},
			Organisation: "Example Hospital", Department: "Radiology", Site: "North", Session: p.Session, Address: w.Address, TLS: true,
		}
		if !reflect.DeepEqual(p, want) || len(p.Session) < 20 {
			t.Errorf("%s: got %+v, want %+v", name, p, want)
		}
		if _, err := d.Person(t.Context(), w, "anna", secret+"x"); !isDenied(err, leadglass.NoIdentity) {
			t.Errorf("%s: with a wrong password: %v", name, err)
		}
	}
	info := must(os.Stat(filepath.Join(h.conf.Dir, "accounts.json")))
	text := must(os.ReadFile(filepath.Join(h.conf.Dir, "accounts.json")))
	if info.Mode().Perm() != 0o600 || bytes.Contains(text, []byte(secret)) || !bytes.Contains(text, []byte("$argon2id$v=19$m=19456,t=2,p=1$")) {
		t.Errorf("%v: %s", info.Mode(), text)
	}
	if dir := must(os.Stat(h.conf.Dir)); dir.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v", dir.Mode())
	}
}

// TestPerson_ConstantWork: whatever is wrong, the password is stretched once, by the
// same measure.
func TestPerson_ConstantWork(t *testing.T) {
	h, calls := withAnna(t, nil)
	off := identity.Account{Name: "off", Disabled: true}
	if err := h.AddAccount(t.Context(), off, secret); err != nil {
		t.Fatal(err)
	}
	calls()
	sign := func(address, name, password string) error {
		_, err := h.Person(t.Context(), from(address, nil), name, password)
		return err
	}
	for i := range 6 { // lock anna for strangers
		_ = sign(fmt.Sprintf("192.0.2.%d", i), "anna", "wrong")
	}
	calls()
	for _, c := range []struct {
		what, name, password string
		reason               leadglass.Reason
	}{
		{"unknown", "nobody", secret, leadglass.NoIdentity},
		{"no_name", "", secret, leadglass.NoIdentity},
		{"impossible_name", "a\x00\n\xff", secret, leadglass.NoIdentity},
		{"long_name", strings.Repeat("x", 1<<20), secret, leadglass.NoIdentity},
		{"wrong", "off", "wrong", leadglass.NoIdentity},
		{"empty", "off", "", leadglass.NoIdentity},
		{"long", "off", strings.Repeat("x", 1<<20), leadglass.NoIdentity},
		{"disabled", "off", secret, leadglass.NotActive},
		{"locked", "anna", secret, leadglass.NotActive},
		{"locked_and_wrong", "anna", "wrong", leadglass.NotActive},
	} {
		err := sign("198.51.100.1", c.name, c.password)
		if n := calls(); !isDenied(err, c.reason) || n != 1 {
			t.Errorf("%s: %v after %d hashes, want %s after 1", c.what, err, n, c.reason)
		}
	}
}

// TestPerson_Waits: an account waits for strangers, longer each time, and never for
// ever; where it signed in from before it waits by itself.
func TestPerson_Waits(t *testing.T) {
	h, _ := withAnna(t, func(c *identity.Config) { c.Limits.AddressFailures = -1 })
	sign := func(address, password string) error {
		_, err := h.Person(t.Context(), from(address, nil), "anna", password)
		return err
	}
	if err := sign("192.0.2.1", secret); err != nil { // at work
		t.Fatal(err)
	}
	for range 4 {
		if err := sign("198.51.100.1", "wrong"); !isDenied(err, leadglass.NoIdentity) {
			t.Fatal(err)
		}
	}
	if err := sign("198.51.100.2", secret); err != nil { // before the fifth: forgotten
		t.Fatal(err)
	}
	for i := range 5 {
		_ = sign(fmt.Sprintf("203.0.113.%d", i), "wrong")
	}
	wait := time.Second
	for range 14 {
		if err := sign("203.0.113.9", secret); !isDenied(err, leadglass.NotActive) {
			t.Fatalf("before %v: %v", wait, err)
		}
		if err := sign("192.0.2.1", secret); err != nil {
			t.Errorf("at work, while strangers guess: %v", err)
		}
		h.clock.pass(wait - time.Millisecond)
		if err := sign("203.0.113.9", "wrong"); !isDenied(err, leadglass.NotActive) {
			t.Fatalf("just before %v: %v", wait, err)
		}
		h.clock.pass(time.Millisecond)
		if err := sign("203.0.113.9", "wrong"); !isDenied(err, leadglass.NoIdentity) {
			t.Fatalf("after %v: %v", wait, err)
		}
		wait = min(2*wait, 15*time.Minute)
	}
	h.clock.pass(15 * time.Minute)
	if err := sign("203.0.113.9", secret); err != nil {
		t.Errorf("after the longest wait: %v", err)
	}
	for range 5 {
		_ = sign("192.0.2.1", "wrong") // at work, too
	}
	if err := sign("192.0.2.1", secret); !isDenied(err, leadglass.NotActive) {
		t.Errorf("at work after five failures: %v", err)
	}
	if err := sign("203.0.113.9", secret); err != nil {
		t.Errorf("elsewhere meanwhile: %v", err)
	}
}

// TestPerson_GuessesAtTheSameTime: who guesses two hundred times at once has no more
// guesses than who does it one after the other.
func TestPerson_GuessesAtTheSameTime(t *testing.T) {
	h, _ := withAnna(t, func(c *identity.Config) { c.Limits.AddressFailures, c.Limits.Hashes = -1, -1 })
	const guesses = 200
	begun, until := make(chan struct{}, guesses), make(chan struct{})
	identity.Hold(h.Directory, until, begun)
	errs := make(chan error, guesses)
	for range guesses {
		go func() {
			_, err := h.Person(context.Background(), from("192.0.2.1", nil), "anna", "wrong")
			errs <- err
		}()
	}
	for range guesses {
		<-begun
	}
	close(until)
	counted := 0
	for range guesses {
		if err := <-errs; isDenied(err, leadglass.NoIdentity) {
			counted++
		} else if !isDenied(err, leadglass.NotActive) {
			t.Error(err)
		}
	}
	if counted != 5 {
		t.Errorf("%d guesses counted, want 5", counted)
	}
}

func TestPerson_UpgradesItsHash(t *testing.T) {
	h := open(t, nil)
	old := `{"version": 1, "accounts": [
{"name":"anna","password":"` + identity.WeakHash(secret) + `"}
]}`
	name := filepath.Join(h.conf.Dir, "accounts.json")
	if err := os.WriteFile(name, []byte(old), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret); err != nil {
			t.Fatal(err)
		}
		if text := must(os.ReadFile(name)); !bytes.Contains(text, []byte("m=19456,t=2,p=1")) {
			t.Errorf("still %s", text)
		}
	}
}

func TestAccount_Changes(t *testing.T) {
	h, _ := withAnna(t, nil)
	ctx, w := t.Context(), from("192.0.2.1", nil)
	other := must(identity.Open(ctx, h.conf)) // the command, beside the program
	identity.Cheap(other)
	if err := other.SetPassword(ctx, "anna", "another long password"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Person(ctx, w, "anna", secret); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("with the old password: %v", err)
	}
	if _, err := h.Person(ctx, w, "anna", "another long password"); err != nil {
		t.Errorf("with the new: %v", err)
	}
	if err := other.ChangeAccount(ctx, "anna", func(a *identity.Account) { a.Name, a.Roles = "eve", []leadglass.Role{leadglass.Clerk} }); err != nil {
		t.Fatal(err)
	}
	if p, err := h.Person(ctx, w, "anna", "another long password"); err != nil || !p.Has(leadglass.Clerk) || p.Has(leadglass.Radiologist) {
		t.Errorf("%+v, %v", p, err)
	}
	if err := other.ChangeAccount(ctx, "anna", func(a *identity.Account) { a.Disabled = true }); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Person(ctx, w, "anna", "another long password"); !isDenied(err, leadglass.NotActive) {
		t.Errorf("disabled: %v", err)
	}
	if all := must(h.Accounts()); len(all) != 1 || all[0].Name != "anna" || !all[0].Disabled || !all[0].Changed.Equal(h.clock.Now()) {
		t.Errorf("%+v", all)
	}
	for what, err := range map[string]error{
		"conflict":  h.AddAccount(ctx, anna(), secret),
		"not-found": h.SetPassword(ctx, "nobody", secret),
		"invalid":   h.ChangeAccount(ctx, "anna", func(a *identity.Account) { a.Roles = []leadglass.Role{"Chief Radiologist"} }),
	} {
		if string(leadglass.CodeOf(err)) != what {
			t.Errorf("%v, want %s", err, what)
		}
	}
}

func TestPassword_Rules(t *testing.T) {
	h, _ := withAnna(t, nil)
	for password, good := range map[string]bool{
		"twelve chars":  true,
		"eleven char":   false,
		"zwölf Zeichen": true,
		"長いパスワードを使いましょう":                true,
		strings.Repeat("a1B", 341):      false, // three different characters
		strings.Repeat("abcde", 204):    true,
		strings.Repeat("abcde", 205):    false, // 1,025 bytes
		"anna-anna-anna":                false,
		"AnnaAnnaAnna12345":             false,
		"aaaaaaaaaaaa":                  false,
		"123456789012":                  false,
		"qwertyuiopas":                  false,
		"Password2026!":                 false,
		"Radiologie1234":                false,
		"administrator1":                false,
		"passwordpassword":              false,
		"correct horse":                 true,
		"not utf-8: \xff\xfe, and long": false,
	} {
		err := h.SetPassword(t.Context(), "anna", password)
		if (err == nil) != good || err != nil && leadglass.CodeOf(err) != leadglass.Invalid {
			t.Errorf("%q: %v", password, err)
		}
		if err != nil && strings.Contains(err.Error(), password) {
			t.Errorf("the error has the password: %v", err)
		}
	}
	// The same letters, composed in another way.
	if err := h.SetPassword(t.Context(), "anna", "zwo\u0308lf Zeichen"); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Person(t.Context(), from("192.0.2.1", nil), "anna", "zw\u00f6lf Zeichen"); err != nil {
		t.Error(err)
	}
}

// TestDiagnostics_NamesNoPassword: nothing that goes wrong shows a password or a token.
func TestDiagnostics_NamesNoPassword(t *testing.T) {
	var said bytes.Buffer
	h, _ := withAnna(t, func(c *identity.Config) { c.Diagnostics = slog.New(slog.NewTextHandler(&said, nil)) })
	for _, name := range []string{"anna", "nobody"} {
		if _, err := h.Person(t.Context(), from("192.0.2.1", nil), name, "planted-password-17"); err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("got %v", err)
		}
	}
	if _, _, err := h.Bearer(t.Context(), from("192.0.2.1", nil), "planted.planted.planted"); err == nil || strings.Contains(err.Error(), "planted") {
		t.Errorf("got %v", err)
	}
	os.WriteFile(filepath.Join(h.conf.Dir, "accounts.json"), []byte(`{"version": 1, "accounts": [{"name": "planted", "password": "planted"}]} planted`), 0o600)
	_, _ = h.Person(t.Context(), from("192.0.2.1", nil), "anna", secret)
	if said.Len() == 0 || strings.Contains(said.String(), "planted") {
		t.Errorf("said %s", &said)
	}
}
