package scp_test

import (
	"bytes"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
)

func TestNegotiate_StrangersAreToldTheSame(t *testing.T) {
	h := serve(t, nil)
	for _, c := range []struct {
		calling, called ul.AETitle
		want            uint8
	}{
		{"NOBODY", "LEADGLASS", ul.ReasonCallingNotRecognised},
		{"NOBODY", "OTHER", ul.ReasonCallingNotRecognised},
		{"CT", "OTHER", ul.ReasonCalledNotRecognised},
	} {
		rq := ask(c.calling, explicit())
		rq.Called = c.called
		rq.User.Identity = &ul.UserIdentity{Type: 2, ResponseRequired: true, Primary: []byte("root"), Secondary: []byte("x")}
		_, err := ul.Dial(in(t), h.address, rq, nil)
		var rj *ul.RejectError
		if !errors.As(err, &rj) || rj.Result != ul.RejectedPermanent || rj.Source != ul.ServiceUser || rj.Reason != c.want {
			t.Errorf("%s calling %s: %v", c.calling, c.called, err)
		}
	}
	records := h.every()
	if len(records) != 2 { // the second of the same address and minute is counted
		t.Fatalf("%d records", len(records))
	}
	for _, r := range records {
		if r.Event != leadglass.UserAuthentication || r.Type != leadglass.NodeAuthentication || r.Outcome == leadglass.Succeeded || r.Reason != leadglass.NoIdentity {
			t.Errorf("record %+v", r)
		}
	}
}

