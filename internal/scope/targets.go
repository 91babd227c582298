package scope

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"iter"
	"maps"
	"net/netip"
	"slices"
	"sort"
)

// Targets are the hosts of a scope whose names are known. It holds spans and
// what single addresses add to them, never a list of all addresses. After
// Exclude it may be read by several at once.
type Targets struct {
	dicomPorts, httpPorts []uint16

	all   []span   // the hosts to ask
	upTo  []uint64 // how many hosts all[:i+1] has
	order order
	wide  []span // whose hosts are asked at all ports of the scope

	ports       map[netip.Addr][]uint16 // further ports of single hosts
	names       map[netip.Addr]string
	unasked     []Unasked
	denied      []span
	deniedPorts map[netip.AddrPort]bool
	included    uint64
	hash        string
}

// Bind fixes the hosts. addrs holds the addresses of each of Names; an included
// name without one adds nobody, an excluded name without one is an error.
func (s *Scope) Bind(addrs map[string][]netip.Addr) (*Targets, error) {
	t, err := s.bind(s.include, s.exclude, addrs)
	if err != nil {
		return nil, err
	}
	if total(t.all) == 0 {
		what := "nobody is left to ask: the exclusions cover all, or no name has an address"
		if len(t.unasked) > 0 {
			what = "nobody is left to ask: " + t.unasked[0].String()
		}
		return nil, &Error{Kind: BadTargets, What: what, Remedy: "compare include with exclude; leadglass survey --dry-run shows what is left"}
	}
	return t, nil
}

func (s *Scope) bind(include, exclude []entry, addrs map[string][]netip.Addr) (*Targets, error) {
	t := &Targets{
		dicomPorts: s.DICOMPorts, httpPorts: s.HTTPPorts,
		ports: map[netip.Addr][]uint16{}, names: map[netip.Addr]string{}, deniedPorts: map[netip.AddrPort]bool{},
	}
	if err := t.exclude(exclude, addrs); err != nil {
		return nil, err
	}
	t.include(include, addrs)
	t.hash = t.fingerprint()
	return t, nil
}

// spans returns the addresses that an entry stands for.
func (e entry) spans(addrs map[string][]netip.Addr) []span {
	if e.name == "" {
		return []span{{e.first, e.last}}
	}
	var all []span
	for _, a := range addrs[e.name] {
		a = a.Unmap().WithZone("")
		all = append(all, span{a, a})
	}
	return all
}

func (t *Targets) exclude(entries []entry, addrs map[string][]netip.Addr) error {
	denied := never()
	for _, e := range entries {
		spans := e.spans(addrs)
		if len(spans) == 0 {
			return &Error{Kind: BadTargets, File: e.file, Line: e.line, What: fmt.Sprintf("the excluded name %q has no address", e.name),
				Remedy: "exclude its address as well, or take the name out: what cannot be looked up cannot be spared"}
		}
		if e.port == 0 {
			denied = append(denied, spans...)
			continue
		}
		for _, s := range spans {
			t.deniedPorts[netip.AddrPortFrom(untranslated(s.first), e.port)] = true
		}
	}
	t.denied = union(withTranslated(denied))
	return nil
}

func (t *Targets) include(entries []entry, addrs map[string][]netip.Addr) {
	var wide, all []span
	for _, e := range entries {
		for _, s := range t.heeded(e, entries, addrs) {
			all = append(all, s)
			if e.name != "" && t.names[s.first] == "" {
				t.names[s.first] = e.name
			}
			if e.port == 0 {
				wide = append(wide, s)
			} else if !slices.Contains(t.ports[s.first], e.port) {
				t.ports[s.first] = append(t.ports[s.first], e.port)
			}
		}
	}
	for _, ports := range t.ports {
		slices.Sort(ports)
	}
	t.wide = union(wide)
	all = union(all)
	t.included = total(all)
	t.all = minus(minus(all, t.denied), t.portless())
	var n uint64
	for _, s := range t.all {
		n += s.size()
		t.upTo = append(t.upTo, n)
	}
	t.order = newOrder(n)
}

// portless returns the hosts whose ports are all excluded.
func (t *Targets) portless() []span {
	var none []span
	check := func(a netip.Addr) {
		if d, h := t.portsOf(a); len(d)+len(h) == 0 {
			none = append(none, span{a, a})
		}
	}
	for ap := range t.deniedPorts {
		check(ap.Addr())
		if ap.Addr().Is4() {
			check(translated(ap.Addr()))
		}
	}
	if len(t.dicomPorts)+len(t.httpPorts) == 0 {
		none = append(none, t.wideOnly()...)
	}
	return union(none)
}

// wideOnly returns the hosts that only the ports of the scope could be asked of.
func (t *Targets) wideOnly() []span {
	var single []span
	for a := range t.ports {
		single = append(single, span{a, a})
	}
	return minus(t.wide, union(single))
}

