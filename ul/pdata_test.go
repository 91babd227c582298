package ul_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"runtime"
	"testing"
	"time"

	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

func TestReadPDV_SeveralInOnePDU(t *testing.T) {
	a, wait := requestor(t, quick(nil),
		ultest.Send(&ul.DataTF{PDVs: []ul.PDV{
			{ContextID: 1, Command: true, Data: []byte("ab")},
			{ContextID: 1, Command: true, Last: true, Data: nil},
			{ContextID: 1, Last: true, Data: []byte("cdef")},
		}}), ultest.Expect(ul.TypeAbort))
	for _, want := range []ul.PDV{
		{ContextID: 1, Command: true, Data: []byte("ab")},
		{ContextID: 1, Command: true, Last: true},
		{ContextID: 1, Last: true, Data: []byte("cdef")},
	} {
		got, err := a.ReadPDV()
		if err != nil {
			t.Fatal(err)
		}
		if got.ContextID != want.ContextID || got.Command != want.Command || got.Last != want.Last || !bytes.Equal(got.Data, want.Data) {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	_ = a.Abort(0)
	wait()
}

// TestReadPDV_InPieces is a PDV longer than the buffer: it comes as if the
// peer had fragmented it.
func TestReadPDV_InPieces(t *testing.T) {
	cfg := quick(nil)
	cfg.Limits.Buffer = 4096
	sent := make([]byte, 100_001)
	for i := range sent {
		sent[i] = byte(i * 7)
	}
	a, wait := requestor(t, cfg, ultest.Send(&ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true, Data: sent}}}), ultest.Expect(ul.TypeAbort))
	var got []byte
	for last := false; !last; {
		p, err := a.ReadPDV()
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Data) > 4096 {
			t.Errorf("a piece of %d bytes", len(p.Data))
		}
		got, last = append(got, p.Data...), p.Last
	}
	if !bytes.Equal(got, sent) {
		t.Errorf("%d bytes differ from the %d that were sent", len(got), len(sent))
	}
	if in, _ := a.BufferSizes(); in > 4096 {
		t.Errorf("a read buffer of %d bytes", in)
	}
	_ = a.Abort(0)
	wait()
}

func TestReadPDV_MalformedDataAborts(t *testing.T) {
	for name, bytes := range map[string][]byte{
		"empty_pdu":       {4, 0, 0, 0, 0, 0},
		"pdv_of_one":      {4, 0, 0, 0, 0, 6, 0, 0, 0, 1, 1, 3},
		"pdv_beyond":      {4, 0, 0, 0, 0, 6, 0, 0, 0, 3, 1, 3},
		"pdv_of_4_gb":     {4, 0, 0, 0, 0, 8, 255, 255, 255, 255, 1, 3, 0, 0},
		"two_bytes_more":  {4, 0, 0, 0, 0, 8, 0, 0, 0, 2, 1, 3, 0, 0},
		"unknown_context": {4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 3, 3},
		"even_context":    {4, 0, 0, 0, 0, 6, 0, 0, 0, 2, 0, 3},
	} {
		t.Run(name, func(t *testing.T) {
			a, wait := requestor(t, quick(nil), ultest.Bytes(bytes...), ultest.ExpectPDU(&ul.AbortError{Source: ul.AbortProvider, Reason: ul.AbortInvalidParameter}))
			var err error
			for err == nil {
				_, err = a.ReadPDV()
			}
			var protocol *ul.ProtocolError
			if !errors.As(err, &protocol) {
				t.Errorf("got %v, want a protocol error", err)
			} else if protocol.Prefix != nil {
				t.Errorf("the error holds bytes of data: %q", protocol.Prefix)
			}
			if _, again := a.ReadPDV(); !errors.Is(again, err) {
				t.Errorf("then %v, want the same", again)
			}
			wait()
		})
	}
}

func TestReadPDV_UnknownPDUAborts(t *testing.T) {
	a, wait := requestor(t, quick(nil), ultest.Bytes(9, 0, 0, 0, 0, 0), ultest.ExpectPDU(&ul.AbortError{Source: ul.AbortProvider, Reason: ul.AbortUnrecognisedPDU}))
	if _, err := a.ReadPDV(); err == nil {
		t.Error("no error")
	}
	wait()
}

