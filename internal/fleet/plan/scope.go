package plan

import (
	"bytes"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/leadglass/leadglass/internal/report"
)

// authorisation is who permits a survey of the fleet: whoever started it.
func (p *Plan) authorisation() report.Authorisation {
	day := p.Config.Now.UTC().Truncate(24 * time.Hour)
	return report.Authorisation{
		Organisation: "Fleet simulator on loopback",
		Contact:      "operator@fleet.invalid",
		Reference:    "FLEET-2019",
		ValidFrom:    day.AddDate(0, 0, -1),
		ValidTo:      day.AddDate(0, 0, 30),
	}
}

// Scope is a scope file that covers the fleet and its silent neighbours, with
// limits that loopback can bear.
func (p *Plan) Scope() []byte {
	a := p.authorisation()
	var b bytes.Buffer
	fmt.Fprintf(&b, "# The simulated fleet and its silent neighbours.\n[authorisation]\n")
	fmt.Fprintf(&b, "organisation = %q\ncontact = %q\nreference = %q\n", a.Organisation, a.Contact, a.Reference)
	fmt.Fprintf(&b, "valid_from = %s\nvalid_to = %s\n\n", a.ValidFrom.Format(time.DateOnly), a.ValidTo.Format(time.DateOnly))
	fmt.Fprintf(&b, "[targets]\ninclude = [\n")
	for _, block := range p.covered() {
		fmt.Fprintf(&b, "  %q,\n", block)
	}
	fmt.Fprintf(&b, "]\ndicom_ports = %s\nhttp_ports = %s\n\n", list(p.size.dicomPorts), list(p.size.httpPorts))
	fmt.Fprintf(&b, "[limits]\nper_host_rate = 10000\ntotal_rate = 1000000\nconnections = 512\n")
	return b.Bytes()
}

func list(ports []uint16) string { return strings.ReplaceAll(fmt.Sprint(ports), " ", ", ") }

// covered is the addresses of all networks in as few blocks as there are: the
// networks lie side by side.
func (p *Plan) covered() []netip.Prefix {
	if len(p.sites) == 0 {
		return nil
	}
	first := p.sites[0].block.Addr()
	last := p.sites[0].block
	for _, s := range p.sites {
		if s.block.Addr().Less(first) {
			first = s.block.Addr()
		}
		if last.Addr().Less(s.block.Addr()) {
			last = s.block
		}
	}
	from := number32(first)
	end := number32(last.Addr()) + 1<<(32-last.Bits())
	var blocks []netip.Prefix
	for from < end {
		bits := 32
		for bits > 8 && from%(1<<(33-bits)) == 0 && from+1<<(33-bits) <= end {
			bits--
		}
		blocks = append(blocks, netip.PrefixFrom(v4(uint32(from)), bits))
		from += 1 << (32 - bits)
	}
	return blocks
}

func number32(a netip.Addr) uint64 {
	b := a.As4()
	return uint64(b[0])<<24 | uint64(b[1])<<16 | uint64(b[2])<<8 | uint64(b[3])
}

// Networks is the table of networks: CIDR,country,site.
func (p *Plan) Networks() []byte {
	var b bytes.Buffer
	for _, s := range p.sites {
		fmt.Fprintf(&b, "%s,%s,%s\n", s.block, s.country, s.name)
	}
	return b.Bytes()
}
