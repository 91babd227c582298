package identity

import (
	"cmp"
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
)

// Enrolment is what the registry says of a device.
type Enrolment struct {
	Name string `json:"name"`
	// Keys are the public keys that are the device: the SHA-256 of each
	// SubjectPublicKeyInfo in hex, see ca.SPKI. Several while it changes its key.
	Keys []string `json:"keys,omitempty"`
	// Subject binds by what a site's authority wrote into a certificate instead:
	// "CN=ct1,O=Example Hospital" as RFC 2253 writes it, or "dns:ct1.example.org".
	Subject string `json:"subject,omitempty"`

	// Calling are its AE titles; without any it speaks DICOMweb only. Called are
	// those of ours that it may call, empty for all.
	Calling   []leadglass.AETitle `json:"calling,omitempty"`
	Called    []leadglass.AETitle `json:"called,omitempty"`
	Addresses []netip.Prefix      `json:"addresses,omitempty"` // from where it speaks, empty for anywhere
	Services  []leadglass.Route   `json:"services,omitempty"`  // empty for all
	Roles     []leadglass.Role    `json:"roles,omitempty"`
	Purpose   leadglass.Purpose   `json:"purpose,omitempty"` // that its work implies

	Organisation string `json:"organisation,omitempty"`
	Department   string `json:"department,omitempty"`
	Site         string `json:"site,omitempty"`

	// Where it takes objects.
	Host string `json:"host,omitempty"`
	Port int    `json:"port,omitempty"`
	TLS  bool   `json:"tls,omitempty"`

	Until   time.Time `json:"until,omitzero"`   // zero for ever
	Revoked time.Time `json:"revoked,omitzero"` // zero for never
}

// revoked devices stay in the registry: their keys do not come back under another
// name, and records speak of them.
func (e *Enrolment) revoked() bool { return !e.Revoked.IsZero() }

func (e *Enrolment) active(now time.Time) bool {
	return !e.revoked() && (e.Until.IsZero() || now.Before(e.Until))
}

// devices is what devices.json holds.
type devices struct {
	byName    map[string]*Enrolment
	byKey     map[string]*Enrolment
	bySubject map[string]*Enrolment
	byTitle   map[leadglass.AETitle]*Enrolment // those not revoked
}

// parseDevices reads devices.json; nothing is no devices.
func parseDevices(text []byte) (devices, error) {
	all := devices{map[string]*Enrolment{}, map[string]*Enrolment{}, map[string]*Enrolment{}, map[leadglass.AETitle]*Enrolment{}}
	if len(text) == 0 {
		return all, nil
	}
	var file struct {
		Version int          `json:"version"`
		Devices []*Enrolment `json:"devices"`
	}
	if err := decodeFile(text, &file); err != nil {
		return devices{}, leadglass.Errorf(leadglass.Invalid, "identity: reading devices: %w", err)
	}
	if file.Version != 1 {
		return devices{}, leadglass.Errorf(leadglass.Invalid, "identity: reading devices: version %d is not known", file.Version)
	}
	for _, e := range file.Devices {
		if e == nil {
			return devices{}, leadglass.Errorf(leadglass.Invalid, "identity: reading devices: one is null")
		}
		if err := all.add(e); err != nil {
			return devices{}, err
		}
	}
	return all, nil
}

// add adds a device, where no other has what is to be its alone.
func (all devices) add(e *Enrolment) error {
	if err := e.Check(); err != nil {
		return err
	}
	taken := func(what, value string, by *Enrolment) error {
		return leadglass.Errorf(leadglass.Conflict, "identity: the %s %q of device %q is that of device %q", what, value, e.Name, by.Name)
	}
	if by := all.byName[e.Name]; by != nil {
		return taken("name", e.Name, by)
	}
	all.byName[e.Name] = e
	for _, k := range e.Keys {
		if by := all.byKey[k]; by != nil {
			return taken("key", k, by)
		}
		all.byKey[k] = e
	}
	if e.revoked() {
		return nil
	}
	if e.Subject != "" {
		if by := all.bySubject[e.Subject]; by != nil {
			return taken("subject", e.Subject, by)
		}
		all.bySubject[e.Subject] = e
	}
	for _, t := range e.Calling {
		if by := all.byTitle[t]; by != nil {
			return taken("AE title", string(t), by)
		}
		all.byTitle[t] = e
	}
	return nil
}

