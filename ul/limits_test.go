package ul_test

import (
	"bytes"
	"context"
	"errors"
	"net"
	"os"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

func wantLimit(t *testing.T, err error, name string, limit int64) {
	t.Helper()
	var over *ul.LimitError
	if !errors.As(err, &over) || over.Name != name || over.Limit != limit {
		t.Errorf("got %v, want the limit %s of %d", err, name, limit)
	}
}

func TestLimits_ZeroIsTheDefaultNegativeIsOff(t *testing.T) {
	d := ul.Defaults()
	for name, v := range map[string]int64{
		"PDULength": d.PDULength, "AssociatePDU": d.AssociatePDU, "Contexts": int64(d.Contexts), "TransferSyntaxes": int64(d.TransferSyntaxes),
		"SubItems": int64(d.SubItems), "Buffer": d.Buffer, "ARTIM": int64(d.ARTIM), "Read": int64(d.Read), "Write": int64(d.Write),
		"Idle": int64(d.Idle), "Total": int64(d.Total), "Linger": int64(d.Linger), "Associations": int64(d.Associations), "PerPeer": int64(d.PerPeer),
	} {
		if v <= 0 || v >= 1<<60 {
			t.Errorf("%s is %d by default", name, v)
		}
	}
	off := ul.Resolved(ul.Limits{PDULength: -1, Contexts: -1, Idle: -1, Associations: -1, Buffer: -1})
	if off.PDULength < 1<<40 || off.Contexts < 1<<40 || off.Idle < 1000*time.Hour || off.Associations < 1<<40 {
		t.Errorf("off is %+v", off)
	}
	if off.Buffer != d.Buffer {
		t.Errorf("the buffer cannot be off, and is %d", off.Buffer)
	}
	if set := ul.Resolved(ul.Limits{Contexts: 3, Read: time.Second}); set.Contexts != 3 || set.Read != time.Second {
		t.Errorf("set is %+v", set)
	}
}

// TestLimit_PDULength takes a P-DATA-TF of the limit and not of one more.
func TestLimit_PDULength(t *testing.T) {
	const limit = 1000
	data := func(n int) ul.PDU {
		return &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Data: make([]byte, n-6)}}}
	}
	cfg := quick(nil)
	cfg.Limits.PDULength = limit
	a, wait := requestor(t, cfg, ultest.Send(data(limit)), ultest.Send(data(limit+1)),
		ultest.ExpectPDU(&ul.AbortError{Source: ul.AbortProvider, Reason: ul.AbortInvalidParameter}))
	if p, err := a.ReadPDV(); err != nil || len(p.Data) != limit-6 {
		t.Errorf("%d bytes, error %v", len(p.Data), err)
	}
	_, err := a.ReadPDV()
	wantLimit(t, err, "pdu_length", limit)
	wait()
}

// TestLimit_PDULengthIsAnnounced in both roles, and never more than it.
func TestLimit_PDULengthIsAnnounced(t *testing.T) {
	for _, c := range []struct {
		limit int64
		asked uint32
		want  uint32
	}{{0, 0, 131072}, {5000, 0, 5000}, {5000, 4000, 4000}, {5000, 6000, 5000}, {-1, 0, 0}, {-1, 7000, 7000}} {
		var sent uint32
		s := &ul.Server{
			Config: ul.Config{Limits: ul.Limits{PDULength: c.limit}},
			Handle: readToEnd,
			Negotiate: func(_ context.Context, _ net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
				sent = rq.User.MaxLength
				return ul.Accept(rq, ul.Supported{verification: {implicitLE}}, ul.UserInformation{MaxLength: c.asked}), nil
			},
		}
		rq := echoRQ()
		rq.User.MaxLength = c.asked
		a, err := ul.Dial(brief(t), served(t, s), rq, &ul.Config{Limits: ul.Limits{PDULength: c.limit}})
		if err != nil {
			t.Fatal(err)
		}
		if sent != c.want || a.Answer().User.MaxLength != c.want {
			t.Errorf("limit %d, asked %d: announced %d and %d, want %d", c.limit, c.asked, sent, a.Answer().User.MaxLength, c.want)
		}
		if rq.User.MaxLength != c.asked {
			t.Error("the caller's request was changed")
		}
		_ = a.Release(brief(t))
	}
}

