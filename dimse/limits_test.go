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

// breach reports whether err is a LimitError of that name.
func breach(err error, name string, limit int64) bool {
	var le *dimse.LimitError
	return errors.As(err, &le) && le.Name == name && le.Limit == limit
}

// TestLimit_Defaults: each limit has a default, a negative value switches it off.
func TestLimit_Defaults(t *testing.T) {
	d := dimse.Defaults()
	for name, n := range map[string]int64{
		"CommandBytes": d.CommandBytes, "IdentifierBytes": d.IdentifierBytes, "ObjectBytes": d.ObjectBytes,
		"DrainBytes": d.DrainBytes, "Responses": d.Responses, "SubOperations": d.SubOperations, "CancelResponses": d.CancelResponses,
	} {
		if n <= 0 || n > 1<<40 {
			t.Errorf("%s is %d by default", name, n)
		}
	}
}

func TestLimit_CommandBytes(t *testing.T) {
	b := echoRQ.Append(nil)
	most := int64(len(b))
	for _, pieces := range [][]ul.PDV{{cmd(onEcho, echoRQ)}, split(cmd(onEcho, echoRQ), 3)} {
		if err := serveScript(t, newScript(pieces...), newEverything(), dimse.Limits{CommandBytes: most}); err != nil {
			t.Errorf("a command set of %d bytes: %v", most, err)
		}
		s := newScript(pieces...)
		if err := serveScript(t, s, newEverything(), dimse.Limits{CommandBytes: most - 1}); !breach(err, "command_bytes", most-1) || !s.aborted {
			t.Errorf("a command set of one byte more: %v", err)
		}
		if err := serveScript(t, newScript(pieces...), newEverything(), dimse.Limits{CommandBytes: -1}); err != nil {
			t.Errorf("without a limit: %v", err)
		}
	}
}

func TestLimit_IdentifierBytes(t *testing.T) {
	b := identifier()
	most := int64(len(b))
	for _, n := range []int{len(b), 5} {
		say := append([]ul.PDV{cmd(onFind, pendingRSP)}, split(data(onFind, b), n)...)
		say = append(say, cmd(onFind, finalRSP))
		if _, err := clientScript(newScript(say...), dimse.Limits{IdentifierBytes: most}).Find(within(t), studies(), nil); err != nil {
			t.Errorf("an identifier of %d bytes: %v", most, err)
		}
		_, err := clientScript(newScript(say...), dimse.Limits{IdentifierBytes: most - 1}).Find(within(t), studies(), nil)
		if !breach(err, "identifier_bytes", most-1) {
			t.Errorf("an identifier of one byte more: %v", err)
		}
	}
	say := []ul.PDV{cmd(onFind, findRQ), data(onFind, b)}
	if err := serveScript(t, newScript(say...), newEverything(), dimse.Limits{IdentifierBytes: most - 1}); !breach(err, "identifier_bytes", most-1) {
		t.Errorf("a query of one byte more: %v", err)
	}
}

func TestLimit_ObjectBytes(t *testing.T) {
	say := append([]ul.PDV{cmd(onStore, storeRQ)}, split(data(onStore, make([]byte, 100)), 30)...)
	if err := serveScript(t, newScript(say...), newEverything(), dimse.Limits{ObjectBytes: 100}); err != nil {
		t.Errorf("an object of 100 bytes: %v", err)
	}
	s := newScript(say...)
	if err := serveScript(t, s, newEverything(), dimse.Limits{ObjectBytes: 99}); !breach(err, "object_bytes", 99) || !s.aborted {
		t.Errorf("an object of one byte more: %v", err)
	}
	if n := len(s.commands(t)); n != 0 {
		t.Errorf("%d answers to it", n)
	}
}

func TestLimit_DrainBytes(t *testing.T) {
	say := append([]ul.PDV{cmd(onStore, storeRQ)}, split(data(onStore, make([]byte, 100)), 30)...)
	session := newEverything()
	session.store = func(*dimse.StoreRequest) dimse.Status { return dimse.OutOfResources }
	for name, session := range map[string]dimse.Session{"not_read": session, "refused": nil} {
		if err := serveScript(t, newScript(say...), session, dimse.Limits{DrainBytes: 100}); err != nil {
			t.Errorf("%s: 100 bytes: %v", name, err)
		}
		if err := serveScript(t, newScript(say...), session, dimse.Limits{DrainBytes: 99}); !breach(err, "drain_bytes", 99) {
			t.Errorf("%s: one byte more: %v", name, err)
		}
	}
}

