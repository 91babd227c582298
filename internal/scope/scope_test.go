package scope_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/scope"
)

const authorisation = `[authorisation]
organisation = "Example Hospital Trust"
contact      = "security@example.org"
reference    = "no. 4711"
valid_from   = 2026-11-01
valid_to     = 2026-11-30
`

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// write puts a scope into a new folder; further files are name, text, ….
func write(t testing.TB, text string, more ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(more); i += 2 {
		if err := os.WriteFile(filepath.Join(dir, more[i]), []byte(more[i+1]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "scope.toml")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// targets loads and binds a [targets] section.
func targets(t testing.TB, section string, addrs map[string][]netip.Addr) *scope.Targets {
	t.Helper()
	s, err := scope.Load(write(t, authorisation+"[targets]\n"+section), noon)
	if err != nil {
		t.Fatal(err)
	}
	ts, err := s.Bind(addrs)
	if err != nil {
		t.Fatal(err)
	}
	return ts
}

// hosts lists the addresses, sorted.
func hosts(ts *scope.Targets) []string {
	var all []string
	for _, h := range ts.Hosts(context.Background(), 0) {
		all = append(all, h.Addr.String())
	}
	slices.SortFunc(all, func(a, b string) int {
		return netip.MustParseAddr(a).Compare(netip.MustParseAddr(b))
	})
	return all
}

func find(t testing.TB, ts *scope.Targets, addr string) scope.Host {
	t.Helper()
	for _, h := range ts.Hosts(context.Background(), 0) {
		if h.Addr.String() == addr {
			return h
		}
	}
	t.Fatalf("%s is not among the hosts", addr)
	return scope.Host{}
}

func TestLoad_Whole(t *testing.T) {
	s, err := scope.Load(write(t, authorisation+`
[targets]
include = ["192.0.2.0/30"]
exclude = []
dicom_ports = [104]
http_ports = [80, 443, 80]
[limits]
per_host_rate = 5
total_rate = 2.5
connections = 7
`), noon)
	if err != nil {
		t.Fatal(err)
	}
	want := scope.Authorisation{
		Organisation: "Example Hospital Trust", Contact: "security@example.org", Reference: "no. 4711",
		ValidFrom: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC), ValidTo: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC),
	}
	if s.Authorisation != want {
		t.Errorf("authorisation %+v, want %+v", s.Authorisation, want)
	}
	if !slices.Equal(s.DICOMPorts, []uint16{104}) || !slices.Equal(s.HTTPPorts, []uint16{80, 443}) {
		t.Errorf("ports %v and %v, want [104] and [80 443]", s.DICOMPorts, s.HTTPPorts)
	}
	if s.Limits != (scope.Limits{PerHostRate: 5, TotalRate: 2.5, Connections: 7}) {
		t.Errorf("limits %+v", s.Limits)
	}
}

func TestLoad_Defaults(t *testing.T) {
	s, err := scope.Load(write(t, authorisation+"[targets]\ninclude = [\"192.0.2.1\"]\n"), noon)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(s.DICOMPorts, []uint16{104, 11112, 2762, 4242, 11113}) {
		t.Errorf("DICOM ports %v", s.DICOMPorts)
	}
	if !slices.Equal(s.HTTPPorts, []uint16{80, 443, 8042, 8080, 8443}) {
		t.Errorf("HTTP ports %v", s.HTTPPorts)
	}
	if got, want := s.Limits.WithDefaults(), (scope.Limits{PerHostRate: 10, TotalRate: 500, Connections: 1024}); got != want {
		t.Errorf("limits %+v, want %+v", got, want)
	}
	off := scope.Limits{PerHostRate: -1, TotalRate: -1, Connections: -1}
	if got := off.WithDefaults(); got != off {
		t.Errorf("limits %+v, want them off as they were", got)
	}
}

// TestLoad_Refuses holds each way in which a scope must stop a survey.
func TestLoad_Refuses(t *testing.T) {
	dates := func(from, to string) string {
		return fmt.Sprintf("[authorisation]\norganisation=\"o\"\ncontact=\"c\"\nreference=\"r\"\nvalid_from=%s\nvalid_to=%s\n[targets]\ninclude=[\"192.0.2.1\"]\n", from, to)
	}
	target := func(lines string) string { return authorisation + "[targets]\n" + lines + "\n" }
	for _, c := range []struct {
		name, text string
		kind       scope.Kind
		line       int
		what       string
	}{
		{"no_authorisation", "[targets]\ninclude=[\"192.0.2.1\"]\n", scope.BadAuthorisation, 0, "no [authorisation]"},
		{"no_organisation", strings.Replace(target(`include=["192.0.2.1"]`), "Example Hospital Trust", " ", 1), scope.BadAuthorisation, 2, "names no organisation"},
		{"no_contact", strings.Replace(target(`include=["192.0.2.1"]`), "contact ", "# contact ", 1), scope.BadAuthorisation, 0, "names no contact"},
		{"no_reference", strings.Replace(target(`include=["192.0.2.1"]`), "no. 4711", "", 1), scope.BadAuthorisation, 4, "names no reference"},
		{"contact_with_newline", strings.Replace(target(`include=["192.0.2.1"]`), "security@", `a\nHost: b`, 1), scope.BadAuthorisation, 3, "cannot be printed"},
		{"contact_too_long", strings.Replace(target(`include=["192.0.2.1"]`), "security@", strings.Repeat("x", 200), 1), scope.BadAuthorisation, 3, "longer than 200"},
		{"no_valid_to", strings.Replace(target(`include=["192.0.2.1"]`), "valid_to ", "# ", 1), scope.BadAuthorisation, 0, "no valid_to"},
		{"expired", dates("2026-11-01", "2026-11-23"), scope.BadAuthorisation, 6, "expired at 2026-11-24T00:00:00Z"},
		{"expired_this_second", dates("2026-11-01", "2026-11-24T12:00:00Z"), scope.BadAuthorisation, 6, "expired"},
		{"not_yet", dates("2026-11-25", "2026-11-26"), scope.BadAuthorisation, 5, "not valid before 2026-11-25"},
		{"backwards", dates("2026-11-30", "2026-11-01"), scope.BadAuthorisation, 6, "ends before it begins"},
		{"date_is_a_number", dates("20261101", "2026-11-30"), scope.BadAuthorisation, 5, "no date"},
		{"date_is_a_word", dates(`"soon"`, "2026-11-30"), scope.BadAuthorisation, 5, `"soon" is no date`},
		{"time_alone", dates("12:00:00", "2026-11-30"), scope.BadAuthorisation, 5, "no date"},
		{"not_TOML", "authorisation {", scope.BadSyntax, 1, ""},
		{"unknown_key", target("include=[\"192.0.2.1\"]\nincldue=[]"), scope.BadSyntax, 9, `no key "targets.incldue"`},
		{"unknown_table", target(`include=["192.0.2.1"]`) + "[limit]\nconnections=1\n", scope.BadSyntax, 9, "limit"},
		{"wrong_type", target(`include="192.0.2.1"`), scope.BadSyntax, 8, ""},
		{"rate_is_nan", target(`include=["192.0.2.1"]`) + "[limits]\ntotal_rate=nan\n", scope.BadSyntax, 10, "not a number"},
		{"nobody", target(`include=[]`), scope.BadTargets, 0, "includes nobody"},
		{"no_ports", target("include=[\"192.0.2.1\"]\ndicom_ports=[]\nhttp_ports=[]"), scope.BadTargets, 0, "no ports"},
		{"port_0", target("include=[\"192.0.2.1\"]\ndicom_ports=[0]"), scope.BadTargets, 9, "has 0"},
		{"port_65536", target("include=[\"192.0.2.1\"]\nhttp_ports=[65536]"), scope.BadTargets, 9, "has 65536"},
		{"bits_behind_mask", target(`include=["192.0.2.1/24"]`), scope.BadTargets, 8, "the network is 192.0.2.0/24"},
		{"broken_address", target(`include=["192.0.2.256"]`), scope.BadTargets, 8, "neither an address nor a name"},
		{"broken_exclude", target("include=[\"192.0.2.1\"]\nexclude=[\"not a name\"]"), scope.BadTargets, 9, "exclude"},
		{"entry_port", target(`include=["192.0.2.1:0"]`), scope.BadTargets, 8, `port "0"`},
		{"zone", target(`include=["fe80::1%eth0"]`), scope.BadTargets, 8, "zone"},
		{"range_backwards", target(`include=["192.0.2.9-192.0.2.1"]`), scope.BadTargets, 8, "upwards"},
		{"IPv6_64", target(`include=["2001:db8::/64"]`), scope.BadTargets, 8, "2^20"},
		{"IPv6_107", target(`include=["2001:db8::/107"]`), scope.BadTargets, 8, "2^20"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := scope.Load(write(t, c.text), noon)
			e, ok := errors.AsType[*scope.Error](err)
			if !ok {
				t.Fatalf("error %v, want a *scope.Error", err)
			}
			if e.Kind != c.kind || e.Line != c.line || !strings.Contains(e.What, c.what) || e.Remedy == "" {
				t.Errorf("kind %q line %d what %q remedy %q, want %q, %d, …%s…", e.Kind, e.Line, e.What, e.Remedy, c.kind, c.line, c.what)
			}
		})
	}
}

