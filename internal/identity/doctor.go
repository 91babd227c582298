package identity

import (
	"fmt"
	"os"
	"time"
)

// What Doctor warns of beforehand.
const (
	soon     = 30 * 24 * time.Hour
	farAhead = 2 * 365 * 24 * time.Hour // of an exception: nobody looks at it again
)

// Doctor says in words what the operator should know: each exception, what cannot be
// read, who is about to be kept out. It asks nobody.
func (d *Directory) Doctor() []string {
	all := d.Exceptions()
	for i := range d.exceptions {
		all = append(all, d.aboutException(&d.exceptions[i])...)
	}
	for _, file := range []struct {
		path    string
		problem error
	}{{d.accounts.path(), d.accounts.problem()}, {d.devices.path(), d.devices.problem()}} {
		if file.problem != nil {
			all = append(all, fmt.Sprintf("what was in force before stays so: %v", file.problem))
		}
		if info, err := os.Stat(file.path); err == nil && info.Mode().Perm()&0o077 != 0 {
			all = append(all, fmt.Sprintf("others may read or write %s (%v): it should be 0600", file.path, info.Mode().Perm()))
		}
	}
	all = append(all, d.aboutDevices()...)
	all = append(all, d.aboutPeople()...)
	return all
}

func (d *Directory) aboutException(x *Exception) (all []string) {
	now := d.c.Now()
	if x.Expires.Sub(now) > farAhead {
		all = append(all, fmt.Sprintf("exception %q ends in more than two years: it should be looked at before", x.Name))
	}
	if left := x.Expires.Sub(now); left > 0 && left < soon {
		all = append(all, fmt.Sprintf("exception %q ends on %s: its peer is kept out from then on", x.Name, x.Expires.UTC().Format(time.DateOnly)))
	}
	known, _ := d.devices.get()
	for _, t := range x.Calling {
		if e := known.byTitle[t]; e != nil && now.Before(x.Expires) {
			all = append(all, fmt.Sprintf("exception %q lets in without a certificate who calls himself %s, which is the enrolled device %q", x.Name, t, e.Name))
		}
	}
	return all
}

func (d *Directory) aboutDevices() (all []string) {
	list, _ := d.Devices()
	now := d.c.Now()
	for i := range list {
		e := &list[i]
		switch left := e.Until.Sub(now); {
		case e.revoked():
		case e.Until.IsZero():
		case left <= 0:
			all = append(all, fmt.Sprintf("device %q is kept out since %s", e.Name, e.Until.UTC().Format(time.DateOnly)))
		case left < soon:
			all = append(all, fmt.Sprintf("device %q is kept out from %s on", e.Name, e.Until.UTC().Format(time.DateOnly)))
		}
		if e.active(now) && len(e.Roles) == 0 {
			all = append(all, fmt.Sprintf("device %q has no role: it may do nothing", e.Name))
		}
		if e.active(now) && e.Host != "" && !e.TLS {
			all = append(all, fmt.Sprintf("device %q takes objects without TLS at %s: whoever is on the way sees them", e.Name, e.Host))
		}
	}
	return all
}

func (d *Directory) aboutPeople() (all []string) {
	accounts, _ := d.Accounts()
	if len(accounts) == 0 && len(d.issuers) == 0 {
		all = append(all, "nobody can sign in: there is neither an account nor an issuer")
	}
	for i := range accounts {
		if a := &accounts[i]; !a.Disabled && len(a.Roles) == 0 {
			all = append(all, fmt.Sprintf("account %q has no role: it may do nothing", a.Name))
		}
	}
	for i := range d.c.Issuers {
		is := d.issuers[d.c.Issuers[i].URL]
		if len(is.Roles) == 0 {
			all = append(all, fmt.Sprintf("issuer %q gives nobody a role: its tokens may do nothing", is.URL))
		}
		if err := is.keys.trouble(); err != nil {
			all = append(all, fmt.Sprintf("the keys of issuer %q could not be fetched when they were last needed: %v", is.URL, err))
		}
	}
	return all
}

func (k *keys) trouble() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.problem
}