// endless is a peer that answers for ever.
func endless(each ...ul.PDV) *script {
	s := newScript()
	s.next = func(n int) (ul.PDV, bool) { return each[n%len(each)], true }
	return s
}

func TestLimit_Responses(t *testing.T) {
	say := []ul.PDV{cmd(onFind, pendingRSP), data(onFind, identifier())}
	three := append(append(append([]ul.PDV(nil), say...), say...), say...)
	if _, err := clientScript(newScript(append(three, cmd(onFind, finalRSP))...), dimse.Limits{Responses: 3}).Find(within(t), studies(), nil); err != nil {
		t.Errorf("3 answers: %v", err)
	}
	s, seen := endless(say...), 0
	_, err := clientScript(s, dimse.Limits{Responses: 3}).Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error {
		seen++
		return nil
	})
	if !breach(err, "responses", 3) || seen != 3 || !s.aborted {
		t.Errorf("answers without end: saw %d, %v", seen, err)
	}
	pending := cmd(onGet, with(getRSP, func(c *dimse.Command) { c.Status = dimse.Pending }))
	if _, err := clientScript(endless(pending), dimse.Limits{Responses: 3}).Get(within(t), &dimse.Query{Model: dimse.StudyRootGet}, nil); !breach(err, "responses", 3) {
		t.Errorf("pending responses of C-GET without end: %v", err)
	}
}

// TestLimit_CancelResponses: a peer that takes no notice of C-CANCEL.
func TestLimit_CancelResponses(t *testing.T) {
	s, seen := endless(cmd(onFind, pendingRSP), data(onFind, identifier())), 0
	_, err := clientScript(s, dimse.Limits{CancelResponses: 5}).Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error {
		seen++
		return dimse.ErrCancel
	})
	if !breach(err, "cancel_responses", 5) || seen != 1 || s.n != 2*7 || !s.aborted {
		t.Errorf("saw %d of %d pieces, %v", seen, s.n, err)
	}
	if got := s.commands(t); len(got) != 2 || got[1].Field != dimse.CCancelRQ || got[1].RespondedTo != 1 {
		t.Errorf("said %+v", got)
	}
}

func TestLimit_SubOperations(t *testing.T) {
	object := []ul.PDV{cmd(onStore, storeRQ), data(onStore, []byte("x"))}
	get := func(s *script) (stored int, err error) {
		c := clientScript(s, dimse.Limits{SubOperations: 2})
		c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
			stored++
			_, _ = io.Copy(io.Discard, rq.Data)
			return dimse.Success
		}
		_, err = c.Get(within(t), &dimse.Query{Model: dimse.StudyRootGet}, nil)
		return stored, err
	}
	if n, err := get(newScript(object[0], object[1], object[0], object[1], cmd(onGet, getRSP))); n != 2 || err != nil {
		t.Errorf("2 objects: %d, %v", n, err)
	}
	if n, err := get(endless(object...)); n != 2 || !breach(err, "sub_operations", 2) {
		t.Errorf("objects without end: %d, %v", n, err)
	}
}

// TestLimit_Memory: 4 GiB that are only claimed, or that come in the end, cost
// no memory.
func TestLimit_Memory(t *testing.T) {
	piece := ul.PDV{ContextID: onStore, Data: make([]byte, 64<<10)}
	pieces := 0
	s := newScript(cmd(onStore, storeRQ))
	s.next = func(n int) (ul.PDV, bool) {
		pieces = n
		p := piece
		p.Last = n == 4<<30/len(piece.Data)
		return p, n <= 4<<30/len(piece.Data)
	}
	if n := testing.AllocsPerRun(1, func() {
		s.n, s.say = 0, []ul.PDV{cmd(onStore, storeRQ)}
		if err := serveScript(t, s, newEverything(), dimse.Limits{}); err != nil {
			t.Fatal(err)
		}
	}); n > 200 {
		t.Errorf("%v allocations for %d pieces", n, pieces)
	}
	claim := append(echoRQ.Append(nil), 0, 0, 2, 9, 0xFE, 0xFF, 0xFF, 0xFF)
	if n := testing.AllocsPerRun(10, func() {
		var c dimse.Command
		if c.Unmarshal(claim) == nil {
			t.Fatal("taken")
		}
	}); n > 3 {
		t.Errorf("%v allocations for a value that claims 4 GiB", n)
	}
	if !bytes.Equal(piece.Data, make([]byte, 64<<10)) {
		t.Error("a reader wrote into the association's buffer")
	}
}
