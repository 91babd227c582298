package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// answer is what one request for an association got.
type answer uint8

const (
	yes      answer = iota // A-ASSOCIATE-AC
	no                     // A-ASSOCIATE-RJ
	aborted                // A-ABORT: not an answer that makes a DICOM system
	alert                  // a TLS alert
	foreign                // bytes of another protocol
	hungUp                 // the connection ended without a byte
	silent                 // nothing in time
	notThere               // no connection
)

// Associate finds out what the port is. Where that is a DICOM service it
// returns a dialogue, for the questions; its facts are complete as far as the
// association shows. An error means that the run was ended.
func (a *Asker) Associate(ctx context.Context, t Target) (*Dialogue, error) {
	d := &Dialogue{asker: a, target: t, limits: a.Limits.orDefault(), Facts: &DICOM{}}
	contexts, err := a.everything()
	if err != nil {
		return nil, err
	}
	d.contexts = contexts
	plain, err := d.knock(ctx)
	switch plain {
	case yes:
		d.Facts.Class = AcceptsAnyone
	case no:
		d.Facts.Class = Rejects
	case notThere:
		d.Facts.Class = unconnected(err)
	case foreign:
		d.Facts.Class = OtherService
	case aborted:
		d.knockSmall(ctx)
	default:
		if plain == silent && a.Silent != nil {
			a.Silent()
		}
		d.knockTLS(ctx, plain)
	}
	return d, ctx.Err()
}

// knockSmall proposes three classes, to those that lose their footing on
// a long request.
func (d *Dialogue) knockSmall(ctx context.Context) {
	d.contexts = propose(dimse.Verification, dimse.StudyRootFind, dimse.PatientRootFind)
	switch a, _ := d.knock(ctx); a {
	case yes:
		d.Facts.Class = AcceptsAnyone
	case no:
		d.Facts.Class = Rejects
	default:
		d.Facts.Class = OtherService
	}
}

// knockTLS tries the same within TLS, after an answer in the clear that was none.
func (d *Dialogue) knockTLS(ctx context.Context, plain answer) {
	d.inTLS = true
	switch a, err := d.knock(ctx); {
	case a == yes || a == no:
		d.Facts.Class, d.Facts.InTLS = TLSOnly, true
	case d.shown.unwelcome(err):
		d.Facts.Class = ClientCert
	case d.shown != nil && d.shown.version != "":
		d.Facts.Class = OtherService
	default:
		d.inTLS = false
		d.notTLS(ctx, plain, err)
	}
}

// notTLS: the port speaks neither, so far.
func (d *Dialogue) notTLS(ctx context.Context, plain answer, err error) {
	switch {
	case plain == hungUp:
		d.knockSmall(ctx)
	case plain == silent && timedOut(err):
		d.Facts.Class = Timeout
	default:
		d.Facts.Class = OtherService
	}
}

// knock opens the dialogue's association. A peer that is busy is asked twice.
func (d *Dialogue) knock(ctx context.Context) (answer, error) {
	for again := false; ; again = true {
		err := d.open(ctx)
		var rejected *ul.RejectError
		if errors.As(err, &rejected) {
			d.Facts.Reject = rejected.Name()
			if passing(rejected) && !again {
				continue
			}
			return no, nil
		}
		if err == nil {
			d.Facts.Reject = ""
			d.learn(d.assoc.Answer())
		}
		return d.classify(err), err
	}
}

// learn notes how the service names itself and which proposals it took.
func (d *Dialogue) learn(ac *ul.AssociateAC) {
	f := d.Facts
	f.ImplementationClassUID = printable(string(ac.User.ImplementationClassUID))
	f.ImplementationVersionName = printable(ac.User.ImplementationVersionName)
	f.Honeypot = signs(ac)
}

// classify says what an error of open means.
func (d *Dialogue) classify(err error) answer {
	var protocol *ul.ProtocolError
	var abort *ul.AbortError
	var limit *ul.LimitError
	switch {
	case err == nil:
		return yes
	case !d.connected:
		return notThere
	case errors.As(err, &abort):
		return aborted
	case errors.As(err, &protocol):
		return strange(protocol.Prefix)
	case timedOut(err):
		return silent
	case errors.As(err, &limit):
		return foreign // a length that no answer has
	}
	return hungUp
}

