package ul_test

import (
	"context"
	"errors"
	"net"
	"reflect"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

const (
	ctStorage dicom.UID = "1.2.840.10008.5.1.4.1.1.2"
	jpegLS    dicom.UID = "1.2.840.10008.1.2.4.80"
)

func TestAccept_Results(t *testing.T) {
	table := ul.Supported{verification: {implicitLE}, ctStorage: {jpegLS, explicitLE}}
	rq := &ul.AssociateRQ{Called: "A", Calling: "B", ApplicationContext: ul.ApplicationContext, Contexts: []ul.PresentationContext{
		{ID: 1, AbstractSyntax: verification, TransferSyntaxes: []dicom.UID{explicitLE, implicitLE}},
		{ID: 3, AbstractSyntax: ctStorage, TransferSyntaxes: []dicom.UID{explicitLE, jpegLS}}, // our preference, not theirs
		{ID: 5, AbstractSyntax: ctStorage, TransferSyntaxes: []dicom.UID{implicitLE}},
		{ID: 7, AbstractSyntax: studyFind, TransferSyntaxes: []dicom.UID{implicitLE}},
	}}
	got := ul.Accept(rq, table, ul.UserInformation{ImplementationClassUID: "2.25.2"})
	want := &ul.AssociateAC{
		ProtocolVersion: 1, Called: "A", Calling: "B", ApplicationContext: ul.ApplicationContext,
		Contexts: []ul.PresentationContextAC{
			{ID: 1, Result: ul.Acceptance, TransferSyntax: implicitLE},
			{ID: 3, Result: ul.Acceptance, TransferSyntax: jpegLS},
			{ID: 5, Result: ul.TransferSyntaxesNotSupported, TransferSyntax: implicitLE},
			{ID: 7, Result: ul.AbstractSyntaxNotSupported, TransferSyntax: implicitLE},
		},
		User: ul.UserInformation{ImplementationClassUID: "2.25.2"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
}

func TestAcceptor_Titles(t *testing.T) {
	p := &ul.Acceptor{Called: []ul.AETitle{"ARCHIVE"}, Calling: []ul.AETitle{"CT1", "CT2"}}
	for _, c := range []struct {
		called, calling ul.AETitle
		want            string
	}{
		{"ARCHIVE", "CT2", ""},
		{"OTHER", "CT2", "called-ae-title-not-recognized"},
		{"archive", "CT2", "called-ae-title-not-recognized"},
		{"ARCHIVE", "CT3", "calling-ae-title-not-recognized"},
	} {
		_, err := p.Negotiate(t.Context(), nil, &ul.AssociateRQ{Called: c.called, Calling: c.calling})
		var rj *ul.RejectError
		got := ""
		if errors.As(err, &rj) {
			got = rj.Name()
		}
		if got != c.want {
			t.Errorf("%s to %s: %q, want %q", c.calling, c.called, got, c.want)
		}
	}
}

// TestAcceptor_Hooks negotiates over the wire what the tables do not hold.
func TestAcceptor_Hooks(t *testing.T) {
	p := &ul.Acceptor{
		Supported: ul.Supported{ctStorage: {implicitLE}, studyFind: {implicitLE}},
		User:      ul.UserInformation{ImplementationVersionName: "OURS"},
		Roles:     func(q ul.RoleSelection) ul.RoleSelection { return ul.RoleSelection{SCU: false, SCP: true} },
		Extended: func(e ul.ExtendedNegotiation) []byte {
			if e.SOPClass != studyFind {
				return nil
			}
			return []byte{e.Info[0], 0}
		},
		Identity: func(_ context.Context, u *ul.UserIdentity) (*ul.UserIdentityResponse, error) {
			if u == nil || string(u.Primary) != "alice" {
				return nil, &ul.RejectError{Result: ul.RejectedPermanent, Source: ul.ServiceUser, Reason: ul.ReasonNoneGiven}
			}
			return &ul.UserIdentityResponse{Response: []byte("ticket")}, nil
		},
	}
	roles := make(chan [2]bool, 1)
	addr := served(t, &ul.Server{Negotiate: p.Negotiate, Handle: func(ctx context.Context, a *ul.Assoc) {
		scu, scp := a.Role(ctStorage)
		roles <- [2]bool{scu, scp}
		readToEnd(ctx, a)
	}})
	rq := &ul.AssociateRQ{
		Contexts: []ul.PresentationContext{
			{ID: 1, AbstractSyntax: ctStorage, TransferSyntaxes: []dicom.UID{implicitLE}},
			{ID: 3, AbstractSyntax: studyFind, TransferSyntaxes: []dicom.UID{implicitLE}},
			{ID: 5, AbstractSyntax: verification, TransferSyntaxes: []dicom.UID{implicitLE}},
		},
		User: ul.UserInformation{
			Roles:    []ul.RoleSelection{{SOPClass: ctStorage, SCU: true, SCP: true}, {SOPClass: verification, SCP: true}},
			Extended: []ul.ExtendedNegotiation{{SOPClass: studyFind, Info: []byte{1, 1}}, {SOPClass: ctStorage, Info: []byte{2}}, {SOPClass: verification, Info: []byte{3}}},
			Identity: &ul.UserIdentity{Type: 1, ResponseRequired: true, Primary: []byte("alice")},
		},
	}
	a, err := ul.Dial(brief(t), addr, rq, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := ul.UserInformation{
		MaxLength: 131072, ImplementationVersionName: "OURS",
		Roles:            []ul.RoleSelection{{SOPClass: ctStorage, SCP: true}}, // verification was not accepted
		Extended:         []ul.ExtendedNegotiation{{SOPClass: studyFind, Info: []byte{1, 0}}},
		IdentityResponse: &ul.UserIdentityResponse{Response: []byte("ticket")},
	}
	if got := a.Answer().User; !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if scu, scp := a.Role(ctStorage); scu || !scp {
		t.Errorf("the requestor's role is %v %v, want SCP alone", scu, scp)
	}
	if scu, scp := a.Role(studyFind); !scu || scp {
		t.Errorf("the requestor's role is %v %v, want SCU alone", scu, scp)
	}
	if got := <-roles; got != [2]bool{true, false} {
		t.Errorf("the acceptor's role is %v, want SCU alone", got)
	}
	if id, ts, ok := a.ContextFor(studyFind); id != 3 || ts != implicitLE || !ok {
		t.Errorf("context %d %s %v", id, ts, ok)
	}
	if as, ts, ok := a.Context(1); as != ctStorage || ts != implicitLE || !ok {
		t.Errorf("context 1 is %s %s %v", as, ts, ok)
	}
	for _, id := range []uint8{0, 2, 5, 255} {
		if _, _, ok := a.Context(id); ok {
			t.Errorf("context %d was not accepted", id)
		}
	}
	_ = a.Release(brief(t))

	rq.User.Identity.Primary = []byte("mallory")
	var rj *ul.RejectError
	if _, err := ul.Dial(brief(t), addr, rq, nil); !errors.As(err, &rj) || rj.Name() != "no-reason-given" {
		t.Errorf("another user: %v", err)
	}
	rq.User.Identity = nil
	if _, err := ul.Dial(brief(t), addr, rq, nil); !errors.As(err, &rj) {
		t.Errorf("no user: %v", err)
	}
}

// TestAcceptor_NoMoreThanProposed: the hook cannot give a role that the
// requestor did not propose, and no answer comes unasked.
func TestAcceptor_NoMoreThanProposed(t *testing.T) {
	p := &ul.Acceptor{
		Supported: ul.Supported{ctStorage: {implicitLE}},
		Roles:     func(ul.RoleSelection) ul.RoleSelection { return ul.RoleSelection{SCU: true, SCP: true} },
		Identity: func(context.Context, *ul.UserIdentity) (*ul.UserIdentityResponse, error) {
			return &ul.UserIdentityResponse{}, nil
		},
	}
	rq := &ul.AssociateRQ{
		Contexts: []ul.PresentationContext{{ID: 1, AbstractSyntax: ctStorage, TransferSyntaxes: []dicom.UID{implicitLE}}},
		User: ul.UserInformation{
			Roles:    []ul.RoleSelection{{SOPClass: ctStorage, SCP: true}},
			Identity: &ul.UserIdentity{Type: 1},
		},
	}
	ac, err := p.Negotiate(t.Context(), &net.TCPAddr{}, rq)
	if err != nil {
		t.Fatal(err)
	}
	if want := []ul.RoleSelection{{SOPClass: ctStorage, SCP: true}}; !reflect.DeepEqual(ac.User.Roles, want) {
		t.Errorf("roles %+v, want %+v", ac.User.Roles, want)
	}
	if ac.User.IdentityResponse != nil {
		t.Error("a response that nobody asked for")
	}
}
