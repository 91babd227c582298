package identity

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/leadglass/leadglass"
)

// Account is a person's.
type Account struct {
	Name         string           `json:"name"`
	Roles        []leadglass.Role `json:"roles,omitempty"`
	Organisation string           `json:"organisation,omitempty"`
	Department   string           `json:"department,omitempty"`
	Site         string           `json:"site,omitempty"`
	Disabled     bool             `json:"disabled,omitempty"`
	Changed      time.Time        `json:"changed,omitzero"` // the password
}

// fileAccount is an account as the file has it.
type fileAccount struct {
	Account
	Password string `json:"password"`
	kept     stretched
}

// accounts is what accounts.json holds, by name.
type accounts map[string]*fileAccount

// parseAccounts reads accounts.json; nothing is no accounts.
func parseAccounts(text []byte) (accounts, error) {
	all := accounts{}
	if len(text) == 0 {
		return all, nil
	}
	var file struct {
		Version  int            `json:"version"`
		Accounts []*fileAccount `json:"accounts"`
	}
	if err := decodeFile(text, &file); err != nil {
		return nil, leadglass.Errorf(leadglass.Invalid, "identity: reading accounts: %w", err)
	}
	if file.Version != 1 {
		return nil, leadglass.Errorf(leadglass.Invalid, "identity: reading accounts: version %d is not known", file.Version)
	}
	for _, a := range file.Accounts {
		if a == nil {
			return nil, leadglass.Errorf(leadglass.Invalid, "identity: reading accounts: one is null")
		}
		if err := a.check(); err != nil {
			return nil, err
		}
		var err error
		if a.kept, err = parseStretched(a.Password); err != nil {
			return nil, leadglass.Errorf(leadglass.Invalid, "identity: reading the account %q: %w", a.Name, err)
		}
		if all[a.Name] != nil {
			return nil, leadglass.Errorf(leadglass.Invalid, "identity: there are two accounts %q", a.Name)
		}
		all[a.Name] = a
	}
	return all, nil
}

func (all accounts) format() ([]byte, error) {
	var entries []any
	for _, name := range slices.Sorted(maps.Keys(all)) {
		entries = append(entries, all[name])
	}
	return encodeFile("accounts", entries)
}

// accountName returns the one form of a name. Names are ASCII: two that look the same
// are the same.
func accountName(name string) (string, bool) {
	name = strings.ToLower(name)
	ok := len(name) >= 1 && len(name) <= 64 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-@+") == ""
	return name, ok
}

func (a *Account) check() error {
	if name, ok := accountName(a.Name); !ok || name != a.Name {
		return leadglass.Errorf(leadglass.Invalid, "identity: %q is no name for an account: 1 to 64 of a-z 0-9 . _ - @ +", a.Name)
	}
	if err := checkRoles(a.Roles); err != nil {
		return err
	}
	return checkWords(a.Organisation, a.Department, a.Site)
}

// checkRoles: roles are words; which of them mean something is the policies' matter.
func checkRoles(roles []leadglass.Role) error {
	for _, r := range roles {
		if len(r) < 1 || len(r) > 64 || strings.Trim(string(r), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
			return leadglass.Errorf(leadglass.Invalid, "identity: %q is no role: 1 to 64 of a-z 0-9 - _", string(r))
		}
	}
	return nil
}

// checkWords: what is recorded and compared is short and in one line.
func checkWords(words ...string) error {
	for _, w := range words {
		if !printable(w, 128) {
			return leadglass.Errorf(leadglass.Invalid, "identity: %q cannot be used: 128 characters in one line", w)
		}
	}
	return nil
}

