package scope_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/scope"
)

func addrs(list ...string) []netip.Addr {
	var all []netip.Addr
	for _, a := range list {
		all = append(all, netip.MustParseAddr(a))
	}
	return all
}

func TestTargets_Entries(t *testing.T) {
	dns := map[string][]netip.Addr{
		"pacs.example.org": addrs("192.0.2.77", "2001:db8::77"),
		"gone.example.org": nil,
	}
	for _, c := range []struct{ name, section, want string }{
		{"cidr", `include=["192.0.2.0/30"]`, "192.0.2.0 192.0.2.1 192.0.2.2 192.0.2.3"},
		{"address", `include=["192.0.2.9","2001:db8::1"]`, "192.0.2.9 2001:db8::1"},
		{"bracketed", `include=["[2001:db8::1]"]`, "2001:db8::1"},
		{"range", `include=["192.0.2.254-192.0.3.1"]`, "192.0.2.254 192.0.2.255 192.0.3.0 192.0.3.1"},
		{"overlap_once", `include=["192.0.2.0/31","192.0.2.1-192.0.2.2","192.0.2.0:99"]`, "192.0.2.0 192.0.2.1 192.0.2.2"},
		{"name", `include=["PACS.example.org."]`, "192.0.2.77 2001:db8::77"},
		{"name_gone", `include=["gone.example.org","192.0.2.1"]`, "192.0.2.1"},
		{"mapped", `include=["::ffff:192.0.2.9","::ffff:192.0.2.0/127"]`, "192.0.2.0 192.0.2.1 192.0.2.9"},
		{"exclude_address", `include=["192.0.2.0/30"]` + "\n" + `exclude=["192.0.2.1"]`, "192.0.2.0 192.0.2.2 192.0.2.3"},
		{"exclude_wins_over_narrower", `include=["192.0.2.0/30","192.0.2.1","192.0.2.1:104"]` + "\n" + `exclude=["192.0.2.0/31"]`, "192.0.2.2 192.0.2.3"},
		{"exclude_mapped", `include=["192.0.2.0/31"]` + "\n" + `exclude=["::ffff:192.0.2.1"]`, "192.0.2.0"},
		{"exclude_translated", `include=["192.0.2.0/31"]` + "\n" + `exclude=["64:ff9b::192.0.2.1"]`, "192.0.2.0"},
		{"include_translated", `include=["64:ff9b::192.0.2.0/127"]` + "\n" + `exclude=["192.0.2.1"]`, "64:ff9b::c000:200"},
		{"exclude_all_IPv6", `include=["192.0.2.1","2001:db8::1"]` + "\n" + `exclude=["::/0"]`, "192.0.2.1"},
		{"name_in_excluded_network", `include=["pacs.example.org"]` + "\n" + `exclude=["192.0.2.0/24"]`, "2001:db8::77"},
		{"name_excluded", `include=["192.0.2.76/31"]` + "\n" + `exclude=["pacs.example.org"]`, "192.0.2.76"},
		{"never", `include=["0.0.0.0-0.255.255.255","192.0.2.1","223.255.255.254-240.0.0.1","255.255.255.255","::","ff02::1"]`, "192.0.2.1 223.255.255.254 223.255.255.255"},
		{"all_ports_excluded", `include=["192.0.2.0/31","192.0.2.8:104"]` + "\n" + `dicom_ports=[104]` + "\n" + `http_ports=[]` + "\n" + `exclude=["192.0.2.1:104","192.0.2.8:104"]`, "192.0.2.0"},
		{"named_ports_alone", `include=["192.0.2.0/31","192.0.2.9:104"]` + "\n" + `dicom_ports=[]` + "\n" + `http_ports=[]`, "192.0.2.9"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(hosts(targets(t, c.section, dns)), " "); got != c.want {
				t.Errorf("hosts %s, want %s", got, c.want)
			}
		})
	}
}