// TestLimit_AssociatePDU in both roles: the exact length passes, one less
// does not.
func TestLimit_AssociatePDU(t *testing.T) {
	ac, rq := encoded(t, echoAC()), encoded(t, echoRQ())
	for less := range int64(2) {
		limit := int64(len(ac)-6) - less
		err := dialled(t, &ul.Config{Limits: ul.Limits{AssociatePDU: limit, Linger: time.Millisecond}},
			ultest.Expect(ul.TypeAssociateRQ), ultest.Bytes(ac...), ultest.Expect(ul.TypeAbort))
		if less == 0 && err != nil {
			t.Error(err)
		} else if less == 1 {
			wantLimit(t, err, "associate_pdu", limit)
		}

		limit = int64(len(rq)-6) - less
		answer := []ul.PDUType{ul.TypeAssociateAC, ul.TypeAbort}[less]
		ours, theirs := pair(t)
		wait := play(t, theirs, ultest.Bytes(rq...), ultest.Expect(answer))
		var refused error
		s := &ul.Server{
			Config:    ul.Config{Limits: ul.Limits{AssociatePDU: limit, Linger: time.Millisecond}},
			Negotiate: acceptAll, Handle: func(context.Context, *ul.Assoc) {},
			Refused: func(_ net.Addr, err error) { refused = err },
		}
		s.ServeConn(t.Context(), ours)
		wait()
		if less == 1 {
			wantLimit(t, refused, "associate_pdu", limit)
		} else if refused != nil {
			t.Error(refused)
		}
	}
}

func manyContexts(n, syntaxes int) *ul.AssociateRQ {
	rq := &ul.AssociateRQ{}
	for i := range n {
		p := ul.PresentationContext{ID: uint8(2*i + 1), AbstractSyntax: verification}
		for range syntaxes {
			p.TransferSyntaxes = append(p.TransferSyntaxes, implicitLE)
		}
		rq.Contexts = append(rq.Contexts, p)
	}
	return rq
}

func TestLimit_Contexts(t *testing.T) {
	b := encoded(t, manyContexts(5, 1))
	if _, err := ul.ParsePDUWithin(b, ul.Limits{Contexts: 5}); err != nil {
		t.Error(err)
	}
	_, err := ul.ParsePDUWithin(b, ul.Limits{Contexts: 4})
	wantLimit(t, err, "contexts", 4)
	if _, err := ul.ParsePDUWithin(encoded(t, manyContexts(128, 1)), ul.Limits{}); err != nil {
		t.Errorf("all the ids that there are: %v", err)
	}
	ac := &ul.AssociateAC{Contexts: make([]ul.PresentationContextAC, 129)}
	_, err = ul.ParsePDU(encoded(t, ac))
	wantLimit(t, err, "contexts", 128)
}

func TestLimit_TransferSyntaxes(t *testing.T) {
	b := encoded(t, manyContexts(1, 5))
	if _, err := ul.ParsePDUWithin(b, ul.Limits{TransferSyntaxes: 5}); err != nil {
		t.Error(err)
	}
	_, err := ul.ParsePDUWithin(b, ul.Limits{TransferSyntaxes: 4})
	wantLimit(t, err, "transfer_syntaxes", 4)
}

func TestLimit_SubItems(t *testing.T) {
	rq := &ul.AssociateRQ{User: ul.UserInformation{
		ImplementationClassUID: "1.2",                                                                                             // with the maximum length: 2
		Roles:                  make([]ul.RoleSelection, 3),                                                                       // 3
		CommonExtended:         []ul.CommonExtendedNegotiation{{SOPClass: "1", ServiceClass: "2", Related: make([]dicom.UID, 4)}}, // 1 and 4
	}}
	b := encoded(t, rq)
	if _, err := ul.ParsePDUWithin(b, ul.Limits{SubItems: 10}); err != nil {
		t.Error(err)
	}
	_, err := ul.ParsePDUWithin(b, ul.Limits{SubItems: 9})
	wantLimit(t, err, "sub_items", 9)
	// A list of empty UIDs is cheap to send and must not be dear to hold.
	rq.User.CommonExtended[0].Related = make([]dicom.UID, 30_000)
	_, err = ul.ParsePDU(encoded(t, rq))
	wantLimit(t, err, "sub_items", int64(ul.Defaults().SubItems))
}

