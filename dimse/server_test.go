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

// everything does all services, by functions that may be nil.
type everything struct {
	finder
	store func(*dimse.StoreRequest) dimse.Status
	get   func(context.Context, *dimse.Query, dimse.SubOperations) (*dimse.Response, error)
	move  func(*dimse.Query, func(*dimse.Response) error) (*dimse.Response, error)
}

func (everything) Echo(context.Context) dimse.Status { return dimse.Success }

func (e everything) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status { return e.store(rq) }

func (e everything) Get(ctx context.Context, q *dimse.Query, send dimse.SubOperations) (*dimse.Response, error) {
	return e.get(ctx, q, send)
}

func (e everything) Move(_ context.Context, q *dimse.Query, report func(*dimse.Response) error) (*dimse.Response, error) {
	return e.move(q, report)
}

func (everything) Action(context.Context, *dimse.ActionRequest) *dimse.ActionResponse {
	return &dimse.ActionResponse{Status: dimse.NoSuchAction}
}

// newEverything answers with what the services have to say at least.
func newEverything() everything {
	return everything{
		finder: func(_ context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
			return dimse.Success, m.Send(study(1))
		},
		store: func(rq *dimse.StoreRequest) dimse.Status {
			if _, err := io.Copy(io.Discard, rq.Data); err != nil {
				return dimse.OutOfResources
			}
			return dimse.Success
		},
		get: func(context.Context, *dimse.Query, dimse.SubOperations) (*dimse.Response, error) { return nil, nil },
		move: func(*dimse.Query, func(*dimse.Response) error) (*dimse.Response, error) {
			return &dimse.Response{}, nil
		},
	}
}