func TestTargets_Ports(t *testing.T) {
	dns := map[string][]netip.Addr{"pacs.example.org": addrs("192.0.2.5")}
	ts := targets(t, `
include = ["192.0.2.0/31", "192.0.2.0:9999", "192.0.2.4:104", "192.0.2.4:8080", "pacs.example.org:4242", "[2001:db8::1]:104"]
exclude = ["192.0.2.1:104", "192.0.2.0:443", "pacs.example.org:80"]
dicom_ports = [104, 11112, 4242]
http_ports = [80, 443]
`, dns)
	for _, c := range []struct {
		addr, name  string
		dicom, http []uint16
	}{
		{"192.0.2.0", "", []uint16{104, 11112, 4242}, []uint16{80, 9999}},
		{"192.0.2.1", "", []uint16{11112, 4242}, []uint16{80, 443}},
		{"192.0.2.4", "", []uint16{104}, []uint16{8080}},
		{"192.0.2.5", "pacs.example.org", []uint16{4242}, nil},
		{"2001:db8::1", "", []uint16{104}, nil},
	} {
		h := find(t, ts, c.addr)
		if h.Name != c.name || !slices.Equal(h.DICOMPorts, c.dicom) || !slices.Equal(h.HTTPPorts, c.http) {
			t.Errorf("%s: %q %v %v, want %q %v %v", c.addr, h.Name, h.DICOMPorts, h.HTTPPorts, c.name, c.dicom, c.http)
		}
	}
	for _, c := range []struct{ addr, why string }{
		{"192.0.2.0:104", ""}, {"192.0.2.0:9999", ""}, {"[::ffff:192.0.2.0]:80", ""}, {"[2001:db8::1]:104", ""},
		{"192.0.2.1:104", "excluded"}, {"[::ffff:192.0.2.1]:104", "excluded"}, {"[64:ff9b::192.0.2.1]:104", "excluded"}, {"192.0.2.5:80", "excluded"},
		{"192.0.2.2:104", "out of scope"}, {"0.0.0.0:104", "excluded"},
		{"192.0.2.4:11112", "a port out of scope"}, {"192.0.2.1:9999", "a port out of scope"},
	} {
		err := ts.Permits(netip.MustParseAddrPort(c.addr))
		why := ""
		if e, ok := errors.AsType[*scope.RefusedError](err); ok {
			why = e.Why
		}
		if why != c.why || (err == nil) != (c.why == "") {
			t.Errorf("%s: %v, want %q", c.addr, err, c.why)
		}
	}
}