// Person returns the peer of a local account. A wrong password, an unknown name
// and a locked account take the same time.
func (d *Directory) Person(ctx context.Context, w Wire, name, password string) (*leadglass.Peer, error) {
	from := w.Address.Addr()
	if d.attempts.waits(from) {
		return nil, limited("signing in")
	}
	all, err := d.accounts.get()
	if err != nil {
		return nil, err
	}
	name, _ = accountName(name)
	a := all[name]
	kept := d.stretcher.none
	if a != nil {
		kept = a.kept
	}
	fits, err := d.stretcher.fits(ctx, kept, password)
	if err != nil {
		return nil, err
	}
	if a == nil {
		name = ""
	}
	switch d.attempts.judge(name, from, fits && a != nil && !a.Disabled) {
	case addressWaits:
		return nil, limited("signing in")
	case accountWaits:
		return nil, denied(leadglass.NotActive, "the account waits after failures")
	case isWrong:
		if fits && a != nil {
			return nil, denied(leadglass.NotActive, "the account is disabled")
		}
		return nil, denied(leadglass.NoIdentity, "nobody has that name and password")
	}
	if kept.work != currentWork() {
		d.upgrade(ctx, a, password)
	}
	return &leadglass.Peer{
		Kind: leadglass.Person, ID: a.Name, Issuer: Local, Assurance: leadglass.Password, Active: true, Roles: slices.Clone(a.Roles),
		Organisation: a.Organisation, Department: a.Department, Site: a.Site,
		Session: rand.Text(), Address: w.Address, TLS: w.TLS, Certificate: w.spki(),
	}, nil
}

// upgrade stretches a password by the current measure. Where that fails the old is
// good enough.
func (d *Directory) upgrade(ctx context.Context, a *fileAccount, password string) {
	err := d.change(ctx, a.Name, func(now *fileAccount) error {
		if now.Password != a.Password {
			return nil // it was changed meanwhile
		}
		kept, err := d.stretcher.stretch(ctx, password)
		now.Password = kept.String()
		return err
	})
	if err != nil {
		d.c.Diagnostics.Warn("a password cannot be stretched anew", "error", err)
	}
}

// AddAccount makes an account.
func (d *Directory) AddAccount(ctx context.Context, a Account, password string) error {
	a.Name, _ = accountName(a.Name)
	if err := a.check(); err != nil {
		return err
	}
	if err := checkPassword(a.Name, password); err != nil {
		return err
	}
	kept, err := d.stretcher.stretch(ctx, password)
	if err != nil {
		return err
	}
	a.Changed = d.c.Now().UTC().Truncate(time.Second)
	return d.accounts.update(ctx, func(now accounts) ([]byte, error) {
		if now[a.Name] != nil {
			return nil, leadglass.Errorf(leadglass.Conflict, "identity: there is an account %q already", a.Name)
		}
		next := maps.Clone(now)
		next[a.Name] = &fileAccount{Account: a, Password: kept.String()}
		return next.format()
	})
}

// SetPassword changes a password.
func (d *Directory) SetPassword(ctx context.Context, name, password string) error {
	if err := checkPassword(name, password); err != nil {
		return err
	}
	kept, err := d.stretcher.stretch(ctx, password)
	if err != nil {
		return err
	}
	return d.change(ctx, name, func(a *fileAccount) error {
		a.Password, a.Changed = kept.String(), d.c.Now().UTC().Truncate(time.Second)
		return nil
	})
}

// ChangeAccount changes roles and what else an account has, its name excepted. A
// disabled account keeps its name: records speak of it.
func (d *Directory) ChangeAccount(ctx context.Context, name string, change func(*Account)) error {
	return d.change(ctx, name, func(a *fileAccount) error {
		name := a.Name
		change(&a.Account)
		a.Name = name
		return nil
	})
}

func (d *Directory) change(ctx context.Context, name string, change func(*fileAccount) error) error {
	name, _ = accountName(name)
	return d.accounts.update(ctx, func(now accounts) ([]byte, error) {
		if now[name] == nil {
			return nil, leadglass.Errorf(leadglass.NotFound, "identity: there is no account %q", name)
		}
		a := *now[name]
		a.Roles = slices.Clone(a.Roles)
		if err := change(&a); err != nil {
			return nil, err
		}
		next := maps.Clone(now)
		next[name] = &a
		return next.format()
	})
}

// Accounts are all accounts, by name.
func (d *Directory) Accounts() ([]Account, error) {
	all, err := d.accounts.get()
	if err != nil {
		return nil, err
	}
	var list []Account
	for _, a := range all {
		list = append(list, a.Account)
	}
	slices.SortFunc(list, func(a, b Account) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}