// TestServe_Answers: each request, in order or not, has one defined answer.
func TestServe_Answers(t *testing.T) {
	unknown := with(echoRQ, func(c *dimse.Command) { c.Field = 0x0140 }) // N-CREATE-RQ
	for _, tc := range []struct {
		name    string
		session dimse.Session
		say     []ul.PDV
		want    []dimse.Status
	}{
		{"echo", newEverything(), []ul.PDV{cmd(onEcho, echoRQ)}, []dimse.Status{dimse.Success}},
		{"echo_in_fragments", newEverything(), split(cmd(onEcho, echoRQ), 5), []dimse.Status{dimse.Success}},
		{"echo_with_data_set", newEverything(), []ul.PDV{
			cmd(onEcho, with(echoRQ, func(c *dimse.Command) { c.HasDataset = true })), data(onEcho, nil), cmd(onEcho, echoRQ),
		}, []dimse.Status{dimse.MistypedArgument, dimse.Success}},
		{"echo_not_implemented", nil, []ul.PDV{cmd(onEcho, echoRQ)}, []dimse.Status{dimse.RefusedSOPClass}},
		{"unknown_operation", newEverything(), []ul.PDV{cmd(onPrint, unknown), cmd(onEcho, echoRQ)},
			[]dimse.Status{dimse.UnrecognisedOperation, dimse.Success}},
		{"unknown_operation_with_data_set", newEverything(), append(append([]ul.PDV{
			cmd(onPrint, with(unknown, func(c *dimse.Command) { c.HasDataset = true }))},
			split(data(onPrint, identifier()), 7)...), cmd(onEcho, echoRQ)),
			[]dimse.Status{dimse.UnrecognisedOperation, dimse.Success}},
		{"find", newEverything(), []ul.PDV{cmd(onFind, findRQ), data(onFind, identifier())},
			[]dimse.Status{dimse.Pending, dimse.Success}},
		{"find_in_fragments", newEverything(), append(split(cmd(onFind, findRQ), 1), split(data(onFind, identifier()), 1)...),
			[]dimse.Status{dimse.Pending, dimse.Success}},
		{"find_without_identifier", newEverything(), []ul.PDV{
			cmd(onFind, with(findRQ, func(c *dimse.Command) { c.HasDataset = false })), cmd(onEcho, echoRQ),
		}, []dimse.Status{dimse.MistypedArgument, dimse.Success}},
		{"find_garbage", newEverything(), []ul.PDV{cmd(onFind, findRQ), data(onFind, []byte("no data set")), cmd(onEcho, echoRQ)},
			[]dimse.Status{dimse.UnableToProcess, dimse.Success}},
		{"find_on_the_context_of_echo", newEverything(), []ul.PDV{cmd(onEcho, findRQ), data(onEcho, identifier())},
			[]dimse.Status{dimse.RefusedSOPClass}},
		{"find_of_a_storage_class", newEverything(), []ul.PDV{
			cmd(onStore, with(findRQ, func(c *dimse.Command) { c.AffectedSOPClass = ctImage })), data(onStore, identifier())},
			[]dimse.Status{dimse.RefusedSOPClass}},
		{"find_not_implemented", nil, []ul.PDV{cmd(onFind, findRQ), data(onFind, identifier()), cmd(onEcho, echoRQ)},
			[]dimse.Status{dimse.RefusedSOPClass, dimse.RefusedSOPClass}},
		{"store", newEverything(), append([]ul.PDV{cmd(onStore, storeRQ)}, split(data(onStore, make([]byte, 100)), 30)...),
			[]dimse.Status{dimse.Success}},
		{"store_without_data_set", newEverything(), []ul.PDV{
			cmd(onStore, with(storeRQ, func(c *dimse.Command) { c.HasDataset = false })), cmd(onEcho, echoRQ),
		}, []dimse.Status{dimse.MistypedArgument, dimse.Success}},
		{"store_without_instance", newEverything(), []ul.PDV{
			cmd(onStore, with(storeRQ, func(c *dimse.Command) { c.AffectedSOPInstance = "" })), data(onStore, make([]byte, 8)),
		}, []dimse.Status{dimse.MistypedArgument}},
		{"store_of_another_class", newEverything(), []ul.PDV{
			cmd(onStore, with(storeRQ, func(c *dimse.Command) { c.AffectedSOPClass = "1.2.840.10008.5.1.4.1.1.4" })), data(onStore, make([]byte, 8)),
		}, []dimse.Status{dimse.RefusedSOPClass}},
		{"store_not_implemented", nil, []ul.PDV{cmd(onStore, storeRQ), data(onStore, make([]byte, 8)), cmd(onEcho, echoRQ)},
			[]dimse.Status{dimse.RefusedSOPClass, dimse.RefusedSOPClass}},
		{"get_nothing", newEverything(), []ul.PDV{cmd(onGet, getRQ), data(onGet, identifier())}, []dimse.Status{dimse.Success}},
		{"get_not_implemented", nil, []ul.PDV{cmd(onGet, getRQ), data(onGet, identifier())}, []dimse.Status{dimse.RefusedSOPClass}},
		{"move_nothing", newEverything(), []ul.PDV{cmd(onMove, moveRQ), data(onMove, identifier())}, []dimse.Status{dimse.Success}},
		{"move_nowhere", newEverything(), []ul.PDV{
			cmd(onMove, with(moveRQ, func(c *dimse.Command) { c.MoveDestination = "" })), data(onMove, identifier()),
		}, []dimse.Status{dimse.MoveDestinationUnknown}},
		{"cancel_of_nothing", newEverything(), []ul.PDV{
			cmd(onFind, dimse.Command{Field: dimse.CCancelRQ, RespondedTo: 9}), cmd(onEcho, echoRQ),
		}, []dimse.Status{dimse.Success}},
		{"action_unknown", newEverything(), []ul.PDV{
			cmd(onCommit, dimse.Command{Field: dimse.NActionRQ, MessageID: 1, RequestedSOPClass: dimse.StorageCommitment, ActionTypeID: 9}),
		}, []dimse.Status{dimse.NoSuchAction}},
		{"action_not_implemented", nil, []ul.PDV{
			cmd(onCommit, dimse.Command{Field: dimse.NActionRQ, MessageID: 1, RequestedSOPClass: dimse.StorageCommitment}),
		}, []dimse.Status{dimse.NoSuchSOPClass}},
		{"action_with_garbage", newEverything(), []ul.PDV{
			cmd(onCommit, dimse.Command{Field: dimse.NActionRQ, MessageID: 1, RequestedSOPClass: dimse.StorageCommitment, HasDataset: true}),
			data(onCommit, []byte("garbage")),
		}, []dimse.Status{dimse.InvalidArgument}},
		{"action_of_a_meta_sop_class", newEverything(), []ul.PDV{
			cmd(onPrint, dimse.Command{Field: dimse.NActionRQ, MessageID: 1, RequestedSOPClass: "1.2.840.10008.5.1.1.2"}), cmd(onEcho, echoRQ),
		}, []dimse.Status{dimse.NoSuchSOPClass, dimse.Success}},
		{"event_not_implemented", newEverything(), []ul.PDV{
			cmd(onCommit, dimse.Command{Field: dimse.NEventReportRQ, MessageID: 1, AffectedSOPClass: dimse.StorageCommitment}),
		}, []dimse.Status{dimse.NoSuchSOPClass}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScript(tc.say...)
			s.stay = true
			done := make(chan error, 1)
			go func() { done <- serveScript(t, s, tc.session, dimse.Limits{}) }()
			s.waitFor(t, len(tc.want))
			_ = s.Abort(0)
			if err := <-done; !errors.Is(err, errAborted) {
				t.Errorf("serving ended with %v before the peer did", err)
			}
			var got []dimse.Status
			for _, c := range s.commands(t) {
				got = append(got, c.Status)
			}
			if !equal(got, tc.want) {
				t.Errorf("answers %v, want %v", got, tc.want)
			}
		})
	}
}