func TestLimit_Buffer(t *testing.T) {
	a := endless(t)
	for range 100_000 {
		if _, err := a.ReadPDV(); err != nil {
			t.Fatal(err)
		}
		if err := a.WritePDV(ul.PDV{ContextID: 1, Data: make([]byte, 100)}); err != nil {
			t.Fatal(err)
		}
	}
	if in, out := a.BufferSizes(); in != 64<<10 || out > 128<<10 {
		t.Errorf("buffers of %d and %d bytes", in, out)
	}
}

// bubble runs f where time passes only when everything waits.
func bubble(t *testing.T, f func(t *testing.T)) { synctest.Test(t, f) }

// inBubble opens an association over a pipe whose other end follows the script.
func inBubble(t *testing.T, lim ul.Limits, script ...ultest.Step) *ul.Assoc {
	t.Helper()
	ours, theirs := net.Pipe()
	wait := play(t, theirs, append([]ultest.Step{ultest.Expect(ul.TypeAssociateRQ), ultest.Send(echoAC())}, script...)...)
	t.Cleanup(wait)
	a, err := ul.Client(t.Context(), ours, echoRQ(), &ul.Config{Limits: lim})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// after checks how long something took, to the nanosecond.
func after(t *testing.T, start time.Time, want time.Duration) {
	t.Helper()
	if got := time.Since(start); got != want {
		t.Errorf("it took %v, want %v", got, want)
	}
}

func TestLimit_ARTIM(t *testing.T) {
	bubble(t, func(t *testing.T) { // the requestor waits for an answer
		ours, theirs := net.Pipe()
		wait := play(t, theirs, ultest.Expect(ul.TypeAssociateRQ), ultest.Expect(ul.TypeAbort), ultest.ExpectClosed())
		start := time.Now()
		_, err := ul.Client(t.Context(), ours, echoRQ(), &ul.Config{Limits: ul.Limits{ARTIM: 7 * time.Second}})
		wantLimit(t, err, "artim", int64(7*time.Second))
		after(t, start, 7*time.Second)
		wait()
	})
	bubble(t, func(t *testing.T) { // the acceptor waits for a request
		seen := new(transitions)
		ours, theirs := net.Pipe()
		wait := play(t, theirs, ultest.Bytes(1), ultest.ExpectClosed())
		var refused error
		s := &ul.Server{
			Config:  ul.Config{Limits: ul.Limits{ARTIM: 7 * time.Second}, Observe: seen.observe},
			Refused: func(_ net.Addr, err error) { refused = err },
		}
		start := time.Now()
		s.ServeConn(t.Context(), ours)
		wantLimit(t, refused, "artim", int64(7*time.Second))
		after(t, start, 7*time.Second)
		wait()
		checkTransition(t, seen.seen(), ul.Sta2, ul.Evt18)
	})
	bubble(t, func(t *testing.T) { // the answer to a release does not come
		a := inBubble(t, ul.Limits{ARTIM: 7 * time.Second}, ultest.Expect(ul.TypeReleaseRQ), ultest.Expect(ul.TypeAbort))
		start := time.Now()
		wantLimit(t, a.Release(t.Context()), "artim", int64(7*time.Second))
		after(t, start, 7*time.Second)
	})
}

func TestLimit_Idle(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := inBubble(t, ul.Limits{Idle: time.Minute},
			ultest.Wait(59*time.Second), ultest.Send(&ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true}}}),
			ultest.Expect(ul.TypeAbort))
		if _, err := a.ReadPDV(); err != nil {
			t.Error(err)
		}
		start := time.Now()
		_, err := a.ReadPDV()
		wantLimit(t, err, "idle", int64(time.Minute))
		after(t, start, time.Minute)
	})
}

