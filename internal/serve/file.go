package serve

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/regular"
)

// maxFile bounds a configuration, in bytes: thousands of exceptions.
const maxFile = 1 << 20

// file is the TOML form of Config.
type file struct {
	Data     string `toml:"data"`
	Policies string `toml:"policies"`
	Origin   string `toml:"origin"`
	// Passphrase is a file, so that the configuration can be shown to others.
	Passphrase string `toml:"passphrase_file"`
	DIMSE      struct {
		Title  leadglass.AETitle   `toml:"title"`
		Called []leadglass.AETitle `toml:"called"`
		TLS    []string            `toml:"tls"`
		Plain  []string            `toml:"plain"`
	} `toml:"dimse"`
	Web struct {
		TLS   []string `toml:"tls"`
		Plain []string `toml:"plain"`
		URL   string   `toml:"url"`
	} `toml:"web"`
	TLS struct {
		Profile     ca.Profile `toml:"profile"`
		Names       []string   `toml:"names"`
		Certificate string     `toml:"certificate"`
		Key         string     `toml:"key"`
		Clients     string     `toml:"clients"`
		Revoked     []string   `toml:"revoked"`
	} `toml:"tls"`
	Exceptions []fileException `toml:"exception"`
	Issuers    []fileIssuer    `toml:"issuer"`
	Retention  struct {
		Days int      `toml:"days"`
		Keep []string `toml:"keep"`
	} `toml:"retention"`

	name string
	text []byte
}

type fileException struct {
	Name      string              `toml:"name"`
	Addresses []string            `toml:"addresses"`
	Calling   []leadglass.AETitle `toml:"calling"`
	Roles     []leadglass.Role    `toml:"roles"`
	Purpose   string              `toml:"purpose"`
	Services  []leadglass.Route   `toml:"services"`
	Expires   any                 `toml:"expires"`
	Accept    string              `toml:"accept"`
	Host      string              `toml:"host"`
	Port      int                 `toml:"port"`
}

type fileIssuer struct {
	URL        string                    `toml:"url"`
	Audience   string                    `toml:"audience"`
	Clients    []string                  `toml:"clients"`
	Algorithms []string                  `toml:"algorithms"`
	RolesClaim string                    `toml:"roles_claim"`
	Roles      map[string]leadglass.Role `toml:"roles"`
	Purposes   bool                      `toml:"purposes"`
	Keys       string                    `toml:"keys"`

	OrganisationClaim string `toml:"organisation_claim"`
	DepartmentClaim   string `toml:"department_claim"`
}

const keys = "the keys are data, policies, origin, passphrase_file; [dimse] title, called, tls, plain; [web] tls, plain, url; " +
	"[tls] profile, names, certificate, key, clients, revoked; [[exception]] name, addresses, calling, roles, purpose, services, " +
	"expires, accept, host, port; [[issuer]] url, audience, clients, algorithms, roles_claim, roles, organisation_claim, " +
	"department_claim, purposes, keys; [retention] days, keep"

// ConfigError says what is wrong with a configuration and what helps.
type ConfigError struct {
	File   string
	Line   int    // 0 where it is of no line
	Key    string // "dimse.title"; empty where it is of no key
	What   string
	Remedy string
}

func (e *ConfigError) Error() string {
	where := e.File
	if e.Line > 0 {
		where += ":" + strconv.Itoa(e.Line)
	}
	if e.Key != "" {
		where += ": " + e.Key
	}
	return strings.TrimPrefix(where+": "+e.What, ": ")
}

// Hint is what helps.
func (e *ConfigError) Hint() string { return e.Remedy }

// Load reads a configuration file. Folders and files that it names are relative
// to its own folder. The error is a *ConfigError.
func Load(name string) (Config, error) {
	text, err := regular.Read(name, maxFile)
	if err != nil {
		return Config{}, &ConfigError{File: name, What: regular.Reason(err), Remedy: "name a configuration file, or none for an archive on loopback"}
	}
	return Parse(name, text)
}