func TestLoad_FilesThatAreMissing(t *testing.T) {
	for _, text := range []string{"", authorisation + "[targets]\ninclude_files=[\"none.txt\"]\n"} {
		name := filepath.Join(t.TempDir(), "none.toml")
		if text != "" {
			name = write(t, text)
		}
		_, err := scope.Load(name, noon)
		if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadFile || !errors.Is(err, os.ErrNotExist) || e.Remedy == "" {
			t.Errorf("error %#v, want kind file", err)
		}
	}
}

func TestLoad_DatesInTheirForms(t *testing.T) {
	for _, c := range []struct {
		to   string
		want time.Time
	}{
		{"2026-11-24", time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)},
		{`"2026-11-24"`, time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)},
		{"2026-11-24T13:00:00", time.Date(2026, 11, 24, 13, 0, 0, 0, time.UTC)},
		{"2026-11-24T14:30:00+01:00", time.Date(2026, 11, 24, 13, 30, 0, 0, time.UTC)},
		{`"2026-11-24T14:30:00+01:00"`, time.Date(2026, 11, 24, 13, 30, 0, 0, time.UTC)},
	} {
		text := strings.Replace(authorisation, "2026-11-30", c.to, 1) + "[targets]\ninclude=[\"192.0.2.1\"]\n"
		s, err := scope.Load(write(t, text), noon)
		if err != nil {
			t.Errorf("%s: %v", c.to, err)
		} else if !s.Authorisation.ValidTo.Equal(c.want) {
			t.Errorf("%s: valid to %v, want %v", c.to, s.Authorisation.ValidTo, c.want)
		}
	}
}

