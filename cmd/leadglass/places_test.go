package main_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
)

// TestSurvey_Places surveys three archives with neither of --networks and
// --mmdb, with each, and with both, of which the table wins.
func TestSurvey_Places(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	a := &archives{contacts: map[netip.Addr]int{}}
	for i := range 2 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.81.0.%d:%d", i+1, a.port))
		if err != nil {
			t.Skip("this machine has no 127.81.0.1: ", err)
		}
		t.Cleanup(func() { l.Close() })
		at := netip.MustParseAddrPort(l.Addr().String())
		a.port = at.Port()
		go a.serve(l, at.Addr()) // ends when l is closed
	}
	mmdb, err := filepath.Abs("../../internal/place/testdata/example.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	csv := filepath.Join(t.TempDir(), "networks.csv")
	if err := os.WriteFile(csv, []byte("cidr,country,site\n127.81.0.2/32,SE,Example Clinic\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	type place struct{ country, network string }
	for name, c := range map[string]struct {
		flags []string
		want  [2]place
	}{
		"neither":  {nil, [2]place{}},
		"networks": {[]string{"--networks", csv}, [2]place{{}, {"SE", "Example Clinic"}}},
		"mmdb":     {[]string{"--mmdb", mmdb}, [2]place{{"NO", "Example Provider"}, {"NO", "Example Provider"}}},
		"both":     {[]string{"--mmdb", mmdb, "--networks", csv}, [2]place{{"NO", "Example Provider"}, {"SE", "Example Clinic"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, _ := surveyOf(t, fmt.Sprintf("include=[\"127.81.0.1-127.81.0.2\"]\ndicom_ports=[%d]\nhttp_ports=[]", a.port), "per_host_rate=-1", c.flags...)
			if len(s.Systems) != 2 {
				t.Fatalf("%d systems, want two", len(s.Systems))
			}
			for i, y := range s.Systems {
				if got := (place{y.Country, y.Network}); got != c.want[i] {
					t.Errorf("%s is of %+v, want %+v", y.Address, got, c.want[i])
				}
			}
		})
	}
}