// Parse is Load with the text at hand; name is what errors call it.
func Parse(name string, text []byte) (Config, error) {
	f := &file{name: name, text: text}
	d := toml.NewDecoder(bytes.NewReader(text)).DisallowUnknownFields()
	if err := d.Decode(f); err != nil {
		return Config{}, f.syntax(err)
	}
	c := Config{Data: f.path(f.Data), Policies: f.path(f.Policies), Origin: f.Origin}
	c.DIMSE = DIMSE(f.DIMSE)
	c.Web = Web(f.Web)
	c.TLS = TLS{
		Profile: f.TLS.Profile, Names: f.TLS.Names,
		Certificate: f.path(f.TLS.Certificate), Key: f.path(f.TLS.Key), Clients: f.path(f.TLS.Clients),
	}
	for _, name := range f.TLS.Revoked {
		c.TLS.Revoked = append(c.TLS.Revoked, f.path(name))
	}
	c.Retention = Retention{After: time.Duration(f.Retention.Days) * 24 * time.Hour, Keep: f.Retention.Keep}
	for _, step := range []func(*Config) error{f.passphrase, f.exceptions, f.issuers, f.check} {
		if err := step(&c); err != nil {
			return Config{}, err
		}
	}
	return c, nil
}

// path is a path of the file, as seen from its folder.
func (f *file) path(p string) string {
	if p == "" || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(f.name), p)
}

// syntax turns what the TOML decoder says into our words.
func (f *file) syntax(err error) error {
	e := &ConfigError{File: f.name, Remedy: "texts stand in double quotes, lists in [ ], dates bare: expires = 2027-06-30"}
	if missing, ok := errors.AsType[*toml.StrictMissingError](err); ok && len(missing.Errors) > 0 {
		first := &missing.Errors[0]
		e.Line, _ = first.Position()
		e.What, e.Remedy = fmt.Sprintf("there is no key %q", strings.Join(first.Key(), ".")), keys
		return e
	}
	e.What = strings.TrimPrefix(err.Error(), "toml: ")
	if de, ok := errors.AsType[*toml.DecodeError](err); ok {
		e.Line, _ = de.Position()
	}
	return e
}

// wrong is an error at a key: that of the nth table of its name, from 0.
func (f *file) wrong(table string, nth int, key, remedy, what string, args ...any) error {
	full := key
	if table != "" {
		full = table + "." + key
	}
	return &ConfigError{File: f.name, Line: f.line(table, nth, key), Key: full, What: fmt.Sprintf(what, args...), Remedy: remedy}
}

// line is where a key stands in the nth table of a name, or the table; 0 if
// neither is found.
func (f *file) line(table string, nth int, key string) int {
	inside, header, seen := table == "", 0, -1
	n := 0
	for text := range strings.Lines(string(f.text)) {
		n++
		text = strings.TrimSpace(text)
		if strings.HasPrefix(text, "[") {
			head, _, _ := strings.Cut(text, "#")
			inside = false
			if table != "" && strings.Trim(head, "[] \t") == table {
				seen++
				inside = seen == nth
			}
			if inside {
				header = n
			}
			continue
		}
		if k, _, ok := strings.Cut(text, "="); ok && inside && strings.Trim(k, " \t\"") == key {
			return n
		}
	}
	return header
}

// maxSecret bounds a file with a passphrase or with an issuer's keys, in bytes.
const maxSecret = 64 << 10

func (f *file) passphrase(c *Config) error {
	if f.Passphrase == "" {
		return nil
	}
	text, err := regular.Read(f.path(f.Passphrase), maxSecret)
	if err == nil {
		c.Passphrase = bytes.TrimRight(text, "\r\n")
	}
	switch {
	case err != nil:
		return f.wrong("", 0, "passphrase_file", "name a file that only the archive's account may read", "%s", regular.Reason(err))
	case len(c.Passphrase) == 0:
		return f.wrong("", 0, "passphrase_file", "write the passphrase into it, on one line", "the file is empty")
	}
	return nil
}

func (f *file) issuers(c *Config) error {
	for i := range f.Issuers {
		is, err := f.issuer(i)
		if err != nil {
			return err
		}
		c.Issuers = append(c.Issuers, is)
	}
	return nil
}

func (f *file) issuer(i int) (identity.Issuer, error) {
	in := &f.Issuers[i]
	is := identity.Issuer{
		URL: in.URL, Audience: in.Audience, Clients: in.Clients, Algorithms: in.Algorithms,
		RolesClaim: in.RolesClaim, Roles: in.Roles, Purposes: in.Purposes,
		OrganisationClaim: in.OrganisationClaim, DepartmentClaim: in.DepartmentClaim,
	}
	u, err := url.Parse(is.URL)
	switch {
	case err != nil || u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())) || u.Host == "":
		return is, f.wrong("issuer", i, "url", "an issuer is named by its https:// URL, as in its tokens", "%q is no https URL", is.URL)
	case is.Audience == "":
		return is, f.wrong("issuer", i, "audience", "write the client id that the issuer's tokens for this archive have in aud", "it is missing")
	case in.Keys == "":
		return is, nil
	}
	if is.Keys, err = regular.Read(f.path(in.Keys), maxSecret); err != nil {
		return is, f.wrong("issuer", i, "keys", "name a file with a JSON web key set, or none where the issuer can be asked", "%s", regular.Reason(err))
	}
	return is, nil
}

