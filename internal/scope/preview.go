package scope

import (
	"maps"
	"net/netip"
)

// Preview returns the hosts that are known without looking names up, which may
// be none, and how many names of include and of exclude are not among them.
func (s *Scope) Preview() (t *Targets, include, exclude int) {
	unnamed := func(entries []entry) []entry {
		var all []entry
		for _, e := range entries {
			if e.name == "" {
				all = append(all, e)
			}
		}
		return all
	}
	excludes, includes := s.Names()
	t, err := s.bind(unnamed(s.include), unnamed(s.exclude), nil)
	if err != nil {
		panic("scope: a name without an address where there are no names")
	}
	return t, len(includes), len(excludes)
}

// Connections is the number of ports of all hosts: what a survey connects to at
// the least, if every port is closed.
func (t *Targets) Connections() uint64 {
	perHost := uint64(len(portSet(t.dicomPorts, t.httpPorts)))
	n := (total(t.all) - total(minus(t.all, t.wide))) * perHost
	special := map[netip.Addr]bool{}
	for a := range t.ports {
		special[a] = true
	}
	for ap := range t.deniedPorts {
		special[ap.Addr()] = true
		if ap.Addr().Is4() {
			special[translated(ap.Addr())] = true
		}
	}
	for a := range maps.Keys(special) {
		if !within(t.all, a) {
			continue
		}
		if within(t.wide, a) {
			n -= perHost
		}
		n += uint64(len(portSet(t.portsOf(a))))
	}
	return n
}

func portSet(dicomPorts, httpPorts []uint16) map[uint16]bool {
	set := map[uint16]bool{}
	for _, p := range dicomPorts {
		set[p] = true
	}
	for _, p := range httpPorts {
		set[p] = true
	}
	return set
}
