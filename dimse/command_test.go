package dimse_test

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"reflect"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
)

// messages has one of each command set, and of each element.
func messages() []dimse.Command {
	const study, ct, uid = dimse.StudyRootFind, "1.2.840.10008.5.1.4.1.1.2", "1.2.3.4.5"
	counts := func(c dimse.Command, n ...int) dimse.Command {
		c.Remaining, c.Completed = dimse.CountOf(n[0]), dimse.CountOf(n[1])
		c.Failed, c.Warning = dimse.CountOf(n[2]), dimse.CountOf(n[3])
		return c
	}
	return []dimse.Command{
		{Field: dimse.CEchoRQ, MessageID: 1, AffectedSOPClass: dimse.Verification},
		{Field: dimse.CEchoRSP, RespondedTo: 1, AffectedSOPClass: dimse.Verification},
		{Field: dimse.CStoreRQ, MessageID: 65535, AffectedSOPClass: ct, AffectedSOPInstance: uid, Priority: dimse.High,
			HasDataset: true, MoveOriginator: "PACS", MoveOriginatorID: 7},
		{Field: dimse.CStoreRSP, RespondedTo: 65535, AffectedSOPClass: ct, AffectedSOPInstance: uid,
			Status: dimse.IdentifierMismatch, OffendingElements: []dicom.Tag{0x00080016, 0x7FE00010}, ErrorComment: "odd"},
		{Field: dimse.CFindRQ, MessageID: 2, AffectedSOPClass: study, Priority: dimse.Low, HasDataset: true},
		{Field: dimse.CFindRSP, RespondedTo: 2, AffectedSOPClass: study, Status: dimse.Pending, HasDataset: true},
		{Field: dimse.CFindRSP, RespondedTo: 2, AffectedSOPClass: study, Status: dimse.PendingWarning, HasDataset: true},
		{Field: dimse.CFindRSP, RespondedTo: 2, Status: dimse.OutOfResources},
		{Field: dimse.CGetRQ, MessageID: 3, AffectedSOPClass: dimse.StudyRootGet, HasDataset: true},
		counts(dimse.Command{Field: dimse.CGetRSP, RespondedTo: 3, AffectedSOPClass: dimse.StudyRootGet, Status: dimse.Pending}, 9, 0, 1, 2),
		{Field: dimse.CMoveRQ, MessageID: 4, AffectedSOPClass: dimse.StudyRootMove, MoveDestination: "HERE", HasDataset: true},
		counts(dimse.Command{Field: dimse.CMoveRSP, RespondedTo: 4, AffectedSOPClass: dimse.StudyRootMove, Status: dimse.SomeFailed, HasDataset: true}, 0, 65535, 70000, 0),
		{Field: dimse.CCancelRQ, RespondedTo: 4},
		{Field: dimse.NActionRQ, MessageID: 5, RequestedSOPClass: dimse.StorageCommitment,
			RequestedSOPInstance: dimse.StorageCommitmentInstance, ActionTypeID: 1, HasDataset: true},
		{Field: dimse.NActionRSP, RespondedTo: 5, AffectedSOPClass: dimse.StorageCommitment,
			AffectedSOPInstance: dimse.StorageCommitmentInstance, ActionTypeID: 1},
		{Field: dimse.NEventReportRQ, MessageID: 6, AffectedSOPClass: dimse.StorageCommitment,
			AffectedSOPInstance: dimse.StorageCommitmentInstance, EventTypeID: 2, HasDataset: true},
		{Field: dimse.NEventReportRSP, RespondedTo: 6, AffectedSOPClass: dimse.StorageCommitment,
			AffectedSOPInstance: dimse.StorageCommitmentInstance, EventTypeID: 2, Status: dimse.ProcessingFailure, ErrorID: 12},
	}
}

func TestCommand_RoundTrip(t *testing.T) {
	for i, m := range messages() {
		t.Run(fmt.Sprintf("%02d_%v", i, m.Field), func(t *testing.T) {
			b := m.Append(nil)
			var got dimse.Command
			if err := got.Unmarshal(b); err != nil {
				t.Fatal(err)
			}
			if got.OffendingElements == nil {
				got.OffendingElements = m.OffendingElements
			}
			if !reflect.DeepEqual(got, m) {
				t.Errorf("got  %+v\nwant %+v", got, m)
			}
			if again := got.Append(nil); !bytes.Equal(again, b) {
				t.Errorf("written again: %x, want %x", again, b)
			}
		})
	}
}