// TestLimit_IdleWhileServing: the peer may be silent while we serve its
// request, and Idle from then on.
func TestLimit_IdleWhileServing(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := inBubble(t, ul.Limits{Idle: time.Minute}, ultest.Do("read to the end", readAll))
		time.AfterFunc(30*time.Second, func() { a.Busy(true) })
		time.AfterFunc(100*time.Second, func() { a.Busy(false) })
		start := time.Now()
		_, err := a.ReadPDV()
		wantLimit(t, err, "idle", int64(time.Minute))
		// After 60 s it is serving and looks again after 120 s: 20 s of silence.
		after(t, start, 160*time.Second)
	})
}

// TestLimits_EachHasItsTest keeps this file complete.
func TestLimits_EachHasItsTest(t *testing.T) {
	text, err := os.ReadFile("limits_test.go")
	if err != nil {
		t.Fatal(err)
	}
	for f := range reflect.TypeFor[ul.Limits]().Fields() {
		if !bytes.Contains(text, []byte("\nfunc TestLimit_"+f.Name+"(t *testing.T)")) {
			t.Errorf("no TestLimit_%s", f.Name)
		}
	}
}

// TestLimit_Read is a peer that sends a byte a second, which resets no timer.
func TestLimit_Read(t *testing.T) {
	pdu := encoded(t, &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true, Data: make([]byte, 100)}}})
	bubble(t, func(t *testing.T) {
		a := inBubble(t, ul.Limits{Read: 30 * time.Second}, ultest.Drip(time.Second, pdu...), ultest.ExpectClosed())
		start := time.Now()
		_, err := a.ReadPDV()
		for err == nil {
			_, err = a.ReadPDV()
		}
		wantLimit(t, err, "read", int64(30*time.Second))
		// One second to the first byte, then 30; the script takes no A-ABORT,
		// for which we wait as long as Linger says.
		after(t, start, 31*time.Second+ul.Defaults().Linger)
	})
}

// TestLimit_ReadDoesNotCountTheReader is a user who is slow between the pieces
// of one PDU.
func TestLimit_ReadDoesNotCountTheReader(t *testing.T) {
	three := &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Data: make([]byte, 2000)}, {ContextID: 1, Data: make([]byte, 2000)}, {ContextID: 1, Last: true, Data: make([]byte, 2000)}}}
	bubble(t, func(t *testing.T) {
		a := inBubble(t, ul.Limits{Read: 5 * time.Second, Linger: time.Millisecond}, ultest.Send(three), ultest.Do("read all", readAll))
		for range 3 {
			if _, err := a.ReadPDV(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(4 * time.Second)
		}
		_ = a.Abort(0)
	})
}

func TestLimit_Write(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := inBubble(t, ul.Limits{Write: 9 * time.Second}, ultest.Wait(time.Minute))
		if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true}); err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		err := a.Flush()
		wantLimit(t, err, "write", int64(9*time.Second))
		after(t, start, 9*time.Second)
		if _, err := a.ReadPDV(); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("then %v", err)
		}
	})
}

// TestLimit_Total is a peer that keeps the association busy for ever.
func TestLimit_Total(t *testing.T) {
	bubble(t, func(t *testing.T) {
		pdu := encoded(t, &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true}}})
		start := time.Now()
		a := inBubble(t, ul.Limits{Total: time.Hour, Linger: time.Second}, ultest.Do("send for ever", func(p *ultest.Peer) error {
			if err := p.Conn.SetDeadline(time.Time{}); err != nil {
				return err
			}
			for {
				time.Sleep(50 * time.Second)
				if _, err := p.Conn.Write(pdu); err != nil {
					return nil
				}
			}
		}))
		_, err := a.ReadPDV()
		for err == nil {
			_, err = a.ReadPDV()
		}
		wantLimit(t, err, "total", int64(time.Hour))
		after(t, start, time.Hour+time.Second)
	})
}