func (all devices) format() ([]byte, error) {
	var entries []any
	for _, name := range slices.Sorted(maps.Keys(all.byName)) {
		entries = append(entries, all.byName[name])
	}
	return encodeFile("devices", entries)
}

// Check says what is wrong with an enrolment by itself.
func (e *Enrolment) Check() error {
	wrong := func(what string, args ...any) error {
		return leadglass.Errorf(leadglass.Invalid, "identity: the device %q %s", e.Name, fmt.Sprintf(what, args...))
	}
	switch {
	case e.Name == "" || len(e.Name) > 40 || strings.Trim(e.Name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") != "":
		return wrong("needs a name: 1 to 40 of a-z A-Z 0-9 . _ -")
	case len(e.Keys) == 0 && e.Subject == "":
		return wrong("has neither a key nor a subject: an AE title or an address authenticates nobody")
	case len(e.Keys) > 0 && e.Subject != "":
		return wrong("has a key and a subject: one of the two")
	case !printable(e.Subject, 1024):
		return wrong("has a subject that cannot be")
	case (e.Host == "") != (e.Port == 0) || e.Port < 0 || e.Port > 65535:
		return wrong("has half a destination: host and port belong together")
	}
	for _, k := range e.Keys {
		if b, err := hex.DecodeString(k); err != nil || len(b) != 32 || k != strings.ToLower(k) {
			return wrong("has a key %q that is no SHA-256 in hex", k)
		}
	}
	for _, p := range e.Addresses {
		if !p.IsValid() || p != p.Masked() {
			return wrong("has addresses %v that are no network", p)
		}
	}
	if err := checkTitles(slices.Concat(e.Calling, e.Called)); err != nil {
		return wrong("%v", err)
	}
	if err := checkWords(e.Organisation, e.Department, e.Site, e.Host); err != nil {
		return err
	}
	return checkUse(e.Roles, e.Services, e.Purpose)
}

// checkTitles: PS3.5 section 6.2, VR AE; without the spaces around.
func checkTitles(titles []leadglass.AETitle) error {
	for _, t := range titles {
		s := string(t)
		if s == "" || len(s) > 16 || strings.Trim(s, " ") != s || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r > '~' || r == '\\' }) {
			return fmt.Errorf("%q is no AE title", s)
		}
	}
	return nil
}

// checkUse checks what a device or an exception may do.
func checkUse(roles []leadglass.Role, services []leadglass.Route, purpose leadglass.Purpose) error {
	for _, s := range services {
		if !slices.Contains(routes(), s) {
			return leadglass.Errorf(leadglass.Invalid, "identity: there is no service %q; there are %s", string(s), list(routes()))
		}
	}
	if p, ok := leadglass.ParsePurpose(string(purpose)); purpose != leadglass.NoPurposeGiven && (!ok || p != purpose) {
		return leadglass.Errorf(leadglass.Invalid, "identity: %q is no purpose of use", string(purpose))
	}
	return checkRoles(roles)
}

// routes are the services that a device can be restricted to.
func routes() []leadglass.Route {
	return []leadglass.Route{
		leadglass.CEcho, leadglass.CStore, leadglass.CFind, leadglass.CGet, leadglass.CMove, leadglass.NAction,
		leadglass.QIDO, leadglass.WADO, leadglass.WADOURI, leadglass.STOW,
	}
}

// printable says whether a text is one line of so many characters at most.
func printable(s string, most int) bool {
	return utf8.ValidString(s) && utf8.RuneCountInString(s) <= most && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) })
}

