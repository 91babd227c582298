package identity

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/leadglass/leadglass"
)

// Acceptance is what whoever makes an exception has to write, word for word.
const Acceptance = "I accept that this peer is not authenticated"

// Exception lets a peer in that cannot show who it is. It is for machines that can
// do no better, in a network segment of their own.
type Exception struct {
	Name      string
	Addresses []netip.Prefix      // from where it speaks
	Calling   []leadglass.AETitle // what it calls itself
	Roles     []leadglass.Role
	Purpose   leadglass.Purpose // that its work implies
	Services  []leadglass.Route // empty for all
	Expires   time.Time
	Accept    string // Acceptance
	Host      string // where it takes objects by C-MOVE, empty for nowhere
	Port      int
}

// The widest networks that an exception may be for: more is everywhere.
const (
	widestIPv4 = 16
	widestIPv6 = 48
)

// ParseNetwork reads from where a peer speaks: "192.0.2.5" or "192.0.2.0/28".
func ParseNetwork(text string) (netip.Prefix, error) {
	if p, err := netip.ParsePrefix(text); err == nil {
		return p.Masked(), nil
	}
	a, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Prefix{}, err
	}
	return a.Prefix(a.BitLen())
}

// Check says what is missing. That it has expired is no error: it lets nobody in
// then.
func (x *Exception) Check() error {
	wrong := func(what string, args ...any) error {
		return leadglass.Errorf(leadglass.Invalid, "identity: the exception %q %s", x.Name, fmt.Sprintf(what, args...))
	}
	switch {
	case x.Name == "" || !printable(x.Name, 64):
		return wrong("needs a name of one line")
	case x.Accept != Acceptance:
		return wrong("must say in accept: %q", Acceptance)
	case len(x.Addresses) == 0:
		return wrong("names no address")
	case len(x.Calling) == 0:
		return wrong("names no calling AE title")
	case x.Expires.IsZero():
		return wrong("has no date on which it ends")
	case (x.Host == "") != (x.Port == 0) || x.Port < 0 || x.Port > 65535:
		return wrong("has half a destination: host and port belong together")
	}
	for _, p := range x.Addresses {
		if least := widest(p.Addr()); !p.IsValid() || p.Bits() < least {
			return wrong("is for all of %v: at least /%d", p, least)
		}
	}
	if err := checkTitles(x.Calling); err != nil {
		return wrong("is wrong: %v", err)
	}
	return checkUse(x.Roles, x.Services, x.Purpose)
}

func widest(a netip.Addr) int {
	switch {
	case a.IsLoopback():
		return 8 // no further than this machine
	case a.Is4():
		return widestIPv4
	}
	return widestIPv6
}

// exception is the one that lets a peer in, nil for none.
func (d *Directory) exception(w Wire, calling leadglass.AETitle) *Exception {
	now := d.c.Now()
	for i := range d.exceptions {
		x := &d.exceptions[i]
		if now.Before(x.Expires) && slices.Contains(x.Calling, calling) && within(x.Addresses, w.Address.Addr()) {
			return x
		}
	}
	return nil
}

func (x *Exception) device(w Wire, calling, called leadglass.AETitle) *Device {
	return &Device{
		Peer: &leadglass.Peer{
			Kind: leadglass.Device, ID: x.Name, Issuer: Local, Assurance: leadglass.Claimed, Active: true, Roles: slices.Clone(x.Roles),
			Address: w.Address, TLS: w.TLS, AcceptedBy: x.Name, Calling: calling, Called: called,
		},
		Purpose: x.Purpose, Services: slices.Clone(x.Services), Host: x.Host, Port: x.Port,
	}
}

// Exceptions says in words what the configuration accepts.
func (d *Directory) Exceptions() []string {
	var all []string
	for i := range d.exceptions {
		all = append(all, d.exceptions[i].words(d.c.Now()))
	}
	return all
}

func (x *Exception) words(now time.Time) string {
	may, as := "all services", "no role"
	if len(x.Services) > 0 {
		may = list(x.Services)
	}
	if len(x.Roles) > 0 {
		as = "the role " + list(x.Roles)
	}
	until := "until"
	if !now.Before(x.Expires) {
		until = "it ended on"
	}
	return fmt.Sprintf("exception %q: whoever speaks from %s and calls himself %s may use %s with %s, without showing who he is; %s %s",
		x.Name, list(x.Addresses), list(x.Calling), may, as, until, x.Expires.UTC().Format(time.DateOnly))
}

// list is "a, b or c".
func list[T any](all []T) string {
	var words []string
	for _, v := range all {
		words = append(words, fmt.Sprint(v))
	}
	if n := len(words); n > 1 {
		return strings.Join(words[:n-1], ", ") + " or " + words[n-1]
	}
	return strings.Join(words, "")
}