// TestCommand_Bytes compares with bytes written by hand from PS3.7 table 9.3-3.
func TestCommand_Bytes(t *testing.T) {
	c := dimse.Command{Field: dimse.CFindRQ, MessageID: 7, AffectedSOPClass: dimse.StudyRootFind, HasDataset: true}
	want := "00000000" + "04000000" + "4c000000" + // group length 76
		"00000200" + "1c000000" + hex.EncodeToString([]byte("1.2.840.10008.5.1.4.1.2.2.1\x00")) +
		"00000001" + "02000000" + "2000" + // C-FIND-RQ
		"00001001" + "02000000" + "0700" + // Message ID
		"00000007" + "02000000" + "0000" + // Priority: medium
		"00000008" + "02000000" + "0100" // Command Data Set Type: there is one
	if got := hex.EncodeToString(c.Append(nil)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestCommand_PrefixFails(t *testing.T) {
	for _, m := range messages() {
		b := m.Append(nil)
		var c dimse.Command
		for n := range b {
			if c.Unmarshal(b[:n]) == nil {
				t.Errorf("%v: the first %d of %d bytes are taken for a command set", m.Field, n, len(b))
			}
		}
	}
}

func TestCommand_RandomNeverPanics(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	all := messages()
	var c dimse.Command
	for range 20_000 {
		b := all[r.IntN(len(all))].Append(nil)
		for range 1 + r.IntN(4) {
			b[r.IntN(len(b))] = byte(r.Uint32())
		}
		_ = c.Unmarshal(b)
		_ = c.Append(nil)
	}
}

func TestCommand_Refused(t *testing.T) {
	ok := dimse.Command{Field: dimse.CEchoRQ, MessageID: 1}
	element := func(group, elem uint16, n uint32, v ...byte) []byte {
		b := binary.LittleEndian.AppendUint16(nil, group)
		b = binary.LittleEndian.AppendUint16(b, elem)
		return append(binary.LittleEndian.AppendUint32(b, n), v...)
	}
	for _, tc := range []struct {
		name string
		b    []byte
	}{
		{"nothing", nil},
		{"4_GiB_value", append(ok.Append(nil), element(0, 0x0902, 0xFFFFFFFE, 'x')...)},
		{"undefined_length", append(ok.Append(nil), element(0, 0x0902, 0xFFFFFFFF, 'x')...)},
		{"other_group", append(ok.Append(nil), element(8, 0x0016, 2, '1', 0)...)},
		{"status_of_4_bytes", append(ok.Append(nil), element(0, 0x0900, 4, 0, 0, 0, 0)...)},
		{"tags_of_6_bytes", append(ok.Append(nil), element(0, 0x0901, 6, 0, 0, 0, 0, 0, 0)...)},
		{"uid_of_66_bytes", append(ok.Append(nil), element(0, 0x0002, 66, bytes.Repeat([]byte{'1'}, 66)...)...)},
		{"group_length_of_2_bytes", append(element(0, 0, 2, 0, 0), ok.Append(nil)[12:]...)},
		{"field_twice", append(ok.Append(nil), element(0, 0x0100, 2, 0x20, 0)...)},
		{"element_twice_apart", append(element(0, 0x0902, 0), append(ok.Append(nil), element(0, 0x0902, 0)...)...)},
		{"retired_element_twice", append(ok.Append(nil), append(element(0, 0x5101, 0), element(0, 0x5101, 0)...)...)},
		{"group_length_twice", append(ok.Append(nil), ok.Append(nil)[:12]...)},
		{"element_twice", append(ok.Append(nil), element(0, 0x0800, 2, 1, 0)...)},
		{"no_field", element(0, 0x0110, 2, 1, 0)},
		{"response_without_status", (&dimse.Command{Field: dimse.CEchoRSP}).Append(nil)[:12+10+10]},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var c dimse.Command
			if err := c.Unmarshal(tc.b); err == nil {
				t.Errorf("taken for %+v", c)
			}
		})
	}
}

