// Package identity tells who a peer is from what it shows: a password, a token
// that an issuer signed, the certificate of a device. What a peer merely says, an
// AE title, an address, a DIMSE user name, never suffices.
//
// # People
//
// Accounts of our own are in accounts.json: the name, the password stretched by
// argon2id, roles, organisation, department. A sign-in costs one hash whatever is
// wrong: name, password, an account that is disabled or has to wait. Who fails waits,
// longer each time and never for ever: the account for strangers, the address for
// all accounts. An address that an account signed in from before waits by itself, so
// that nobody keeps a clinician out by guessing at his name.
//
// # Tokens
//
// A bearer token (RFC 6750) is a JWT (RFC 7519) that a configured issuer signed. It
// is believed where all of this holds, and is as if there was none otherwise:
//
//	size, form     no longer than a limit; three parts; no member twice, no deep nesting
//	iss            exactly the URL of a configured issuer
//	alg, kid       an algorithm of the issuer's list, never none or HMAC; a key that the
//	               issuer publishes for it. What keys the token itself names is not read
//	aud            the audience of the configuration is among them
//	azp, client_id one of the configured clients, where there are any
//	exp, nbf, iat  now is between them, give or take a minute, and not for longer than a day
//	cnf            absent, or the certificate of this connection (RFC 8705)
//
// Its subject is the peer; where "act" names somebody (RFC 8693) that one is, on
// behalf of the subject. A token whose subject is its client is a program's (RFC 9068
// section 5). Roles come from one claim by the configured table: what the table does
// not have gives none. A purpose of use counts where the issuer is trusted for it, in
// the form of IHE IUA:
//
//	{"iss": "https://login.example.org", "aud": "leadglass", "sub": "248289761001",
//	 "exp": 1767225600, "groups": ["rad"],
//	 "extensions": {"ihe_iua": {"purpose_of_use": [{"code": "TREAT"}]}}}
//
// An issuer's keys are fetched when they are first needed and kept; they are asked
// for again by age and for a key that is not known, and never more often than once in
// ten seconds. An issuer that is down takes nothing away for a day.
//
// # Devices
//
// The registry of devices, devices.json, binds a public key (or, with a site's own
// authority, a subject) to titles, addresses, services and roles. All of them must
// fit: a title is its device's alone, and another's certificate does not lend it. A
// key that was revoked is refused from then on.
//
// A device that has no certificate is let in by an exception of the configuration
// only, which names its addresses and titles, ends on a date and says in words that
// the peer is not authenticated. Such a peer is Claimed, and carries the name of the
// exception into every record.
//
// Both files are replaced as a whole, and read again when they changed: what a
// command writes counts at the next request. One that cannot be read leaves what was
// before in force, and Doctor says so.
package identity

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/durable"
)

// Local is the issuer of accounts and devices of our own.
const Local = "local"

// Wire is what is known of a connection before anybody says who they are.
type Wire struct {
	Address     netip.AddrPort
	TLS         bool
	Certificate *x509.Certificate // that the peer showed and proved; nil without
}

// Config is what a Directory works with.
type Config struct {
	Dir        string     // the folder of its files, made where it is not there
	FS         durable.FS // nil is the system's
	Exceptions []Exception
	Issuers    []Issuer
	HTTP       *http.Client // reaches issuers; nil makes one without proxy and cookies

	Now         func() time.Time
	Diagnostics *slog.Logger
	Limits      Limits
}

// Directory knows people, programs and devices. Its methods may be called at the
// same time; where they know nobody they fail with a *leadglass.Error of code Denied
// whose reason is NoIdentity or NotActive and which tells nothing else apart.
// Limited is who has to wait, Unavailable an issuer that cannot be asked.
type Directory struct {
	c   Config
	lim Limits

	accounts   *table[accounts]
	devices    *table[devices]
	issuers    map[string]*issuer
	exceptions []Exception
	stretcher  *stretcher
	attempts   *attempts
}

// Open reads the files of a folder; those that are not there yet are empty. It
// refuses an exception or issuer that is not whole.
func Open(ctx context.Context, c Config) (*Directory, error) {
	if c.FS == nil {
		c.FS = durable.OS()
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Diagnostics == nil {
		c.Diagnostics = slog.New(slog.DiscardHandler)
	}
	d := &Directory{c: c, lim: c.Limits.orDefault(), exceptions: c.Exceptions, issuers: map[string]*issuer{}}
	if err := c.FS.MkdirAll(c.Dir); err != nil {
		return nil, leadglass.Errorf(leadglass.Unavailable, "identity: making its folder: %w", err)
	}
	d.stretcher = newStretcher(d.lim)
	d.attempts = newAttempts(d.lim, c.Now)
	d.accounts = newTable(c, "accounts.json", parseAccounts)
	d.devices = newTable(c, "devices.json", parseDevices)
	if err := d.check(); err != nil {
		return nil, err
	}
	return d, ctx.Err()
}

// check refuses what cannot be worked with.
func (d *Directory) check() error {
	if _, err := d.accounts.get(); err != nil {
		return err
	}
	if _, err := d.devices.get(); err != nil {
		return err
	}
	names := map[string]bool{}
	for i := range d.exceptions {
		x := &d.exceptions[i]
		if err := x.Check(); err != nil {
			return err
		}
		if names[x.Name] {
			return leadglass.Errorf(leadglass.Invalid, "identity: there are two exceptions %q", x.Name)
		}
		names[x.Name] = true
	}
	for i := range d.c.Issuers {
		is, err := newIssuer(d.c.Issuers[i], d.c, d.lim)
		if err != nil {
			return err
		}
		if d.issuers[is.URL] != nil {
			return leadglass.Errorf(leadglass.Invalid, "identity: there are two issuers %q", is.URL)
		}
		d.issuers[is.URL] = is
	}
	return nil
}

// denied is an error that tells a reason and, to the operator, why.
func denied(reason leadglass.Reason, why string, args ...any) error {
	return &leadglass.Error{Code: leadglass.Denied, Reason: reason, Err: fmt.Errorf("identity: "+why, args...)}
}

var errWait = errors.New("too many failures, or too many sign-ins at once")

// limited is for those who have to wait.
func limited(doing string) error {
	return leadglass.Errorf(leadglass.Limited, "identity: %s: %w", doing, errWait)
}