func TestReadPDV_PeerAborts(t *testing.T) {
	a, wait := requestor(t, quick(nil), ultest.Send(&ul.AbortError{Source: ul.AbortProvider, Reason: ul.AbortUnexpectedPDU}), ultest.ExpectClosed())
	var abort *ul.AbortError
	if _, err := a.ReadPDV(); !errors.As(err, &abort) || abort.Name() != "unexpected-pdu" {
		t.Errorf("got %v", err)
	}
	if err := a.WritePDV(ul.PDV{ContextID: 1}); !errors.As(err, &abort) {
		t.Errorf("writing: %v, want the abort", err)
	}
	wait()
}

func TestReadPDV_PeerVanishes(t *testing.T) {
	a, wait := requestor(t, quick(nil), ultest.Close())
	if _, err := a.ReadPDV(); !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want io.ErrUnexpectedEOF", err)
	}
	wait()
}

// TestWritePDV_Split fills PDUs to the byte that the peer takes.
func TestWritePDV_Split(t *testing.T) {
	for _, max := range []uint32{7, 100, 16384, 0} {
		t.Run(fmt.Sprint(max), func(t *testing.T) {
			sent := make([]byte, 3*94+1)
			if max > 100 || max == 0 {
				sent = make([]byte, 200_000)
			}
			for i := range sent {
				sent[i] = byte(i)
			}
			ours, theirs := pair(t)
			ac := echoAC()
			ac.User.MaxLength = max
			var got []byte
			read := ultest.Do("read all PDVs", func(p *ultest.Peer) error {
				for {
					b, err := ultest.ReadPDU(p.Conn)
					if err != nil {
						return err
					}
					if max != 0 && len(b)-6 > int(max) {
						return fmt.Errorf("a PDU of %d bytes", len(b)-6)
					}
					pdu, err := ul.ParsePDU(b)
					if err != nil {
						return err
					}
					pdv := pdu.(*ul.DataTF).PDVs[0]
					if got = append(got, pdv.Data...); pdv.Last {
						return nil
					}
					if max != 0 && max < 60_000 && len(b)-6 != int(max) {
						return fmt.Errorf("a PDU of %d bytes before the last", len(b)-6)
					}
				}
			})
			wait := play(t, theirs, ultest.Expect(ul.TypeAssociateRQ), ultest.Send(ac), read, ultest.Expect(ul.TypeAbort))
			a, err := ul.Client(brief(t), ours, echoRQ(), quick(nil))
			if err != nil {
				t.Fatal(err)
			}
			if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true, Data: sent}); err != nil {
				t.Fatal(err)
			}
			if err := a.Flush(); err != nil {
				t.Fatal(err)
			}
			_ = a.Abort(0)
			wait()
			if !bytes.Equal(got, sent) {
				t.Errorf("%d bytes arrived, want the %d that were sent", len(got), len(sent))
			}
		})
	}
}

// countingConn counts the writes that reach the connection.
type countingConn struct {
	net.Conn
	writes, bytes int
}

func (c *countingConn) Write(b []byte) (int, error) {
	c.writes++
	c.bytes += len(b)
	return c.Conn.Write(b)
}

