package scp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
	"github.com/leadglass/leadglass/ul/ultest"
)

// destination takes objects in the transfer syntaxes given, and counts the
// associations.
type destination struct {
	taker
	syntaxes []dicom.UID
	assocs   atomic.Int64
}

func (d *destination) Offers() ul.Supported { return ul.Supported{ctImage: d.syntaxes} }

func (d *destination) serve(t testing.TB, c *tls.Config) string {
	return dimsetest.ServeUL(t, &ul.Server{
		Config: ul.Config{TLS: c},
		Negotiate: func(ctx context.Context, a net.Addr, rq *ul.AssociateRQ) (*ul.AssociateAC, error) {
			d.assocs.Add(1)
			return dimse.Accept(rq, d, ul.UserInformation{})
		},
		Handle: dimse.Handle(d, dimse.Limits{}),
	})
}

func move(t testing.TB, c *dimse.Client, to ul.AETitle, id *dicom.Dataset) *dimse.Response {
	t.Helper()
	q := query(dimse.StudyRootMove, id)
	q.Destination = to
	rsp, err := c.Move(in(t), q, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rsp
}

func TestMove(t *testing.T) {
	h := filled(t)
	to := &destination{syntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID}}
	h.enrol(t, "WS", to.serve(t, nil))
	rsp := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, `1.1\2.2\9.9`))
	if rsp.Status != dimse.Success || rsp.Completed != 4 || rsp.Failed != 0 {
		t.Errorf("%+v", rsp)
	}
	got := to.all()
	if len(got) != 4 || to.assocs.Load() != 1 || got[0].rq.MoveOriginator != "CT" || got[0].rq.MoveOriginatorID == 0 {
		t.Errorf("%d objects over %d associations, %+v", len(got), to.assocs.Load(), got)
	}
	want, _ := dicom.Append(nil, slice("1.1", "1.1.1", "1.1.1.1", "Müller^Jörg"), dicom.ExplicitVRLittleEndian)
	if len(got) > 0 && !bytes.Equal(got[0].data, want) {
		t.Error("the object is not as it is kept")
	}
	if ends := h.ends(leadglass.CMove); len(ends) == 0 {
		t.Error("the end is not recorded")
	}
}

func TestMove_OnlyToWhoIsEnrolled(t *testing.T) {
	h := filled(t)
	for _, name := range []ul.AETitle{"UNKNOWN", "CT"} { // CT has no address
		if rsp := move(t, h.dial(t), name, identifier("STUDY", 0x0020000D, "1.1")); rsp.Status != dimse.MoveDestinationUnknown {
			t.Errorf("%s: %+v", name, rsp)
		}
	}
}

func TestMove_HiddenIsAsMissing(t *testing.T) {
	h := filled(t)
	to := &destination{syntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID}}
	h.enrol(t, "WS", to.serve(t, nil))
	hidden := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, "9.9"))
	missing := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, "7.7"))
	if hidden.Status != dimse.Success || hidden.Status != missing.Status || hidden.Completed != missing.Completed || hidden.Comment != missing.Comment || to.assocs.Load() != 0 {
		t.Errorf("hidden %+v, missing %+v", hidden, missing)
	}
}

func TestMove_ToWhoTakesOtherSyntaxes(t *testing.T) {
	h := serve(t, nil)
	h.fill(t, dicom.ExplicitVRLittleEndian, slice("1.1", "1.1.1", "1.1.1.1", "N"))
	jpeg := slice("1.1", "1.1.1", "1.1.1.2", "N")
	jpeg.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{nil, []byte("jpeg")}})
	h.fill(t, dicom.SyntaxOf("1.2.840.10008.1.2.4.50"), jpeg)
	to := &destination{syntaxes: []dicom.UID{dicom.ImplicitVRLittleEndian.UID}}
	h.enrol(t, "WS", to.serve(t, nil))
	rsp := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, "1.1"))
	if rsp.Status != dimse.SomeFailed || rsp.Completed != 1 || rsp.Failed != 1 || !slices.Equal(rsp.FailedInstances, []dicom.UID{"1.1.1.2"}) {
		t.Errorf("%+v", rsp)
	}
	if got := to.all(); len(got) != 1 || got[0].rq.TransferSyntax != dicom.ImplicitVRLittleEndian.UID {
		t.Errorf("%d objects", len(got))
	}
}

