package dimse_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

var (
	pendingRSP = dimse.Command{Field: dimse.CFindRSP, RespondedTo: 1, AffectedSOPClass: dimse.StudyRootFind, Status: dimse.Pending, HasDataset: true}
	finalRSP   = dimse.Command{Field: dimse.CFindRSP, RespondedTo: 1, AffectedSOPClass: dimse.StudyRootFind}
	getRSP     = dimse.Command{Field: dimse.CGetRSP, RespondedTo: 1, AffectedSOPClass: dimse.StudyRootGet}
)

// TestClient_Violations: what PS3.7 does not allow ends the association.
func TestClient_Violations(t *testing.T) {
	for name, say := range map[string][]ul.PDV{
		"response_to_another_message":   {cmd(onFind, with(finalRSP, func(c *dimse.Command) { c.RespondedTo = 2 }))},
		"response_of_another_kind":      {cmd(onFind, with(finalRSP, func(c *dimse.Command) { c.Field = dimse.CMoveRSP }))},
		"response_on_another_context":   {cmd(onEcho, finalRSP)},
		"request":                       {cmd(onEcho, echoRQ)},
		"store_request":                 {cmd(onStore, storeRQ), data(onStore, []byte("x"))},
		"cancel":                        {cmd(onFind, dimse.Command{Field: dimse.CCancelRQ, RespondedTo: 1})},
		"pending_without_identifier":    {cmd(onFind, with(pendingRSP, func(c *dimse.Command) { c.HasDataset = false })), cmd(onFind, finalRSP)},
		"command_where_data_set_is_due": {cmd(onFind, pendingRSP), cmd(onFind, pendingRSP)},
		"data_set_first":                {data(onFind, identifier())},
		"data_set_on_another_context":   {cmd(onFind, pendingRSP), data(onStore, identifier())},
		"garbage":                       {{ContextID: onFind, Command: true, Last: true, Data: []byte("garbage in a command")}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(say...)
			s.stay = true
			c := clientScript(s, dimse.Limits{})
			_, err := c.Find(within(t), studies(), nil)
			var pe *dimse.ProtocolError
			if !errors.As(err, &pe) || !s.aborted {
				t.Errorf("error %v, aborted %v; want a ProtocolError and an abort", err, s.aborted)
			}
		})
	}
}

// TestClient_PeerReleases: a release instead of an answer is no answer.
func TestClient_PeerReleases(t *testing.T) {
	for name, say := range map[string][]ul.PDV{
		"at_once":              nil,
		"after_one_answer":     {cmd(onFind, pendingRSP), data(onFind, identifier())},
		"instead_of_data":      {cmd(onFind, pendingRSP)},
		"within_a_command_set": split(cmd(onFind, pendingRSP), 20)[:2],
		"within_a_data_set":    append([]ul.PDV{cmd(onFind, pendingRSP)}, split(data(onFind, identifier()), 20)[:2]...),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clientScript(newScript(say...), dimse.Limits{}).Find(within(t), studies(), nil)
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("error %v, want an unexpected end", err)
			}
		})
	}
}

// TestClient_Fragments: each message may come in fragments of any size.
func TestClient_Fragments(t *testing.T) {
	want := identifier()
	for _, n := range []int{1, 2, 7, 64} {
		var say []ul.PDV
		for range 3 {
			say = append(say, split(cmd(onFind, pendingRSP), n)...)
			say = append(say, split(data(onFind, want), n)...)
		}
		s := newScript(append(say, split(cmd(onFind, finalRSP), n)...)...)
		seen := 0
		rsp, err := clientScript(s, dimse.Limits{}).Find(within(t), studies(), func(b []byte, ts *dicom.TransferSyntax) error {
			if string(b) != string(want) || ts != dicom.ImplicitVRLittleEndian {
				t.Errorf("fragments of %d: identifier %x", n, b)
			}
			seen++
			return nil
		})
		if err != nil || rsp.Status != dimse.Success || seen != 3 {
			t.Errorf("fragments of %d: %d answers, %+v, %v", n, seen, rsp, err)
		}
	}
}

// TestClient_FinalWithDataSet: an identifier where none belongs is passed over.
func TestClient_FinalWithDataSet(t *testing.T) {
	s := newScript(cmd(onFind, with(finalRSP, func(c *dimse.Command) { c.HasDataset = true })), data(onFind, identifier()))
	rsp, err := clientScript(s, dimse.Limits{}).Find(within(t), studies(), nil)
	if err != nil || rsp.Status != dimse.Success {
		t.Errorf("%+v, %v", rsp, err)
	}
}

