package identity_test

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/identity"
)

// ct is enrolled with a certificate.
func ct(cert *x509.Certificate) identity.Enrolment {
	return identity.Enrolment{
		Name: "ct-1", Keys: []string{spki(cert)}, Calling: []leadglass.AETitle{"CT1", "CT1_QC"}, Called: []leadglass.AETitle{"ARCHIVE"},
		Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.0/28")}, Services: []leadglass.Route{leadglass.CStore, leadglass.CEcho},
		Roles: []leadglass.Role{leadglass.Modality}, Purpose: leadglass.Treatment, Organisation: "Example Hospital", Department: "Radiology", Site: "North",
		Host: "192.0.2.1", Port: 2762, TLS: true,
	}
}

// exception is of the old ultrasound.
func exception(now time.Time) identity.Exception {
	return identity.Exception{
		Name: "old ultrasound", Addresses: []netip.Prefix{netip.MustParsePrefix("192.0.2.7/32"), netip.MustParsePrefix("127.0.0.0/8")},
		Calling: []leadglass.AETitle{"US_OLD"}, Roles: []leadglass.Role{leadglass.Modality}, Purpose: leadglass.Treatment,
		Services: []leadglass.Route{leadglass.CStore}, Expires: now.Add(90 * 24 * time.Hour), Accept: identity.Acceptance, Host: "192.0.2.7", Port: 104,
	}
}

func TestDevice_Enrolled(t *testing.T) {
	h := open(t, nil)
	cert := certificate(nil)
	if err := h.Enrol(t.Context(), ct(cert)); err != nil {
		t.Fatal(err)
	}
	w := from("192.0.2.5", cert)
	d, err := h.Device(t.Context(), w, "CT1", "ARCHIVE")
	if err != nil {
		t.Fatal(err)
	}
	want := &identity.Device{
		Peer: &leadglass.Peer{
			Kind: leadglass.Device, ID: "ct-1", Issuer: "local", Assurance: leadglass.Certificate, Active: true, Roles: []leadglass.Role{leadglass.Modality},
			Organisation: "Example Hospital", Department: "Radiology", Site: "North", Session: d.Peer.Session,
			Certificate: spki(cert), Address: w.Address, TLS: true, Calling: "CT1", Called: "ARCHIVE",
		},
		Purpose: leadglass.Treatment, Services: []leadglass.Route{leadglass.CStore, leadglass.CEcho},
		Host: "192.0.2.1", Port: 2762, DialTLS: true, Keys: []string{spki(cert)},
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got %+v of %+v", d, d.Peer)
	}
	if web, err := h.Device(t.Context(), w, "", ""); err != nil || web.Peer.ID != "ct-1" || web.Peer.Calling != "" {
		t.Errorf("on the web: %+v, %v", web, err)
	}
	if info := must(os.Stat(filepath.Join(h.conf.Dir, "devices.json"))); info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v", info.Mode())
	}
}

