package place_test

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/place"
)

var update = flag.Bool("update", false, "rewrite the example")

func finder(t *testing.T, csv string) *place.Finder {
	t.Helper()
	f := new(place.Finder)
	if err := f.ReadNetworks("networks.csv", strings.NewReader(csv)); err != nil {
		t.Fatal(err)
	}
	return f
}

func check(t *testing.T, f *place.Finder, want map[string]place.Place) {
	t.Helper()
	for addr, w := range want {
		if got := f.Find(netip.MustParseAddr(addr)); got != w {
			t.Errorf("%s: %+v, want %+v", addr, got, w)
		}
	}
}

func TestFinder_KnowsNothing(t *testing.T) {
	check(t, new(place.Finder), map[string]place.Place{"192.0.2.1": {}, "2001:db8::1": {}})
	check(t, nil, map[string]place.Place{"192.0.2.1": {}})
}

func TestLoadNetworks_LongestPrefixWins(t *testing.T) {
	check(t, finder(t, "\ufeffcidr,country,site\r\n"+
		"192.0.0.0/16,DE,wide\r\n"+
		"192.0.2.0/24,fr,\"Hôpital, Lyon\"\r\n"+
		"# a comment\r\n"+
		" 192.0.2.9 ,IT\r\n"+
		"192.0.2.8/29,,unknown land\r\n"+
		"2001:db8::/32,NO,six\r\n"+
		"::ffff:198.51.100.0/120,US,mapped\r\n"+
		"0.0.0.0/0,ZZ,rest\r\n"+
		"192.0.0.0/16,AT,wide again\r\n"), map[string]place.Place{
		"192.0.1.1":        {"AT", "wide again"},
		"192.0.2.1":        {"FR", "Hôpital, Lyon"},
		"192.0.2.9":        {"IT", ""},
		"192.0.2.10":       {"", "unknown land"},
		"::ffff:192.0.2.1": {"FR", "Hôpital, Lyon"},
		"2001:db8::1":      {"NO", "six"},
		"2001:db9::1":      {},
		"198.51.100.7":     {"US", "mapped"},
		"8.8.8.8":          {"ZZ", "rest"},
	})
}

func TestLoadNetworks_ErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.0/24,DE,a\n192.0.2.0/33,DE,b\n": `networks.csv:2: "192.0.2.0/33" is no CIDR`,
		"cidr,country\nnetwork,DE\n":             `networks.csv:2: "network" is no CIDR`,
		"192.0.2.0/24,Germany,a\n":               `networks.csv:1: the country "Germany"`,
		"192.0.2.0/24\n":                         "networks.csv:1: 1 columns",
		"192.0.2.0/24,DE,a,b\n":                  "networks.csv:1: 4 columns",
		"192.0.2.0/24,DE,\"a\n":                  "networks.csv:",
		"fe80::1%eth0,DE,a\n":                    `networks.csv:1: "fe80::1%eth0" is no CIDR`,
	} {
		err := new(place.Finder).ReadNetworks("networks.csv", strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want …%s…", text, err, want)
		}
	}
}