// TestClient_Response: all of what a final response says is there.
func TestClient_Response(t *testing.T) {
	failed, err := dicom.Append(nil, func() *dicom.Dataset {
		d := new(dicom.Dataset)
		d.SetString(0x00080058, "1.2.3", "1.2.4")
		return d
	}(), dicom.ImplicitVRLittleEndian)
	if err != nil {
		t.Fatal(err)
	}
	final := with(getRSP, func(c *dimse.Command) {
		c.Status, c.ErrorComment, c.HasDataset = dimse.SomeFailed, "two are gone", true
		c.OffendingElements = []dicom.Tag{0x00080018}
		c.Completed, c.Failed, c.Warning = dimse.CountOf(7), dimse.CountOf(2), dimse.CountOf(1)
	})
	rsp, err := clientScript(newScript(cmd(onGet, final), data(onGet, failed)), dimse.Limits{}).Get(within(t),
		&dimse.Query{Model: dimse.StudyRootGet}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rsp.Status != dimse.SomeFailed || rsp.Comment != "two are gone" || rsp.Completed != 7 || rsp.Failed != 2 || rsp.Warning != 1 ||
		rsp.Remaining != -1 || !equal(rsp.FailedInstances, []dicom.UID{"1.2.3", "1.2.4"}) || !equal(rsp.OffendingElements, []dicom.Tag{0x00080018}) {
		t.Errorf("response %+v", rsp)
	}
}

// TestClient_GetRefusesObjects: without a Store the sub-operations fail, and
// the retrieval goes on.
func TestClient_GetRefusesObjects(t *testing.T) {
	s := newScript(cmd(onStore, storeRQ), data(onStore, []byte("object")), cmd(onGet, getRSP))
	rsp, err := clientScript(s, dimse.Limits{}).Get(within(t), &dimse.Query{Model: dimse.StudyRootGet}, nil)
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("%+v, %v", rsp, err)
	}
	got := s.commands(t)
	if len(got) != 2 || got[1].Field != dimse.CStoreRSP || got[1].Status != dimse.RefusedSOPClass || got[1].RespondedTo != 3 {
		t.Errorf("said %+v", got)
	}
}

// TestClient_SendFails: an object that cannot be read to its end cannot be
// taken back, so that the association is aborted.
func TestClient_SendFails(t *testing.T) {
	s := newScript()
	s.stay = true
	mine := errors.New("disk")
	c := clientScript(s, dimse.Limits{})
	_, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "1.2.3",
		Data: io.MultiReader(strings.NewReader("half"), iotest.ErrReader(mine))})
	if !errors.Is(err, mine) || !s.aborted {
		t.Errorf("error %v, aborted %v", err, s.aborted)
	}
	if len(s.heard) != 1 {
		t.Errorf("the peer heard %d pieces, want the command set alone", len(s.heard))
	}
}

// TestClient_NothingSent: what cannot be asked on this association costs it nothing.
func TestClient_NothingSent(t *testing.T) {
	s := newScript()
	c := clientScript(s, dimse.Limits{})
	for name, do := range map[string]func() error{
		"send_of_another_class": func() error {
			_, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: "1.2.3", Data: strings.NewReader("x")})
			return err
		},
		"send_in_another_syntax": func() error {
			_, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, TransferSyntax: "1.2.840.10008.1.2.1", Data: strings.NewReader("x")})
			return err
		},
		"send_of_nothing": func() error {
			_, err := c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage})
			return err
		},
		"find_in_another_model": func() error {
			_, err := c.Find(within(t), &dimse.Query{Model: dimse.PatientRootFind}, nil)
			return err
		},
		"action_of_another_class": func() error {
			_, err := c.Action(within(t), &dimse.ActionRequest{SOPClass: "1.2.3"})
			return err
		},
		"context_done": func() error {
			ctx, cancel := context.WithCancel(context.Background())
			cancel()
			_, err := c.Echo(ctx)
			return err
		},
		"cancel_of_nothing": func() error {
			if err := c.Cancel(); err != nil {
				return err
			}
			return errors.New("nothing to cancel")
		},
	} {
		if err := do(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	if len(s.heard) != 0 || s.aborted {
		t.Errorf("the peer heard %d pieces, aborted %v", len(s.heard), s.aborted)
	}
}

// TestClient_MessageIDs: each request has an id of its own, never 0.
func TestClient_MessageIDs(t *testing.T) {
	s := newScript()
	s.reply = func(p ul.PDV) []ul.PDV {
		var c dimse.Command
		if !p.Command || c.Unmarshal(p.Data) != nil {
			return nil
		}
		if c.MessageID == 0 {
			t.Error("a request with Message ID 0")
		}
		return []ul.PDV{cmd(onEcho, dimse.Command{Field: dimse.CEchoRSP, RespondedTo: c.MessageID})}
	}
	c := clientScript(s, dimse.Limits{})
	for i := range 65_537 {
		if _, err := c.Echo(context.Background()); err != nil {
			t.Fatalf("echo %d: %v", i, err)
		}
		s.heard = s.heard[:0]
	}
}

// TestClient_OneAtATime: an operation within an operation is refused.
func TestClient_OneAtATime(t *testing.T) {
	s := newScript(cmd(onFind, pendingRSP), data(onFind, identifier()), cmd(onFind, finalRSP))
	c := clientScript(s, dimse.Limits{})
	rsp, err := c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error {
		if _, err := c.Echo(context.Background()); err == nil {
			t.Error("echo within find")
		}
		return nil
	})
	if err != nil || rsp.Status != dimse.Success {
		t.Errorf("%+v, %v", rsp, err)
	}
}

// TestClient_ErrorsHoldNoPatient: what the peer says about a patient is in no error.
func TestClient_ErrorsHoldNoPatient(t *testing.T) {
	const planted = "PLANTED^NAME"
	bad := with(finalRSP, func(c *dimse.Command) { c.ErrorComment, c.RespondedTo = planted, 9 })
	_, err := clientScript(newScript(cmd(onFind, bad)), dimse.Limits{}).Find(within(t), studies(), nil)
	if err == nil || strings.Contains(err.Error(), planted) {
		t.Errorf("error %v", err)
	}
	status := &dimse.StatusError{Status: dimse.UnableToProcess, Comment: planted}
	if strings.Contains(status.Error(), planted) {
		t.Errorf("error %v", status)
	}
}