func equal[T comparable](a, b []T) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// TestServe_Violations: what PS3.7 does not allow ends the association.
func TestServe_Violations(t *testing.T) {
	response := dimse.Command{Field: dimse.CEchoRSP, RespondedTo: 1}
	blocks := newEverything()
	blocks.finder = func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		<-ctx.Done()
		return dimse.Success, context.Cause(ctx)
	}
	for name, say := range map[string][]ul.PDV{
		"data_set_where_none_is_announced": {cmd(onEcho, echoRQ), data(onEcho, []byte("x"))},
		"data_set_first":                   {data(onEcho, []byte("x"))},
		"command_where_data_set_is_due":    {cmd(onFind, findRQ), cmd(onFind, findRQ)},
		"command_within_data_set":          {cmd(onStore, storeRQ), {ContextID: onStore, Data: []byte("x")}, cmd(onStore, storeRQ)},
		"data_within_command":              {{ContextID: onEcho, Command: true, Data: []byte{0}}, data(onEcho, []byte("x"))},
		"data_set_on_another_context":      {cmd(onStore, storeRQ), data(onFind, []byte("x"))},
		"fragment_on_another_context":      {{ContextID: onEcho, Command: true, Data: []byte{0}}, {ContextID: onFind, Command: true, Last: true}},
		"context_not_accepted":             {cmd(notAccepted, echoRQ)},
		"context_not_proposed":             {cmd(99, echoRQ)},
		"even_context":                     {cmd(2, echoRQ)},
		"response_to_nothing":              {cmd(onEcho, response)},
		"store_response_to_nothing":        {cmd(onStore, dimse.Command{Field: dimse.CStoreRSP, RespondedTo: 1})},
		"garbage_command":                  {{ContextID: onEcho, Command: true, Last: true, Data: []byte("garbage in a command")}},
		"request_while_another_runs":       {cmd(onFind, findRQ), data(onFind, identifier()), cmd(onEcho, echoRQ)},
	} {
		t.Run(name, func(t *testing.T) {
			s := newScript(say...)
			s.stay = true
			err := serveScript(t, s, blocks, dimse.Limits{})
			var pe *dimse.ProtocolError
			if !errors.As(err, &pe) || !s.aborted {
				t.Errorf("error %v, aborted %v; want a ProtocolError and an abort", err, s.aborted)
			}
		})
	}
}

// TestServe_Release: a peer that releases between messages is in order, within
// one it is not.
func TestServe_Release(t *testing.T) {
	s := newScript(cmd(onEcho, echoRQ))
	if err := serveScript(t, s, newEverything(), dimse.Limits{}); err != nil || s.aborted {
		t.Errorf("error %v, aborted %v; want neither", err, s.aborted)
	}
	s = newScript(cmd(onFind, findRQ))
	if err := serveScript(t, s, newEverything(), dimse.Limits{}); !errors.Is(err, io.ErrUnexpectedEOF) || !s.aborted {
		t.Errorf("error %v, aborted %v; want an unexpected end and an abort", err, s.aborted)
	}
}