// Exclude takes off an address, or one port of it, after Bind: what is asked
// changes, the places in the order do not.
func (t *Targets) Exclude(a netip.Addr, port uint16) {
	a = a.Unmap().WithZone("")
	if port != 0 {
		t.deniedPorts[netip.AddrPortFrom(untranslated(a), port)] = true
		return
	}
	t.denied = union(append(slices.Clone(t.denied), withTranslated([]span{{a, a}})...))
}

// ExcludeNames takes off addresses that excluded names have gained since Bind.
func (t *Targets) ExcludeNames(s *Scope, addrs map[string][]netip.Addr) {
	for _, e := range s.exclude {
		if e.name == "" {
			continue
		}
		for _, a := range addrs[e.name] {
			t.Exclude(a, e.port)
		}
	}
}

// Count is the number of hosts, and Included what it was before exclusions.
func (t *Targets) Count() uint64 { return t.order.n }

// Included is the number of hosts before exclusions.
func (t *Targets) Included() uint64 { return t.included }

// At returns the host at a place of the order, k < Count. A host that Exclude
// took off has no ports.
func (t *Targets) At(k uint64) Host {
	i := t.order.at(k)
	j := sort.Search(len(t.upTo), func(j int) bool { return i < t.upTo[j] })
	if j > 0 {
		i -= t.upTo[j-1]
	}
	h := Host{Addr: t.all[j].at(i)}
	h.Name = t.names[h.Addr]
	if !within(t.denied, h.Addr) {
		h.DICOMPorts, h.HTTPPorts = t.portsOf(h.Addr)
	}
	return h
}

// Hosts goes through the hosts from a place of the order until ctx ends.
func (t *Targets) Hosts(ctx context.Context, from uint64) iter.Seq2[uint64, Host] {
	return func(yield func(uint64, Host) bool) {
		for k := from; k < t.Count() && ctx.Err() == nil; k++ {
			if !yield(k, t.At(k)) {
				return
			}
		}
	}
}

// portsOf returns the ports of an address, whether or not it is excluded.
func (t *Targets) portsOf(a netip.Addr) (dicomPorts, httpPorts []uint16) {
	if within(t.wide, a) {
		dicomPorts, httpPorts = t.dicomPorts, t.httpPorts
	}
	for _, p := range t.ports[a] {
		switch {
		case slices.Contains(dicomPorts, p) || slices.Contains(httpPorts, p):
		case slices.Contains(t.dicomPorts, p):
			dicomPorts = append(slices.Clip(dicomPorts), p)
		default:
			httpPorts = append(slices.Clip(httpPorts), p)
		}
	}
	if len(t.deniedPorts) == 0 {
		return dicomPorts, httpPorts
	}
	return t.spared(a, dicomPorts), t.spared(a, httpPorts)
}

func (t *Targets) spared(a netip.Addr, ports []uint16) []uint16 {
	refused := func(p uint16) bool { return t.deniedPort(a, p) }
	if !slices.ContainsFunc(ports, refused) {
		return ports
	}
	return slices.DeleteFunc(slices.Clone(ports), refused)
}

func (t *Targets) deniedPort(a netip.Addr, p uint16) bool {
	return t.deniedPorts[netip.AddrPortFrom(untranslated(a), p)]
}

// Permits returns nil where an address and port may be asked, and else a
// *RefusedError.
func (t *Targets) Permits(ap netip.AddrPort) error {
	a := ap.Addr().Unmap()
	switch {
	case within(t.denied, a) || t.deniedPort(a, ap.Port()):
		return &RefusedError{ap, "excluded"}
	case !within(t.all, a):
		return &RefusedError{ap, "out of scope"}
	}
	d, h := t.portsOf(a)
	if !slices.Contains(d, ap.Port()) && !slices.Contains(h, ap.Port()) {
		return &RefusedError{ap, "a port out of scope"}
	}
	return nil
}

// Hash names what is asked and in which order: equal for equal targets and
// ports, whoever permitted it, at whatever rate, and whatever Exclude took off.
func (t *Targets) Hash() string { return t.hash }

func (t *Targets) fingerprint() string {
	h := sha256.New()
	fmt.Fprintln(h, "leadglass scope 1", t.dicomPorts, t.httpPorts)
	for i, spans := range [][]span{t.all, t.wide} {
		for _, s := range spans {
			fmt.Fprintln(h, i, s.first, s.last)
		}
	}
	for _, a := range slices.SortedFunc(maps.Keys(t.ports), netip.Addr.Compare) {
		fmt.Fprintln(h, a, t.ports[a])
	}
	for _, ap := range slices.SortedFunc(maps.Keys(t.deniedPorts), netip.AddrPort.Compare) {
		fmt.Fprintln(h, "without", ap)
	}
	for _, a := range slices.SortedFunc(maps.Keys(t.names), netip.Addr.Compare) {
		fmt.Fprintln(h, a, t.names[a])
	}
	return hex.EncodeToString(h.Sum(nil))
}