func (f *file) exceptions(c *Config) error {
	for i := range f.Exceptions {
		x, err := f.exception(i)
		if err != nil {
			return err
		}
		c.Exceptions = append(c.Exceptions, x)
	}
	return nil
}

func (f *file) exception(i int) (identity.Exception, error) {
	in := &f.Exceptions[i]
	x := identity.Exception{
		Name: in.Name, Calling: in.Calling, Roles: in.Roles, Services: in.Services,
		Accept: in.Accept, Host: in.Host, Port: in.Port,
	}
	if in.Name == "" {
		return x, f.wrong("exception", i, "name", "name the machine, as doctor and the log shall call it", "it is missing")
	}
	for _, a := range in.Addresses {
		p, err := identity.ParseNetwork(a)
		if err != nil {
			return x, f.wrong("exception", i, "addresses", `write addresses as "192.0.2.7" or "192.0.2.0/28"`, "%q is no address", a)
		}
		x.Addresses = append(x.Addresses, p)
	}
	if len(x.Addresses) == 0 {
		return x, f.wrong("exception", i, "addresses", "write from where the peer speaks; everywhere is no exception", "it is missing")
	}
	if in.Purpose != "" {
		p, ok := leadglass.ParsePurpose(in.Purpose)
		if !ok {
			return x, f.wrong("exception", i, "purpose", "write a code of HL7 PurposeOfUse, such as TREAT", "%q is no purpose of use", in.Purpose)
		}
		x.Purpose = p
	}
	return x, f.expiry(i, &x)
}

// expiry reads the date until which an exception holds; a date counts to its end.
func (f *file) expiry(i int, x *identity.Exception) error {
	switch v := f.Exceptions[i].Expires.(type) {
	case nil:
		return f.wrong("exception", i, "expires", "an exception ends: expires = 2027-06-30", "it is missing")
	case toml.LocalDate:
		x.Expires = v.AsTime(time.UTC).AddDate(0, 0, 1)
	case time.Time:
		x.Expires = v
	default:
		return f.wrong("exception", i, "expires", "write a date bare: expires = 2027-06-30", "it is no date")
	}
	return nil
}

// check looks at what can be judged without touching anything.
func (f *file) check(c *Config) error {
	for i, t := range append([]leadglass.AETitle{c.DIMSE.Title}, c.DIMSE.Called...) {
		key := "title"
		if i > 0 {
			key = "called"
		}
		if len(t) > 16 || i > 0 && t == "" || strings.ContainsAny(string(t), "\\\r\n\t") {
			return f.wrong("dimse", 0, key, "an AE title has 1 to 16 characters", "%q is no AE title", t)
		}
	}
	if _, ok := c.TLS.Profile.Suites(); !ok {
		return f.wrong("tls", 0, "profile", `write "B.12" or "B.13"`, "there is no profile %q", c.TLS.Profile)
	}
	if f.Retention.Days < 0 {
		return f.wrong("retention", 0, "days", "0 keeps for ever", "%d days", f.Retention.Days)
	}
	if (c.TLS.Certificate == "") != (c.TLS.Key == "") {
		return f.wrong("tls", 0, "certificate", "name both files, or neither for a certificate of leadglass's own CA", "certificate and key belong together")
	}
	return f.listeners(c)
}

// listeners refuses plain text where nobody accepted it.
func (f *file) listeners(c *Config) error {
	for _, l := range c.listeners() {
		for _, a := range l.addresses {
			host, _, err := net.SplitHostPort(a)
			if err != nil {
				return f.wrong(l.table, 0, l.key, `write "192.0.2.1:2762", ":2762" or "[::1]:2762"`, "%q is no address to listen on", a)
			}
			if l.face.encrypted() || loopback(host) {
				continue
			}
			if l.table == "web" {
				return f.wrong("web", 0, "plain", "listen with tls there, or on 127.0.0.1 for a proxy on this machine", "%q is not loopback", a)
			}
			if len(c.Exceptions) == 0 {
				return f.wrong("dimse", 0, "plain", "listen with tls there; or name in [[exception]] the peers that can do no better, and accept the risk", "%q is not loopback, and no peer may use it", a)
			}
		}
	}
	return nil
}

func loopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.Unmap().IsLoopback()
}