// TestWritePDV_Coalesces sends 1,000 small PDUs in as few writes as buffers
// hold them.
func TestWritePDV_Coalesces(t *testing.T) {
	ours, theirs := pair(t)
	wait := play(t, theirs, ultest.Expect(ul.TypeAssociateRQ), ultest.Send(echoAC()), ultest.Do("read all", func(p *ultest.Peer) error {
		_, err := io.Copy(io.Discard, p.Conn)
		return err
	}))
	conn := &countingConn{Conn: ours}
	a, err := ul.Client(brief(t), conn, echoRQ(), quick(nil))
	if err != nil {
		t.Fatal(err)
	}
	conn.writes, conn.bytes = 0, 0
	data := make([]byte, 200)
	for range 1000 {
		if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	if want := 1000*212/65536 + 1; conn.writes != want || conn.bytes != 1000*212 {
		t.Errorf("%d writes of %d bytes, want %d of %d", conn.writes, conn.bytes, want, 1000*212)
	}
	if err := a.Flush(); err != nil || conn.writes != 1000*212/65536+1 {
		t.Errorf("a flush of nothing wrote: %v", err)
	}
	_ = a.Abort(0)
	wait()
}

// TestWritePDV_Long: a long piece leaves after what waits, in PDUs that the peer
// takes, byte for byte.
func TestWritePDV_Long(t *testing.T) {
	short, long := []byte("a command"), make([]byte, 300_001)
	for i := range long {
		long[i] = byte(i * 7 / 5)
	}
	got := make(chan []byte, 1)
	a, wait := requestor(t, quick(nil), ultest.Do("read all", func(p *ultest.Peer) error {
		b, err := io.ReadAll(p.Conn)
		got <- b
		return err
	}))
	for _, p := range []ul.PDV{{ContextID: 1, Command: true, Last: true, Data: short}, {ContextID: 1, Data: long}, {ContextID: 1, Last: true, Data: long}} {
		if err := a.WritePDV(p); err != nil {
			t.Fatal(err)
		}
	}
	var want []byte
	add := func(p ul.PDV) {
		var err error
		if want, err = (&ul.DataTF{PDVs: []ul.PDV{p}}).Append(want); err != nil {
			t.Fatal(err)
		}
	}
	add(ul.PDV{ContextID: 1, Command: true, Last: true, Data: short})
	for n := range 2 {
		rest := long
		for ; len(rest) > a.Room(); rest = rest[a.Room():] {
			add(ul.PDV{ContextID: 1, Data: rest[:a.Room()]})
		}
		add(ul.PDV{ContextID: 1, Last: n == 1, Data: rest})
	}
	_ = a.Abort(0)
	wait()
	if b := <-got; !bytes.HasPrefix(b, want) || len(b) != len(want)+10 { // and A-ABORT
		t.Errorf("%d bytes arrived, want %d and they differ", len(b), len(want)+10)
	}
}

func TestWritePDV_AfterReleaseWasRequestedAborts(t *testing.T) {
	hold := make(chan struct{})
	a, wait := requestor(t, quick(nil), ultest.Expect(ul.TypeReleaseRQ), ultest.Do("go on", func(*ultest.Peer) error {
		close(hold)
		return nil
	}), ultest.Expect(ul.TypeAbort))
	released := make(chan error, 1)
	go func() { released <- a.Release(t.Context()) }()
	<-hold
	if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true}); err == nil {
		t.Error("data after A-RELEASE-RQ were taken")
	}
	if err := <-released; err == nil {
		t.Error("the release succeeded")
	}
	wait()
}

// TestReadPDV_DataBeforeTheReleaseAnswer is AR-6 and the drop in Release.
func TestReadPDV_DataBeforeTheReleaseAnswer(t *testing.T) {
	a, wait := requestor(t, quick(nil), ultest.Expect(ul.TypeReleaseRQ),
		ultest.Send(&ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true, Data: make([]byte, 5000)}}}),
		ultest.Send(new(ul.ReleaseRP)), ultest.ExpectClosed())
	if err := a.Release(brief(t)); err != nil {
		t.Error(err)
	}
	wait()
}

// TestRelease_WhatWaitsLeavesFirst is AR-7: the peer asks for release while
// data of ours wait.
func TestRelease_WhatWaitsLeavesFirst(t *testing.T) {
	written := make(chan struct{})
	a, wait := requestor(t, quick(nil), ultest.Until(written), ultest.Send(new(ul.ReleaseRQ)),
		ultest.ExpectPDU(&ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true, Data: []byte("late")}}}),
		ultest.Expect(ul.TypeReleaseRP))
	if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true, Data: []byte("late")}); err != nil {
		t.Fatal(err)
	}
	close(written)
	if _, err := a.ReadPDV(); err != io.EOF {
		t.Errorf("got %v, want io.EOF", err)
	}
	wait()
}

func TestRelease_ContextEnds(t *testing.T) {
	a, wait := requestor(t, quick(nil), ultest.Expect(ul.TypeReleaseRQ), ultest.Expect(ul.TypeAbort), ultest.ExpectClosed())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := a.Release(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want context.DeadlineExceeded", err)
	}
	wait()
}

func TestAbort_Twice(t *testing.T) {
	for reason, want := range map[uint8]ul.AbortError{0: {Source: 0, Reason: 0}, 6: {Source: 2, Reason: 6}} {
		a, wait := requestor(t, quick(nil), ultest.ExpectPDU(&want))
		if err := a.Abort(reason); err != nil {
			t.Error(err)
		}
		if err := a.Abort(reason); err != nil {
			t.Error(err)
		}
		if _, err := a.ReadPDV(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("reading: %v, want net.ErrClosed", err)
		}
		if err := a.Release(brief(t)); !errors.Is(err, net.ErrClosed) {
			t.Errorf("releasing: %v, want net.ErrClosed", err)
		}
		wait()
	}
}

