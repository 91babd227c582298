package ul

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

// close closes the connection; the state machine is there already.
func (a *Assoc) close(err error) error {
	err = a.because(err)
	_ = a.conn.Close() // nothing of ours waits in it
	return err
}

// hangUp closes the connection without waiting for the peer: the timer that
// PS3.8 has in Sta13 ends at once.
func (a *Assoc) hangUp(err error) error {
	a.eventIn(Evt18, notIdle, false)
	return a.close(err)
}

// drain waits in Sta13 for the peer to close, so that our last PDU is not lost
// in a reset. The caller holds rmu.
func (a *Assoc) drain() {
	if a.current() != Sta13 {
		return
	}
	a.in.expire(time.Now().Add(a.lim.Linger))
	a.in.apart()
	for a.current() == Sta13 {
		left := a.pduLeft + a.pdvLeft
		a.pduLeft, a.pdvLeft = 0, 0
		if err := a.in.discard(left); err != nil {
			_ = a.lost(err)
			return
		}
		a.drainPDU()
	}
}

// drainPDU passes one PDU of Sta13 through the state machine unread.
func (a *Assoc) drainPDU() {
	t, n, err := a.in.header()
	if err != nil {
		_ = a.lost(err)
		return
	}
	e := eventOf(t)
	act, _ := a.eventIn(e, notIdle, false)
	switch act {
	case AA6:
		a.in.skip(headerBytes)
		a.pduLeft = int64(n)
	case AA7:
		a.sendAbort(AbortProvider, reasonOf(e))
		_ = a.hangUp(net.ErrClosed)
	default:
		_ = a.close(net.ErrClosed)
	}
}

// send writes one PDU at once, what waits before it.
func (a *Assoc) send(p PDU) error {
	a.wmu.Lock()
	defer a.wmu.Unlock()
	return a.sendLocked(p)
}

func (a *Assoc) sendLocked(p PDU) error {
	out, err := p.Append(a.out)
	if err != nil {
		return err
	}
	a.out = out
	return a.flush()
}

// sendAbort sends A-ABORT instead of what waits. It does not fail: the
// connection ends in any case.
func (a *Assoc) sendAbort(source, reason uint8) {
	a.hurry.Store(true)
	_ = a.conn.SetWriteDeadline(time.Now().Add(a.lim.Linger))
	a.wmu.Lock()
	defer a.wmu.Unlock()
	a.out = a.out[:0]
	_ = a.sendLocked(&AbortError{source, reason})
}

// confirmRelease answers A-RELEASE-RQ: AR-4, or AR-9 after a collision.
func (a *Assoc) confirmRelease(want Action) error {
	a.wmu.Lock()
	err := a.flush()
	if err == nil {
		_, ok := a.eventIn(Evt14, livingOnes, false)
		if ok && want == AR4 {
			a.because(io.EOF)
		}
		if ok {
			err = a.sendLocked(new(ReleaseRP))
		}
	}
	a.wmu.Unlock()
	if err != nil || want == AR9 {
		return err
	}
	a.drain()
	return a.ended()
}

// Release ends the association in order and closes the connection. Data that
// still arrive are dropped. A release by the peer in the same moment is
// resolved as PS3.8 section 7.2.2.7 says.
func (a *Assoc) Release(ctx context.Context) error {
	stop := context.AfterFunc(ctx, a.part)
	defer stop()
	if err := a.requestRelease(); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for {
		if _, err := a.ReadPDV(); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return a.blame(ctx, err)
		}
	}
}

// requestRelease sends A-RELEASE-RQ unless a release is under way.
func (a *Assoc) requestRelease() error {
	a.wmu.Lock()
	defer a.wmu.Unlock()
	if err := a.ended(); err != nil {
		return err
	}
	if _, ok := a.eventIn(Evt11, dataState, false); !ok {
		return nil
	}
	a.in.expire(time.Now().Add(a.lim.ARTIM))
	return a.sendLocked(new(ReleaseRQ))
}

// part ends all waiting because the user's context ended.
func (a *Assoc) part() {
	a.parted.Store(true)
	a.hurry.Store(true)
	a.in.expire(time.Unix(1, 0))
	_ = a.conn.SetWriteDeadline(time.Now().Add(partingWrite))
}

// blame replaces an error by that of the context that caused it.
func (a *Assoc) blame(ctx context.Context, err error) error {
	if a.parted.Load() && ctx.Err() != nil {
		return fmt.Errorf("ul: association abandoned: %w", context.Cause(ctx))
	}
	return err
}

// Abort ends the association at once (PS3.8 section 9.3.8). Reason 0 is an
// abort by the service user, who gives none; any other is one by the service
// provider. It waits a moment, Limits.Linger, for the peer to close.
func (a *Assoc) Abort(reason uint8) error {
	source := AbortUser
	if reason != 0 {
		source = AbortProvider
	}
	if _, ok := a.eventIn(Evt15, livingOnes&^(1<<Sta2), false); ok {
		a.because(net.ErrClosed)
		a.in.expire(time.Now().Add(a.lim.Linger))
		a.sendAbort(source, reason)
	}
	a.rmu.Lock()
	defer a.rmu.Unlock()
	a.drain()
	return nil
}
