package limit

import "net/netip"

// Site is what counts as one address where each may have so much: of IPv6 the 64
// bits that a site has the whole of. It is the zero value for no address.
func Site(a netip.Addr) netip.Prefix {
	a = a.Unmap().WithZone("")
	p, _ := a.Prefix(min(a.BitLen(), 64))
	return p
}