// TestDevice_AllMustFit goes through every combination of certificate, titles,
// address and TLS. One is let in by its enrolment, one by the exception; whatever
// else is borrowed, nobody is.
func TestDevice_AllMustFit(t *testing.T) {
	now := newClock().Now()
	h := open(t, func(c *identity.Config) { c.Exceptions = []identity.Exception{exception(now)} })
	ctCert, mrCert := certificate(nil), certificate(nil)
	mr := identity.Enrolment{Name: "mr-1", Keys: []string{spki(mrCert)}, Calling: []leadglass.AETitle{"MR1"}, Roles: []leadglass.Role{leadglass.Modality}}
	web := identity.Enrolment{Name: "viewer", Subject: "CN=viewer", Roles: []leadglass.Role{leadglass.Workstation}}
	for _, e := range []identity.Enrolment{ct(ctCert), mr, web} {
		if err := h.Enrol(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	certs := map[string]*x509.Certificate{
		"none": nil, "ct": ctCert, "mr": mrCert, "stranger": certificate(nil),
		"viewer": certificate(func(c *x509.Certificate) { c.Subject = pkix.Name{CommonName: "viewer"} }),
		"ct_names_of_others": certificate(func(c *x509.Certificate) {
			c.Subject, c.DNSNames = ctCert.Subject, []string{"ct-1", "mr-1"}
		}),
	}
	titles := []leadglass.AETitle{"", "CT1", "CT1_QC", "ct1", "CT1 ", "MR1", "US_OLD", "ct-1", "ANY"}
	calls := []leadglass.AETitle{"", "ARCHIVE", "OTHER"}
	addresses := []string{"192.0.2.5", "192.0.2.7", "192.0.2.16", "127.0.0.1", "::1", "2001:db8::5", "::ffff:192.0.2.5"}
	seen, in := 0, map[string]int{}
	for certName, cert := range certs {
		for _, calling := range titles {
			for _, called := range calls {
				for _, address := range addresses {
					for _, tls := range []bool{true, false} {
						if cert != nil && !tls {
							continue // shown by nothing
						}
						w := from(address, cert)
						w.TLS = tls
						want := oracle(certName, calling, called, netip.MustParseAddr(address).Unmap().String())
						d, err := h.Device(t.Context(), w, calling, called)
						got := ""
						if err == nil {
							got = d.Peer.ID
						} else if !isDenied(err, leadglass.NoIdentity) {
							t.Errorf("got %v", err)
						}
						if got != want {
							t.Errorf("certificate %s, calling %q, called %q from %s, tls %v: got %q, want %q (%v)", certName, calling, called, address, tls, got, want, err)
						}
						seen++
						in[got]++
					}
				}
			}
		}
	}
	t.Logf("%d combinations: %v", seen, in)
	if seen < 1000 || len(in) != 5 {
		t.Errorf("%d combinations, %v", seen, in)
	}
}

// oracle says by hand who is let in as whom.
func oracle(cert string, calling, called leadglass.AETitle, address string) string {
	web := calling == "" && called == ""
	switch cert {
	case "none":
		if calling == "US_OLD" && (address == "192.0.2.7" || address == "127.0.0.1") {
			return "old ultrasound"
		}
	case "ct":
		if (address == "192.0.2.5" || address == "192.0.2.7") && (web || (calling == "CT1" || calling == "CT1_QC") && called == "ARCHIVE") {
			return "ct-1"
		}
	case "mr":
		if web || calling == "MR1" {
			return "mr-1"
		}
	case "viewer":
		if web {
			return "viewer"
		}
	}
	return ""
}

// TestDevice_ByException: what is only claimed says so, and names its exception.
func TestDevice_ByException(t *testing.T) {
	h := open(t, func(c *identity.Config) { c.Exceptions = []identity.Exception{exception(c.Now())} })
	w := plain("192.0.2.7")
	d, err := h.Device(t.Context(), w, "US_OLD", "ARCHIVE")
	if err != nil {
		t.Fatal(err)
	}
	want := &identity.Device{
		Peer: &leadglass.Peer{
			Kind: leadglass.Device, ID: "old ultrasound", Issuer: "local", Assurance: leadglass.Claimed, Active: true, Roles: []leadglass.Role{leadglass.Modality},
			Session: d.Peer.Session, Address: w.Address, AcceptedBy: "old ultrasound", Calling: "US_OLD", Called: "ARCHIVE",
		},
		Purpose: leadglass.Treatment, Services: []leadglass.Route{leadglass.CStore}, Host: "192.0.2.7", Port: 104,
	}
	if !reflect.DeepEqual(d, want) {
		t.Errorf("got %+v of %+v", d, d.Peer)
	}
	h.clock.pass(90*24*time.Hour - time.Nanosecond)
	if _, err := h.Device(t.Context(), w, "US_OLD", "ARCHIVE"); err != nil {
		t.Error(err)
	}
	h.clock.pass(time.Nanosecond)
	if _, err := h.Device(t.Context(), w, "US_OLD", "ARCHIVE"); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("after its end: %v", err)
	}
	if _, err := h.Destination(t.Context(), "US_OLD"); !isDenied(err, leadglass.NoIdentity) {
		t.Errorf("a destination after its end: %v", err)
	}
}

func TestException_MustBeWhole(t *testing.T) {
	now := newClock().Now()
	for name, edit := range map[string]func(*identity.Exception){
		"no_name":          func(x *identity.Exception) { x.Name = "" },
		"two_lines":        func(x *identity.Exception) { x.Name = "a\nb" },
		"not_accepted":     func(x *identity.Exception) { x.Accept = "" },
		"other_words":      func(x *identity.Exception) { x.Accept = strings.ToLower(identity.Acceptance) },
		"no_address":       func(x *identity.Exception) { x.Addresses = nil },
		"everywhere":       func(x *identity.Exception) { x.Addresses = []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")} },
		"half_of_it":       func(x *identity.Exception) { x.Addresses = []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")} },
		"everywhere_in_v6": func(x *identity.Exception) { x.Addresses = []netip.Prefix{netip.MustParsePrefix("2000::/3")} },
		"beside_loopback":  func(x *identity.Exception) { x.Addresses = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/7")} },
		"zero_network":     func(x *identity.Exception) { x.Addresses = []netip.Prefix{{}} },
		"no_title":         func(x *identity.Exception) { x.Calling = nil },
		"any_title":        func(x *identity.Exception) { x.Calling = []leadglass.AETitle{""} },
		"no_end":           func(x *identity.Exception) { x.Expires = time.Time{} },
		"no_service":       func(x *identity.Exception) { x.Services = []leadglass.Route{"C-ANYTHING"} },
		"no_purpose":       func(x *identity.Exception) { x.Purpose = "CURIOSITY" },
		"no_role":          func(x *identity.Exception) { x.Roles = []leadglass.Role{"*"} },
		"half_a_place":     func(x *identity.Exception) { x.Port = 0 },
	} {
		x := exception(now)
		edit(&x)
		_, err := identity.Open(t.Context(), identity.Config{Dir: t.TempDir(), Exceptions: []identity.Exception{exception(now), x}})
		if leadglass.CodeOf(err) != leadglass.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := identity.Open(t.Context(), identity.Config{Dir: t.TempDir(), Exceptions: []identity.Exception{exception(now), exception(now)}}); err == nil {
		t.Error("two of a name")
	}
	if _, err := identity.Open(t.Context(), identity.Config{Dir: t.TempDir(), Exceptions: []identity.Exception{exception(now.AddDate(-1, 0, 0))}}); err != nil {
		t.Errorf("one that is over keeps the archive from starting: %v", err)
	}
}

// TestDevice_Revoked: at once, also where another process revokes; for good, also
// under another name or by the subject.
func TestDevice_Revoked(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	cert := certificate(func(c *x509.Certificate) { c.DNSNames = []string{"CT1.example.org"} })
	if err := h.Enrol(ctx, ct(cert)); err != nil {
		t.Fatal(err)
	}
	w := from("192.0.2.5", cert)
	if _, err := h.Device(ctx, w, "CT1", "ARCHIVE"); err != nil || !h.Enrolled(spki(cert)) || h.Withdrawn(spki(cert)) {
		t.Fatal(err)
	}
	command := must(identity.Open(ctx, h.conf))
	if err := command.Revoke(ctx, "ct-1"); err != nil {
		t.Fatal(err)
	}
	gone := func(what string) {
		t.Helper()
		if _, err := h.Device(ctx, w, "CT1", "ARCHIVE"); !isDenied(err, leadglass.NotActive) || h.Enrolled(spki(cert)) || !h.Withdrawn(spki(cert)) {
			t.Errorf("%s: %v", what, err)
		}
		if _, err := h.Destination(ctx, "CT1"); leadglass.CodeOf(err) != leadglass.Denied {
			t.Errorf("%s: a destination: %v", what, err)
		}
	}
	gone("revoked")
	if err := command.ChangeDevice(ctx, "ct-1", func(e *identity.Enrolment) { e.Revoked = time.Time{} }); err != nil {
		t.Fatal(err)
	}
	gone("changed")
	again := ct(cert)
	again.Name = "ct-2"
	if err := command.Enrol(ctx, again); leadglass.CodeOf(err) != leadglass.Conflict {
		t.Errorf("enrolled again: %v", err)
	}
	if err := command.Enrol(ctx, identity.Enrolment{Name: "ct-3", Subject: "dns:ct1.example.org", Calling: []leadglass.AETitle{"CT1"}}); err != nil {
		t.Fatal(err) // its title is free
	}
	if _, err := h.Device(ctx, w, "CT1", "ARCHIVE"); !isDenied(err, leadglass.NotActive) {
		t.Errorf("by its subject: %v", err)
	}
	fresh := certificate(func(c *x509.Certificate) { c.DNSNames = []string{"other", "CT1.example.org"} })
	if d, err := h.Device(ctx, from("192.0.2.5", fresh), "CT1", "ARCHIVE"); err != nil || d.Peer.ID != "ct-3" {
		t.Errorf("with a new key: %v", err)
	}
	if err := command.Revoke(ctx, "nobody"); leadglass.CodeOf(err) != leadglass.NotFound {
		t.Errorf("got %v", err)
	}
}

func TestDevice_Time(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	cert := certificate(func(c *x509.Certificate) { c.NotAfter = newClock().Now().Add(48 * time.Hour) })
	e := ct(cert)
	e.Until = h.clock.Now().Add(24 * time.Hour)
	if err := h.Enrol(ctx, e); err != nil {
		t.Fatal(err)
	}
	try := func() error { _, err := h.Device(ctx, from("192.0.2.5", cert), "CT1", "ARCHIVE"); return err }
	if err := try(); err != nil {
		t.Error(err)
	}
	h.clock.pass(24 * time.Hour)
	if err := try(); !isDenied(err, leadglass.NotActive) || !h.Withdrawn(spki(cert)) {
		t.Errorf("over its time: %v", err)
	}
	if err := h.ChangeDevice(ctx, "ct-1", func(e *identity.Enrolment) { e.Until = time.Time{} }); err != nil {
		t.Fatal(err)
	}
	if err := try(); err != nil {
		t.Error(err)
	}
	h.clock.pass(25 * time.Hour)
	if err := try(); !isDenied(err, leadglass.NotActive) {
		t.Errorf("certificate expired: %v", err)
	}
	h.clock.pass(-72 * time.Hour)
	if err := try(); !isDenied(err, leadglass.NotActive) {
		t.Errorf("certificate not yet valid: %v", err)
	}
}

// TestDevice_NewKey: a device has two keys while it changes them.
func TestDevice_NewKey(t *testing.T) {
	h := open(t, nil)
	first, second := certificate(nil), certificate(nil)
	if err := h.Enrol(t.Context(), ct(first)); err != nil {
		t.Fatal(err)
	}
	if err := h.ChangeDevice(t.Context(), "ct-1", func(e *identity.Enrolment) { e.Keys = append(e.Keys, spki(second)) }); err != nil {
		t.Fatal(err)
	}
	for _, cert := range []*x509.Certificate{first, second} {
		if d, err := h.Device(t.Context(), from("192.0.2.5", cert), "CT1", "ARCHIVE"); err != nil || d.Peer.Certificate != spki(cert) {
			t.Error(err)
		}
	}
}

func TestEnrol_Refuses(t *testing.T) {
	h := open(t, nil)
	ctx := t.Context()
	cert, other := certificate(nil), certificate(nil)
	if err := h.Enrol(ctx, ct(cert)); err != nil {
		t.Fatal(err)
	}
	before := must(os.ReadFile(filepath.Join(h.conf.Dir, "devices.json")))
	for name, c := range map[string]struct {
		edit func(*identity.Enrolment)
		want leadglass.Code
	}{
		"same_name":       {func(e *identity.Enrolment) { e.Name, e.Calling = "ct-1", nil }, leadglass.Conflict},
		"same_key":        {func(e *identity.Enrolment) { e.Keys, e.Calling = []string{spki(cert)}, nil }, leadglass.Conflict},
		"same_title":      {func(e *identity.Enrolment) { e.Calling = []leadglass.AETitle{"X", "CT1_QC"} }, leadglass.Conflict},
		"title_twice":     {func(e *identity.Enrolment) { e.Calling = []leadglass.AETitle{"X", "X"} }, leadglass.Conflict},
		"only_a_title":    {func(e *identity.Enrolment) { e.Keys = nil }, leadglass.Invalid},
		"both":            {func(e *identity.Enrolment) { e.Subject = "CN=x" }, leadglass.Invalid},
		"no_name":         {func(e *identity.Enrolment) { e.Name = "" }, leadglass.Invalid},
		"path":            {func(e *identity.Enrolment) { e.Name = "../x" }, leadglass.Invalid},
		"long_name":       {func(e *identity.Enrolment) { e.Name = strings.Repeat("x", 41) }, leadglass.Invalid},
		"key":             {func(e *identity.Enrolment) { e.Keys = []string{"abc"} }, leadglass.Invalid},
		"key_in_capitals": {func(e *identity.Enrolment) { e.Keys = []string{strings.ToUpper(spki(other))} }, leadglass.Invalid},
		"long_title":      {func(e *identity.Enrolment) { e.Calling = []leadglass.AETitle{"SEVENTEEN_LETTERS"} }, leadglass.Invalid},
		"padded_title":    {func(e *identity.Enrolment) { e.Calling = []leadglass.AETitle{"CT2 "} }, leadglass.Invalid},
		"title_control":   {func(e *identity.Enrolment) { e.Called = []leadglass.AETitle{"A\nB"} }, leadglass.Invalid},
		"network":         {func(e *identity.Enrolment) { e.Addresses = []netip.Prefix{netip.MustParsePrefix("192.0.2.7/24")} }, leadglass.Invalid},
		"service":         {func(e *identity.Enrolment) { e.Services = []leadglass.Route{"web"} }, leadglass.Invalid},
		"purpose":         {func(e *identity.Enrolment) { e.Purpose = "treat" }, leadglass.Invalid},
		"role":            {func(e *identity.Enrolment) { e.Roles = []leadglass.Role{""} }, leadglass.Invalid},
		"port":            {func(e *identity.Enrolment) { e.Host, e.Port = "h", 65536 }, leadglass.Invalid},
		"port_alone":      {func(e *identity.Enrolment) { e.Host, e.Port = "", 104 }, leadglass.Invalid},
		"department":      {func(e *identity.Enrolment) { e.Department = "a\nb" }, leadglass.Invalid},
	} {
		e := ct(other)
		e.Name, e.Calling = "ct-9", []leadglass.AETitle{"CT9"}
		c.edit(&e)
		if err := h.Enrol(ctx, e); leadglass.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	if now := must(os.ReadFile(filepath.Join(h.conf.Dir, "devices.json"))); !bytes.Equal(now, before) {
		t.Errorf("the file changed: %s", now)
	}
}

func TestDestination(t *testing.T) {
	h := open(t, func(c *identity.Config) { c.Exceptions = []identity.Exception{exception(c.Now())} })
	ctx := t.Context()
	cert := certificate(nil)
	clear := identity.Enrolment{Name: "ws", Keys: []string{spki(certificate(nil))}, Calling: []leadglass.AETitle{"WS"}, Host: "192.0.2.9", Port: 104}
	nowhere := identity.Enrolment{Name: "no", Keys: []string{spki(certificate(nil))}, Calling: []leadglass.AETitle{"NOWHERE"}}
	over := identity.Enrolment{Name: "over", Keys: []string{spki(certificate(nil))}, Calling: []leadglass.AETitle{"OVER"}, Host: "192.0.2.9", Port: 104, Until: h.clock.Now()}
	for _, e := range []identity.Enrolment{ct(cert), clear, nowhere, over} {
		if err := h.Enrol(ctx, e); err != nil {
			t.Fatal(err)
		}
	}
	d, err := h.Destination(ctx, "CT1_QC")
	if err != nil || d.Host != "192.0.2.1" || d.Port != 2762 || !d.DialTLS || d.Peer.ID != "ct-1" || d.Peer.Called != "CT1_QC" || !d.Peer.TLS || d.Peer.Assurance != leadglass.Certificate {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := h.Destination(ctx, "WS"); err != nil || d.DialTLS || d.Peer.TLS || d.Peer.Assurance != leadglass.Claimed || d.Peer.AcceptedBy != "" {
		t.Errorf("%+v, %v", d, err)
	}
	if d, err := h.Destination(ctx, "US_OLD"); err != nil || d.Host != "192.0.2.7" || d.Peer.AcceptedBy != "old ultrasound" {
		t.Errorf("%+v, %v", d, err)
	}
	for title, reason := range map[leadglass.AETitle]leadglass.Reason{
		"": leadglass.NoIdentity, "ANY": leadglass.NoIdentity, "ct1": leadglass.NoIdentity, "ct-1": leadglass.NoIdentity,
		"NOWHERE": leadglass.NoIdentity, "ARCHIVE": leadglass.NoIdentity, "OVER": leadglass.NotActive,
	} {
		if _, err := h.Destination(ctx, title); !isDenied(err, reason) {
			t.Errorf("%q: %v", title, err)
		}
	}
}

// TestDevice_TLS: whoever sits at a destination's address is it by its key only.
func TestDevice_TLS(t *testing.T) {
	cert, other := certificate(nil), certificate(nil)
	d := &identity.Device{Keys: []string{spki(cert)}}
	base := &tls.Config{RootCAs: x509.NewCertPool()}
	c := d.TLS(base)
	for name, chain := range map[string][]*x509.Certificate{"own": {cert, other}, "other": {other, cert}, "none": nil} {
		if err := c.VerifyConnection(tls.ConnectionState{PeerCertificates: chain}); (err == nil) != (name == "own") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if base.InsecureSkipVerify || base.VerifyConnection != nil {
		t.Error("the configuration of all was changed")
	}
	if (&identity.Device{}).TLS(base) != base {
		t.Error("a device by its subject is not checked by chain and name")
	}
}

func TestDoctor(t *testing.T) {
	now := newClock().Now()
	old, near := exception(now), exception(now)
	old.Name, old.Expires = "very old", now.Add(-time.Hour)
	near.Name, near.Expires, near.Services, near.Roles = "near", now.Add(24*time.Hour), nil, nil
	far := exception(now)
	far.Name, far.Expires, far.Calling = "far", now.AddDate(5, 0, 0), []leadglass.AETitle{"US_OLD", "CT1"}
	h := open(t, func(c *identity.Config) {
		c.Exceptions = []identity.Exception{exception(now), old, near, far}
		c.Issuers = []identity.Issuer{{URL: "https://login.example.org", Audience: "leadglass"}}
	})
	identity.Cheap(h.Directory)
	e := ct(certificate(nil))
	e.Until, e.Roles, e.TLS = now.Add(24*time.Hour), nil, false
	if err := h.Enrol(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	if err := h.AddAccount(t.Context(), identity.Account{Name: "anna"}, secret); err != nil {
		t.Fatal(err)
	}
	os.Chmod(filepath.Join(h.conf.Dir, "accounts.json"), 0o644)
	all := h.Doctor()
	for _, want := range []string{
		`exception "old ultrasound": whoever speaks from 192.0.2.7/32 or 127.0.0.0/8 and calls himself US_OLD may use C-STORE with the role modality, without showing who he is; until 2026-05-30`,
		`exception "very old": whoever speaks from 192.0.2.7/32 or 127.0.0.0/8 and calls himself US_OLD may use C-STORE with the role modality, without showing who he is; it ended on 2026-03-01`,
		`exception "near": whoever speaks from 192.0.2.7/32 or 127.0.0.0/8 and calls himself US_OLD may use all services with no role, without showing who he is; until 2026-03-02`,
		`exception "near" ends on 2026-03-02: its peer is kept out from then on`,
		`exception "far" ends in more than two years: it should be looked at before`,
		`exception "far" lets in without a certificate who calls himself CT1, which is the enrolled device "ct-1"`,
		`device "ct-1" is kept out from 2026-03-02 on`,
		`device "ct-1" has no role: it may do nothing`,
		`device "ct-1" takes objects without TLS at 192.0.2.1: whoever is on the way sees them`,
		`account "anna" has no role: it may do nothing`,
		`issuer "https://login.example.org" gives nobody a role: its tokens may do nothing`,
		fmt.Sprintf(`others may read or write %s (-rw-r--r--): it should be 0600`, filepath.Join(h.conf.Dir, "accounts.json")),
	} {
		if !slices.Contains(all, want) {
			t.Errorf("does not say %s", want)
		}
	}
	if n := len(h.Exceptions()); n != 4 {
		t.Errorf("%d exceptions", n)
	}
	if all := open(t, nil).Doctor(); len(all) != 1 || !strings.Contains(all[0], "nobody can sign in") {
		t.Errorf("of a new one: %q", all)
	}
}
