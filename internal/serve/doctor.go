package serve

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/leadglass/leadglass/internal/ca"
)

// Finding is what the operator should know.
type Finding struct {
	About string // one word or two
	Text  string
	Bad   bool // it should be changed; else it is only to be known
}

// Doctor looks at an archive, running or not, and says what the operator should
// know: whether it serves, what is open to whom, what will expire, what is wrong.
// It changes nothing, but asks the archive's own address whether it is well.
func Doctor(ctx context.Context, c Config) []Finding {
	c = c.withDefaults()
	d := &doctor{c: &c}
	for _, look := range []func(context.Context){d.health, d.room, d.listeners, d.policies, d.people, d.certificates} {
		look(ctx)
	}
	return d.found
}

type doctor struct {
	c     *Config
	found []Finding
}

func (d *doctor) fine(about, text string, args ...any) {
	d.found = append(d.found, Finding{about, fmt.Sprintf(text, args...), false})
}

func (d *doctor) bad(about, text string, args ...any) {
	d.found = append(d.found, Finding{about, fmt.Sprintf(text, args...), true})
}

// healthTime is how long the archive's answer is waited for.
const healthTime = 5 * time.Second

// health asks the archive whether it is well.
func (d *doctor) health(ctx context.Context) {
	address, scheme := first(d.c.Web.TLS), "https"
	if address == "" {
		address, scheme = first(d.c.Web.Plain), "http"
	}
	if address == "" {
		d.fine("running", "not known: there is no web listener to ask")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, healthTime)
	defer cancel()
	rq, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+local(address)+"/healthz", nil)
	if err != nil {
		d.bad("running", "%v", err)
		return
	}
	// It is this machine's own listener, and nothing is told to it: who answers is
	// of no consequence.
	tr := &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}}
	defer tr.CloseIdleConnections()
	rs, err := (&http.Client{Transport: tr}).Do(rq)
	if err != nil {
		d.fine("running", "no: nothing answers at %s", local(address))
		return
	}
	defer rs.Body.Close()
	const maxText = 4096 // of an answer
	text, _ := io.ReadAll(io.LimitReader(rs.Body, maxText))
	if rs.StatusCode != http.StatusOK {
		d.bad("running", "%s", strings.TrimSpace(string(text)))
		return
	}
	d.fine("running", "yes, and well, at %s", local(address))
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// local is how an address that is listened on is reached from this machine.
func local(address string) string {
	host, port, _ := net.SplitHostPort(address)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return net.JoinHostPort(host, port)
}

// The room on the disk under which the operator is warned: what a day of a busy
// department brings, and what is left then for the log.
const (
	littleRoom = 20 << 30
	noRoom     = 1 << 30
)

func (d *doctor) room(context.Context) {
	free, ok := freeBytes(d.c.Data)
	switch {
	case !ok:
	case free < noRoom:
		d.bad("disk", "%d MiB are left for %s: when none are, nothing is released any more", free>>20, d.c.Data)
	case free < littleRoom:
		d.bad("disk", "%.1f GiB are left for %s", float64(free)/(1<<30), d.c.Data)
	default:
		d.fine("disk", "%d GiB are left for %s", free>>30, d.c.Data)
	}
}

func (d *doctor) listeners(context.Context) {
	for _, l := range d.c.listeners() {
		for _, a := range l.addresses {
			host, _, _ := net.SplitHostPort(a)
			where := "reached from elsewhere"
			if loopback(host) {
				where = "reached from this machine only"
			}
			if !l.face.encrypted() && !loopback(host) {
				d.bad("listener", "%s, %s: %s, and all that is said can be read on the way", a, l.face, where)
				continue
			}
			d.fine("listener", "%s, %s: %s", a, l.face, where)
		}
	}
}

func (d *doctor) policies(context.Context) {
	set, err := d.c.LoadPolicies()
	if err != nil {
		d.bad("policies", "%v", err)
		return
	}
	where := "those that are shipped"
	if d.c.Policies != "" {
		where = d.c.Policies
	}
	d.fine("policies", "%s, %d rules, %s", where, len(set.Rules()), set.Policy())
}

func (d *doctor) people(ctx context.Context) {
	dir, err := d.c.OpenDirectory(ctx)
	if err != nil {
		d.bad("identity", "%v", err)
		return
	}
	accounts, _ := dir.Accounts() // what cannot be read is told by Doctor
	devices, _ := dir.Devices()
	d.fine("identity", "accounts: %d, devices: %d, issuers: %d, exceptions: %d", len(accounts), len(devices), len(d.c.Issuers), len(d.c.Exceptions))
	for _, text := range dir.Doctor() {
		d.bad("identity", "%s", text)
	}
}

func (d *doctor) certificates(ctx context.Context) {
	a, err := d.c.OpenCA(ctx)
	if err != nil {
		d.bad("certificates", "%v", err)
		return
	}
	for _, text := range append(a.Doctor(), d.lists()...) {
		d.bad("certificates", "%s", text)
	}
	if d.c.TLS.Certificate == "" {
		d.fine("certificates", "our own authority's; devices and browsers must trust what leadglass ca prints")
		return
	}
	own, err := ca.OpenFiles(d.c.TLS.Certificate, d.c.TLS.Key)
	if err != nil {
		d.bad("certificates", "%v", err)
		return
	}
	d.fine("certificates", "the site's own, %s", d.c.TLS.Certificate)
	for _, text := range own.Doctor(d.c.Now()) {
		d.bad("certificates", "%s", text)
	}
}

// lists says what is wrong with revocation lists.
func (d *doctor) lists() []string {
	lists, err := d.c.TLS.lists()
	if err != nil {
		return []string{err.Error()}
	}
	t := ca.Trust{Lists: func() []*x509.RevocationList { return lists }, Now: d.c.Now}
	return t.Doctor()
}