func TestLoadNetworks_File(t *testing.T) {
	name := filepath.Join(t.TempDir(), "n.csv")
	if err := os.WriteFile(name, []byte("192.0.2.0/24,DE,a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := new(place.Finder)
	if err := f.LoadNetworks(name); err != nil {
		t.Fatal(err)
	}
	check(t, f, map[string]place.Place{"192.0.2.1": {"DE", "a"}})
	if err := f.LoadNetworks(name + ".none"); err == nil {
		t.Error("a missing file gives no error")
	}
}

func mmdb(t *testing.T, w *writer) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "test.mmdb")
	if err := os.WriteFile(name, w.bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLoadMMDB(t *testing.T) {
	country, owner := new(writer), new(writer)
	country.add("192.0.2.0/24", m{"country": m{"iso_code": "DE"}})
	country.add("198.51.100.0/24", m{"country_code": "fr"})
	country.add("203.0.113.0/25", m{"country": "IT"})
	country.add("203.0.113.128/25", m{"registered_country": m{"iso_code": "NO"}})
	country.add("2001:db8::/32", m{"country": m{"iso_code": "SE"}})
	country.add("10.0.0.0/8", m{"country": m{"iso_code": "nowhere"}})
	owner.add("192.0.2.0/25", m{"autonomous_system_organization": "Example Net"})
	owner.add("192.0.2.128/25", m{"isp": "Provider", "autonomous_system_organization": "Backbone", "organization": "Hospital"})
	owner.add("2001:db8::/48", m{"as_name": "Six", "country": "XX"})
	f := new(place.Finder)
	for _, w := range []*writer{country, owner} {
		if err := f.LoadMMDB(mmdb(t, w)); err != nil {
			t.Fatal(err)
		}
	}
	check(t, f, map[string]place.Place{
		"192.0.2.1":        {"DE", "Example Net"},
		"192.0.2.200":      {"DE", "Hospital"},
		"::ffff:192.0.2.1": {"DE", "Example Net"},
		"198.51.100.1":     {"FR", ""},
		"203.0.113.1":      {"IT", ""},
		"203.0.113.200":    {"NO", ""},
		"2001:db8::1":      {"SE", "Six"},
		"2001:db8:1::1":    {"SE", ""},
		"10.1.2.3":         {},
		"8.8.8.8":          {},
	})
	if err := f.ReadNetworks("n.csv", strings.NewReader("192.0.2.0/26,,Ward\n")); err != nil {
		t.Fatal(err)
	}
	check(t, f, map[string]place.Place{"192.0.2.1": {"DE", "Ward"}, "192.0.2.65": {"DE", "Example Net"}})
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	check(t, f, map[string]place.Place{"192.0.2.1": {}})
}

// TestExample holds the file that tests of the program name with --mmdb: it says
// of loopback that it is in Norway and of a provider.
func TestExample(t *testing.T) {
	w := new(writer)
	w.add("127.0.0.0/8", m{"country": m{"iso_code": "NO"}, "isp": "Example Provider"})
	const name = "testdata/example.mmdb"
	if *update {
		if err := os.WriteFile(name, w.bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	f := new(place.Finder)
	if err := f.LoadMMDB(name); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	check(t, f, map[string]place.Place{"127.0.0.1": {"NO", "Example Provider"}, "128.0.0.0": {}, "::1": {}})
}

func TestLoadMMDB_Broken(t *testing.T) {
	dir := t.TempDir()
	for name, b := range map[string][]byte{"empty": {}, "text": []byte("not a database"), "short": new(writer).bytes()[:20]} {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := new(place.Finder).LoadMMDB(name); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: error %v, want one that names the file", name, err)
		}
	}
	// A record that cannot be decoded tells nothing.
	w := new(writer)
	w.add("192.0.2.0/24", m{"country": m{"iso_code": "DE"}})
	b := w.bytes()
	i := bytes.Index(b, []byte("iso_code"))
	b[i-1] = 0x20 // a pointer to the start of the data, which is a map: a loop
	name := filepath.Join(dir, "loop")
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	f := new(place.Finder)
	if err := f.LoadMMDB(name); err == nil {
		check(t, f, map[string]place.Place{"192.0.2.1": {}})
	}
}

func FuzzLoadNetworks(f *testing.F) {
	f.Add("cidr,country,site\n192.0.2.0/24,DE,a\n", "192.0.2.1")
	f.Add("::/0,XX,\"x\ny\"\n::ffff:1.2.3.4,AA\n", "::1")
	f.Fuzz(func(t *testing.T, text, addr string) {
		var p place.Finder
		_ = p.ReadNetworks("n", strings.NewReader(text)) // an error is an answer
		if a, err := netip.ParseAddr(addr); err == nil {
			p.Find(a)
		}
	})
}
