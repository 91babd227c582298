package probe

import (
	"net"
	"net/netip"
	"strconv"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// How leadglass names itself on the wire (PS3.7 section D.3.3.2), so that
// whoever reads a server's diagnostics can tell who asked.
const (
	ImplementationClassUID    dicom.UID  = "2.25.214429389591978136863848702275356814572"
	ImplementationVersionName            = "LEADGLASS"
	CallingAETitle            ul.AETitle = "LEADGLASS"
	CalledAETitle             ul.AETitle = "LEADGLASS-ASKS" // nobody's
)

// Target is one port of one host in scope.
type Target struct {
	Addr netip.Addr
	Port uint16
	Name string // the host name in the scope, or ""
}

// Address is where to connect to.
func (t Target) Address() string { return netip.AddrPortFrom(t.Addr, t.Port).String() }

// host is what an HTTP Host header says.
func (t Target) host() string {
	name := t.Name
	if name == "" {
		name = t.Addr.String()
	}
	return net.JoinHostPort(name, strconv.Itoa(int(t.Port)))
}

// Asker is who asks, and how much.
type Asker struct {
	Network *Network
	Calling ul.AETitle // "" is CallingAETitle
	Called  ul.AETitle // "" is CalledAETitle
	Contact string     // in the User-Agent, so that somebody can be reached
	Invent  *Inventor
	Limits  Limits
	Trust   *Trust
	// Silent is called when a DICOM port took a connection and said nothing in
	// time, before the same is tried within TLS. It does not wait; nil is nobody.
	Silent func()
}

func (a *Asker) pair() (calling, called ul.AETitle) {
	calling, called = CallingAETitle, CalledAETitle
	if a.Calling != "" {
		calling = a.Calling
	}
	if a.Called != "" {
		called = a.Called
	}
	return calling, called
}

func (a *Asker) userAgent() string {
	if a.Contact == "" {
		return "leadglass-survey"
	}
	return "leadglass-survey (+" + a.Contact + ")"
}