func TestNegotiate_UserIdentityIsNeverTrustedNorAnswered(t *testing.T) {
	h := serve(t, nil)
	rq := ask("CT")
	rq.User.Identity = &ul.UserIdentity{Type: 1, ResponseRequired: true, Primary: []byte("root")}
	a, err := ul.Dial(in(t), h.address, rq, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	if a.Answer().User.IdentityResponse != nil {
		t.Error("a user identity that nobody looked at was confirmed")
	}
}

func TestNegotiate_NotRecordedNotAdmitted(t *testing.T) {
	h := serve(t, nil)
	h.recorder.fail = leadglass.Errorf(leadglass.Unavailable, "disk is full")
	_, err := ul.Dial(in(t), h.address, ask("CT"), nil)
	var rj *ul.RejectError
	if !errors.As(err, &rj) || rj.Result != ul.RejectedTransient {
		t.Errorf("answered %v", err)
	}
	h.recorder.fail = nil
}

func TestNegotiate_OnlyWhatTheDeviceMayUse(t *testing.T) {
	h := serve(t, nil)
	h.enrol(t, "MODALITY", "").Services = []leadglass.Route{leadglass.CEcho, leadglass.CStore}
	a, err := ul.Dial(in(t), h.address, ask("MODALITY", explicit()), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	for class, want := range map[dicom.UID]bool{
		dimse.Verification: true, ctImage: true, dimse.StudyRootFind: false, dimse.StudyRootGet: false,
		dimse.StudyRootMove: false, dimse.StorageCommitment: false,
	} {
		if _, _, ok := a.ContextFor(class); ok != want {
			t.Errorf("%s accepted: %v", class, ok)
		}
	}
}

// TestNegotiate_CompressedFirst: whoever wants to be given objects and names a
// compressed syntax first, as getscu +xr does, gets it; nobody who stores is led to
// compress.
func TestNegotiate_CompressedFirst(t *testing.T) {
	const rle, jpeg = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
	big, explicit, implicit := dicom.ExplicitVRBigEndian.UID, dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID
	h := serve(t, nil)
	for _, tt := range []struct {
		name     string
		scu, scp bool
		proposed []dicom.UID
		want     dicom.UID
	}{
		{"given", false, true, []dicom.UID{rle, explicit, big, implicit}, rle},
		{"given_native_first", false, true, []dicom.UID{implicit, explicit, rle}, explicit},
		{"given_unknown_first", false, true, []dicom.UID{"1.2.3", jpeg, explicit}, explicit},
		{"stores", true, false, []dicom.UID{jpeg, explicit}, explicit},
		{"both", true, true, []dicom.UID{jpeg, explicit}, explicit},
	} {
		rq := ask("CT")
		rq.Contexts = append(rq.Contexts, ul.PresentationContext{ID: 201, AbstractSyntax: ctImage, TransferSyntaxes: tt.proposed})
		rq.User.Roles = []ul.RoleSelection{{SOPClass: ctImage, SCU: tt.scu, SCP: tt.scp}}
		a, err := ul.Dial(in(t), h.address, rq, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, got, ok := a.Context(201); !ok || got != tt.want {
			t.Errorf("%s: %s is agreed, want %s", tt.name, got, tt.want)
		}
		_ = a.Abort(0)
	}
}

func TestNegotiate_PrivateClassesWhereTheConfigurationSaysSo(t *testing.T) {
	private := ul.PresentationContext{ID: 201, AbstractSyntax: "1.2.3.4.5", TransferSyntaxes: []dicom.UID{"1.2.3.4.6"}}
	for _, allowed := range []bool{false, true} {
		h := serve(t, func(c *scp.Config) { c.Private = allowed })
		rq := ask("CT")
		rq.Contexts = append(rq.Contexts, private)
		a, err := ul.Dial(in(t), h.address, rq, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, ok := a.ContextFor("1.2.3.4.5"); ok != allowed {
			t.Errorf("with Private %v it is accepted: %v", allowed, ok)
		}
		if allowed {
			d := slice("1.2", "1.2.3", "1.2.3.4", "Planted^Name")
			d.SetString(0x00080016, "1.2.3.4.5")
			d.Delete(dicom.PixelData)
			b, _ := dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
			rsp, err := dimse.NewClient(a, dimse.Limits{}).Send(in(t), &dimse.StoreRequest{
				SOPClass: "1.2.3.4.5", SOPInstance: "1.2.3.4", Data: bytes.NewReader(b),
			})
			if err != nil || rsp.Status != dimse.Success || len(h.objects) != 1 || h.objects[0].syntax != "1.2.3.4.6" {
				t.Errorf("%+v, %v", rsp, err)
			}
		}
		_ = a.Abort(0)
	}
}

func TestEcho(t *testing.T) {
	h := serve(t, nil)
	if rsp, err := h.dial(t).Echo(in(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("%+v, %v", rsp, err)
	}
	h.enrol(t, "NOPURPOSE", "").Purpose = ""
	a, err := ul.Dial(in(t), h.address, ask("NOPURPOSE"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	if rsp, err := dimse.NewClient(a, dimse.Limits{}).Echo(in(t)); err != nil || rsp.Status != dimse.NotAuthorised {
		t.Errorf("without a purpose: %+v, %v", rsp, err)
	}
}

func TestStore(t *testing.T) {
	h := serve(t, nil)
	c := h.dial(t, explicit(), implicit())
	for i, ts := range []*dicom.TransferSyntax{dicom.ExplicitVRLittleEndian, dicom.ImplicitVRLittleEndian} {
		d := slice("1.2", "1.2.3", []string{"1.2.3.1", "1.2.3.2"}[i], "Planted^Name")
		if rsp := put(t, c, ts, d); rsp.Status != dimse.Success {
			t.Errorf("%s: %v", ts.UID, rsp.Status)
		}
		want, _ := dicom.Append(nil, d, ts)
		if o := h.all1(i); o == nil || !bytes.Equal(o.file[preamble:], want) || o.syntax != ts.UID {
			t.Errorf("%s: not kept as it was sent", ts.UID)
		}
	}
	other := slice("1.2", "1.2.3", "1.2.3.1", "Other^Name")
	if rsp := put(t, c, dicom.ExplicitVRLittleEndian, other); rsp.Status != dimse.DuplicateSOPInstance || !strings.HasPrefix(rsp.Comment, "conflict, see ") {
		t.Errorf("other content with the same UID: %v %q", rsp.Status, rsp.Comment)
	}
	h.archive.mu.Lock()
	h.archive.fail = leadglass.Errorf(leadglass.Unavailable, "archive: the disk is full")
	h.archive.mu.Unlock()
	if rsp := put(t, c, dicom.ExplicitVRLittleEndian, slice("1.2", "1.2.3", "1.2.3.9", "N")); rsp.Status != dimse.OutOfResources ||
		!strings.Contains(h.said.String(), rsp.Comment[len(rsp.Comment)-20:]) {
		t.Errorf("a full disk: %v %q; diagnostics\n%s", rsp.Status, rsp.Comment, h.said)
	}
}

func (h *house) all1(i int) *object {
	if all := h.archive.all(); i < len(all) {
		return all[i]
	}
	return nil
}

// TestStore_EndsHoweverTheAssociationEnds: one transfer for an association, whose
// end is recorded after a release, an abort and a broken connection.
func TestStore_EndsHoweverTheAssociationEnds(t *testing.T) {
	for name, end := range map[string]func(*ul.Assoc) error{
		"release": func(a *ul.Assoc) error { return a.Release(t.Context()) },
		"abort":   func(a *ul.Assoc) error { return a.Abort(0) },
	} {
		h := serve(t, nil)
		a, err := ul.Dial(in(t), h.address, ask("CT", explicit()), nil)
		if err != nil {
			t.Fatal(err)
		}
		c := dimse.NewClient(a, dimse.Limits{})
		for _, uid := range []string{"1.2.3.1", "1.2.3.2", "1.2.3.3"} {
			put(t, c, dicom.ExplicitVRLittleEndian, slice("1.2", "1.2.3", uid, "N"))
		}
		if err := end(a); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for deadline := time.Now().Add(5 * time.Second); len(h.ends(leadglass.CStore)) == 0 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		var n int
		for _, r := range h.ends(leadglass.CStore) {
			n += r.Instances
		}
		if n != 3 {
			t.Errorf("%s: the log has %d instances", name, n)
		}
	}
}

func TestStore_ADenialIsRecordedOnce(t *testing.T) {
	h := serve(t, nil)
	h.enrol(t, "NOPURPOSE", "").Purpose = ""
	c := dialAs(t, h, "NOPURPOSE")
	for range 5 {
		if rsp := put(t, c, dicom.ExplicitVRLittleEndian, slice("1.2", "1.2.3", "1.2.3.1", "N")); rsp.Status != dimse.NotAuthorised || rsp.Comment != "no-purpose" {
			t.Errorf("%v %q", rsp.Status, rsp.Comment)
		}
	}
	var denials int
	for _, r := range h.every() {
		if r.Route == leadglass.CStore && r.Outcome != leadglass.Succeeded {
			denials++
		}
	}
	if denials != 1 || len(h.all()) != 0 {
		t.Errorf("%d denials are recorded, %d objects kept", denials, len(h.all()))
	}
}

func dialAs(t *testing.T, h *house, calling ul.AETitle) *dimse.Client {
	a, err := ul.Dial(in(t), h.address, ask(calling, explicit()), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Abort(0) })
	return dimse.NewClient(a, dimse.Limits{})
}

// TestLimit_Recheck: a device that is no longer enrolled goes on for
// Limits.Recheck and no longer.
func TestLimit_Recheck(t *testing.T) {
	var passed atomic.Int64
	start := time.Now()
	h := serve(t, func(c *scp.Config) {
		c.Now = func() time.Time { return start.Add(time.Duration(passed.Load())) }
		c.Limits.Recheck = time.Minute
	})
	c := h.dial(t)
	h.remove("CT")
	passed.Store(int64(time.Minute - 1))
	if rsp, err := c.Echo(in(t)); err != nil || rsp.Status != dimse.Success {
		t.Errorf("before: %+v, %v", rsp, err)
	}
	passed.Store(int64(time.Minute))
	if rsp, err := c.Echo(in(t)); err != nil || rsp.Status != dimse.NotAuthorised {
		t.Errorf("after: %+v, %v", rsp, err)
	}
}
