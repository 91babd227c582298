package identity_test

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/ul"
)

// echoes is a session that answers C-ECHO.
type echoes struct{}

func (echoes) Echo(context.Context) dimse.Status { return dimse.Success }

// site is an archive with an authority and a registry, as serve has them.
type site struct {
	*house
	authority *ca.CA
	own       *ca.Server
	trust     *ca.Trust
	dir       string
}

func newSite(t *testing.T) *site {
	t.Helper()
	if os.Getenv("INTEROP") != "1" {
		t.Skip("INTEROP=1 runs it: it needs dcmtk")
	}
	s := &site{dir: t.TempDir()}
	s.house = open(t, func(c *identity.Config) { c.Now = time.Now })
	s.authority = must(ca.Open(t.Context(), ca.Config{Dir: filepath.Join(s.dir, "ca")}))
	s.own = must(s.authority.Server(nil))
	s.trust = &ca.Trust{Roots: s.authority.Pool(), Enrolled: s.Enrolled, Withdrawn: s.Withdrawn}
	return s
}

// enrol issues a certificate and binds it, and writes what the device gets.
func (s *site) enrol(t *testing.T, name string, title leadglass.AETitle, rsa bool, edit func(*identity.Enrolment)) []string {
	t.Helper()
	d := must(s.authority.Device(ca.DeviceRequest{Name: name, RSA: rsa}))
	e := identity.Enrolment{Name: name, Keys: []string{ca.SPKI(d.Certificate)}, Calling: []leadglass.AETitle{title}, Addresses: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}}
	if edit != nil {
		edit(&e)
	}
	if err := s.Enrol(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	var names []string
	for kind, text := range map[string][]byte{"key": d.KeyPEM, "cert": d.CertPEM, "roots": d.RootsPEM} {
		if err := os.WriteFile(filepath.Join(s.dir, name+"."+kind), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, kind := range []string{"key", "cert", "roots"} {
		names = append(names, filepath.Join(s.dir, name+"."+kind))
	}
	return []string{"+tls", names[0], names[1], "+cf", names[2]}
}

// serve answers C-ECHO to those whom the directory knows.
func (s *site) serve(t *testing.T, profile ca.Profile) string {
	t.Helper()
	srv := &ul.Server{
		Config: ul.Config{TLS: must(ca.ServerTLS(profile, s.own, s.trust, true))},
		Negotiate: func(ctx context.Context, remote net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
			w := identity.Wire{Address: remote.(*net.TCPAddr).AddrPort()}
			if state := ul.TLSState(ctx); state != nil {
				w.TLS, w.Certificate = true, state.PeerCertificates[0]
			}
			if _, err := s.Device(ctx, w, leadglass.AETitle(rq.Calling), leadglass.AETitle(rq.Called)); err != nil {
				return nil, &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCallingNotRecognised}
			}
			return dimse.Accept(rq, echoes{}, ul.UserInformation{})
		},
		Handle: dimse.Handle(echoes{}, dimse.Limits{}),
	}
	_, port, _ := net.SplitHostPort(dimsetest.ServeUL(t, srv))
	return port
}

func echoscu(t *testing.T, port, title string, args ...string) (string, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	args = append([]string{"-d", "-aet", title, "-aec", "ARCHIVE"}, append(args, "127.0.0.1", port)...)
	out, err := exec.CommandContext(ctx, "echoscu", args...).CombinedOutput()
	return string(out), err
}

// TestInterop_EchoscuOfDCMTK: with what a device gets when it is enrolled, an
// implementation that is not ours gets in as itself, and as nobody else.
func TestInterop_EchoscuOfDCMTK(t *testing.T) {
	s := newSite(t)
	ct, mr, old := s.enrol(t, "ct-1", "CT1", false, nil), s.enrol(t, "mr-1", "MR1", true, nil), s.enrol(t, "old", "OLD", false, nil)
	if err := s.Revoke(t.Context(), "old"); err != nil {
		t.Fatal(err)
	}
	for _, profile := range []ca.Profile{ca.BCP195, ca.ModifiedBCP195} {
		port := s.serve(t, profile)
		for _, c := range []struct {
			what, title string
			args        []string
			good        bool
		}{
			{"ct", "CT1", ct, true},
			{"mr_with_rsa", "MR1", mr, true},
			{"bcp195_nd", "CT1", append([]string{"+py"}, ct...), true},
			{"bcp195", "CT1", append([]string{"+px"}, ct...), true},
			{"bcp195_extended", "CT1", append([]string{"+pz"}, ct...), true},
			{"aes_retired", "CT1", append([]string{"+pa"}, ct...), false},
			{"null_retired", "CT1", append([]string{"+pn"}, ct...), false},
			{"borrowed_title", "MR1", ct, false},
			{"any_title", "ECHOSCU", ct, false},
			{"revoked", "OLD", old, false},
			{"no_certificate", "CT1", []string{"+tla", "+cf", filepath.Join(s.dir, "ct-1.roots")}, false},
			{"no_tls", "CT1", nil, false},
		} {
			if out, err := echoscu(t, port, c.title, c.args...); (err == nil) != c.good {
				t.Errorf("%s, %s: %v\n%s", profile, c.what, err, out)
			}
		}
	}
}

// TestInterop_StorescpOfDCMTK: a destination is known by the key that it was
// enrolled with, whatever name its certificate has; another in its place is not it.
func TestInterop_StorescpOfDCMTK(t *testing.T) {
	s := newSite(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(ln.Addr().String())
	ln.Close()
	number, _ := strconv.Atoi(port)
	args := s.enrol(t, "ws-1", "WS1", false, func(e *identity.Enrolment) { e.Host, e.Port, e.TLS = "127.0.0.1", number, true })
	s.enrol(t, "ws-2", "WS2", false, func(e *identity.Enrolment) { e.Host, e.Port, e.TLS = "127.0.0.1", number, true })
	cmd := exec.Command("storescp", append(args, "-rc", "--ignore", "-od", s.dir, port)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	for range 100 {
		if conn, err := net.Dial("tcp", "127.0.0.1:"+port); err == nil {
			conn.Close()
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	base := must(ca.ClientTLS(ca.BCP195, s.own, s.trust))
	for title, good := range map[leadglass.AETitle]bool{"WS1": true, "WS2": false} {
		d := must(s.Destination(t.Context(), title))
		err := echo(t, net.JoinHostPort(d.Host, port), d.TLS(base), ul.AETitle(title))
		if (err == nil) != good {
			t.Errorf("%s: %v", title, err)
		}
	}
	if err := echo(t, net.JoinHostPort("127.0.0.1", port), base, "WS1"); err == nil {
		t.Error("a device's certificate is believed for an address")
	}
}

func echo(t *testing.T, address string, conf *tls.Config, called ul.AETitle) error {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	a, err := ul.Dial(ctx, address, dimsetest.Request("ARCHIVE", called, dimsetest.Classes(dimse.Verification)...), &ul.Config{TLS: conf})
	if err != nil {
		return err
	}
	defer a.Abort(0)
	_, err = dimse.NewClient(a, dimse.Limits{}).Echo(ctx)
	return err
}