func TestLimit_File(t *testing.T) {
	pad := "\n#" + strings.Repeat("x", 4<<20-len(authorisation)-len("[targets]\ninclude=[\"192.0.2.1\"]")-2)
	text := authorisation + "[targets]\ninclude=[\"192.0.2.1\"]" + pad
	if _, err := scope.Load(write(t, text), noon); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := scope.Load(write(t, text+"x"), noon); err == nil {
		t.Error("one over the limit: no error")
	}
}

func TestLimit_HostsOfIPv6(t *testing.T) {
	if n := targets(t, `include=["2001:db8::/108"]`, nil).Count(); n != 1<<20 {
		t.Errorf("a /108 has %d hosts, want %d", n, 1<<20)
	}
	_, err := scope.Load(write(t, authorisation+"[targets]\ninclude=[\"2001:db8::-2001:db8::10:0\"]\n"), noon)
	if e, ok := errors.AsType[*scope.Error](err); !ok || e.Kind != scope.BadTargets {
		t.Errorf("2^20+1 hosts: %v, want a refusal", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(authorisation + "[targets]\ninclude=[\"192.0.2.0/24\", \"a.b:1\", \"[::1]:2\"]\nexclude=[\"192.0.2.1-192.0.2.3\"]\n")
	f.Add(authorisation + "[targets]\ninclude=[\"::ffff:1.2.3.0/120\"]\ndicom_ports=[]\n[limits]\ntotal_rate=inf\n")
	f.Add("[authorisation]\nvalid_to=\"x\"\n")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.Contains(text, "files") {
			return
		}
		s, err := scope.Parse("scope.toml", []byte(text), noon)
		if err != nil {
			if e, ok := errors.AsType[*scope.Error](err); !ok || e.Remedy == "" {
				t.Fatalf("%v is no *scope.Error with a remedy", err)
			}
			return
		}
		ts, err := s.Bind(nil)
		if err != nil {
			return
		}
		for k := range min(ts.Count(), 64) {
			h := ts.At(k)
			for _, p := range append(h.DICOMPorts, h.HTTPPorts...) {
				if err := ts.Permits(netip.AddrPortFrom(h.Addr, p)); err != nil {
					t.Fatalf("host %d: %v", k, err)
				}
			}
		}
	})
}
