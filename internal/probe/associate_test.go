package probe_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/probe/probetest"
	"github.com/leadglass/leadglass/ul"
)

func target(a netip.AddrPort) probe.Target { return probe.Target{Addr: a.Addr(), Port: a.Port()} }

// limited ends what a broken test waits for.
func limited(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// associate asks only for the association.
func associate(t *testing.T, at netip.AddrPort) *probe.Dialogue {
	t.Helper()
	ctx := limited(t)
	d, err := probetest.NewAsker(probetest.NewNetwork()).Associate(ctx, target(at))
	if err != nil {
		t.Fatalf("Associate: %v", err)
	}
	t.Cleanup(func() { d.Close(context.WithoutCancel(ctx)) })
	return d
}

func TestAssociate_Class(t *testing.T) {
	reject := func(result ul.RejectResult, source ul.RejectSource, reason uint8) *ul.RejectError {
		return &ul.RejectError{Result: result, Source: source, Reason: reason}
	}
	for _, tt := range []struct {
		name   string
		at     func(t *testing.T) netip.AddrPort
		class  probe.Class
		reject string
	}{
		{"open", archive(&probetest.Archive{}), probe.AcceptsAnyone, ""},
		{"rejects_called", archive(&probetest.Archive{Reject: reject(1, 1, 7)}), probe.Rejects, "called-ae-title-not-recognized"},
		{"rejects_calling", archive(&probetest.Archive{Reject: reject(1, 1, 3)}), probe.Rejects, "calling-ae-title-not-recognized"},
		{"rejects_for_now", archive(&probetest.Archive{Reject: reject(2, 3, 1)}), probe.Rejects, "temporary-congestion"},
		{"rejects_once", archive(&probetest.Archive{Reject: reject(2, 3, 1), RejectFirst: 1}), probe.AcceptsAnyone, ""},
		{"closed", func(t *testing.T) netip.AddrPort { return probetest.Closed(t) }, probe.Closed, ""},
		{"silent", peer(probetest.Silent), probe.Timeout, ""},
		{"hangs_up", peer(probetest.HangsUp), probe.OtherService, ""},
		{"ssh", peer(probetest.Says("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")), probe.OtherService, ""},
		{"http", peer(probetest.Says("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")), probe.OtherService, ""},
		{"garbage", peer(probetest.Says("\x00\xff\x00\xff\x00\xff\x00\xff")), probe.OtherService, ""},
		{"garbage_like_an_answer", peer(probetest.Says("\x02\x00\x00\x00\x00\x44\x00\x01garbage")), probe.OtherService, ""},
		{"claims_four_gigabytes", peer(probetest.Floods("\x02\x00\xff\xff\xff\xff")), probe.OtherService, ""},
		{"floods", peer(probetest.Floods("")), probe.OtherService, ""},
		{"own_bytes", peer(probetest.RepliesOwn), probe.OtherService, ""},
		{"drips", peer(probetest.Drips("\x02\x00\x00\x00\x01\x00", 50*time.Millisecond)), probe.OtherService, ""},
		{"aborts", peer(probetest.Says("\x07\x00\x00\x00\x00\x04\x00\x00\x02\x00")), probe.OtherService, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			d := associate(t, tt.at(t))
			if d.Facts.Class != tt.class || d.Facts.Reject != tt.reject {
				t.Errorf("class %q, reject %q, want %q and %q", d.Facts.Class, d.Facts.Reject, tt.class, tt.reject)
			}
			if got, want := d.DICOM(), tt.class == probe.AcceptsAnyone || tt.class == probe.Rejects; got != want {
				t.Errorf("DICOM() = %v, want %v", got, want)
			}
			if got, want := d.Accepted(), tt.class == probe.AcceptsAnyone; got != want {
				t.Errorf("Accepted() = %v, want %v", got, want)
			}
		})
	}
}

