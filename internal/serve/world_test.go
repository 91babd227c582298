package serve_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/serve"
	"github.com/leadglass/leadglass/ul"
)

// world is an archive with the catalogue, and who may ask it.
type world struct {
	*house
	studies []*kept
	askers  []*caller
	issuer  *issuer
	sink    *sink

	mu     sync.Mutex
	checks int
	failed int
}

// caller is an asker with what it shows.
type caller struct {
	asker
	sign     func(*http.Request)
	tls      *tls.Config // of a device
	title    ul.AETitle  // of a device that speaks DIMSE
	purposes []leadglass.Purpose
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{studies: catalogue(), issuer: newIssuer(t), sink: new(sink)}
	address := dimsetest.Serve(t, w.sink, dimse.Limits{})
	h := start(t, func(c *serve.Config) { c.Issuers = []identity.Issuer{w.issuer.config()} })
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	fill(t, h.c.Data, w.studies)
	w.house = run(t, h.c)
	w.people()
	w.devices()
	w.device("sink", func(e *identity.Enrolment) { e.Host, e.Port = hostPort(t, address) })
	return w
}

func hostPort(t testing.TB, address string) (string, int) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	return host, n
}

// allPurposes are a sample of the value set that has each that a shipped rule names,
// one below, none, and a word that is none.
func allPurposes() []leadglass.Purpose {
	return []leadglass.Purpose{"", "TREAT", "ETREAT", "BTG", "HPAYMT", "PATADMIN", "HRESCH", "HOPERAT", "RECORDMGT", "JUNK"}
}

// people come with tokens, two with a password as well.
func (w *world) people() {
	add := func(name string, factors leadglass.Assurance, organisation, department string, roles ...leadglass.Role) *caller {
		c := &caller{asker: asker{
			name: name, kind: leadglass.Person, roles: roles, organisation: organisation, department: department, factors: factors,
		}, purposes: allPurposes()}
		c.sign = w.issuer.signs(&c.asker)
		w.askers = append(w.askers, c)
		return c
	}
	const token, mfa = leadglass.Token, leadglass.MultiFactor
	add("radiologist", token, "", "", leadglass.Radiologist)
	add("radiologist-mfa", mfa, "", "", leadglass.Radiologist)
	add("referrer-north", token, north, "", leadglass.Referrer)
	add("referrer-south-mfa", mfa, south, "", leadglass.Referrer)
	add("referrer-cardio-mfa", mfa, "", cardio, leadglass.Referrer)
	add("technologist", token, north, "", leadglass.Technologist)
	add("clerk", token, north, "", leadglass.Clerk)
	add("researcher", token, "", "", leadglass.Researcher)
	add("auditor", token, "", "", leadglass.Auditor)
	add("administrator", mfa, "", "", leadglass.Administrator)
	add("radiologist-administrator", mfa, "", "", leadglass.Radiologist, leadglass.Administrator)
	add("clerk-technologist", token, "", "", leadglass.Clerk, leadglass.Technologist)
	add("nothing", mfa, north, cardio)
	add("program", token, "", "", leadglass.Radiologist, leadglass.Researcher).kind = leadglass.Program
	add("declared", token, "", "", leadglass.Radiologist, leadglass.Researcher).own = leadglass.Treatment
	add("expired", mfa, "", "", leadglass.Radiologist).nobody = true

	for name, disabled := range map[string]bool{"ann": false, "lou": true} {
		w.user(identity.Account{Name: name, Roles: []leadglass.Role{leadglass.Radiologist}})
		c := add(name, leadglass.Password, "", "", leadglass.Radiologist)
		c.sign, c.nobody, c.purposes = func(r *http.Request) { r.SetBasicAuth(name, password) }, disabled, []leadglass.Purpose{"", "TREAT"}
		if disabled {
			if err := w.directory().ChangeAccount(w.t.Context(), name, func(a *identity.Account) { a.Disabled = true }); err != nil {
				w.t.Fatal(err)
			}
		}
	}
}

func (w *world) devices() {
	add := func(name, organisation string, own leadglass.Purpose, role leadglass.Role) *caller {
		c := &caller{asker: asker{
			name: name, kind: leadglass.Device, roles: []leadglass.Role{role}, organisation: organisation, factors: leadglass.Certificate, own: own,
		}, purposes: allPurposes(), title: ul.AETitle(strings.ToUpper(name))}
		c.tls = w.device(name, func(e *identity.Enrolment) { e.Organisation, e.Purpose = organisation, own }, role)
		w.askers = append(w.askers, c)
		return c
	}
	add("ct1", north, "TREAT", leadglass.Modality)
	add("ws", "", "TREAT", leadglass.Workstation)
	add("ws-north", north, "ETREAT", leadglass.Workstation)
	add("ws-ops", "", "HOPERAT", leadglass.Workstation)
	add("ws-none", "", "", leadglass.Workstation)
	add("router", "", "RECORDMGT", leadglass.Router)
	add("lab", "", "TREAT", leadglass.Researcher)
}
