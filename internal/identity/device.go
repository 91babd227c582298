package identity

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
)

// Device is an enrolled device and what it may be used for.
type Device struct {
	Peer     *leadglass.Peer
	Purpose  leadglass.Purpose // that its work implies, empty for none
	Services []leadglass.Route // that it may use; empty for all
	Host     string            // where to reach it: a destination of C-MOVE and of storage commitment
	Port     int
	DialTLS  bool
	Keys     []string // that it shows there, see ca.SPKI; empty where its certificate counts by its name
}

// TLS is the configuration of a connection to the device: base, with the device's
// own keys instead of authorities and names, where they are enrolled. Who sits at
// its address with another certificate is not it, whoever signed that.
func (d *Device) TLS(base *tls.Config) *tls.Config {
	if base == nil || len(d.Keys) == 0 {
		return base
	}
	c := base.Clone()
	c.InsecureSkipVerify = true // of chain and name; VerifyConnection takes their place
	c.VerifyConnection = func(s tls.ConnectionState) error {
		if len(s.PeerCertificates) > 0 && slices.Contains(d.Keys, ca.SPKI(s.PeerCertificates[0])) {
			return nil
		}
		return errNotDevice
	}
	return c
}

var errNotDevice = denied(leadglass.NoIdentity, "the destination shows another key than the enrolled one")

// spki is the key that the peer showed, empty without.
func (w Wire) spki() string {
	if w.Certificate == nil {
		return ""
	}
	return ca.SPKI(w.Certificate)
}

// Device returns the peer of a DIMSE association: the enrolled device whose
// certificate this is, if it may use the calling title towards the called one from
// this address, or the device of an exception that the configuration accepts in
// words. On the web a device is known by its certificate alone; both titles are
// empty then.
func (d *Directory) Device(_ context.Context, w Wire, calling, called leadglass.AETitle) (*Device, error) {
	all, err := d.devices.get()
	if err != nil {
		return nil, err
	}
	if w.Certificate == nil {
		if x := d.exception(w, calling); x != nil {
			dev := x.device(w, calling, called)
			dev.Peer.Session = rand.Text()
			return dev, nil
		}
		return nil, denied(leadglass.NoIdentity, "no certificate, and no exception")
	}
	e := all.find(w.Certificate)
	if e == nil {
		return nil, denied(leadglass.NoIdentity, "the certificate is of no device")
	}
	if err := d.admits(e, w, calling, called); err != nil {
		return nil, err
	}
	dev := e.device()
	p := dev.Peer
	p.Session, p.Address, p.TLS, p.Certificate, p.Calling, p.Called = rand.Text(), w.Address, w.TLS, w.spki(), calling, called
	return dev, nil
}

// admits says whether a device is used as it is enrolled.
func (d *Directory) admits(e *Enrolment, w Wire, calling, called leadglass.AETitle) error {
	now, web := d.c.Now(), calling == "" && called == ""
	switch {
	case !e.active(now):
		return denied(leadglass.NotActive, "the device %q is revoked or over its time", e.Name)
	case now.Before(w.Certificate.NotBefore) || now.After(w.Certificate.NotAfter):
		return denied(leadglass.NotActive, "the certificate of device %q is expired or not yet valid", e.Name)
	case !w.TLS:
		return denied(leadglass.NoIdentity, "a certificate without TLS")
	case len(e.Addresses) > 0 && !within(e.Addresses, w.Address.Addr()):
		return denied(leadglass.NoIdentity, "the device %q speaks from an address that is not its", e.Name)
	case web:
		return nil
	case !slices.Contains(e.Calling, calling):
		return denied(leadglass.NoIdentity, "the device %q has not the calling title %q", e.Name, string(calling))
	case len(e.Called) > 0 && !slices.Contains(e.Called, called):
		return denied(leadglass.NoIdentity, "the device %q may not call %q", e.Name, string(called))
	}
	return nil
}

// device is an enrolment as a Device, without a connection.
func (e *Enrolment) device() *Device {
	return &Device{
		Peer: &leadglass.Peer{
			Kind: leadglass.Device, ID: e.Name, Issuer: Local, Assurance: leadglass.Certificate, Active: true, Roles: slices.Clone(e.Roles),
			Organisation: e.Organisation, Department: e.Department, Site: e.Site,
		},
		Purpose: e.Purpose, Services: slices.Clone(e.Services),
		Host: e.Host, Port: e.Port, DialTLS: e.TLS, Keys: slices.Clone(e.Keys),
	}
}

// Destination returns the device of an AE title as a destination of C-MOVE: an
// enrolled one, or that of an exception which says where it is.
func (d *Directory) Destination(_ context.Context, title leadglass.AETitle) (*Device, error) {
	all, err := d.devices.get()
	if err != nil {
		return nil, err
	}
	now := d.c.Now()
	if e := all.byTitle[title]; e != nil {
		switch {
		case !e.active(now):
			return nil, denied(leadglass.NotActive, "the destination %q is over its time", string(title))
		case e.Host == "":
			return nil, denied(leadglass.NoIdentity, "the destination %q takes nothing", string(title))
		}
		dev := e.device()
		dev.Peer.TLS, dev.Peer.Called = e.TLS, title
		if !e.TLS { // nothing shows there that it is the device
			dev.Peer.Assurance = leadglass.Claimed
		}
		return dev, nil
	}
	for i := range d.exceptions {
		if x := &d.exceptions[i]; now.Before(x.Expires) && x.Host != "" && slices.Contains(x.Calling, title) {
			return x.device(Wire{}, "", title), nil
		}
	}
	return nil, denied(leadglass.NoIdentity, "no destination %q", string(title))
}
