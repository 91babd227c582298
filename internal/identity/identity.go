// Package identity tells who a peer is from what it shows: a password, a token
// that an issuer signed, the certificate of a device. What a peer merely says, an
// AE title, an address, a DIMSE user name, never suffices.
package identity

import (
	"context"
	"crypto/x509"
	"net/netip"

	"github.com/leadglass/leadglass"
)

// Wire is what is known of a connection before anybody says who they are.
type Wire struct {
	Address     netip.AddrPort
	TLS         bool
	Certificate *x509.Certificate // that the peer showed and proved; nil without
}

// Directory knows people, programs and devices. Its methods may be called at the
// same time; they fail with a *leadglass.Error of code Denied whose reason is
// NoIdentity or NotActive and which tells nothing else apart.
type Directory struct{}

// Device returns the peer of a DIMSE association: the enrolled device whose
// certificate this is, if it may use the calling title towards the called one from
// this address, or the device of an exception that the configuration accepts in
// words. On the web a device is known by its certificate alone; both titles are
// empty then.
func (d *Directory) Device(ctx context.Context, w Wire, calling, called leadglass.AETitle) (*Device, error) {
	return nil, nil
}

// Device is an enrolled device and what it may be used for.
type Device struct {
	Peer     *leadglass.Peer
	Purpose  leadglass.Purpose // that its work implies, empty for none
	Services []leadglass.Route // that it may use; empty for all
	Host     string            // where to reach it: a destination of C-MOVE and of storage commitment
	Port     int
	DialTLS  bool
}

// Destination returns the device of an AE title as a destination of C-MOVE.
func (d *Directory) Destination(ctx context.Context, title leadglass.AETitle) (*Device, error) {
	return nil, nil
}

// Person returns the peer of a local account. A wrong password, an unknown name
// and a locked account take the same time.
func (d *Directory) Person(ctx context.Context, w Wire, name, password string) (*leadglass.Peer, error) {
	return nil, nil
}

// Bearer returns the peer of a token (RFC 6750) of a configured issuer, checked
// against the issuer's keys, audience and time, with the purpose that the token
// names where its issuer is trusted for that.
func (d *Directory) Bearer(ctx context.Context, w Wire, token string) (*leadglass.Peer, leadglass.Purpose, error) {
	return nil, "", nil
}
