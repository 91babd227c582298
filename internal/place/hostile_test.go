package place_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/leadglass/leadglass/internal/place"
)

// one makes a database with one record.
func one(record m) *writer {
	w := new(writer)
	w.add("192.0.2.0/24", record)
	return w
}

// hostileRecord is the record of 192.0.2.0/24, and what it tells.
type hostileRecord struct {
	record m
	want   place.Place
}

func hostileRecords() map[string]hostileRecord {
	none := place.Place{}
	return map[string]hostileRecord{
		"missing_keys":        {m{"city": "x"}, none},
		"empty":               {m{}, none},
		"country_is_a_number": {m{"country": uint32(7), "organization": "Clinic"}, place.Place{Network: "Clinic"}},
		"iso_code_is_a_map":   {m{"country": m{"iso_code": m{"iso_code": "DE"}}}, none},
		"country_is_a_list":   {m{"country": []string{"DE"}}, none},
		"country_is_long":     {m{"country": "Germany"}, none},
		"country_is_markup":   {m{"country_code": "<>"}, none},
		"second_key_answers":  {m{"country": m{"name": "x"}, "country_code": "de"}, place.Place{Country: "DE"}},
		"owner_is_not_UTF8":   {m{"organization": "\xff\xfe", "as_name": "Clinic"}, place.Place{Network: "Clinic"}},
		"owner_at_limit":      {m{"organization": strings.Repeat("x", place.MaxText)}, place.Place{Network: strings.Repeat("x", place.MaxText)}},
		"owner_over_limit":    {m{"organization": strings.Repeat("x", place.MaxText+1)}, none},
		"owner_of_64_KiB":     {m{"organization": strings.Repeat("x", 60_000), "isp": "Provider"}, place.Place{Network: "Provider"}},
		"pointer_to_itself":   {m{"country": raw{0x20, 0x00}}, none}, // offset 0 is the record
		"pointer_past_end":    {m{"country": raw{0x27, 0xff}, "isp": "Provider"}, place.Place{Network: "Provider"}},
		"string_past_end":     {m{"zz": raw{2<<5 | 31, 0xff, 0xff, 0xff}}, none},
		"map_of_16_million":   {m{"country": raw{7<<5 | 31, 0xff, 0xff, 0xff}}, none},
		"unknown_type":        {m{"country": raw{0, 99}}, none},
	}
}

// TestLoadMMDB_HostileRecords: a record that is not what it should be tells
// nothing, and takes no time.
func TestLoadMMDB_HostileRecords(t *testing.T) {
	for name, c := range hostileRecords() {
		t.Run(name, func(t *testing.T) {
			f := new(place.Finder)
			if err := f.LoadMMDB(mmdb(t, one(c.record))); err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			began := time.Now()
			check(t, f, map[string]place.Place{"192.0.2.1": c.want, "198.51.100.1": {}, "2001:db8::1": {}})
			if took := time.Since(began); took > time.Second {
				t.Errorf("took %v", took)
			}
		})
	}
}

// TestLoadMMDB_PointerBomb: thirty lists, each thirty times the one before,
// would be 30^30 values if they were decoded.
func TestLoadMMDB_PointerBomb(t *testing.T) {
	w := new(writer)
	w.data = []byte{0, 11 - 7} // an empty list, at offset 0
	last := 0
	for range 30 {
		at := len(w.data)
		w.data = append(w.data, 28, 11-7)
		for range 28 {
			w.data = append(w.data, 0x20|byte(last>>8), byte(last))
		}
		last = at
	}
	if last >= 1<<11 {
		t.Fatal("the pointers are too short")
	}
	w.add("192.0.2.0/24", m{"aaa": raw{0x20 | byte(last>>8), byte(last)}, "country": raw{0x20 | byte(last>>8), byte(last)}, "isp": "Provider"})
	f := new(place.Finder)
	if err := f.ReadMMDB(w.bytes()); err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	check(t, f, map[string]place.Place{"192.0.2.1": {Network: "Provider"}})
	if took := time.Since(began); took > time.Second {
		t.Errorf("took %v", took)
	}
}

// TestLoadMMDB_Truncated: each strict prefix is refused, or knows less.
func TestLoadMMDB_Truncated(t *testing.T) {
	w := one(m{"country": m{"iso_code": "DE"}})
	whole := w.bytes()
	for n := range whole {
		f := new(place.Finder)
		if err := f.ReadMMDB(whole[:n]); err == nil {
			if p := f.Find(netip.MustParseAddr("192.0.2.1")); p != (place.Place{}) && p.Country != "DE" {
				t.Errorf("%d of %d bytes: %+v", n, len(whole), p)
			}
		}
	}
	// A search tree that goes round in circles ends with the address.
	w = new(writer)
	w.nodes = [][2]uint32{{1, 1}} // node 0 leads to node 0
	f := new(place.Finder)
	if err := f.ReadMMDB(w.bytes()); err == nil {
		check(t, f, map[string]place.Place{"192.0.2.1": {}, "2001:db8::1": {}})
	}
}

