package scope

import (
	"encoding/binary"
	"math"
	"net/netip"
	"slices"
)

// span is the addresses from first to last, of one family. Lists of spans are
// sorted, IPv4 before IPv6, and neither touch nor overlap: sets of addresses
// whose size does not depend on how many addresses they hold.
type span struct{ first, last netip.Addr }

func spanOf(p netip.Prefix) span {
	first := p.Masked().Addr()
	b := first.AsSlice()
	for i := p.Bits(); i < len(b)*8; i++ {
		b[i/8] |= 1 << (7 - i%8)
	}
	last, _ := netip.AddrFromSlice(b)
	return span{first, last}
}

// size is the number of addresses; it saturates.
func (s span) size() uint64 {
	ahi, alo := halves(s.first)
	bhi, blo := halves(s.last)
	if ahi != bhi || blo-alo == math.MaxUint64 {
		return math.MaxUint64
	}
	return blo - alo + 1
}

func tooMany(first, last netip.Addr) bool { return span{first, last}.size() > maxHostsOfIPv6 }

// at returns the address at an offset below size.
func (s span) at(offset uint64) netip.Addr {
	hi, lo := halves(s.first)
	lo += offset // first and last share the upper half
	if s.first.Is4() {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], uint32(lo))
		return netip.AddrFrom4(b)
	}
	var b [16]byte
	binary.BigEndian.PutUint64(b[:8], hi)
	binary.BigEndian.PutUint64(b[8:], lo)
	return netip.AddrFrom16(b)
}

// halves returns the address as a number; an IPv4 address is its 32 bits.
func halves(a netip.Addr) (hi, lo uint64) {
	if a.Is4() {
		b := a.As4()
		return 0, uint64(binary.BigEndian.Uint32(b[:]))
	}
	b := a.As16()
	return binary.BigEndian.Uint64(b[:8]), binary.BigEndian.Uint64(b[8:])
}

// union sorts spans and joins those that touch.
func union(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return a.first.Compare(b.first) })
	var all []span
	for _, s := range spans {
		if n := len(all); n > 0 && all[n-1].reaches(s.first) {
			if all[n-1].last.Less(s.last) {
				all[n-1].last = s.last
			}
			continue
		}
		all = append(all, s)
	}
	return all
}

// reaches says whether an address that is not below first lies in s or next to
// it.
func (s span) reaches(a netip.Addr) bool {
	return s.last.BitLen() == a.BitLen() && (!s.last.Less(a) || s.last.Next() == a)
}

// minus returns the addresses of a that are not in b; both are unions.
func minus(a, b []span) []span {
	var left []span
	for _, s := range a {
		for len(b) > 0 && b[0].last.Less(s.first) {
			b = b[1:]
		}
		left = append(left, s.minus(b)...)
	}
	return left
}

// minus takes off the spans that begin b, as far as they overlap with s.
func (s span) minus(b []span) []span {
	var left []span
	for _, cut := range b {
		if s.last.Less(cut.first) {
			break
		}
		if s.first.Less(cut.first) {
			left = append(left, span{s.first, cut.first.Prev()})
		}
		if !cut.last.Less(s.last) {
			return left
		}
		s.first = cut.last.Next()
	}
	return append(left, s)
}

// within says whether a union holds an address.
func within(spans []span, a netip.Addr) bool {
	i, found := slices.BinarySearchFunc(spans, a, func(s span, a netip.Addr) int { return s.first.Compare(a) })
	return found || i > 0 && !spans[i-1].last.Less(a)
}

// total is the number of addresses of a union; it saturates.
func total(spans []span) uint64 {
	var n uint64
	for _, s := range spans {
		if n += s.size(); n < s.size() {
			return math.MaxUint64
		}
	}
	return n
}
