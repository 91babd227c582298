package scp

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strconv"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/ul"
)

var (
	errNoTLS  = errors.New("scp: the destination wants TLS, and there is no certificate of ours")
	errNoHost = errors.New("scp: the device is enrolled without an address to reach it at")
)

// Move answers C-MOVE (PS3.4 section C.4.2) for destinations that are enrolled.
func (ses *session) Move(ctx context.Context, q *dimse.Query, report func(*dimse.Response) error) (*dimse.Response, error) {
	rq, err := ses.request(ctx, leadglass.Move, leadglass.CMove)
	if err != nil {
		return ses.notRetrieved(ctx, rq, err)
	}
	to, err := ses.s.destination(ctx, leadglass.AETitle(q.Destination))
	if err != nil {
		if code := leadglass.CodeOf(err); code == leadglass.Denied || code == leadglass.NotFound {
			return &dimse.Response{Status: dimse.MoveDestinationUnknown}, nil
		}
		return ses.notRetrieved(ctx, rq, err)
	}
	where := *to.Peer
	where.TLS, where.Called, where.Address = to.DialTLS, leadglass.AETitle(q.Destination), addressOfHost(to)
	rq.Destination = &where
	transfer, err := ses.retrieve(ctx, rq, q)
	if err != nil {
		return ses.notRetrieved(ctx, rq, err)
	}
	m := &moving{ses: ses, rq: rq, q: q, to: to, t: transfer, report: report, remaining: transfer.Total()}
	err = m.all(ctx)
	if end := transfer.End(context.WithoutCancel(ctx)); err == nil {
		err = end
	}
	rsp := m.response()
	if err != nil {
		st, text := ses.failed(ctx, rq, err)
		rsp.Status, rsp.Comment = st.retrieve, text
	}
	return rsp, nil
}

// destination is an enrolled device that can be reached.
func (s *Server) destination(ctx context.Context, title leadglass.AETitle) (*identity.Device, error) {
	d, err := s.c.Directory.Destination(ctx, title)
	if err == nil && (d == nil || d.Host == "" || d.Port == 0) {
		err = &leadglass.Error{Code: leadglass.NotFound, Err: errNoHost}
	}
	return d, err
}

// addressOfHost is where a device is reached, as far as its enrolment says so without
// a look-up: the policy asks whether that is this machine.
func addressOfHost(d *identity.Device) netip.AddrPort {
	a, err := netip.ParseAddr(d.Host)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(d.Port))
}

// dial requests an association of a device.
func (s *Server) dial(ctx context.Context, to *identity.Device, title leadglass.AETitle, rq *ul.AssociateRQ) (*ul.Assoc, error) {
	rq.Calling, rq.Called = ul.AETitle(s.c.AETitle), ul.AETitle(title)
	cfg := &ul.Config{Limits: s.c.Wire, DialContext: s.c.DialContext}
	if to.DialTLS {
		if cfg.TLS = s.c.TLS; cfg.TLS == nil {
			return nil, errNoTLS
		}
		cfg.TLS = to.TLS(withVersion(cfg.TLS))
	}
	return ul.Dial(ctx, net.JoinHostPort(to.Host, strconv.Itoa(to.Port)), rq, cfg)
}

// withVersion lets nobody talk us into less than BCP 195 has.
func withVersion(c *tls.Config) *tls.Config {
	if c.MinVersion >= tls.VersionTLS12 {
		return c
	}
	c = c.Clone()
	c.MinVersion = tls.VersionTLS12
	return c
}

// moving is a C-MOVE under way. Its objects are looked at in batches, so that an
// association is requested for what it will carry.
type moving struct {
	ses    *session
	rq     *leadglass.Request
	q      *dimse.Query
	to     *identity.Device
	t      *guard.Transfer
	report func(*dimse.Response) error

	assoc  *ul.Assoc // nil where there is none, or none any more
	client *dimse.Client
	have   contexts
	dead   bool // the destination cannot be reached: no more attempts

	completed, failed, warning, remaining int
	failures                              []dicom.UID
}