func TestMove_NobodyAnswers(t *testing.T) {
	h := filled(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.enrol(t, "WS", ln.Addr().String())
	ln.Close()
	rsp := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, "1.1"))
	if rsp.Status != dimse.CannotPerform || rsp.Failed != 3 || len(rsp.FailedInstances) != 3 {
		t.Errorf("%+v", rsp)
	}
}

func TestMove_WithTLS(t *testing.T) {
	us, them := ultest.NewIdentity(t, "us"), ultest.NewIdentity(t, "them")
	h := serve(t, func(c *scp.Config) {
		c.TLS = &tls.Config{Certificates: []tls.Certificate{us.Certificate}, RootCAs: them.Pool}
	})
	h.fill(t, dicom.ExplicitVRLittleEndian, slice("1.1", "1.1.1", "1.1.1.1", "N"))
	to := &destination{syntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID}}
	dev := h.enrol(t, "WS", to.serve(t, &tls.Config{
		Certificates: []tls.Certificate{them.Certificate}, ClientCAs: us.Pool, ClientAuth: tls.RequireAndVerifyClientCert,
	}))
	dev.DialTLS = true
	if rsp := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, "1.1")); rsp.Status != dimse.Success || rsp.Completed != 1 {
		t.Errorf("%+v\n%s", rsp, h.said)
	}
}

// TestLimit_MoveAhead: batches share an association where its contexts do.
func TestLimit_MoveAhead(t *testing.T) {
	h := serve(t, func(c *scp.Config) { c.Limits.MoveAhead = 1 })
	h.fill(t, dicom.ExplicitVRLittleEndian, slice("1.1", "1.1.1", "1.1.1.1", "N"), slice("1.1", "1.1.1", "1.1.1.2", "N"))
	to := &destination{syntaxes: []dicom.UID{dicom.ExplicitVRLittleEndian.UID}}
	h.enrol(t, "WS", to.serve(t, nil))
	rsp := move(t, h.dial(t), "WS", identifier("STUDY", 0x0020000D, "1.1"))
	if rsp.Status != dimse.Success || rsp.Completed != 2 || to.assocs.Load() != 1 {
		t.Errorf("%+v over %d associations", rsp, to.assocs.Load())
	}
}

func TestLimit_Refs(t *testing.T) {
	h := serve(t, func(c *scp.Config) { c.Limits.Refs = 2 })
	h.fill(t, dicom.ExplicitVRLittleEndian, slice("1.1", "1.1.1", "1.1.1.1", "N"))
	c := h.dial(t, explicit())
	c.Store = new(taker).Store
	for uids, want := range map[string]dimse.Status{`1.1\2.2`: dimse.Success, `1.1\2.2\3.3`: dimse.CannotPerform} {
		if rsp, err := c.Get(in(t), query(dimse.StudyRootGet, identifier("STUDY", 0x0020000D, uids)), nil); err != nil || rsp.Status != want {
			t.Errorf("%s: %+v, %v", uids, rsp, err)
		}
	}
}

// commitment asks about three objects: one kept, one missing, one of another class.
func commitment() *dimse.CommitRequest {
	return &dimse.CommitRequest{Transaction: "1.2.3", Objects: []dimse.ObjectRef{
		{SOPClass: ctImage, SOPInstance: "1.1.1.1"}, {SOPClass: ctImage, SOPInstance: "7.7.7"}, {SOPClass: "1.2.840.10008.5.1.4.1.1.4", SOPInstance: "1.1.1.2"},
	}}
}