// TestAbort_WhileReadingAndWriting is an abort from outside.
func TestAbort_WhileReadingAndWriting(t *testing.T) {
	a, wait := requestor(t, quick(nil), ultest.Do("do not read", func(p *ultest.Peer) error {
		time.Sleep(300 * time.Millisecond)
		return nil
	}))
	ended := make(chan error, 2)
	go func() {
		_, err := a.ReadPDV()
		ended <- err
	}()
	go func() {
		var err error
		for data := make([]byte, 60_000); err == nil; {
			err = a.WritePDV(ul.PDV{ContextID: 1, Data: data})
		}
		ended <- err
	}()
	time.Sleep(50 * time.Millisecond)
	start := time.Now()
	_ = a.Abort(0)
	for range 2 {
		if err := <-ended; err == nil {
			t.Error("no error")
		}
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("the abort took %v", d)
	}
	wait()
}

// scriptedConn is a connection that reads prepared bytes and writes nowhere.
type scriptedConn struct {
	r io.Reader
}

func (c *scriptedConn) Read(b []byte) (int, error)       { return c.r.Read(b) }
func (c *scriptedConn) Write(b []byte) (int, error)      { return len(b), nil }
func (c *scriptedConn) Close() error                     { return nil }
func (c *scriptedConn) LocalAddr() net.Addr              { return &net.TCPAddr{} }
func (c *scriptedConn) RemoteAddr() net.Addr             { return &net.TCPAddr{} }
func (c *scriptedConn) SetDeadline(time.Time) error      { return nil }
func (c *scriptedConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptedConn) SetWriteDeadline(time.Time) error { return nil }

// repeat reads the same bytes again and again.
type repeat struct {
	b  []byte
	at int
}

func (r *repeat) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		k := copy(p[n:], r.b[r.at:])
		n += k
		r.at = (r.at + k) % len(r.b)
	}
	return n, nil
}

// answers is a C-FIND answer on the wire: a command of 120 bytes in one PDU
// and an identifier of 180 in the next.
func answers(t testing.TB) []byte {
	b := encoded(t, &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Command: true, Last: true, Data: make([]byte, 120)}}})
	return append(b, encoded(t, &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true, Data: make([]byte, 180)}}})...)
}

