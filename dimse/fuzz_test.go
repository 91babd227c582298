package dimse_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// pdvs cuts fuzzed bytes into what a peer says. The first byte of each piece
// chooses its context and flags, the second its length; a flag fills in a
// well-formed command set instead.
func pdvs(b []byte) (list []ul.PDV) {
	whole := []dimse.Command{echoRQ, findRQ, storeRQ, getRQ, moveRQ, {Field: dimse.CCancelRQ, RespondedTo: 2},
		{Field: dimse.NActionRQ, MessageID: 6, RequestedSOPClass: dimse.StorageCommitment, HasDataset: true},
		{Field: dimse.CStoreRSP, RespondedTo: 1}}
	for len(b) >= 2 {
		head, n := b[0], int(b[1])
		b = b[2:]
		p := ul.PDV{ContextID: head&7*2 + 1, Command: head&8 != 0, Last: head&16 != 0}
		if head&32 != 0 {
			p.Data = whole[n%len(whole)].Append(nil)
		} else {
			n = min(n, len(b))
			p.Data, b = b[:n], b[n:]
		}
		list = append(list, p)
	}
	return list
}

// unpdvs is the inverse, for seeds.
func unpdvs(list ...ul.PDV) (b []byte) {
	for _, p := range list {
		for _, piece := range split(p, 255) {
			head := piece.ContextID / 2
			if piece.Command {
				head |= 8
			}
			if piece.Last {
				head |= 16
			}
			b = append(append(b, head, byte(len(piece.Data))), piece.Data...)
		}
	}
	return b
}

// FuzzServerMessages: whatever a peer sends, Serve ends, in order or by an
// abort, and says nothing after the abort.
func FuzzServerMessages(f *testing.F) {
	f.Add(unpdvs(cmd(onEcho, echoRQ)))
	f.Add(unpdvs(cmd(onFind, findRQ), data(onFind, identifier())))
	f.Add(unpdvs(cmd(onFind, findRQ), data(onFind, identifier()), cmd(onFind, dimse.Command{Field: dimse.CCancelRQ, RespondedTo: 2})))
	f.Add(unpdvs(cmd(onStore, storeRQ), data(onStore, []byte("object"))))
	f.Add(unpdvs(cmd(onGet, getRQ), data(onGet, identifier()), cmd(onStore, dimse.Command{Field: dimse.CStoreRSP, RespondedTo: 1})))
	f.Add(unpdvs(cmd(onMove, moveRQ), data(onMove, identifier())))
	f.Add(unpdvs(cmd(onCommit, dimse.Command{Field: dimse.NActionRQ, MessageID: 6, RequestedSOPClass: dimse.StorageCommitment, ActionTypeID: 1})))
	f.Add([]byte{1<<5 | 1<<4 | 1<<3 | 1, 1, 1<<4 | 1, 0})
	session := newEverything()
	session.get = func(ctx context.Context, _ *dimse.Query, send dimse.SubOperations) (*dimse.Response, error) {
		_, err := send.Send(ctx, &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "1.2", Data: bytes.NewReader([]byte("x"))}, 0)
		return nil, err
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newScript(pdvs(b)...)
		err := serveScript(t, s, session, dimse.Limits{})
		if err != nil && !s.aborted {
			t.Errorf("ended with %v and without an abort", err)
		}
		if errors.Is(err, context.DeadlineExceeded) {
			t.Error("did not end by itself")
		}
		for _, p := range s.heard {
			var c dimse.Command
			if p.Command && c.Unmarshal(p.Data) != nil {
				t.Errorf("said %x", p.Data)
			}
		}
	})
}

// FuzzClientMessages: whatever a peer answers, the operation ends.
func FuzzClientMessages(f *testing.F) {
	f.Add(unpdvs(cmd(onGet, getRSP)))
	f.Add(unpdvs(cmd(onStore, storeRQ), data(onStore, []byte("object")), cmd(onGet, getRSP)))
	f.Add(unpdvs(cmd(onGet, with(getRSP, func(c *dimse.Command) { c.Status, c.HasDataset = dimse.SomeFailed, true })), data(onGet, identifier())))
	f.Add(unpdvs(cmd(onCommit, dimse.Command{Field: dimse.NEventReportRQ, MessageID: 1, AffectedSOPClass: dimse.StorageCommitment, HasDataset: true}),
		data(onCommit, identifier()), cmd(onGet, getRSP)))
	f.Fuzz(func(t *testing.T, b []byte) {
		s := newScript(pdvs(b)...)
		c := clientScript(s, dimse.Limits{})
		c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
			_, _ = io.Copy(io.Discard, rq.Data)
			return dimse.Success
		}
		c.Event = func(_ context.Context, rq *dimse.EventRequest) *dimse.EventResponse {
			_, _ = dimse.ParseCommitResult(rq)
			return &dimse.EventResponse{}
		}
		rsp, err := c.Get(context.Background(), &dimse.Query{Model: dimse.StudyRootGet, Identifier: new(dicom.Dataset)}, nil)
		if (err != nil) != s.aborted {
			t.Errorf("%+v, %v, aborted %v", rsp, err, s.aborted)
		}
	})
}