func TestTargets_Files(t *testing.T) {
	name := write(t, authorisation+`[targets]
include_files = ["in.txt"]
exclude_files = ["out.txt"]
`, "in.txt", "\ufeff# the first line\r\n192.0.2.0/30 # four\r\n\r\n  pacs.example.org:104\r\n", "out.txt", "192.0.2.3")
	s, err := scope.Load(name, noon)
	if err != nil {
		t.Fatal(err)
	}
	ts, err := s.Bind(map[string][]netip.Addr{"pacs.example.org": addrs("192.0.2.9")})
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(hosts(ts), " "); got != "192.0.2.0 192.0.2.1 192.0.2.2 192.0.2.9" {
		t.Errorf("hosts %s", got)
	}
	_, err = scope.Load(write(t, authorisation+"[targets]\ninclude_files=[\"in.txt\"]\n", "in.txt", "192.0.2.1\n192.0.2.0/33\n"), noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || e.Line != 2 || !strings.HasSuffix(e.File, "in.txt") {
		t.Errorf("error %v, want line 2 of in.txt", err)
	}
}

// TestTargets_EveryFormEverywhere: an entry means the same in a list and in a
// file, and takes off as much as it adds.
func TestTargets_EveryFormEverywhere(t *testing.T) {
	dns := map[string][]netip.Addr{"pacs.example": addrs("192.0.2.6", "2001:db8::6")}
	for _, c := range []struct{ entry, hosts, ports string }{
		{"192.0.2.4/30", "192.0.2.4 192.0.2.5 192.0.2.6 192.0.2.7", "[104] [80]"},
		{"192.0.2.6", "192.0.2.6", "[104] [80]"},
		{"192.0.2.6-192.0.2.7", "192.0.2.6 192.0.2.7", "[104] [80]"},
		{"pacs.example", "192.0.2.6 2001:db8::6", "[104] [80]"},
		{"2001:db8::4/126", "2001:db8::4 2001:db8::5 2001:db8::6 2001:db8::7", "[104] [80]"},
		{"2001:db8::6", "2001:db8::6", "[104] [80]"},
		{"2001:db8::6-2001:db8::7", "2001:db8::6 2001:db8::7", "[104] [80]"},
		{"192.0.2.6:80", "192.0.2.6", "[] [80]"},
		{"pacs.example:104", "192.0.2.6 2001:db8::6", "[104] []"},
		{"[2001:db8::6]:104", "2001:db8::6", "[104] []"},
	} {
		const ports = "dicom_ports=[104]\nhttp_ports=[80]\n"
		const world = `"192.0.2.0/28","2001:db8::/124"`
		in := func(section string, more ...string) *scope.Targets {
			s, err := scope.Load(write(t, authorisation+"[targets]\n"+ports+section, more...), noon)
			if err != nil {
				t.Fatal(err)
			}
			ts, err := s.Bind(dns)
			if err != nil {
				t.Fatal(err)
			}
			return ts
		}
		for how, ts := range map[string]*scope.Targets{
			"include":       in(fmt.Sprintf("include=[%q]", c.entry)),
			"include_files": in(`include_files=["in.txt"]`, "in.txt", c.entry),
		} {
			if got := strings.Join(hosts(ts), " "); got != c.hosts {
				t.Errorf("%s %s: hosts %s, want %s", how, c.entry, got, c.hosts)
			}
			for _, a := range strings.Fields(c.hosts) {
				if h := find(t, ts, a); fmt.Sprint(h.DICOMPorts, h.HTTPPorts) != c.ports {
					t.Errorf("%s %s: ports of %s are %v %v, want %s", how, c.entry, a, h.DICOMPorts, h.HTTPPorts, c.ports)
				}
			}
		}
		for how, ts := range map[string]*scope.Targets{
			"exclude":       in(fmt.Sprintf("include=[%s,%q]\nexclude=[%q]", world, c.entry, c.entry)),
			"exclude_files": in(fmt.Sprintf("include=[%s,%q]\nexclude_files=[\"out.txt\"]", world, c.entry), "out.txt", c.entry),
		} {
			for _, h := range ts.Hosts(context.Background(), 0) {
				for _, p := range append(slices.Clone(h.DICOMPorts), h.HTTPPorts...) {
					if slices.Contains(strings.Fields(c.hosts), h.Addr.String()) && strings.Contains(c.ports, fmt.Sprint(p)) {
						t.Errorf("%s %s: %s:%d is asked", how, c.entry, h.Addr, p)
					}
				}
			}
			var gone uint64
			if c.ports == "[104] [80]" {
				gone = uint64(len(strings.Fields(c.hosts)))
			}
			ports := uint64(len(strings.Fields(strings.NewReplacer("[]", "", "[", "", "]", "").Replace(c.ports))))
			off := uint64(len(strings.Fields(c.hosts))) * ports
			if ts.Count() != 32-gone || ts.Connections() != 64-off {
				t.Errorf("%s %s: %d hosts and %d ports, want %d and %d", how, c.entry, ts.Count(), ts.Connections(), 32-gone, 64-off)
			}
		}
	}
}

func TestLimit_Line(t *testing.T) {
	for n, fails := range map[int]bool{4<<10 - 2: false, 4 << 10: true} {
		line := "192.0.2.1" + strings.Repeat(" ", n-9) + "\n"
		_, err := scope.Load(write(t, authorisation+"[targets]\ninclude_files=[\"in.txt\"]\n", "in.txt", line), noon)
		if (err != nil) != fails {
			t.Errorf("a line of %d bytes: %v", n, err)
		}
	}
}

func TestBind_Refuses(t *testing.T) {
	for name, section := range map[string]string{
		"nobody_left":           `include=["192.0.2.0/24"]` + "\n" + `exclude=["192.0.0.0/16"]`,
		"no_name_known":         `include=["gone.example.org"]`,
		"excluded_name_unknown": `include=["192.0.2.0/24"]` + "\n" + `exclude=["gone.example.org"]`,
	} {
		s, err := scope.Load(write(t, authorisation+"[targets]\n"+section+"\n"), noon)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Bind(nil)
		if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadTargets || e.Remedy == "" {
			t.Errorf("%s: %v, want a *scope.Error of targets", name, err)
		}
	}
}

func TestNames_ExcludedFirstAndOnce(t *testing.T) {
	s, err := scope.Load(write(t, authorisation+`[targets]
include = ["b.example", "a.example:104", "B.example:80"]
exclude = ["c.example"]
`), noon)
	if err != nil {
		t.Fatal(err)
	}
	exclude, include := s.Names()
	if !slices.Equal(exclude, []string{"c.example"}) || !slices.Equal(include, []string{"b.example", "a.example"}) {
		t.Errorf("names %v and %v", exclude, include)
	}
}

// TestTargets_Exactly compares the arithmetic of spans with a list of a small
// world's addresses.
func TestTargets_Exactly(t *testing.T) {
	ts := targets(t, `
include = ["10.0.0.0/22", "10.0.2.128-10.0.5.7", "10.0.9.1"]
exclude = ["10.0.0.0/25", "10.0.1.7", "10.0.3.250-10.0.4.5", "10.0.9.0/31", "10.0.5.7"]
`, nil)
	want := map[string]bool{}
	for a := netip.MustParseAddr("10.0.0.0"); a.Less(netip.MustParseAddr("10.0.5.8")); a = a.Next() {
		want[a.String()] = true
	}
	for a := netip.MustParseAddr("10.0.0.0"); a.Less(netip.MustParseAddr("10.0.0.128")); a = a.Next() {
		delete(want, a.String())
	}
	for a := netip.MustParseAddr("10.0.3.250"); a.Less(netip.MustParseAddr("10.0.4.6")); a = a.Next() {
		delete(want, a.String())
	}
	delete(want, "10.0.1.7")
	delete(want, "10.0.5.7")
	got := map[string]bool{}
	for _, a := range hosts(ts) {
		got[a] = true
	}
	if !maps.Equal(got, want) || ts.Count() != uint64(len(want)) {
		t.Errorf("%d hosts (Count %d), want %d", len(got), ts.Count(), len(want))
	}
	if ts.Included() != 5*256+8+1 {
		t.Errorf("included %d, want %d", ts.Included(), 5*256+9)
	}
}

// TestTargets_HugeAndCheap counts a /8 and visits some of it in no memory.
func TestTargets_HugeAndCheap(t *testing.T) {
	ts := targets(t, `
include = ["10.0.0.0/8", "11.0.0.0/8", "0.0.0.0/0"]
exclude = ["10.1.0.0/16", "192.168.7.9"]
`, nil)
	if want := uint64(223<<24 - 1<<16 - 1); ts.Count() != want {
		t.Errorf("count %d, want %d", ts.Count(), want)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	n := 0
	for range ts.Hosts(context.Background(), 0) {
		if n++; n == 1_000_000 {
			break
		}
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 1<<20 {
		t.Errorf("a million hosts took %d bytes", grown)
	}
}

// TestTargets_OrderSpreads wants each host once, no two of a /24 next to each
// other in time, and the same order each time.
func TestTargets_OrderSpreads(t *testing.T) {
	section := `include = ["10.0.0.0/16"]`
	ts := targets(t, section, nil)
	seen := map[netip.Addr]uint64{}
	last := map[netip.Addr]uint64{}
	for k, h := range ts.Hosts(context.Background(), 0) {
		if _, twice := seen[h.Addr]; twice {
			t.Fatalf("%s twice", h.Addr)
		}
		seen[h.Addr] = k
		net := netip.PrefixFrom(h.Addr, 24).Masked().Addr()
		if before, ok := last[net]; ok && k-before < 100 {
			t.Fatalf("hosts %d and %d are both in %s", before, k, net)
		}
		last[net] = k
	}
	if len(seen) != 65536 {
		t.Errorf("%d hosts, want 65536", len(seen))
	}
	again := targets(t, section, nil)
	for _, k := range []uint64{0, 1, 40_000, 65_535} {
		if h := again.At(k); seen[h.Addr] != k {
			t.Errorf("place %d is %s the second time", k, h.Addr)
		}
	}
}

func TestTargets_HostsFromAndUntil(t *testing.T) {
	ts := targets(t, `include = ["10.0.0.0/24"]`, nil)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var places []uint64
	for k := range ts.Hosts(ctx, 250) {
		if places = append(places, k); k == 252 {
			cancel()
		}
	}
	if !slices.Equal(places, []uint64{250, 251, 252}) {
		t.Errorf("places %v, want 250 to 252", places)
	}
}

func TestTargets_Hash(t *testing.T) {
	base := targets(t, `include=["192.0.2.0/24"]`, nil)
	same := targets(t, `include=["192.0.2.128/25","192.0.2.0/25"]`, nil)
	if base.Hash() != same.Hash() {
		t.Error("the same hosts written otherwise have another hash")
	}
	for _, section := range []string{
		`include=["192.0.2.0/25"]`,
		`include=["192.0.2.0/24","192.0.2.1:99"]`,
		"include=[\"192.0.2.0/24\"]\nexclude=[\"192.0.2.1:80\"]",
		"include=[\"192.0.2.0/24\"]\ndicom_ports=[104]",
		"include=[\"192.0.2.0/24\"]\nexclude=[\"192.0.2.1\"]",
	} {
		if targets(t, section, nil).Hash() == base.Hash() {
			t.Errorf("%s has the hash of the whole", section)
		}
	}
	// A checkpoint is read by another process: the hash is a number for ever.
	if got, want := base.Hash(), "9714afe31df78b37aa7bd566d97c7b1d7daeb7faeaec2faa986c7d6c8b61137c"; got != want {
		t.Errorf("hash %s, want %s", got, want)
	}
	hash := base.Hash()
	base.Exclude(netip.MustParseAddr("192.0.2.1"), 0)
	if base.Hash() != hash {
		t.Error("Exclude changed the hash")
	}
}

func TestTargets_ExcludeAfterwards(t *testing.T) {
	ts := targets(t, `include=["192.0.2.0/24"]`, nil)
	ts.Exclude(netip.MustParseAddr("::ffff:192.0.2.1"), 0)
	ts.Exclude(netip.MustParseAddr("192.0.2.2"), 104)
	if h := find(t, ts, "192.0.2.1"); len(h.DICOMPorts)+len(h.HTTPPorts) != 0 {
		t.Errorf("an excluded host keeps ports: %+v", h)
	}
	if h := find(t, ts, "192.0.2.2"); slices.Contains(h.DICOMPorts, 104) || len(h.DICOMPorts) != 4 {
		t.Errorf("ports %v, want all but 104", h.DICOMPorts)
	}
	if ts.Permits(netip.MustParseAddrPort("192.0.2.1:80")) == nil || ts.Permits(netip.MustParseAddrPort("192.0.2.2:104")) == nil {
		t.Error("permits what Exclude took off")
	}
	if ts.Count() != 256 {
		t.Errorf("count %d, want the places to stay 256", ts.Count())
	}
}

func TestPreview(t *testing.T) {
	s, err := scope.Load(write(t, authorisation+`[targets]
include = ["192.0.2.0/24", "192.0.2.7:104", "192.0.2.8:9999", "198.51.100.1:9999", "a.example", "b.example:80"]
exclude = ["192.0.2.0/25", "192.0.2.200:104", "[64:ff9b::192.0.2.201]:80", "c.example"]
`), noon)
	if err != nil {
		t.Fatal(err)
	}
	ts, include, exclude := s.Preview()
	if include != 2 || exclude != 1 {
		t.Errorf("%d and %d names, want 2 and 1", include, exclude)
	}
	if ts.Count() != 129 || ts.Included() != 257 {
		t.Errorf("%d of %d hosts, want 129 of 257", ts.Count(), ts.Included())
	}
	var want uint64
	for _, h := range ts.Hosts(context.Background(), 0) {
		want += uint64(len(h.DICOMPorts) + len(h.HTTPPorts))
	}
	if got := ts.Connections(); got != want || want != 128*10-2+1 {
		t.Errorf("%d connections, counted %d, want %d", got, want, 128*10-1)
	}
	none, err := scope.Load(write(t, authorisation+"[targets]\ninclude=[\"a.example\"]\nexclude=[\"b.example\"]\n"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if ts, _, _ := none.Preview(); ts.Count() != 0 || ts.Connections() != 0 {
		t.Errorf("%d hosts without names, want 0", ts.Count())
	}
}

// TestBind_WhereNamesLead: what a name resolves to is decided by a stranger.
func TestBind_WhereNamesLead(t *testing.T) {
	many := []netip.Addr{}
	for a := netip.MustParseAddr("198.51.100.1"); len(many) < 40; a = a.Next() {
		many = append([]netip.Addr{a}, many...)
	}
	dns := map[string][]netip.Addr{
		"here.example":     addrs("127.0.0.1", "::1", "192.0.2.5"),
		"metadata.example": addrs("169.254.169.254", "fe80::1%eth0", "::ffff:169.254.169.254", "64:ff9b::7f00:1"),
		"mapped.example":   addrs("::ffff:192.0.2.9", "192.0.2.9"),
		"never.example":    addrs("0.0.0.0", "255.255.255.255", "224.0.0.1", "::", "ff02::1", "192.0.2.7"),
		"many.example":     many,
		"32.example":       many[8:],
	}
	for _, c := range []struct {
		name, section, want, unasked string
	}{
		{"loopback", `include=["here.example"]`, "192.0.2.5", "2 here.example"},
		{"loopback_included", `include=["here.example", "127.0.0.0/8"]` + "\n" + `exclude=["127.0.0.2-127.255.255.255","127.0.0.0"]`, "127.0.0.1 192.0.2.5", "1 here.example"},
		{"link_local", `include=["metadata.example", "192.0.2.1"]`, "192.0.2.1", "4 metadata.example"},
		{"mapped_once", `include=["mapped.example"]`, "192.0.2.9", ""},
		{"mapped_excluded", `include=["mapped.example", "192.0.2.1"]` + "\n" + `exclude=["192.0.2.8/30"]`, "192.0.2.1", ""},
		{"no_hosts", `include=["never.example"]`, "192.0.2.7", ""},
		{"excluded_name_spares_all", `include=["198.51.100.0/26"]` + "\n" + `exclude=["many.example"]`,
			"198.51.100.0 198.51.100.41 198.51.100.42 198.51.100.43 198.51.100.44 198.51.100.45 198.51.100.46 198.51.100.47 198.51.100.48 198.51.100.49 198.51.100.50 198.51.100.51 198.51.100.52 198.51.100.53 198.51.100.54 198.51.100.55 198.51.100.56 198.51.100.57 198.51.100.58 198.51.100.59 198.51.100.60 198.51.100.61 198.51.100.62 198.51.100.63", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			ts := targets(t, c.section, dns)
			if got := strings.Join(hosts(ts), " "); got != c.want {
				t.Errorf("hosts %s, want %s", got, c.want)
			}
			var unasked []string
			for _, u := range ts.Unasked() {
				unasked = append(unasked, fmt.Sprint(u.Addresses, " ", u.Name))
			}
			if got := strings.Join(unasked, ", "); got != c.unasked {
				t.Errorf("not asked: %q, want %q", got, c.unasked)
			}
		})
	}
	t.Run("limit_addresses_of_name", func(t *testing.T) {
		for name, unasked := range map[string]int{"32.example": 0, "many.example": 8} {
			ts := targets(t, `include=["`+name+`"]`, dns)
			if got := hosts(ts); len(got) != 32 || got[0] != "198.51.100.1" || len(ts.Unasked()) != min(unasked, 1) || unasked > 0 && ts.Unasked()[0].Addresses != unasked {
				t.Errorf("%s: %d hosts from %s, not asked %v", name, len(got), got[0], ts.Unasked())
			}
			if h := find(t, ts, "198.51.100.32"); h.Name != name {
				t.Errorf("%s has the name %q", h.Addr, h.Name)
			}
		}
	})
	s, err := scope.Load(write(t, authorisation+"[targets]\ninclude=[\"metadata.example\"]\n"), noon)
	if err != nil {
		t.Fatal(err)
	}
	_, err = s.Bind(dns)
	if e, ok := errors.AsType[*scope.Error](err); !ok || !strings.Contains(e.What, "of this machine or its own link") {
		t.Errorf("%v, want that nobody is left and why", err)
	}
}

// TestLoad_IPv4AllOfIt: everything there is takes no time and no memory to hold.
func TestLoad_IPv4AllOfIt(t *testing.T) {
	ts := targets(t, `include=["0.0.0.0/0"]`, nil)
	if want := uint64(223 << 24); ts.Count() != want || ts.Connections() != want*10 {
		t.Errorf("%d hosts, %d connections, want %d and %d", ts.Count(), ts.Connections(), want, want*10)
	}
	for k := range uint64(1000) {
		if a := ts.At(k).Addr; !a.Is4() || a.IsMulticast() || a.IsUnspecified() {
			t.Errorf("place %d is %s", k, a)
		}
	}
}