// TestCommand_Tolerated are habits of real peers that harm nobody.
func TestCommand_Tolerated(t *testing.T) {
	whole := (&dimse.Command{Field: dimse.CEchoRQ, MessageID: 258, AffectedSOPClass: "1.2"}).Append(nil)
	body := whole[12:]
	for name, b := range map[string][]byte{
		"no_group_length":      body,
		"group_length_last":    append(bytes.Clone(body), whole[:12]...),
		"unknown_one_first":    append([]byte{0, 0, 1, 0x51, 2, 0, 0, 0, 0, 0}, whole...),
		"retired_element":      append(bytes.Clone(body), 0, 0, 1, 0x51, 2, 0, 0, 0, 0, 0), // (0000,5101)
		"uid_padded_by_spaces": bytes.Replace(body, []byte("1.2\x00"), []byte("1.2 "), 1),
		"empty_error_comment":  append(bytes.Clone(body), 0, 0, 2, 9, 0, 0, 0, 0), // (0000,0902)
	} {
		t.Run(name, func(t *testing.T) {
			var c dimse.Command
			if err := c.Unmarshal(b); err != nil {
				t.Fatal(err)
			}
			if c.Field != dimse.CEchoRQ || c.MessageID != 258 || c.AffectedSOPClass != "1.2" {
				t.Errorf("got %+v", c)
			}
		})
	}
}

// TestCommand_AnyOrder takes the elements of each message in the reverse order.
func TestCommand_AnyOrder(t *testing.T) {
	for _, m := range messages() {
		b := m.Append(nil)
		var reversed []byte
		for len(b) > 0 {
			n := 8 + binary.LittleEndian.Uint32(b[4:])
			reversed = append(bytes.Clone(b[:n]), reversed...)
			b = b[n:]
		}
		var got dimse.Command
		if err := got.Unmarshal(reversed); err != nil {
			t.Errorf("%v: %v", m.Field, err)
		} else if want := m.Append(nil); !bytes.Equal(got.Append(nil), want) {
			t.Errorf("%v: got %+v, want %+v", m.Field, got, m)
		}
		if n := testing.AllocsPerRun(10, func() { _ = got.Unmarshal(reversed) }); n > 0 {
			t.Errorf("%v: %v allocations, want 0", m.Field, n)
		}
	}
}

// TestCommand_NoAllocation holds the promise for the stream of responses to
// one request.
func TestCommand_NoAllocation(t *testing.T) {
	find := dimse.Command{Field: dimse.CFindRSP, RespondedTo: 2, AffectedSOPClass: dimse.StudyRootFind, Status: dimse.Pending, HasDataset: true}
	get := dimse.Command{Field: dimse.CGetRSP, RespondedTo: 2, AffectedSOPClass: dimse.StudyRootGet, Status: dimse.Pending,
		Remaining: dimse.CountOf(5), Completed: dimse.CountOf(1), Failed: dimse.CountOf(0), Warning: dimse.CountOf(0)}
	for _, m := range []dimse.Command{find, get} {
		b, out := m.Append(nil), make([]byte, 0, 512)
		var c dimse.Command
		if n := testing.AllocsPerRun(100, func() {
			if err := c.Unmarshal(b); err != nil {
				t.Fatal(err)
			}
			out = c.Append(out[:0])
		}); n != 0 {
			t.Errorf("%v: %v allocations for one response, want 0", m.Field, n)
		}
	}
}

// TestCommand_KeepsNoBytes: a Command outlives the buffer that it was read from.
func TestCommand_KeepsNoBytes(t *testing.T) {
	m := dimse.Command{Field: dimse.CStoreRQ, MessageID: 1, AffectedSOPClass: "1.2.3", AffectedSOPInstance: "1.2.3.4", MoveOriginator: "A"}
	b := m.Append(nil)
	var c dimse.Command
	if err := c.Unmarshal(b); err != nil {
		t.Fatal(err)
	}
	clear(b)
	if c.AffectedSOPClass != "1.2.3" || c.AffectedSOPInstance != "1.2.3.4" || c.MoveOriginator != "A" {
		t.Errorf("got %+v after the buffer changed", c)
	}
}

// vectors is the file of command sets, see its schema.
type vectors struct {
	TestGroups []struct {
		Type  string
		Tests []struct {
			TcID    int
			Comment string
			Hex     string
			Result  string
			Fields  map[string]any
		}
	}
}