// within says whether an address is in one of the networks.
func within(networks []netip.Prefix, a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	return slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(a) })
}

// find is the enrolment of a certificate, nil for none. A key that is known decides
// alone: one that was revoked is not found again by its subject.
func (all devices) find(c *x509.Certificate) *Enrolment {
	if e := all.byKey[ca.SPKI(c)]; e != nil {
		return e
	}
	if e := all.bySubject[c.Subject.String()]; e != nil {
		return e
	}
	for _, name := range c.DNSNames {
		if e := all.bySubject["dns:"+strings.ToLower(name)]; e != nil {
			return e
		}
	}
	return nil
}

// Enrol adds a device to the registry.
func (d *Directory) Enrol(ctx context.Context, e Enrolment) error {
	return d.changeDevices(ctx, func(byName map[string]*Enrolment) error {
		if byName[e.Name] != nil {
			return leadglass.Errorf(leadglass.Conflict, "identity: there is a device %q already", e.Name)
		}
		byName[e.Name] = &e
		return nil
	})
}

// ChangeDevice changes what a device may do, or adds a key to it. Its name stays,
// and so does that it was revoked.
func (d *Directory) ChangeDevice(ctx context.Context, name string, change func(*Enrolment)) error {
	return d.changeDevice(ctx, name, func(e *Enrolment) {
		was := *e
		change(e)
		e.Name, e.Revoked = was.Name, was.Revoked
	})
}

// Revoke withdraws a device and its keys, at once and for good. Its titles are free
// for another.
func (d *Directory) Revoke(ctx context.Context, name string) error {
	return d.changeDevice(ctx, name, func(e *Enrolment) {
		if !e.revoked() {
			e.Revoked = d.c.Now().UTC().Truncate(time.Second)
		}
	})
}

func (d *Directory) changeDevice(ctx context.Context, name string, change func(*Enrolment)) error {
	return d.changeDevices(ctx, func(byName map[string]*Enrolment) error {
		if byName[name] == nil {
			return leadglass.Errorf(leadglass.NotFound, "identity: there is no device %q", name)
		}
		e := byName[name].clone()
		change(&e)
		byName[name] = &e
		return nil
	})
}

func (d *Directory) changeDevices(ctx context.Context, change func(map[string]*Enrolment) error) error {
	return d.devices.update(ctx, func(now devices) ([]byte, error) {
		next := devices{byName: maps.Clone(now.byName)}
		if err := change(next.byName); err != nil {
			return nil, err
		}
		return next.format()
	})
}

func (e *Enrolment) clone() Enrolment {
	c := *e
	c.Keys, c.Calling, c.Called = slices.Clone(e.Keys), slices.Clone(e.Calling), slices.Clone(e.Called)
	c.Addresses, c.Services, c.Roles = slices.Clone(e.Addresses), slices.Clone(e.Services), slices.Clone(e.Roles)
	return c
}

// Devices are all devices, by name, those that were revoked too.
func (d *Directory) Devices() ([]Enrolment, error) {
	all, err := d.devices.get()
	if err != nil {
		return nil, err
	}
	var list []Enrolment
	for _, e := range all.byName {
		list = append(list, e.clone())
	}
	slices.SortFunc(list, func(a, b Enrolment) int { return cmp.Compare(a.Name, b.Name) })
	return list, nil
}

// Enrolled says whether a key is that of an active device: see ca.Trust.
func (d *Directory) Enrolled(spki string) bool {
	all, err := d.devices.get()
	e := all.byKey[spki]
	return err == nil && e != nil && e.active(d.c.Now())
}

// Withdrawn says whether a key is that of a device which is not active any more:
// see ca.Trust. Where the registry cannot be read all are.
func (d *Directory) Withdrawn(spki string) bool {
	all, err := d.devices.get()
	e := all.byKey[spki]
	return err != nil || e != nil && !e.active(d.c.Now())
}
