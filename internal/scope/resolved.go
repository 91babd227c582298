package scope

import (
	"fmt"
	"net/netip"
	"slices"
)

// Unasked is an included name of whose addresses some are not asked.
type Unasked struct {
	Name      string
	Addresses int
	Why       string
}

func (s Unasked) String() string {
	return fmt.Sprintf("%d of the addresses of %q are not asked: %s", s.Addresses, s.Name, s.Why)
}

// Unasked returns the included names of whose addresses some are not asked.
func (t *Targets) Unasked() []Unasked { return t.unasked }

// heeded returns the addresses that an included entry stands for. What a name
// resolves to is decided by whoever holds its zone, who may be neither the one
// who permitted the survey nor a friend: a name does not lead to this machine
// or its link (where the metadata of clouds are) unless the scope includes that
// address itself, and it leads to a few addresses only.
func (t *Targets) heeded(e entry, entries []entry, addrs map[string][]netip.Addr) []span {
	all := e.spans(addrs)
	if e.name == "" {
		return all
	}
	var kept []span
	for _, s := range all {
		if !isLocal(s.first) || includesItself(entries, s.first) {
			kept = append(kept, s)
		}
	}
	t.spare(e.name, len(all)-len(kept), "they are of this machine or its own link; include them as addresses if they are meant")
	slices.SortFunc(kept, func(a, b span) int { return a.first.Compare(b.first) })
	if kept = slices.Compact(kept); len(kept) <= maxAddressesOfName {
		return kept
	}
	t.spare(e.name, len(kept)-maxAddressesOfName, fmt.Sprintf("a name stands for %d addresses at the most; include the network instead", maxAddressesOfName))
	return kept[:maxAddressesOfName]
}

func (t *Targets) spare(name string, n int, why string) {
	if s := (Unasked{name, n, why}); n > 0 && !slices.Contains(t.unasked, s) {
		t.unasked = append(t.unasked, s)
	}
}

// isLocal says whether an address is of this machine or its link: RFC 1122
// section 3.2.1.3, RFC 3927, RFC 4291 sections 2.5.3 and 2.5.6, and IPv4 ones
// behind a NAT64 prefix.
func isLocal(a netip.Addr) bool {
	a = untranslated(a)
	return a.IsLoopback() || a.IsLinkLocalUnicast()
}

func includesItself(entries []entry, a netip.Addr) bool {
	return slices.ContainsFunc(entries, func(e entry) bool { return e.name == "" && span{e.first, e.last}.holds(a) })
}

func (s span) holds(a netip.Addr) bool {
	return a.BitLen() == s.first.BitLen() && !a.Less(s.first) && !s.last.Less(a)
}