func TestLoad_NamedErrors(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(dir, "text")
	if err := os.WriteFile(text, []byte("not a database"), 0o600); err != nil {
		t.Fatal(err)
	}
	f := new(place.Finder)
	for name, err := range map[string]error{
		"folder": f.LoadMMDB(dir), "fifo": f.LoadMMDB(fifo), "text": f.LoadMMDB(text), "networks_folder": f.LoadNetworks(dir),
	} {
		if e, ok := errors.AsType[*place.FormatError](err); !ok || !strings.HasPrefix(e.File, dir) {
			t.Errorf("%s: %v, want a *place.FormatError that names the file", name, err)
		}
	}
	for name, err := range map[string]error{"mmdb": f.LoadMMDB(dir + "/none"), "networks": f.LoadNetworks(dir + "/none")} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v, want that it is not there", name, err)
		}
	}
	err := f.ReadNetworks("n.csv", strings.NewReader("192.0.2.0/24,DE\nx.y,DE\n"))
	if e, ok := errors.AsType[*place.FormatError](err); !ok || e.File != "n.csv" || e.Line != 2 {
		t.Errorf("%v, want line 2 of n.csv", err)
	}
}

func limit(t *testing.T, err error, name string) {
	t.Helper()
	if e, ok := errors.AsType[*place.LimitError](err); !ok || e.Name != name || e.Hint() == "" {
		t.Errorf("%v, want the limit of %s", err, name)
	}
}

func TestLimit_DatabaseBytes(t *testing.T) {
	name := filepath.Join(t.TempDir(), "huge.mmdb")
	if err := os.WriteFile(name, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, place.MaxDatabaseBytes+1); err != nil { // of holes
		t.Skip("this file system has no sparse files: ", err)
	}
	limit(t, new(place.Finder).LoadMMDB(name), "bytes of an mmdb file")
}

// lines gives networks, each another one, without holding them.
type lines struct {
	n, max int
	rest   []byte
}

func (l *lines) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if l.n == l.max {
			return 0, io.EOF
		}
		l.rest = fmt.Appendf(l.rest[:0], "%d.%d.%d.%d,DE\n", l.n>>24+1, l.n>>16&255, l.n>>8&255, l.n&255)
		l.n++
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	return n, nil
}

func TestLimit_Networks(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a second")
	}
	f := new(place.Finder)
	if err := f.ReadNetworks("n.csv", &lines{max: place.MaxNetworks}); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	err := f.ReadNetworks("n.csv", strings.NewReader("192.0.2.0/24,DE\n"))
	limit(t, err, "networks")
}

// TestLimit_NetworksBytes gives a quoted field that never ends.
func TestLimit_NetworksBytes(t *testing.T) {
	err := new(place.Finder).ReadNetworks("n.csv", io.MultiReader(strings.NewReader(`192.0.2.0/24,DE,"`), endless{}))
	limit(t, err, "bytes of a table of networks")
	pad := bytes.Repeat([]byte("#23456789012345\n"), place.MaxNetworksBytes/16)
	if err := new(place.Finder).ReadNetworks("n.csv", bytes.NewReader(pad)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	limit(t, new(place.Finder).ReadNetworks("n.csv", io.MultiReader(bytes.NewReader(pad), strings.NewReader("\n"))), "bytes of a table of networks")
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestLimit_Site(t *testing.T) {
	line := "192.0.2.0/24,DE," + strings.Repeat("x", place.MaxText)
	if err := new(place.Finder).ReadNetworks("n.csv", strings.NewReader(line)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if err := new(place.Finder).ReadNetworks("n.csv", strings.NewReader(line+"x")); err == nil {
		t.Error("one over the limit: no error")
	}
}

// FuzzLoadMMDB reads whole files, and files that are in order but for the record
// of 192.0.2.0/24: few files with a byte changed anywhere get as far as that.
func FuzzLoadMMDB(f *testing.F) {
	f.Add(one(m{"country": m{"iso_code": "DE"}, "isp": "Provider"}).bytes(), true, "192.0.2.1")
	for _, c := range hostileRecords() {
		f.Add(value(nil, c.record), false, "::ffff:192.0.2.1")
	}
	f.Fuzz(func(t *testing.T, b []byte, whole bool, addr string) {
		if !whole {
			b = one(m{}).with(b)
		}
		p := new(place.Finder)
		if err := p.ReadMMDB(b); err != nil {
			if !whole {
				t.Fatalf("the file is in order: %v", err)
			}
			return
		}
		for _, text := range []string{addr, "192.0.2.1"} {
			if a, err := netip.ParseAddr(text); err == nil {
				if got := p.Find(a); len(got.Network) > place.MaxText || !utf8.ValidString(got.Network) || len(got.Country) > 2 {
					t.Fatalf("%+v", got)
				}
			}
		}
	})
}
