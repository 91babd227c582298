package ul

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"reflect"
	"time"
)

// Dial connects and requests an association. It fails with *RejectError,
// *AbortError, *ProtocolError, *LimitError, or an error of net or tls. The
// context covers connecting and negotiating; afterwards the limits do.
func Dial(ctx context.Context, address string, rq *AssociateRQ, cfg *Config) (*Assoc, error) {
	d := dialling{cfg: configured(cfg), address: address}
	return d.run(ctx, d.connect, rq)
}

// Client requests an association on a connection, which it then owns. Where
// cfg has TLS it starts with the handshake.
func Client(ctx context.Context, conn net.Conn, rq *AssociateRQ, cfg *Config) (*Assoc, error) {
	d := dialling{cfg: configured(cfg), address: conn.RemoteAddr().String()}
	connect := func(ctx context.Context) (net.Conn, error) {
		return d.secure(ctx, conn, "")
	}
	return d.run(ctx, connect, rq)
}

func configured(cfg *Config) *Config {
	if cfg == nil {
		return new(Config)
	}
	return cfg
}

// dialling is the way from Sta1 to Sta4, where there is no Assoc yet.
type dialling struct {
	cfg     *Config
	address string
	wanted  bool // the server asked for a certificate, and we have none
}

// ErrClientCertificate says that a connection ended before the association
// after the server had asked for a client certificate and got none. Whether its
// alert comes through as well depends on who closes first: a server that
// resets the connection can take its alert back.
var ErrClientCertificate = errors.New("ul: the server asked for a client certificate")

// explained adds ErrClientCertificate to an error of the connection.
func (d *dialling) explained(err error) error {
	var reject *RejectError
	var abort *AbortError
	var protocol *ProtocolError
	if !d.wanted || errors.As(err, &reject) || errors.As(err, &abort) || errors.As(err, &protocol) || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrClientCertificate, err)
}

// run is Sta1 to Sta6 of the requestor.
func (d *dialling) run(ctx context.Context, connect func(context.Context) (net.Conn, error), rq *AssociateRQ) (*Assoc, error) {
	start := time.Now()
	artim := d.cfg.Limits.withDefaults().ARTIM
	connecting, cancel := context.WithDeadlineCause(ctx, start.Add(artim), &LimitError{limitARTIM, int64(artim)})
	defer cancel()
	d.event(Sta1, Evt1)
	conn, err := connect(connecting)
	if err != nil {
		d.event(Sta4, Evt17)
		return nil, err
	}
	a := newAssoc(conn, d.cfg, true, start)
	a.state = Sta4
	stop := context.AfterFunc(ctx, a.part)
	err = a.requestAssociation(rq)
	if !stop() && err == nil {
		err = context.Cause(ctx)
		_ = a.Abort(0)
	}
	if err != nil {
		return nil, d.explained(a.blame(ctx, err))
	}
	a.opened()
	return a, nil
}

func (d *dialling) event(from State, e Event) {
	if d.cfg.Observe != nil {
		act, to := next(from, e)
		d.cfg.Observe(from, e, act, to)
	}
}

func (d *dialling) connect(ctx context.Context) (net.Conn, error) {
	dial := d.cfg.DialContext
	if dial == nil {
		dial = new(net.Dialer).DialContext
	}
	conn, err := dial(ctx, "tcp", d.address)
	if err != nil {
		return nil, d.failed(ctx, "connecting", err)
	}
	host, _, err := net.SplitHostPort(d.address)
	if err != nil {
		host = d.address
	}
	return d.secure(ctx, conn, host)
}

// secure does the TLS handshake, if there is to be TLS.
func (d *dialling) secure(ctx context.Context, conn net.Conn, host string) (net.Conn, error) {
	if d.cfg.TLS == nil {
		return conn, nil
	}
	cfg := d.cfg.TLS.Clone()
	if cfg.ServerName == "" {
		cfg.ServerName = host
	}
	if len(cfg.Certificates) == 0 && cfg.GetClientCertificate == nil {
		cfg.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			d.wanted = true
			return new(tls.Certificate), nil
		}
	}
	secured := tls.Client(conn, cfg)
	if err := secured.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, d.failed(ctx, "TLS handshake", err)
	}
	return secured, nil
}

func (d *dialling) failed(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return d.explained(fmt.Errorf("ul: %s with %q: %w", doing, d.address, withAlert(err)))
}

// withAlert makes a TLS alert of the peer visible to errors.As as a
// tls.AlertError, which crypto/tls does for QUIC only: a server that wants a
// client certificate says so in the first read after the handshake.
func withAlert(err error) error {
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "remote error" || op.Err == nil {
		return err
	}
	v := reflect.ValueOf(op.Err)
	if v.Kind() != reflect.Uint8 {
		return err
	}
	return fmt.Errorf("%w%.0w", err, tls.AlertError(v.Uint()))
}

// requestAssociation lists the steps in wire order.
func (a *Assoc) requestAssociation(asked *AssociateRQ) error {
	rq := *asked
	rq.User.MaxLength = a.lim.announce(rq.User.MaxLength)
	out, err := rq.Append(nil)
	if err != nil {
		a.event(Evt15)
		return a.close(err)
	}
	a.event(Evt2)
	a.wmu.Lock()
	a.out = out
	err = a.flush()
	a.wmu.Unlock()
	if err != nil {
		return err
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	p, err := a.take()
	if err != nil {
		return err
	}
	if err := a.agree(&rq, p.(*AssociateAC)); err != nil {
		a.event(Evt15)
		a.sendAbort(AbortUser, AbortNotSpecified)
		return a.hangUp(&ProtocolError{Doing: "agreeing on a length", Err: err})
	}
	return nil
}