// TestLimit_Linger is a peer that does not close after our A-ABORT.
func TestLimit_Linger(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := inBubble(t, ul.Limits{Linger: 3 * time.Second}, ultest.Expect(ul.TypeAbort), ultest.ExpectClosed())
		start := time.Now()
		_ = a.Abort(0)
		after(t, start, 3*time.Second)
	})
}

func TestLimitError_Text(t *testing.T) {
	for _, c := range []struct {
		e    ul.LimitError
		want string
		time bool
	}{
		{ul.LimitError{Name: "contexts", Limit: 128}, "ul: over the limit contexts of 128", false},
		{ul.LimitError{Name: "idle", Limit: int64(time.Minute)}, "ul: over the limit idle of 1m0s", true},
	} {
		if got := c.e.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
		if errors.Is(&c.e, os.ErrDeadlineExceeded) != c.time || c.e.Timeout() != c.time {
			t.Errorf("%v: a limit of time: %v", &c.e, !c.time)
		}
	}
}

// TestLimit_Associations and TestLimit_PerPeer: one more than the cap is
// rejected for the time being, and welcome when another has gone.
func TestLimit_Associations(t *testing.T) { atOnce(t, ul.Limits{Associations: 2}) }

func TestLimit_PerPeer(t *testing.T) { atOnce(t, ul.Limits{PerPeer: 2}) }

func atOnce(t *testing.T, lim ul.Limits) {
	t.Helper()
	addr := served(t, &ul.Server{Config: ul.Config{Limits: lim}, Negotiate: acceptAll, Handle: echo})
	var open []*ul.Assoc
	for i := range 2 {
		a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
		if err != nil {
			t.Fatalf("association %d: %v", i, err)
		}
		open = append(open, a)
	}
	_, err := ul.Dial(brief(t), addr, echoRQ(), nil)
	var rj *ul.RejectError
	if !errors.As(err, &rj) || rj.Result != ul.RejectedTransient || rj.Name() != "local-limit-exceeded" {
		t.Errorf("the third: %v", err)
	}
	for _, a := range open {
		if err := a.Release(brief(t)); err != nil {
			t.Error(err)
		}
	}
	eventually(t, func() error {
		a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
		if err == nil {
			err = a.Release(brief(t))
		}
		return err
	})
}

// eventually repeats f for a while until it succeeds.
func eventually(t *testing.T, f func() error) {
	t.Helper()
	var err error
	for range 100 {
		if err = f(); err == nil {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Error(err)
}

// TestLimit_Waiting: of those that connect and say nothing no more than that are
// kept, and they take no place away.
func TestLimit_Waiting(t *testing.T) {
	lim := ul.Limits{Associations: 1, Waiting: 4, ARTIM: 5 * time.Second}
	addr := served(t, &ul.Server{Config: ul.Config{Limits: lim}, Negotiate: acceptAll, Handle: echo})
	closed := 0
	var conns []net.Conn
	for range 10 {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		conns = append(conns, c)
	}
	for _, c := range conns {
		_ = c.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
			closed++
		}
	}
	if closed != 6 {
		t.Errorf("%d of 10 silent connections were closed, want 6", closed)
	}
	_ = conns[0].Close() // it may have been kept; one of the first four was
	eventually(t, func() error {
		a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
		if err == nil {
			err = a.Release(brief(t))
		}
		return err
	})
}

// TestLimit_PerPeerFlood: whatever one address opens and holds, another finds a
// place.
func TestLimit_PerPeerFlood(t *testing.T) {
	lim := ul.Limits{Associations: 10, PerPeer: 2, ARTIM: 5 * time.Second}
	addr := served(t, &ul.Server{Config: ul.Config{Limits: lim}, Negotiate: acceptAll, Handle: echo})
	flood := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 2)}}
	for range 40 {
		c, err := flood.DialContext(brief(t), "tcp", addr)
		if err != nil {
			t.Skip("needs a second address of loopback:", err)
		}
		defer c.Close()
	}
	for range 2 {
		a, err := ul.Dial(brief(t), addr, echoRQ(), nil)
		if err != nil {
			t.Fatalf("kept out by another peer: %v", err)
		}
		defer func() { _ = a.Release(brief(t)) }()
	}
}
