package ul_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// messages is every PDU, with every item at least once.
func messages() map[string]ul.PDU {
	contexts := []ul.PresentationContext{
		{ID: 1, AbstractSyntax: verification, TransferSyntaxes: []dicom.UID{implicitLE}},
		{ID: 255, AbstractSyntax: studyFind, TransferSyntaxes: []dicom.UID{explicitLE, implicitLE}},
	}
	return map[string]ul.PDU{
		"rq_least": &ul.AssociateRQ{ProtocolVersion: 1, ApplicationContext: ul.ApplicationContext},
		"rq_full": &ul.AssociateRQ{
			ProtocolVersion: 3, Called: "SIXTEEN-LETTERS-", Calling: "A", ApplicationContext: "1.2.3", Contexts: contexts,
			User: ul.UserInformation{
				MaxLength: 16384, ImplementationClassUID: "2.25.1", ImplementationVersionName: "V",
				AsyncOperations: &ul.AsyncOperations{Invoked: 3, Performed: 0xFFFF},
				Roles:           []ul.RoleSelection{{SOPClass: studyFind, SCU: true}, {SOPClass: verification, SCP: true}},
				Extended:        []ul.ExtendedNegotiation{{SOPClass: studyFind, Info: []byte{1, 0, 1}}, {SOPClass: verification}},
				CommonExtended: []ul.CommonExtendedNegotiation{
					{SOPClass: "1.2", ServiceClass: "1.3", Related: []dicom.UID{"1.4", "1.5.6"}}, {SOPClass: "1", ServiceClass: "2"},
				},
				Identity: &ul.UserIdentity{Type: 2, ResponseRequired: true, Primary: []byte("alice"), Secondary: []byte("rabbit")},
				Unknown:  []ul.UnknownItem{{Type: 0x77, Data: []byte{9}}, {Type: 0x5A}},
			},
		},
		"rq_identity_alone": &ul.AssociateRQ{
			ProtocolVersion: 1, ApplicationContext: ul.ApplicationContext,
			User: ul.UserInformation{Identity: &ul.UserIdentity{Type: 5, Primary: []byte("eyJ0")}},
		},
		"ac_full": &ul.AssociateAC{
			ProtocolVersion: 1, Called: "CALLED", Calling: "CALLING", ApplicationContext: ul.ApplicationContext,
			Contexts: []ul.PresentationContextAC{
				{ID: 1, TransferSyntax: implicitLE}, {ID: 3, Result: ul.UserRejection}, {ID: 5, Result: ul.NoReason, TransferSyntax: explicitLE},
				{ID: 7, Result: ul.AbstractSyntaxNotSupported}, {ID: 9, Result: ul.TransferSyntaxesNotSupported},
			},
			User: ul.UserInformation{
				MaxLength: 1, ImplementationClassUID: "1.2.276.0.7230010.3.0.3.6.7", ImplementationVersionName: "OFFIS_DCMTK_367",
				Roles: []ul.RoleSelection{{SOPClass: studyFind, SCU: true, SCP: true}}, IdentityResponse: &ul.UserIdentityResponse{Response: []byte("ticket")},
			},
		},
		"ac_empty_response": &ul.AssociateAC{
			ProtocolVersion: 1, ApplicationContext: ul.ApplicationContext, User: ul.UserInformation{IdentityResponse: &ul.UserIdentityResponse{}},
		},
		"rj":         &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonCalledNotRecognised},
		"data_one":   &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Command: true, Last: true, Data: []byte("command")}}},
		"data_more":  &ul.DataTF{PDVs: []ul.PDV{{ContextID: 1, Data: []byte("ab")}, {ContextID: 255, Last: true, Data: []byte{}}}},
		"release_rq": &ul.ReleaseRQ{},
		"release_rp": &ul.ReleaseRP{},
		"abort":      &ul.AbortError{Source: ul.AbortProvider, Reason: ul.AbortUnexpectedPDU},
	}
}