// TestAssociate_EachReason: every reason of PS3.8 table 9-21, and one that the
// table reserves, is told apart.
func TestAssociate_EachReason(t *testing.T) {
	for _, tt := range []struct {
		source ul.RejectSource
		reason uint8
		want   string
	}{
		{ul.ServiceUser, 1, "no-reason-given"},
		{ul.ServiceUser, 2, "application-context-name-not-supported"},
		{ul.ServiceUser, 3, "calling-ae-title-not-recognized"},
		{ul.ServiceUser, 7, "called-ae-title-not-recognized"},
		{ul.ServiceUser, 9, "reserved-1-9"},
		{ul.ProviderACSE, 1, "no-reason-given"},
		{ul.ProviderACSE, 2, "protocol-version-not-supported"},
		{ul.ProviderPresentation, 1, "temporary-congestion"},
		{ul.ProviderPresentation, 2, "local-limit-exceeded"},
	} {
		a := &probetest.Archive{Reject: &ul.RejectError{Result: ul.RejectedPermanent, Source: tt.source, Reason: tt.reason}}
		if f := associate(t, a.Serve(t)).Facts; f.Class != probe.Rejects || f.Reject != tt.want {
			t.Errorf("source %d, reason %d: class %q, reject %q, want %q", tt.source, tt.reason, f.Class, f.Reject, tt.want)
		}
	}
}

func archive(a *probetest.Archive) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort { return a.Serve(t) }
}

func TestAssociate_Identity(t *testing.T) {
	a := &probetest.Archive{ClassUID: "1.2.276.0.7230010.3.0.3.6.7", VersionName: "OFFIS_DCMTK_367"}
	d := associate(t, a.Serve(t))
	if d.Facts.ImplementationClassUID != "1.2.276.0.7230010.3.0.3.6.7" || d.Facts.ImplementationVersionName != "OFFIS_DCMTK_367" {
		t.Errorf("identity %q %q", d.Facts.ImplementationClassUID, d.Facts.ImplementationVersionName)
	}
	r := a.Requests()
	if len(r) != 1 || r[0].Calling != "LEADGLASS" || r[0].Called != "LEADGLASS-ASKS" {
		t.Errorf("requests %+v, want one association of LEADGLASS", r)
	}
}

func TestAssociate_HoneypotSigns(t *testing.T) {
	for _, tt := range []struct {
		name string
		a    *probetest.Archive
		want []string
	}{
		{"plain", &probetest.Archive{}, nil},
		{"accepts_all", &probetest.Archive{AcceptAll: true}, []string{probe.SignAbstractSyntax, probe.SignTransferSyntax}},
		{"echoes", &probetest.Archive{Echoes: true}, []string{probe.SignEchoes}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := associate(t, tt.a.Serve(t)).Facts.Honeypot; !slices.Equal(got, tt.want) {
				t.Errorf("signs %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAssociate_Ended(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := probetest.NewAsker(probetest.NewNetwork()).Associate(ctx, target(probetest.Closed(t)))
	if err == nil {
		t.Error("Associate of an ended run gave no error")
	}
}

func peer(serve func(net.Conn)) func(*testing.T) netip.AddrPort {
	return func(t *testing.T) netip.AddrPort { return probetest.Peer(t, serve) }
}

func TestAssociate_IPv6(t *testing.T) {
	ln, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Skipf("no IPv6 on loopback: %v", err)
	}
	defer ln.Close()
	go func() {
		conn, err := ln.Accept()
		if err == nil {
			probetest.Says("SSH-2.0-x\r\n")(conn)
			conn.Close()
		}
	}()
	at := netip.MustParseAddrPort(ln.Addr().String())
	if got := target(at).Address(); got != ln.Addr().String() {
		t.Errorf("address %q, want %q", got, ln.Addr())
	}
	if d := associate(t, at); d.Facts.Class != probe.OtherService {
		t.Errorf("class %q, want %q", d.Facts.Class, probe.OtherService)
	}
}

func TestInventor(t *testing.T) {
	i := probe.NewInventor(rand.Reader)
	seen := map[string]bool{}
	for range 100 {
		uid, err := i.UID()
		if err != nil || !regexp.MustCompile(`^2\.25\.[1-9][0-9]{30,38}$`).MatchString(string(uid)) || len(uid) > 64 {
			t.Fatalf("UID %q: %v", uid, err)
		}
		title, err := i.AETitle()
		if err != nil || !regexp.MustCompile(`^[A-Z]{12}$`).MatchString(string(title)) {
			t.Fatalf("AE title %q: %v", title, err)
		}
		if seen[string(uid)] || seen[string(title)] {
			t.Fatalf("%q or %q twice", uid, title)
		}
		seen[string(uid)], seen[string(title)] = true, true
	}
	if _, err := probe.NewInventor(strings.NewReader("short")).UID(); err == nil {
		t.Error("a source that ends gave a UID")
	}
}
