package limit_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/limit"
)

func TestOf(t *testing.T) {
	for set, want := range map[int]int{0: 7, 3: 3, 1 << 29: 1 << 29} {
		if got := limit.Of(set, 7); got != want {
			t.Errorf("%d gives %d, want %d", set, got, want)
		}
	}
	if off := limit.Of(-1, 7); off < 1<<29 || 2*off < off {
		t.Errorf("off is %d", off)
	}
	if off := limit.Of(-time.Second, time.Minute); off < 10*365*24*time.Hour || 2*off < off {
		t.Errorf("off is %v", off)
	}
	now := time.Now()
	if at := now.Add(limit.Of(-1, time.Minute)); !at.After(now) {
		t.Errorf("off ends at %v", at)
	}
}

func TestSite(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.7": "192.0.2.7/32", "::ffff:192.0.2.7": "192.0.2.7/32", "2001:db8:1:2:3::4": "2001:db8:1:2::/64", "fe80::1%eth0": "fe80::/64",
	} {
		if got := limit.Site(netip.MustParseAddr(text)); got.String() != want {
			t.Errorf("%s is %v, want %s", text, got, want)
		}
	}
	if got := limit.Site(netip.Addr{}); got != (netip.Prefix{}) {
		t.Errorf("no address is %v", got)
	}
}