func checkResult(t *testing.T, rq *dimse.EventRequest) {
	t.Helper()
	r, err := dimse.ParseCommitResult(rq)
	if err != nil || r.Transaction != "1.2.3" || len(r.Committed) != 1 || r.Committed[0].SOPInstance != "1.1.1.1" || len(r.Failed) != 2 ||
		r.Failed[0].Reason != dimse.NoSuchInstance || r.Failed[1].Reason != dimse.ClassInstanceConflict {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestCommit_OnTheSameAssociation(t *testing.T) {
	h := filled(t)
	c := h.dial(t)
	told := make(chan *dimse.EventRequest, 1)
	c.Event = func(_ context.Context, rq *dimse.EventRequest) *dimse.EventResponse {
		told <- rq
		return &dimse.EventResponse{}
	}
	rsp, err := c.Commit(in(t), commitment())
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
	if err := c.AwaitEvent(in(t)); err != nil {
		t.Fatal(err)
	}
	checkResult(t, <-told)
}

// reporter is who asked for commitment and hears of it on another association.
type reporter struct{ told chan *dimse.EventRequest }

func (r *reporter) EventReport(_ context.Context, rq *dimse.EventRequest) *dimse.EventResponse {
	r.told <- rq
	return &dimse.EventResponse{}
}

func TestCommit_OnAnAssociationOfItsOwn(t *testing.T) {
	h := filled(t)
	r := &reporter{make(chan *dimse.EventRequest, 1)}
	h.enrol(t, "CT", dimsetest.Serve(t, r, dimse.Limits{}))
	a, err := ul.Dial(in(t), h.address, ask("CT"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if rsp, err := dimse.NewClient(a, dimse.Limits{}).Commit(in(t), commitment()); err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
	if err := a.Release(in(t)); err != nil && !errors.Is(err, net.ErrClosed) {
		t.Logf("release: %v", err)
	}
	select {
	case rq := <-r.told:
		checkResult(t, rq)
	case <-time.After(10 * time.Second):
		t.Errorf("nobody was told\n%s", h.said)
	}
}

func TestCommit_WhatIsNoCommitment(t *testing.T) {
	h := filled(t)
	c := h.dial(t)
	for typ, want := range map[uint16]dimse.Status{1: dimse.InvalidArgument, 7: dimse.NoSuchAction} {
		rsp, err := c.Action(in(t), &dimse.ActionRequest{
			SOPClass: dimse.StorageCommitment, SOPInstance: dimse.StorageCommitmentInstance, Type: typ, Information: identifier(""),
		})
		if err != nil || rsp.Status != want {
			t.Errorf("type %d: %+v, %v", typ, rsp, err)
		}
	}
}

// TestCommit_RequestsCross: who asks for the next thing while our report is on its
// way is served, and told all.
func TestCommit_RequestsCross(t *testing.T) {
	h := filled(t)
	a, err := ul.Dial(in(t), h.address, ask("CT"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	id, _, _ := a.ContextFor(dimse.StorageCommitment)
	echo, _, _ := a.ContextFor(dimse.Verification)
	send := func(on uint8, c dimse.Command, data []byte) {
		t.Helper()
		err := a.WritePDV(ul.PDV{ContextID: on, Command: true, Last: true, Data: c.Append(nil)})
		if err == nil && c.HasDataset {
			err = a.WritePDV(ul.PDV{ContextID: on, Last: true, Data: data})
		}
		if err != nil || a.Flush() != nil {
			t.Fatal(err)
		}
	}
	d := identifier("", 0x00081195, "1.2.3")
	d.SetSequence(0x00081199, identifier("", 0x00081150, string(ctImage), 0x00081155, "1.1.1.1"))
	_, syntax, _ := a.Context(id)
	info, _ := dicom.Append(nil, d, dicom.SyntaxOf(syntax))
	action := dimse.Command{
		Field: dimse.NActionRQ, ActionTypeID: 1, RequestedSOPClass: dimse.StorageCommitment,
		RequestedSOPInstance: dimse.StorageCommitmentInstance, HasDataset: true,
	}
	for i := range 3 {
		action.MessageID = uint16(i + 1)
		send(id, action, info)
	}
	send(echo, dimse.Command{Field: dimse.CEchoRQ, MessageID: 9, AffectedSOPClass: dimse.Verification}, nil)
	actions, echoes, events := 0, 0, 0
	for actions < 3 || echoes < 1 || events < 3 {
		p, err := a.ReadPDV()
		if err != nil {
			t.Fatalf("%v after %d actions, %d echoes, %d events", err, actions, echoes, events)
		}
		var c dimse.Command
		if !p.Command || c.Unmarshal(p.Data) != nil {
			continue
		}
		switch c.Field {
		case dimse.NActionRSP:
			actions++
		case dimse.CEchoRSP:
			echoes++
		case dimse.NEventReportRQ:
			events++
			send(id, dimse.Command{Field: dimse.NEventReportRSP, RespondedTo: c.MessageID, AffectedSOPClass: c.AffectedSOPClass}, nil)
		}
	}
}