// strange looks at the first bytes that were no PDU.
func strange(prefix []byte) answer {
	const alertRecord = 0x15 // RFC 8446 section 5.1
	switch {
	case len(prefix) == 0:
		return hungUp
	case len(prefix) >= 2 && prefix[0] == alertRecord && prefix[1] == 3:
		return alert
	}
	return foreign
}

// open connects, within TLS where the dialogue is, and requests the association.
func (d *Dialogue) open(ctx context.Context) error {
	if d.opened >= d.limits.Associations {
		return &LimitError{"associations", int64(d.limits.Associations)}
	}
	d.opened++
	d.connected = false
	conn, err := d.asker.dial(ctx, d.target)
	if err != nil {
		return fmt.Errorf("probe: connecting: %w", err)
	}
	d.connected = true
	d.drained = newBound(conn, "drain_bytes", d.limits.DrainBytes)
	calling, called := d.asker.pair()
	a, err := d.asker.request(ctx, d.drained, d, calling, called, d.contexts)
	if err != nil {
		return err
	}
	d.use(a)
	return nil
}

// request makes an association on conn, which it owns.
func (a *Asker) request(ctx context.Context, conn net.Conn, d *Dialogue, calling, called ul.AETitle, contexts []ul.PresentationContext) (*ul.Assoc, error) {
	if d.inTLS {
		secure, err := d.secure(ctx, conn)
		if err != nil {
			return nil, err
		}
		conn = secure
	}
	actx, cancel := context.WithTimeout(ctx, a.Network.Timeout)
	defer cancel()
	assoc, err := ul.Client(actx, conn, &ul.AssociateRQ{
		Calling:  calling,
		Called:   called,
		Contexts: contexts,
		User: ul.UserInformation{
			ImplementationClassUID:    ImplementationClassUID,
			ImplementationVersionName: ImplementationVersionName,
		},
	}, a.config())
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("probe: associating: %w", err)
	}
	return assoc, nil
}

// secure makes the TLS handshake and notes what it showed.
func (d *Dialogue) secure(ctx context.Context, conn net.Conn) (net.Conn, error) {
	hctx, cancel := context.WithTimeout(ctx, d.asker.Network.Timeout)
	defer cancel()
	h, err := d.asker.shake(hctx, conn, d.target.Name, tls.VersionTLS10, tls.VersionTLS13)
	d.shown = h
	if err != nil && !h.asked {
		h.version = "" // agreed on, then not kept
		return nil, fmt.Errorf("probe: securing: %w", err)
	}
	if d.Facts.TLS == nil {
		d.Facts.TLS = &TLS{}
	}
	d.Facts.TLS.learn(h, d.asker.Trust)
	if err != nil {
		return nil, fmt.Errorf("probe: securing: %w", err)
	}
	return h.conn, nil
}

// linger is how long a peer may take to close after an abort. One that does not
// is left with it.
const linger = 200 * time.Millisecond

func (a *Asker) config() *ul.Config {
	return &ul.Config{Limits: ul.Limits{
		ARTIM:  a.Network.Timeout,
		Read:   a.Network.Timeout,
		Write:  a.Network.Timeout,
		Idle:   a.Network.Timeout,
		Linger: min(a.Network.Timeout, linger),
	}}
}

// passing says whether the peer wants to be asked again later (PS3.8 table 9-21).
func passing(e *ul.RejectError) bool {
	return e.Result == ul.RejectedTransient && e.Source == ul.ProviderPresentation
}

// printable keeps what a UID or a version name may hold (PS3.7 section D.3.3.2):
// the basic G0 set. What a peer calls itself ends up in files that people read.
func printable(s string) string {
	s = s[:min(len(s), 64)] // a UID has 64 characters at most, a version name 16
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r > 0x7e {
			return -1
		}
		return r
	}, s)
}
