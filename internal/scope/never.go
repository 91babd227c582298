package scope

import "net/netip"

// never returns the addresses that are no host anywhere: "this network" and
// unspecified (RFC 1122 section 3.2.1.3, RFC 4291 section 2.5.2), multicast,
// reserved, and the limited broadcast. The first and last address of a network
// in the scope are asked like the others: how its owner divided it further is
// not to be seen from here, and a connect to a broadcast address reaches nobody.
func never() []span {
	var all []span
	for _, p := range []string{"0.0.0.0/8", "224.0.0.0/3", "::/128", "ff00::/8"} {
		all = append(all, spanOf(netip.MustParsePrefix(p)))
	}
	return all
}

// translatedPrefix is the well-known prefix by which a NAT64 gateway reaches
// IPv4 addresses (RFC 6052 section 2.1).
func translatedPrefix() netip.Prefix { return netip.MustParsePrefix("64:ff9b::/96") }

// withTranslated adds to spans the IPv6 addresses that reach the same IPv4
// hosts through a NAT64 gateway, and the other way about.
func withTranslated(spans []span) []span {
	gate := translatedPrefix()
	for _, s := range spans {
		switch {
		case s.first.Is4():
			spans = append(spans, span{translated(s.first), translated(s.last)})
		case gate.Contains(s.first) && gate.Contains(s.last):
			spans = append(spans, span{untranslated(s.first), untranslated(s.last)})
		}
	}
	return spans
}

func translated(a netip.Addr) netip.Addr {
	b, four := translatedPrefix().Addr().As16(), a.As4()
	copy(b[12:], four[:])
	return netip.AddrFrom16(b)
}

// untranslated returns the IPv4 address behind a NAT64 address, and others as
// they are.
func untranslated(a netip.Addr) netip.Addr {
	if !translatedPrefix().Contains(a) {
		return a
	}
	b := a.As16()
	return netip.AddrFrom4([4]byte(b[12:]))
}
