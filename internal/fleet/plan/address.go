package plan

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// securePort is where DICOM within TLS usually is.
func (b *builder) securePort() uint16 {
	if slices.Contains(b.size.dicomPorts, 2762) {
		return 2762
	}
	return b.size.dicomPorts[0]
}

// dicomPort draws one of the ports for DICOM in the clear; the first two are met
// most often.
func (b *builder) dicomPort() uint16 {
	var ports []uint16
	var weights []uint64
	for _, p := range b.size.dicomPorts {
		if p == 2762 && len(b.size.dicomPorts) > 1 {
			continue
		}
		ports, weights = append(ports, p), append(weights, 100/uint64(len(ports)+1))
	}
	i, _ := b.pick(weights, func(int) bool { return true })
	return ports[i]
}

// plainPort draws one of the ports for HTTP without TLS.
func (b *builder) plainPort() uint16 {
	plain := slices.DeleteFunc(slices.Clone(b.size.httpPorts), func(p uint16) bool { return p == 443 || p == 8443 })
	return plain[b.intn(len(plain))]
}

// planPorts gives the archives their DICOM ports.
func (b *builder) planPorts() {
	for _, d := range b.drafts {
		if d.role == "stranger" || d.main == nil {
			continue
		}
		switch {
		case d.onWrongPort():
			d.main.Port = 8080
		case d.main.TLS != nil:
			d.main.Port = b.securePort()
		default:
			d.main.Port = b.dicomPort()
		}
		if len(d.host.DICOM) == 2 {
			b.twoPorts(d)
		}
	}
}

// twoPorts: one archive on two ports, in the order of the scope.
func (b *builder) twoPorts(d *draft) {
	clear := slices.DeleteFunc(slices.Clone(b.size.dicomPorts), func(p uint16) bool { return p == 2762 })
	d.host.DICOM[0].Port, d.host.DICOM[1].Port = clear[0], clear[1]
}

// planAddresses puts one to three hosts of a country into each network and the
// networks side by side; what is left of a network is its silent neighbours.
func (b *builder) planAddresses() error {
	byCountry := map[*country][]*draft{}
	for _, d := range b.drafts {
		byCountry[d.country] = append(byCountry[d.country], d)
	}
	var sites []*site
	for _, c := range everywhere() {
		list := byCountry[c]
		b.shuffle(list)
		for n := 1; len(list) > 0; n++ {
			take := min(len(list), 1+b.intn(b.size.hostsAtMost))
			s := &site{country: c.code, name: fmt.Sprintf("%s Imaging %d", c.city, n)}
			for _, d := range list[:take] {
				d.host.site = s
				s.hosts = append(s.hosts, d.host)
			}
			sites, list = append(sites, s), list[take:]
		}
	}
	b.rng.Shuffle(len(sites), func(i, j int) { sites[i], sites[j] = sites[j], sites[i] })
	return b.place(sites)
}

// place gives the networks their blocks and the hosts their addresses.
func (b *builder) place(sites []*site) error {
	span := uint32(1) << (32 - b.size.blockBits)
	room := uint64(1) << (32 - b.config.Listen.Bits())
	if uint64(len(sites))*uint64(span) > room {
		return fmt.Errorf("fleet: %d networks of %d addresses do not fit into %q: choose a shorter prefix", len(sites), span, b.config.Listen)
	}
	first := b.config.Listen.Addr().As4()
	at := binary.BigEndian.Uint32(first[:])
	for i, s := range sites {
		from := at + uint32(i)*span
		s.block = netip.PrefixFrom(v4(from), b.size.blockBits)
		offsets := b.rng.Perm(int(span) - 2)
		for j, h := range s.hosts {
			h.addr = v4(from + 1 + uint32(offsets[j]))
			b.plan.Hosts = append(b.plan.Hosts, h)
		}
	}
	slices.SortFunc(b.plan.Hosts, func(x, y *Host) int { return x.addr.Compare(y.addr) })
	b.plan.sites = sites
	return nil
}

func v4(n uint32) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], n)
	return netip.AddrFrom4(b)
}