func (m *moving) all(ctx context.Context) error {
	defer m.release(ctx)
	batch := make([]*leadglass.Object, 0, min(m.remaining, m.ses.s.lim.MoveAhead))
	for o, err := range m.t.Objects(ctx) {
		if err != nil {
			return err
		}
		if batch = append(batch, o); len(batch) >= m.ses.s.lim.MoveAhead {
			if err := m.batch(ctx, batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	return m.batch(ctx, batch)
}

func (m *moving) batch(ctx context.Context, batch []*leadglass.Object) error {
	for i, o := range batch {
		if err := ctx.Err(); err != nil {
			return context.Cause(ctx)
		}
		if !m.dead && m.assoc == nil {
			m.connect(ctx, batch[i:])
		}
		if err := m.one(ctx, o); err != nil {
			return err
		}
	}
	return nil
}

// connect requests an association for the objects of a batch.
func (m *moving) connect(ctx context.Context, batch []*leadglass.Object) {
	rq := &ul.AssociateRQ{Contexts: propose(batch)}
	a, err := m.ses.s.dial(ctx, m.to, leadglass.AETitle(m.q.Destination), rq)
	if err != nil {
		m.dead = true
		m.ses.s.c.Diagnostics.Warn("a destination cannot be reached", "request", m.rq.ID, "destination", m.q.Destination, "error", err)
		return
	}
	m.assoc, m.client, m.have = a, dimse.NewClient(a, m.ses.s.c.Messages), agreed(a)
}

// maxContexts are the odd ids of one byte (PS3.8 section 9.3.2.2).
const maxContexts = 128

// propose lists a context for each class and transfer syntax of the objects; for
// those that can be laid down anew, for what they can be laid down in too.
func propose(batch []*leadglass.Object) []ul.PresentationContext {
	var list []ul.PresentationContext
	seen := map[[2]dicom.UID]bool{}
	add := func(class, ts dicom.UID) {
		if key := [2]dicom.UID{class, ts}; !seen[key] && len(list) < maxContexts {
			seen[key] = true
			list = append(list, ul.PresentationContext{
				ID: uint8(2*len(list) + 1), AbstractSyntax: class, TransferSyntaxes: []dicom.UID{ts},
			})
		}
	}
	for _, o := range batch {
		add(o.Class, o.Syntax)
	}
	for _, o := range batch {
		if native(o.Syntax) {
			for _, ts := range nativeTargets() {
				add(o.Class, ts)
			}
		}
	}
	return list
}

// one sends one object and reports.
func (m *moving) one(ctx context.Context, o *leadglass.Object) error {
	m.remaining = max(m.remaining-1, 0)
	status, bytes := dimse.UnableToProcess, int64(0)
	if m.assoc != nil {
		var err error
		if status, bytes, err = m.send(ctx, o); err != nil {
			m.broken(ctx, err)
		}
	}
	switch status.Class() {
	case dimse.ClassSuccess:
		m.completed++
		m.t.Sent(o, bytes)
	case dimse.ClassWarning:
		m.warning++
		m.t.Sent(o, bytes)
	default:
		m.failed++
		m.failures = append(m.failures, o.Ref.Instance)
		m.t.Failed(o, bytes)
	}
	return m.report(m.counts())
}

// send sends one object. Its error is of the association, which is over then.
func (m *moving) send(ctx context.Context, o *leadglass.Object) (dimse.Status, int64, error) {
	as, ok := m.have.carry(o.Class, o.Syntax)
	if !ok {
		return dimse.RefusedSOPClass, 0, nil
	}
	snd, err := m.ses.s.send(ctx, o, as)
	if err != nil {
		m.ses.s.c.Diagnostics.Error("an object cannot be read", "request", m.rq.ID, "error", err)
		return dimse.UnableToProcess, 0, nil
	}
	defer snd.close()
	snd.rq.MoveOriginator, snd.rq.MoveOriginatorID = ul.AETitle(m.ses.peer.Calling), m.q.MessageID
	snd.rq.Priority = m.q.Priority
	rsp, err := m.client.Send(ctx, snd.rq)
	if err != nil {
		return dimse.UnableToProcess, snd.left.n, err
	}
	return rsp.Status, snd.left.n, nil
}

// broken gives the association up. The next object tries another, unless there
// was no success on this one.
func (m *moving) broken(ctx context.Context, err error) {
	m.ses.s.c.Diagnostics.Warn("an association with a destination ended", "request", m.rq.ID, "destination", m.q.Destination, "error", err)
	_ = m.assoc.Abort(0) // it is over already
	m.assoc, m.client, m.have = nil, nil, nil
	m.dead = m.completed == 0 || m.failed > maxBroken
}

// maxBroken is how many objects may fail before a broken association is not made
// anew.
const maxBroken = 3

func (m *moving) release(ctx context.Context) {
	if m.assoc == nil {
		return
	}
	if ctx.Err() != nil {
		_ = m.assoc.Abort(0) // the answer is of no use any more
		return
	}
	_ = m.assoc.Release(ctx) // every object was answered
}

func (m *moving) counts() *dimse.Response {
	return &dimse.Response{Status: dimse.Pending, Completed: m.completed, Failed: m.failed, Warning: m.warning, Remaining: m.remaining}
}

// response is the final one (PS3.4 table C.4-2).
func (m *moving) response() *dimse.Response {
	rsp := m.counts()
	rsp.FailedInstances = slices.Clone(m.failures)
	switch {
	case m.failed == 0 && m.warning == 0:
		rsp.Status = dimse.Success
	case m.completed == 0 && m.warning == 0:
		rsp.Status = dimse.CannotPerform
	default:
		rsp.Status = dimse.SomeFailed
	}
	return rsp
}