func encoded(t testing.TB, p ul.PDU) []byte {
	t.Helper()
	b, err := p.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestMessages_RoundTrip(t *testing.T) {
	types := map[ul.PDUType]bool{}
	for name, m := range messages() {
		b := encoded(t, m)
		types[m.Type()] = true
		if got := ul.PDUType(b[0]); got != m.Type() {
			t.Errorf("%s: first byte %02X, want %02X", name, got, m.Type())
		}
		back, err := ul.ParsePDU(b)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !reflect.DeepEqual(back, m) {
			t.Errorf("%s:\n got %+v\nwant %+v", name, back, m)
		}
		again, err := m.Append([]byte("before"))
		if err != nil || !bytes.Equal(again, append([]byte("before"), b...)) {
			t.Errorf("%s: appending is not appending: %v", name, err)
		}
	}
	if len(types) != 7 {
		t.Errorf("%d types of PDU in the table, want 7", len(types))
	}
}

func TestMessages_EveryStrictPrefixFails(t *testing.T) {
	for name, m := range messages() {
		b := encoded(t, m)
		for n := range b {
			if _, err := ul.ParsePDU(b[:n]); err == nil {
				t.Errorf("%s: the first %d of %d bytes parse", name, n, len(b))
			}
		}
	}
}

// TestMessages_EveryStrictPrefixWithItsLengthFails corrects the length of the
// PDU, so that the items themselves must notice.
func TestMessages_EveryStrictPrefixWithItsLengthFails(t *testing.T) {
	for name, m := range messages() {
		b := encoded(t, m)
		for n := 6; n < len(b); n++ {
			cut := bytes.Clone(b[:n])
			cut[2], cut[3], cut[4], cut[5] = 0, 0, byte((n-6)>>8), byte(n-6)
			if _, err := ul.ParsePDU(cut); err == nil && !endsBetweenPDVs(m, n) {
				t.Errorf("%s: the first %d of %d bytes parse", name, n, len(b))
			}
		}
	}
}

// endsBetweenPDVs reports whether n bytes hold some PDVs of a P-DATA-TF whole,
// which is a shorter P-DATA-TF.
func endsBetweenPDVs(m ul.PDU, n int) bool {
	d, ok := m.(*ul.DataTF)
	if !ok {
		return false
	}
	at := 6
	for _, p := range d.PDVs {
		if at += 6 + len(p.Data); at == n {
			return true
		}
	}
	return false
}

func TestMessages_RandomBytesNeverPanic(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	seeds := messages()
	for range 2000 {
		for _, m := range seeds {
			b := encoded(t, m)
			for range 1 + rnd.IntN(4) {
				b[rnd.IntN(len(b))] = byte(rnd.Uint32())
			}
			_, _ = ul.ParsePDU(b)
		}
		b := make([]byte, rnd.IntN(300))
		for i := range b {
			b[i] = byte(rnd.Uint32())
		}
		_, _ = ul.ParsePDU(b)
	}
}

func TestMessages_WhatDoesNotFitIsAnError(t *testing.T) {
	long := make([]byte, 0x10000)
	context := func(ids ...uint8) *ul.AssociateRQ {
		rq := new(ul.AssociateRQ)
		for _, id := range ids {
			rq.Contexts = append(rq.Contexts, ul.PresentationContext{ID: id, AbstractSyntax: verification, TransferSyntaxes: []dicom.UID{implicitLE}})
		}
		return rq
	}
	for name, m := range map[string]ul.PDU{
		"called":     &ul.AssociateRQ{Called: "SEVENTEEN-LETTERS"},
		"calling":    &ul.AssociateAC{Calling: "SEVENTEEN-LETTERS"},
		"even":       context(1, 2),
		"zero":       context(0),
		"twice":      context(3, 3),
		"item":       &ul.AssociateRQ{User: ul.UserInformation{ImplementationVersionName: string(long)}},
		"primary":    &ul.AssociateRQ{User: ul.UserInformation{Identity: &ul.UserIdentity{Primary: long}}},
		"many_items": &ul.AssociateAC{User: ul.UserInformation{Unknown: []ul.UnknownItem{{Data: long[:0xFFF0]}, {Data: long[:100]}}}},
	} {
		if b, err := m.Append([]byte("x")); err == nil || string(b) != "x" {
			t.Errorf("%s: %d bytes, error %v; want an error and what was there", name, len(b), err)
		}
	}
}

func TestRejectError_Names(t *testing.T) {
	for _, c := range []struct {
		e    ul.RejectError
		name string
		text string
	}{
		{ul.RejectError{Result: 1, Source: 1, Reason: 1}, "no-reason-given", "ul: association rejected-permanent by service-user: no-reason-given"},
		{ul.RejectError{Result: 1, Source: 1, Reason: 2}, "application-context-name-not-supported", ""},
		{ul.RejectError{Result: 1, Source: 1, Reason: 3}, "calling-ae-title-not-recognized", ""},
		{ul.RejectError{Result: 1, Source: 1, Reason: 7}, "called-ae-title-not-recognized", "ul: association rejected-permanent by service-user: called-ae-title-not-recognized"},
		{ul.RejectError{Result: 1, Source: 2, Reason: 1}, "no-reason-given", ""},
		{ul.RejectError{Result: 1, Source: 2, Reason: 2}, "protocol-version-not-supported", "ul: association rejected-permanent by service-provider-acse: protocol-version-not-supported"},
		{ul.RejectError{Result: 2, Source: 3, Reason: 1}, "temporary-congestion", ""},
		{ul.RejectError{Result: 2, Source: 3, Reason: 2}, "local-limit-exceeded", "ul: association rejected-transient by service-provider-presentation: local-limit-exceeded"},
		{ul.RejectError{Result: 9, Source: 7, Reason: 4}, "reserved-7-4", "ul: association rejected-9 by source-7: reserved-7-4"},
	} {
		if got := c.e.Name(); got != c.name {
			t.Errorf("%+v: %q, want %q", c.e, got, c.name)
		}
		if got := c.e.Error(); c.text != "" && got != c.text {
			t.Errorf("%q, want %q", got, c.text)
		}
	}
}

func TestAbortError_Names(t *testing.T) {
	for _, c := range []struct {
		source, reason uint8
		want           string
	}{
		{0, 0, "service-user reason-not-specified"},
		{0, 6, "service-user reason-not-specified"},
		{2, 0, "service-provider reason-not-specified"},
		{2, 1, "service-provider unrecognized-pdu"},
		{2, 2, "service-provider unexpected-pdu"},
		{2, 3, "service-provider reserved-3"},
		{2, 4, "service-provider unrecognized-pdu-parameter"},
		{2, 5, "service-provider unexpected-pdu-parameter"},
		{2, 6, "service-provider invalid-pdu-parameter-value"},
		{1, 2, "source-1 unexpected-pdu"},
	} {
		e := &ul.AbortError{Source: c.source, Reason: c.reason}
		if got := fmt.Sprintf("%s %s", e.SourceName(), e.Name()); got != c.want {
			t.Errorf("%d %d: %q, want %q", c.source, c.reason, got, c.want)
		}
	}
	if got, want := (&ul.AbortError{Source: 2, Reason: 2}).Error(), "ul: aborted by the peer's service-provider: unexpected-pdu"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
