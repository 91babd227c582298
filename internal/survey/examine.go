package survey

import (
	"cmp"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/leadglass/leadglass/internal/advisory"
	"github.com/leadglass/leadglass/internal/census"
	"github.com/leadglass/leadglass/internal/place"
	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/ul"
)

// Found is what one host gave.
type Found struct {
	Systems []report.System       `json:"systems,omitempty"`
	Answers map[probe.Class]int64 `json:"answers"`
}

// Examiner asks one host everything. Its fields are not changed while it works;
// Examine may be called by several at once.
type Examiner struct {
	Calling, Called ul.AETitle      // "" names leadglass
	Contact         string          // of the scope; goes into the User-Agent
	Advisories      *advisory.Table // nil knows no vulnerability
	Places          *place.Finder   // nil knows no place
	Limits          probe.Limits
	Budget          census.Budget
	NoCount         bool // look, but do not count
	Discover        bool // find and identify: one association a port, the first page of a web service
	PortsAtOnce     int  // of one host; 0 is four, below 0 all
	Roots           *x509.CertPool
	Rand            io.Reader // of invented names; nil is crypto/rand
	Now             func() time.Time
	Diagnostics     *slog.Logger // nil is silent

	once   sync.Once // covers invent
	invent *probe.Inventor
	memory census.Memory // of all counts
}

// defaultPortsAtOnce keeps a host from seeing a burst: browsers open six
// connections to one host.
const defaultPortsAtOnce = 4

// asked is what asking one port gave. Each port has its own, so that nothing is
// shared between those who ask.
type asked struct {
	target   probe.Target
	forDICOM bool            // by the scope
	class    probe.Class     // timeout until it is known better
	dialogue *probe.Dialogue // nil where no DICOM was tried
	site     *probe.Site     // nil where no HTTP was found
	count    census.Count
	counted  bool
}

// Examine asks one host. What a port does wrong ends in its class and in
// diagnostics; an error means that the host was not finished.
func (e *Examiner) Examine(ctx context.Context, h scope.Host, n *probe.Network) (*Found, error) {
	asker := e.asker(n)
	ports := e.ports(h)
	turn := make(chan struct{}, e.portsAtOnce(len(ports)))
	var all sync.WaitGroup
	for _, p := range ports {
		turn <- struct{}{}
		all.Add(1)
		go func() {
			defer all.Done()
			defer func() { <-turn }()
			e.portCaught(ctx, asker, h, p)
		}()
	}
	all.Wait()
	found := &Found{Answers: map[probe.Class]int64{}}
	for _, p := range ports {
		found.Answers[p.class]++
	}
	found.Systems = e.assemble(ctx, h, ports)
	// What was learned until the host's time was over stands.
	if err := ctx.Err(); err != nil && !errors.Is(context.Cause(ctx), errHostTime) {
		return nil, fmt.Errorf("survey: examining %s: %w", h.Addr, err)
	}
	return found, nil
}

func (e *Examiner) asker(n *probe.Network) *probe.Asker {
	e.once.Do(func() {
		r := e.Rand
		if r == nil {
			r = rand.Reader
		}
		e.invent = probe.NewInventor(r)
	})
	return &probe.Asker{
		Network: n, Calling: e.Calling, Called: e.Called, Contact: e.Contact,
		Invent: e.invent, Limits: e.Limits, Trust: &probe.Trust{Roots: e.Roots, Now: e.now},
	}
}

func (e *Examiner) now() time.Time {
	if e.Now == nil {
		return time.Now()
	}
	return e.Now()
}

func (e *Examiner) portsAtOnce(n int) int {
	switch {
	case e.PortsAtOnce > 0:
		return e.PortsAtOnce
	case e.PortsAtOnce < 0:
		return max(1, n)
	}
	return defaultPortsAtOnce
}

// ports lists the ports to ask, those for DICOM first, in the order of the scope.
func (e *Examiner) ports(h scope.Host) []*asked {
	var all []*asked
	add := func(port uint16, forDICOM bool) {
		if !slices.ContainsFunc(all, func(a *asked) bool { return a.target.Port == port }) {
			all = append(all, &asked{target: probe.Target{Addr: h.Addr, Port: port, Name: h.Name}, forDICOM: forDICOM, class: probe.Timeout})
		}
	}
	for _, p := range h.DICOMPorts {
		add(p, true)
	}
	for _, p := range h.HTTPPorts {
		add(p, false)
	}
	return all
}

// port asks one port all that it is for.
func (e *Examiner) port(ctx context.Context, asker *probe.Asker, h scope.Host, p *asked) {
	forHTTP := slices.Contains(h.HTTPPorts, p.target.Port)
	if p.forDICOM {
		e.askDICOM(ctx, asker, p)
		forHTTP = forHTTP && p.class == probe.OtherService
	}
	if !forHTTP {
		return
	}
	e.askWeb(ctx, asker, p)
	if !p.forDICOM && p.site == nil && (p.class == probe.OtherService || p.class == probe.Timeout) {
		e.askDICOM(ctx, asker, p)
		p.onWrongPort()
	}
}

// onWrongPort judges what asking a port for HTTP in DICOM gave. Where it wants a
// client certificate nothing speaks for an archive: it counts as an answer and
// is no system.
func (p *asked) onWrongPort() {
	switch {
	case p.dialogue == nil:
	case p.dialogue.DICOM():
		p.class = probe.WrongPort
		p.dialogue.Facts.Class = probe.WrongPort
	default:
		p.dialogue = nil
	}
}

// askDICOM finds out what the port is and asks a DICOM service everything.
func (e *Examiner) askDICOM(ctx context.Context, asker *probe.Asker, p *asked) {
	d, err := e.associate(ctx, asker, p)
	if err != nil {
		return // the run was ended, or the host's time is over
	}
	p.class = d.Facts.Class
	if p.class == probe.Closed || p.class == probe.Timeout || p.class == probe.OtherService {
		return
	}
	p.dialogue = d
	if e.Discover {
		d.Look(ctx)
		d.Close(ctx)
		return
	}
	d.AskAll(ctx, func(question string, err error) { e.note(ctx, p, question, err) })
	d.Close(ctx)
	e.countDICOM(ctx, d, p)
}

// askWeb finds out whether the port speaks HTTP and asks a web service everything.
func (e *Examiner) askWeb(ctx context.Context, asker *probe.Asker, p *asked) {
	s, class, err := asker.OpenSite(ctx, p.target)
	if err != nil {
		return // the run was ended, or the host's time is over
	}
	p.class = class
	if s == nil {
		return
	}
	p.site = s
	if e.Discover {
		s.Close()
		return
	}
	s.AskAll(ctx, func(question string, err error) { e.note(ctx, p, question, err) })
	s.Close()
	if s.Facts.Discloses() {
		p.class = probe.Web
	}
}

// note writes a diagnostic. Errors of probes hold nothing that a peer said.
func (e *Examiner) note(ctx context.Context, p *asked, question string, err error) {
	if e.Diagnostics != nil && ctx.Err() == nil {
		e.Diagnostics.DebugContext(ctx, "not answered", "address", p.target.Address(), "question", question, "error", err)
	}
}

// byPort orders DICOM services found on the wrong ports behind the others.
func byPort(a, b *asked) int {
	wrong := func(p *asked) int {
		if p.class == probe.WrongPort {
			return 1 + int(p.target.Port)
		}
		return 0
	}
	return cmp.Compare(wrong(a), wrong(b))
}