func readVectors(tb testing.TB) vectors {
	b, err := os.ReadFile("../testdata/vectors/dimse/command.json")
	if err != nil {
		tb.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(b, &v); err != nil {
		tb.Fatal(err)
	}
	return v
}

// TestCommand_Vectors reads what DCMTK and Orthanc really send.
func TestCommand_Vectors(t *testing.T) {
	count := 0
	for _, g := range readVectors(t).TestGroups {
		for _, tc := range g.Tests {
			count++
			t.Run(fmt.Sprint(tc.TcID), func(t *testing.T) {
				b, err := hex.DecodeString(tc.Hex)
				if err != nil {
					t.Fatal(err)
				}
				var c dimse.Command
				if err := c.Unmarshal(b); (err == nil) == (tc.Result == "invalid") {
					t.Fatalf("%s: error %v, want it %s", tc.Comment, err, tc.Result)
				}
				if tc.Result == "invalid" {
					return
				}
				if got := fieldsOf(&c); !reflect.DeepEqual(got, tc.Fields) {
					t.Errorf("%s: got %v, want %v", tc.Comment, got, tc.Fields)
				}
				if again := c.Append(nil); tc.Result == "valid" && !bytes.Equal(again, b) {
					t.Errorf("%s: written again: %x, want %x", tc.Comment, again, b)
				}
			})
		}
	}
	if count < 30 {
		t.Errorf("%d vectors, want the 30 that were recorded and written", count)
	}
}

// fieldsOf names what a command set holds by the keywords of PS3.7 annex E.
func fieldsOf(c *dimse.Command) map[string]any {
	m := map[string]any{"Command": c.Field.String(), "HasDataset": c.HasDataset}
	number := func(k string, n uint16, have bool) {
		if have {
			m[k] = float64(n)
		}
	}
	text := func(k, s string) {
		if s != "" {
			m[k] = s
		}
	}
	named := c.Field.IsResponse() || c.Field == dimse.CCancelRQ
	number("MessageID", c.MessageID, !named)
	number("MessageIDBeingRespondedTo", c.RespondedTo, named)
	number("Status", uint16(c.Status), c.Field.IsResponse())
	number("Priority", uint16(c.Priority), c.Priority != 0)
	number("ErrorID", c.ErrorID, c.ErrorID != 0)
	number("EventTypeID", c.EventTypeID, c.EventTypeID != 0)
	number("ActionTypeID", c.ActionTypeID, c.ActionTypeID != 0)
	number("MoveOriginatorMessageID", c.MoveOriginatorID, c.MoveOriginator != "")
	number("NumberOfRemainingSuboperations", c.Remaining.N, c.Remaining.Valid)
	number("NumberOfCompletedSuboperations", c.Completed.N, c.Completed.Valid)
	number("NumberOfFailedSuboperations", c.Failed.N, c.Failed.Valid)
	number("NumberOfWarningSuboperations", c.Warning.N, c.Warning.Valid)
	text("AffectedSOPClassUID", string(c.AffectedSOPClass))
	text("RequestedSOPClassUID", string(c.RequestedSOPClass))
	text("AffectedSOPInstanceUID", string(c.AffectedSOPInstance))
	text("RequestedSOPInstanceUID", string(c.RequestedSOPInstance))
	text("MoveDestination", c.MoveDestination)
	text("MoveOriginatorApplicationEntityTitle", c.MoveOriginator)
	text("ErrorComment", c.ErrorComment)
	return m
}

func FuzzCommand(f *testing.F) {
	for _, m := range messages() {
		f.Add(m.Append(nil))
	}
	for _, g := range readVectors(f).TestGroups {
		for _, tc := range g.Tests {
			if b, err := hex.DecodeString(tc.Hex); err == nil {
				f.Add(b)
			}
		}
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var c, again dimse.Command
		if c.Unmarshal(b) != nil {
			return
		}
		if err := again.Unmarshal(c.Append(nil)); err != nil {
			t.Fatalf("%+v cannot be read back: %v", c, err)
		}
		again.Append(nil)
	})
}

func BenchmarkCommand_Unmarshal(b *testing.B) {
	m := dimse.Command{Field: dimse.CFindRSP, RespondedTo: 2, AffectedSOPClass: dimse.StudyRootFind, Status: dimse.Pending, HasDataset: true}
	raw := m.Append(nil)
	var c dimse.Command
	b.ReportAllocs()
	for b.Loop() {
		if err := c.Unmarshal(raw); err != nil {
			b.Fatal(err)
		}
	}
}