// TestServe_PeerGoes: a handler whose peer is gone is told, and Serve waits for it.
func TestServe_PeerGoes(t *testing.T) {
	told := make(chan error, 1)
	session := newEverything()
	session.finder = func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		<-ctx.Done()
		told <- m.Send(study(1))
		return dimse.Success, nil
	}
	if err := serveScript(t, newScript(cmd(onFind, findRQ), data(onFind, identifier())), session, dimse.Limits{}); err != nil {
		t.Error(err)
	}
	select {
	case err := <-told:
		if !errors.Is(err, io.EOF) {
			t.Errorf("match said %v, want the release", err)
		}
	default:
		t.Error("Serve did not wait for the handler")
	}
}

// TestServe_StoreUnread: what a handler leaves is drained, and the next message
// is found.
func TestServe_StoreUnread(t *testing.T) {
	var kept io.Reader
	session := newEverything()
	session.store = func(rq *dimse.StoreRequest) dimse.Status {
		_, _ = io.ReadFull(rq.Data, make([]byte, 10))
		kept = rq.Data
		return dimse.OutOfResources
	}
	say := append([]ul.PDV{cmd(onStore, storeRQ)}, split(data(onStore, make([]byte, 1000)), 64)...)
	s := newScript(append(say, cmd(onEcho, echoRQ))...)
	if err := serveScript(t, s, session, dimse.Limits{}); err != nil {
		t.Fatal(err)
	}
	got := s.commands(t)
	if len(got) != 2 || got[0].Status != dimse.OutOfResources || got[1].Status != dimse.Success {
		t.Errorf("answers %+v", got)
	}
	if got[0].AffectedSOPClass != ctImage || got[0].AffectedSOPInstance != "1.2.3" || got[0].RespondedTo != 3 {
		t.Errorf("answer %+v does not name the object", got[0])
	}
	if _, err := kept.Read(make([]byte, 1)); err == nil || err == io.EOF {
		t.Errorf("reading after the operation: %v, want an error", err)
	}
}

// TestServe_StoreBytes: the object arrives as it left, by Read and by WriteTo.
func TestServe_StoreBytes(t *testing.T) {
	want := make([]byte, 1000)
	for i := range want {
		want[i] = byte(i * 7)
	}
	for name, read := range map[string]func(io.Reader) ([]byte, error){
		"read": func(r io.Reader) ([]byte, error) { return io.ReadAll(onlyReader{r}) },
		"write_to": func(r io.Reader) ([]byte, error) {
			b := new(bytes.Buffer)
			_, err := io.Copy(b, r)
			return b.Bytes(), err
		},
	} {
		t.Run(name, func(t *testing.T) {
			session := newEverything()
			session.store = func(rq *dimse.StoreRequest) dimse.Status {
				got, err := read(rq.Data)
				if err != nil || !bytes.Equal(got, want) {
					t.Errorf("%d bytes, error %v; want the 1000 that were sent", len(got), err)
				}
				if rq.TransferSyntax != dicom.ImplicitVRLittleEndian.UID || rq.SOPClass != ctImage || rq.SOPInstance != "1.2.3" ||
					rq.MoveOriginator != "PACS" || rq.MoveOriginatorID != 77 || rq.Priority != dimse.High {
					t.Errorf("request %+v", rq)
				}
				return dimse.CoercedElements
			}
			rq := with(storeRQ, func(c *dimse.Command) { c.Priority, c.MoveOriginator, c.MoveOriginatorID = dimse.High, "PACS", 77 })
			say := append([]ul.PDV{cmd(onStore, rq)}, split(data(onStore, want), 33)...)
			// Fragments without data are legal, and so is an empty last one.
			say = append(say[:3], append([]ul.PDV{{ContextID: onStore}}, say[3:]...)...)
			say[len(say)-1].Last = false
			s := newScript(append(say, ul.PDV{ContextID: onStore, Last: true})...)
			if err := serveScript(t, s, session, dimse.Limits{}); err != nil {
				t.Fatal(err)
			}
			if got := s.commands(t); len(got) != 1 || got[0].Status != dimse.CoercedElements {
				t.Errorf("answers %+v", got)
			}
		})
	}
}

type onlyReader struct{ io.Reader }

// TestServe_ContextEnds: Serve aborts when its context ends.
func TestServe_ContextEnds(t *testing.T) {
	rq, ac := scripted()
	s := newScript()
	s.stay = true
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := dimse.ServeWire(ctx, s, rq, ac, newEverything(), dimse.Limits{}); !errors.Is(err, context.Canceled) || !s.aborted {
		t.Errorf("error %v, aborted %v", err, s.aborted)
	}
}
