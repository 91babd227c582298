package scp_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
)

// unharmed checks that the service answers, and that what was begun has ended:
// no more goroutines than before.
func unharmed(t *testing.T, h *house, before int) {
	t.Helper()
	if rsp, err := h.dial(t).Echo(in(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("afterwards: %+v, %v", rsp, err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > before+8 && time.Now().Before(deadline) {
		time.Sleep(20 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > before+8 { // those of the association just made
		t.Errorf("%d goroutines, %d before", n, before)
	}
}

// raw is an association whose messages the test writes by hand.
type raw struct {
	t *testing.T
	a *ul.Assoc
}

func (h *house) raw(t *testing.T) *raw {
	t.Helper()
	a, err := ul.Dial(in(t), h.address, ask("CT", explicit()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return &raw{t, a}
}

// send writes a message; what the peer does with it is no concern.
func (r *raw) send(class dicom.UID, c dimse.Command, data []byte) error {
	id, _, _ := r.a.ContextFor(class)
	err := r.a.WritePDV(ul.PDV{ContextID: id, Command: true, Last: true, Data: c.Append(nil)})
	if err == nil && data != nil {
		err = r.a.WritePDV(ul.PDV{ContextID: id, Last: true, Data: data})
	}
	return errors.Join(err, r.a.Flush())
}

// encoded is an identifier as the context of a class has it.
func (r *raw) encoded(class dicom.UID, d *dicom.Dataset) []byte {
	_, ts, _ := r.a.ContextFor(class)
	b, err := dicom.Append(nil, d, dicom.SyntaxOf(ts))
	if err != nil {
		r.t.Fatal(err)
	}
	return b
}

func request(f dimse.CommandField, class dicom.UID) dimse.Command {
	c := dimse.Command{Field: f, MessageID: 1, AffectedSOPClass: class, HasDataset: true}
	if f == dimse.CStoreRQ {
		c.AffectedSOPInstance = "1.2.3.4"
	}
	return c
}

// TestHostile_AbortInEachPhase: whenever a peer goes, what was begun ends and is
// recorded.
func TestHostile_AbortInEachPhase(t *testing.T) {
	h := filled(t)
	to := &destination{syntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID}}
	h.enrol(t, "WS", to.serve(t, nil))
	_ = h.dial(t)
	before := runtime.NumGoroutine()
	study := identifier("STUDY", 0x0020000D, "1.1")
	get, find := request(dimse.CGetRQ, dimse.StudyRootGet), request(dimse.CFindRQ, dimse.StudyRootFind)
	mv := request(dimse.CMoveRQ, dimse.StudyRootMove)
	mv.MoveDestination = "WS"
	for name, phase := range map[string]func(r *raw){
		"after the association": func(*raw) {},
		"within a command": func(r *raw) {
			id, _, _ := r.a.ContextFor(ctImage)
			_ = r.a.WritePDV(ul.PDV{ContextID: id, Command: true, Data: []byte{0, 0, 0, 0, 4, 0}})
			_ = r.a.Flush()
		},
		"before an object": func(r *raw) { _ = r.send(ctImage, request(dimse.CStoreRQ, ctImage), nil) },
		"within an object": func(r *raw) {
			_ = r.send(ctImage, request(dimse.CStoreRQ, ctImage), nil)
			id, _, _ := r.a.ContextFor(ctImage)
			_ = r.a.WritePDV(ul.PDV{ContextID: id, Data: make([]byte, 5000)})
			_ = r.a.Flush()
		},
		"before an identifier": func(r *raw) { _ = r.send(dimse.StudyRootFind, find, nil) },
		"within a search":      func(r *raw) { _ = r.send(dimse.StudyRootFind, find, r.encoded(dimse.StudyRootFind, study)) },
		"within C-GET": func(r *raw) {
			_ = r.send(dimse.StudyRootGet, get, r.encoded(dimse.StudyRootGet, study))
			_, _ = r.a.ReadPDV()
		},
		"within C-MOVE": func(r *raw) { _ = r.send(dimse.StudyRootMove, mv, r.encoded(dimse.StudyRootMove, study)) },
	} {
		for range 5 {
			r := h.raw(t)
			phase(r)
			if err := r.a.Abort(0); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	unharmed(t, h, before)
	if n := len(h.all()); n != 5 {
		t.Errorf("%d objects are kept, of 5: half an object became one", n)
	}
	begun, ended := transfers(h)
	for deadline := time.Now().Add(5 * time.Second); ended < begun && time.Now().Before(deadline); begun, ended = transfers(h) {
		time.Sleep(10 * time.Millisecond)
	}
	if ended < begun || begun == 0 {
		t.Errorf("%d transfers were begun, %d ended in the log", begun, ended)
	}
}

// transfers are those that the log has the beginning and the end of.
func transfers(h *house) (begun, ended int) {
	for _, r := range h.every() {
		switch {
		case r.Verb != leadglass.Get && r.Verb != leadglass.Move && r.Verb != leadglass.Store:
		case r.Event == leadglass.InstancesTransferred:
			ended++
		case r.Outcome == leadglass.Succeeded:
			begun++
		}
	}
	return begun, ended
}

// TestHostile_SearchesWithoutReading: 10,000 searches of a peer that reads no answer.
func TestHostile_SearchesWithoutReading(t *testing.T) {
	h := filled(t)
	id := identifier("STUDY", 0x0020000D, "")
	sent := 0
	for range 20 {
		r := h.raw(t)
		b := r.encoded(dimse.StudyRootFind, id)
		for range 500 {
			if r.send(dimse.StudyRootFind, request(dimse.CFindRQ, dimse.StudyRootFind), b) != nil {
				break
			}
			sent++
		}
		defer r.a.Abort(0)
	}
	t.Logf("%d requests left", sent)
	if rsp, err := h.dial(t).Echo(in(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("afterwards: %+v, %v", rsp, err)
	}
}

// TestHostile_Identifiers: as long as they may be, and longer; full of group
// lengths, of UIDs, of empty sequences.
func TestHostile_Identifiers(t *testing.T) {
	h := filled(t)
	lengths, uids, items := identifier("STUDY"), identifier("STUDY"), identifier("STUDY")
	for g := range 0x7FFF {
		lengths.Elements = append(lengths.Elements, dicom.Element{Tag: dicom.NewTag(uint16(2*g+0x0010), 0), VR: dicom.UL, Value: make([]byte, 4)})
	}
	lengths.Elements = lengths.Elements[:60000/2]
	uids.SetString(0x0020000D, strings.Split(strings.Repeat(`1.2.3.4.5.6.7\`, 60_000)+"1", `\`)...)
	list := make([]*dicom.Dataset, 100_000)
	for i := range list {
		list[i] = new(dicom.Dataset)
	}
	items.SetSequence(0x00081140, list...)
	for name, d := range map[string]*dicom.Dataset{"group lengths": lengths, "UIDs": uids, "items": items} {
		start := time.Now()
		_, rsp := find(t, h.dial(t), query(dimse.StudyRootFind, d))
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("%s: %v took %v", name, rsp.Status, took)
		}
	}
	r := h.raw(t)
	defer r.a.Abort(0)
	if err := r.send(dimse.StudyRootFind, request(dimse.CFindRQ, dimse.StudyRootFind), make([]byte, 1<<20+2)); err == nil {
		if _, err = r.a.ReadPDV(); err == nil {
			t.Error("an identifier over the limit was answered")
		}
	}
	unharmed(t, h, runtime.NumGoroutine())
}

// TestHostile_Idle: 1,000 devices that ask for 128 classes each and say nothing.
func TestHostile_Idle(t *testing.T) {
	h := filled(t)
	rq := ask("CT")
	for i, class := range dimse.StorageClasses() {
		if len(rq.Contexts) < 128 {
			rq.Contexts = append(rq.Contexts, ul.PresentationContext{
				ID: uint8(2*(i+len(ask("CT").Contexts)) + 1), AbstractSyntax: class, TransferSyntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID},
			})
		}
	}
	rq.Called = "LEADGLASS"
	b, err := rq.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	const n = 1000
	before := held()
	for range n {
		conn, err := net.Dial("tcp", h.address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		_, err = conn.Write(b)
		var one [1]byte
		if err == nil {
			_, err = io.ReadFull(conn, one[:])
		}
		if err != nil || ul.PDUType(one[0]) != ul.TypeAssociateAC {
			t.Fatalf("%d, %v", one[0], err)
		}
	}
	each := (held() - before) / n
	t.Logf("%d bytes each", each)
	if each > 80<<10 {
		t.Errorf("an idle association holds %d bytes", each)
	}
	if rsp, err := h.dial(t).Echo(in(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("afterwards: %+v, %v", rsp, err)
	}
}

func held() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// TestHostile_Slow: objects at a byte a time keep nobody else waiting.
func TestHostile_Slow(t *testing.T) {
	h := filled(t)
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	for range 50 {
		r := h.raw(t)
		wg.Go(func() {
			defer r.a.Abort(0)
			_ = r.send(ctImage, request(dimse.CStoreRQ, ctImage), nil)
			id, _, _ := r.a.ContextFor(ctImage)
			for ctx.Err() == nil && r.a.WritePDV(ul.PDV{ContextID: id, Data: []byte{0}}) == nil && r.a.Flush() == nil {
				time.Sleep(10 * time.Millisecond)
			}
		})
	}
	c := h.dial(t, explicit())
	start := time.Now()
	for i := range 20 {
		if rsp := put(t, c, dicom.ExplicitVRLittleEndian, slice("3.3", "3.3.1", fmt.Sprint("3.3.1.", i), "N")); rsp.Status != dimse.Success {
			t.Errorf("%v", rsp.Status)
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("20 objects took %v", took)
	}
	stop()
	wg.Wait()
}

// TestLimit_RefusalAddresses: a flood of strangers costs a record for each address
// and minute, and one for all that are past the limit.
func TestLimit_RefusalAddresses(t *testing.T) {
	now := time.Now()
	h := serve(t, func(c *scp.Config) { c.Limits.RefusalAddresses, c.Now = 2, func() time.Time { return now } })
	knock := func(address string) error {
		_, err := h.s.Negotiate(t.Context(), net.TCPAddrFromAddrPort(netip.MustParseAddrPort(address)), ask("NOBODY"))
		return err
	}
	for range 100 {
		for _, address := range []string{"192.0.2.1:1", "192.0.2.1:2", "[2001:db8::1]:1", "[2001:db8::2]:1"} {
			if err := knock(address); err == nil {
				t.Fatal("a stranger got in")
			}
		}
	}
	if n := refusals(h); n != 2 {
		t.Errorf("two networks gave %d records", n)
	}
	for i := range 100 {
		_ = knock(fmt.Sprintf("198.51.100.%d:1", i))
	}
	if n := refusals(h); n != 3 {
		t.Errorf("two networks and the rest gave %d records", n)
	}
	now = now.Add(time.Minute)
	_ = knock("192.0.2.1:1")
	if n := refusals(h); n != 7 { // what was counted, thrice, and the first of this minute
		t.Errorf("after the minute there are %d records", n)
	}
}

// TestLimit_Reports and its attempts: what cannot be reported is given up, and
// with too much waiting not begun.
func TestLimit_Reports(t *testing.T) {
	for reports, want := range map[int]int{1: 1, 2: 2} {
		h := serve(t, func(c *scp.Config) { c.Limits.Reports = reports })
		for range 3 {
			commitAndLeave(t, h)
		}
		for deadline := time.Now().Add(3 * time.Second); h.s.Pending() < want && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(100 * time.Millisecond)
		if n := h.s.Pending(); n != want {
			t.Errorf("with a limit of %d there are %d reports that wait", reports, n)
		}
	}
}

func TestLimit_ReportAttempts(t *testing.T) {
	for attempts, given := range map[int]bool{1: true, 2: false} {
		h := serve(t, func(c *scp.Config) { c.Limits.ReportAttempts = attempts })
		commitAndLeave(t, h)
		for deadline := time.Now().Add(3 * time.Second); !strings.Contains(h.said.String(), "cannot be reported") && time.Now().Before(deadline); {
			time.Sleep(10 * time.Millisecond)
			if !given && time.Until(deadline) < time.Second {
				break
			}
		}
		if got := strings.Contains(h.said.String(), "cannot be reported"); got != given || (h.s.Pending() == 0) != given {
			t.Errorf("with %d attempts it is given up: %v, %d wait", attempts, got, h.s.Pending())
		}
	}
}

// commitAndLeave asks for commitment and goes without hearing the result.
func commitAndLeave(t *testing.T, h *house) {
	t.Helper()
	a, err := ul.Dial(in(t), h.address, ask("CT"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	if rsp, err := dimse.NewClient(a, dimse.Limits{}).Commit(in(t), commitment()); err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
}

// TestDiagnostics_NoPatient: a conflict of two patients says nothing of either.
func TestDiagnostics_NoPatient(t *testing.T) {
	h := serve(t, nil)
	c := h.dial(t, explicit())
	put(t, c, dicom.ExplicitVRLittleEndian, slice("1.2", "1.2.3", "1.2.3.4", "Planted^One"))
	put(t, c, dicom.ExplicitVRLittleEndian, slice("1.2", "1.2.3", "1.2.3.4", "Planted^Two"))
	_, _ = find(t, c, query(dimse.StudyRootFind, identifier("SERIES", 0x00100010, "Planted*")))
	rsp, err := c.Send(in(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "1.2", Data: bytes.NewReader([]byte("Planted^Bytes"))})
	if err != nil || rsp.Status.Class() != dimse.ClassFailure || strings.Contains(rsp.Comment, "Planted") {
		t.Errorf("%+v, %v", rsp, err)
	}
}