// endless is an association whose peer sends answers without end.
func endless(t testing.TB) *ul.Assoc {
	t.Helper()
	conn := &scriptedConn{io.MultiReader(bytes.NewReader(encoded(t, echoAC())), &repeat{b: answers(t)})}
	a, err := ul.Client(t.Context(), conn, echoRQ(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestReadPDV_AllocatesNothing(t *testing.T) {
	a := endless(t)
	for range 10_000 { // until the buffer has grown
		if _, err := a.ReadPDV(); err != nil {
			t.Fatal(err)
		}
	}
	if n := testing.AllocsPerRun(10_000, func() {
		if _, err := a.ReadPDV(); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("%v allocations per PDV read, want 0", n)
	}
}

func TestWritePDV_AllocatesNothing(t *testing.T) {
	a := endless(t)
	data := make([]byte, 180)
	write := func() {
		if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	for range 1000 {
		write()
	}
	if n := testing.AllocsPerRun(10_000, write); n != 0 {
		t.Errorf("%v allocations per PDV written, want 0", n)
	}
}

// TestClaimedLength_CostsNoMemory is a peer that claims lengths of 4 GB, where
// limits are off.
func TestClaimedLength_CostsNoMemory(t *testing.T) {
	claim := func(kind byte, rest ...byte) []byte { return append([]byte{kind, 0, 255, 255, 255, 255}, rest...) }
	off := &ul.Config{Limits: ul.Limits{PDULength: -1, AssociatePDU: -1}}
	grown := func(f func()) uint64 {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		f()
		runtime.ReadMemStats(&after)
		return after.TotalAlloc - before.TotalAlloc
	}
	for name, answer := range map[string][]byte{
		"associate": claim(2, make([]byte, 100)...),
		"data":      append(encoded(t, echoAC()), claim(4, 0xff, 0xff, 0xff, 0xfb, 1, 3, 'x')...),
	} {
		n := grown(func() {
			a, err := ul.Client(t.Context(), &scriptedConn{bytes.NewReader(answer)}, echoRQ(), off)
			for err == nil {
				_, err = a.ReadPDV()
			}
		})
		if n > 64<<10 {
			t.Errorf("%s: %d bytes were allocated", name, n)
		}
	}
}

// TestIdleAssociation_IsSmall holds 10,000 silent targets within 16 KiB each.
func TestIdleAssociation_IsSmall(t *testing.T) {
	const n = 1000
	all := make([]*ul.Assoc, 0, n)
	ac := encoded(t, echoAC())
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for range n {
		a, err := ul.Client(t.Context(), &scriptedConn{bytes.NewReader(ac)}, echoRQ(), nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, a)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if each := int(after.HeapAlloc-before.HeapAlloc) / n; each > 8<<10 {
		t.Errorf("%d bytes an association, want at most 8 KiB", each)
	} else {
		t.Logf("%d bytes an association", each)
	}
	runtime.KeepAlive(all)
}

// FuzzAssoc feeds a stream of bytes to either role: whatever comes, it ends.
func FuzzAssoc(f *testing.F) {
	for _, v := range vectors(f) {
		f.Add(v.bytes, true)
		f.Add(v.bytes, false)
	}
	ac, rq := encoded(f, echoAC()), encoded(f, echoRQ())
	f.Add(append(bytes.Clone(ac), answers(f)...), true)
	f.Add(append(append(bytes.Clone(rq), answers(f)...), 5, 0, 0, 0, 0, 4, 0, 0, 0, 0), false)
	f.Fuzz(func(t *testing.T, b []byte, isRequestor bool) {
		conn := &scriptedConn{bytes.NewReader(b)}
		if !isRequestor {
			s := &ul.Server{Negotiate: acceptAll, Handle: readToEnd}
			s.ServeConn(context.Background(), conn)
			return
		}
		a, err := ul.Client(context.Background(), conn, echoRQ(), nil)
		for err == nil {
			_, err = a.ReadPDV()
		}
	})
}

func BenchmarkReadPDV(b *testing.B) {
	a := endless(b)
	b.SetBytes(int64(binary.Size(answers(b))) / 2)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.ReadPDV(); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkWritePDV(b *testing.B) {
	a := endless(b)
	data := make([]byte, 150)
	b.SetBytes(162)
	b.ReportAllocs()
	for b.Loop() {
		if err := a.WritePDV(ul.PDV{ContextID: 1, Last: true, Data: data}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkLoopback is what a server and a client move over TCP: answers of
// two PDUs each.
func BenchmarkLoopback(b *testing.B) {
	command, identifier := make([]byte, 120), make([]byte, 180)
	addr := served(b, &ul.Server{Negotiate: acceptAll, Handle: func(_ context.Context, a *ul.Assoc) {
		for {
			if a.WritePDV(ul.PDV{ContextID: 1, Command: true, Last: true, Data: command}) != nil ||
				a.WritePDV(ul.PDV{ContextID: 1, Last: true, Data: identifier}) != nil {
				return
			}
		}
	}})
	a, err := ul.Dial(brief(b), addr, echoRQ(), &ul.Config{Limits: ul.Limits{Linger: time.Millisecond}})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(324)
	b.ReportAllocs()
	for b.Loop() {
		for range 2 {
			if _, err := a.ReadPDV(); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.StopTimer()
	_ = a.Abort(0)
}

// TestReadPDV_AbortedElsewhere: what Abort reads until the peer closes does not
// overwrite the piece that another goroutine is looking at.
func TestReadPDV_AbortedElsewhere(t *testing.T) {
	piece := func(text string) ultest.Step {
		return ultest.Send(&ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Last: true, Data: bytes.Repeat([]byte(text), 100)}}})
	}
	a, wait := requestor(t, quick(nil), piece("seen"), ultest.Expect(ul.TypeAbort), piece("over"), piece("over"))
	p, err := a.ReadPDV()
	if err != nil {
		t.Fatal(err)
	}
	aborted := make(chan error)
	go func() { aborted <- a.Abort(0) }()
	for looking := true; looking; {
		select {
		case err := <-aborted:
			if err != nil {
				t.Error(err)
			}
			looking = false
		default: // under -race this look is what would be reported
		}
		if want := bytes.Repeat([]byte("seen"), 100); !bytes.Equal(p.Data, want) {
			t.Fatalf("the piece became %q", p.Data)
		}
	}
	wait()
}
