package scp_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// filled is a house with two studies that may be seen and one that may not.
func filled(t testing.TB) *house {
	h := serve(t, nil)
	secret := slice("9.9", "9.9.1", "9.9.1.1", "Planted^Secret")
	secret.SetString(0x00080080, "SECRET")
	h.fill(t, dicom.ExplicitVRLittleEndian,
		slice("1.1", "1.1.1", "1.1.1.1", "Müller^Jörg"), slice("1.1", "1.1.1", "1.1.1.2", "Müller^Jörg"),
		slice("1.1", "1.1.2", "1.1.2.1", "Müller^Jörg"), slice("2.2", "2.2.1", "2.2.1.1", "Yamada^Tarou=山田^太郎"), secret)
	return h
}

func values(list []*dicom.Dataset, tag dicom.Tag) (out []string) {
	for _, d := range list {
		out = append(out, d.String(tag))
	}
	return out
}

func TestFind_EveryLevelOfBothModels(t *testing.T) {
	h := filled(t)
	c := h.dial(t)
	for _, q := range []struct {
		model dicom.UID
		id    *dicom.Dataset
		tag   dicom.Tag
		want  string
	}{
		{dimse.PatientRootFind, identifier("PATIENT", 0x00100020, ""), 0x00100020, "P1.1 P2.2"},
		{dimse.PatientRootFind, identifier("STUDY", 0x00100020, "P1.1", 0x0020000D, ""), 0x0020000D, "1.1"},
		{dimse.PatientRootFind, identifier("SERIES", 0x00100020, "P1.1", 0x0020000D, "1.1", 0x0020000E, ""), 0x0020000E, "1.1.1 1.1.2"},
		{dimse.PatientRootFind, identifier("IMAGE", 0x00100020, "P1.1", 0x0020000D, "1.1", 0x0020000E, "1.1.1", 0x00080018, ""), 0x00080018, "1.1.1.1 1.1.1.2"},
		{dimse.StudyRootFind, identifier("STUDY", 0x0020000D, ""), 0x0020000D, "1.1 2.2"},
		{dimse.StudyRootFind, identifier("STUDY", 0x00100010, "M*", 0x0020000D, ""), 0x0020000D, "1.1"},
		{dimse.StudyRootFind, identifier("SERIES", 0x0020000D, "1.1", 0x0020000E, ""), 0x0020000E, "1.1.1 1.1.2"},
		{dimse.StudyRootFind, identifier("IMAGE", 0x0020000D, "1.1", 0x0020000E, "1.1.1", 0x00080018, ""), 0x00080018, "1.1.1.1 1.1.1.2"},
		{dimse.StudyRootFind, identifier("STUDY", 0x0020000D, "9.9"), 0x0020000D, ""},
		{dimse.StudyRootFind, identifier("STUDY", 0x0020000D, "7.7"), 0x0020000D, ""},
	} {
		list, rsp := find(t, c, query(q.model, q.id))
		if rsp.Status != dimse.Success || strings.Join(values(list, q.tag), " ") != q.want {
			t.Errorf("%s: %v %q, want %q", q.id.String(0x00080052), rsp.Status, values(list, q.tag), q.want)
		}
		for _, d := range list {
			if d.String(0x00080052) != q.id.String(0x00080052) || d.String(0x00080054) != "LEADGLASS" || d.String(0x00080056) != "ONLINE" {
				t.Errorf("answer lacks level, retrieve AE title or availability: %q %q %q", d.String(0x00080052), d.String(0x00080054), d.String(0x00080056))
			}
			if d.Get(0x00080060) != nil {
				t.Error("an attribute that was not asked for")
			}
		}
	}
}

func TestFind_IdentifierThatDoesNotMatchTheModel(t *testing.T) {
	h := filled(t)
	c := h.dial(t)
	for name, q := range map[string]*dimse.Query{
		"no level":                  query(dimse.StudyRootFind, identifier("", 0x0020000D, "")),
		"unknown level":             query(dimse.StudyRootFind, identifier("FRAME", 0x0020000D, "")),
		"patient in study root":     query(dimse.StudyRootFind, identifier("PATIENT", 0x00100020, "")),
		"series without its study":  query(dimse.StudyRootFind, identifier("SERIES", 0x0020000E, "")),
		"series of two studies":     query(dimse.StudyRootFind, identifier("SERIES", 0x0020000D, `1.1\2.2`, 0x0020000E, "")),
		"series of any study":       query(dimse.StudyRootFind, identifier("SERIES", 0x0020000D, "", 0x0020000E, "")),
		"study without its patient": query(dimse.PatientRootFind, identifier("STUDY", 0x0020000D, "1.1")),
		"study of patients":         query(dimse.PatientRootFind, identifier("STUDY", 0x00100020, "P*", 0x0020000D, "1.1")),
	} {
		if list, rsp := find(t, c, q); rsp.Status != dimse.IdentifierMismatch || len(list) != 0 {
			t.Errorf("%s: %v, %d rows", name, rsp.Status, len(list))
		}
	}
}

func TestFind_RelationalWhereNegotiated(t *testing.T) {
	h := filled(t)
	rq := ask("CT")
	rq.User.Extended = []ul.ExtendedNegotiation{{SOPClass: dimse.StudyRootFind, Info: []byte{1, 1, 1, 1, 1}}}
	a, err := ul.Dial(in(t), h.address, rq, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Abort(0)
	if got := a.Answer().User.Extended; len(got) != 1 || !bytes.Equal(got[0].Info, []byte{1, 1, 1, 0, 0}) {
		t.Errorf("answered %+v", got)
	}
	list, rsp := find(t, dimse.NewClient(a, dimse.Limits{}), query(dimse.StudyRootFind, identifier("SERIES", 0x0020000E, "")))
	if rsp.Status != dimse.Success || strings.Join(values(list, 0x0020000E), " ") != "1.1.1 1.1.2 2.2.1" {
		t.Errorf("%v %q", rsp.Status, values(list, 0x0020000E))
	}
}

// TestFind_CharacterSet: an answer is in the character set of the query where
// that can hold it, else in UTF-8; plain text needs none.
func TestFind_CharacterSet(t *testing.T) {
	h := filled(t)
	c := h.dial(t)
	for _, q := range []struct{ asked, study, terms, name string }{
		{"ISO_IR 100", "1.1", "ISO_IR 100", "M\xFCller^J\xF6rg "},
		{"ISO_IR 192", "1.1", "ISO_IR 192", "Müller^Jörg "},
		{"", "1.1", "ISO_IR 192", "Müller^Jörg "},
		{"ISO_IR 100", "2.2", "ISO_IR 192", "Yamada^Tarou=山田^太郎"},
		{`\ISO 2022 IR 87`, "2.2", `\ISO 2022 IR 87`, "Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"},
		{"NONSENSE", "1.1", "ISO_IR 192", "Müller^Jörg "},
	} {
		id := identifier("STUDY", 0x0020000D, q.study, 0x00100010, "")
		if q.asked != "" {
			id.SetString(0x00080005, strings.Split(q.asked, `\`)...)
		}
		list, rsp := find(t, c, query(dimse.StudyRootFind, id))
		if rsp.Status != dimse.Success || len(list) != 1 {
			t.Errorf("%q: %v, %d rows", q.asked, rsp.Status, len(list))
			continue
		}
		terms := strings.Join(list[0].Strings(0x00080005), `\`)
		if name := string(list[0].Get(0x00100010).Value); terms != q.terms || strings.TrimRight(name, " ") != strings.TrimRight(q.name, " ") || len(name)%2 != 0 {
			t.Errorf("%q: %q in %q", q.asked, name, terms)
		}
	}
	list, _ := find(t, c, query(dimse.StudyRootFind, identifier("STUDY", 0x0020000D, "1.1")))
	if len(list) != 1 || list[0].Get(0x00080005) != nil {
		t.Errorf("plain text has a character set")
	}
	id := identifier("STUDY", 0x0020000D, "")
	id.SetString(0x00080005, "ISO_IR 100")
	id.SetString(0x00100010, "Müller*")
	if list, _ := find(t, c, query(dimse.StudyRootFind, id)); len(list) != 1 {
		t.Errorf("a key in Latin-1 finds %d", len(list))
	}
}

// TestFind_Recorded: the text of a search, and the purpose of the device.
func TestFind_Recorded(t *testing.T) {
	h := filled(t)
	find(t, h.dial(t), query(dimse.StudyRootFind, identifier("STUDY", 0x00100010, "Planted*", 0x00080020, "")))
	for _, r := range h.every() {
		if r.Route == leadglass.CFind && r.Event == "" {
			if r.Query != `STUDY 00100010="Planted*" +1` || r.Purpose != leadglass.Treatment || r.Peer.Calling != "CT" || r.Peer.Session == "" {
				t.Errorf("%q %q %q", r.Query, r.Purpose, r.Peer.Calling)
			}
			return
		}
	}
	t.Skip("this guard records otherwise")
}

// TestFind_CancelledWithinARow: C-CANCEL ends a search that waits for its next row.
func TestFind_CancelledWithinARow(t *testing.T) {
	h := filled(t)
	h.archive.stall = make(chan struct{}, 1)
	h.archive.stall <- struct{}{}
	c := h.dial(t)
	start := time.Now()
	rsp, err := c.Find(in(t), query(dimse.StudyRootFind, identifier("STUDY", 0x0020000D, "")), func([]byte, *dicom.TransferSyntax) error {
		return dimse.ErrCancel
	})
	if err != nil || rsp.Status != dimse.Cancel || time.Since(start) > 2*time.Second {
		t.Errorf("%+v, %v after %v", rsp, err, time.Since(start))
	}
}

func TestGet(t *testing.T) {
	h := filled(t)
	for _, g := range []struct {
		model  dicom.UID
		id     *dicom.Dataset
		status dimse.Status
		want   string
	}{
		{dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "1.1"), dimse.Success, "1.1.1.1 1.1.1.2 1.1.2.1"},
		{dimse.StudyRootGet, identifier("STUDY", 0x0020000D, `1.1\2.2\9.9`), dimse.Success, "1.1.1.1 1.1.1.2 1.1.2.1 2.2.1.1"},
		{dimse.StudyRootGet, identifier("SERIES", 0x0020000D, "1.1", 0x0020000E, "1.1.2"), dimse.Success, "1.1.2.1"},
		{dimse.StudyRootGet, identifier("IMAGE", 0x0020000D, "1.1", 0x0020000E, "1.1.1", 0x00080018, "1.1.1.2"), dimse.Success, "1.1.1.2"},
		{dimse.PatientRootGet, identifier("PATIENT", 0x00100020, "P2.2"), dimse.Success, "2.2.1.1"},
		{dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "9.9"), dimse.Success, ""},
		{dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "7.7"), dimse.Success, ""},
		{dimse.StudyRootGet, identifier("STUDY"), dimse.IdentifierMismatch, ""},
		{dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "1.*"), dimse.IdentifierMismatch, ""},
		{dimse.StudyRootGet, identifier("SERIES", 0x0020000E, "1.1.2"), dimse.IdentifierMismatch, ""},
		{dimse.PatientRootGet, identifier("PATIENT", 0x00100020, "P*"), dimse.IdentifierMismatch, ""},
	} {
		c, k := h.dial(t, explicit()), &taker{}
		c.Store = k.Store
		rsp, err := c.Get(in(t), query(g.model, g.id), nil)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, one := range k.all() {
			got = append(got, string(one.rq.SOPInstance))
		}
		if rsp.Status != g.status || strings.Join(got, " ") != g.want || g.status == dimse.Success && rsp.Completed != len(got) {
			t.Errorf("%s %q: %+v, got %q", g.id.String(0x00080052), g.id.Strings(0x0020000D), rsp, got)
		}
	}
}

// TestGet_WhatThePeerDoesNotTake: native objects are laid down anew, compressed
// ones fail and are named.
func TestGet_WhatThePeerDoesNotTake(t *testing.T) {
	h := serve(t, nil)
	d := slice("1.1", "1.1.1", "1.1.1.1", "Müller^Jörg")
	h.fill(t, dicom.ExplicitVRLittleEndian, d)
	h.fill(t, dicom.ExplicitVRBigEndian, slice("1.1", "1.1.1", "1.1.1.2", "N"))
	h.fill(t, dicom.DeflatedExplicitVRLittleEndian, slice("1.1", "1.1.1", "1.1.1.3", "N"))
	jpeg := slice("1.1", "1.1.1", "1.1.1.4", "N")
	jpeg.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{nil, []byte("jpeg")}})
	h.fill(t, dicom.SyntaxOf("1.2.840.10008.1.2.4.50"), jpeg)
	c, k := h.dial(t, implicit()), &taker{}
	c.Store = k.Store
	rsp, err := c.Get(in(t), query(dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "1.1")), nil)
	if err != nil || rsp.Status != dimse.SomeFailed || rsp.Completed != 3 || rsp.Failed != 1 || !slices.Equal(rsp.FailedInstances, []dicom.UID{"1.1.1.4"}) {
		t.Fatalf("%+v, %v", rsp, err)
	}
	want, _ := dicom.Append(nil, d, dicom.ImplicitVRLittleEndian)
	for i, one := range k.all() {
		got, err := dicom.DecodeBytes(one.data, dicom.ImplicitVRLittleEndian, dicom.Options{})
		if err != nil || string(got.Get(dicom.PixelData).Value) != "0123456789abcdef" {
			t.Errorf("object %d: %v", i, err)
		}
		if i == 0 && !bytes.Equal(one.data, want) {
			t.Error("the object laid down anew is not as it would be encoded")
		}
	}
	if ends := h.ends(leadglass.CGet); len(ends) != 1 || ends[0].Instances != 3 {
		t.Errorf("recorded %+v", ends)
	}
}

// TestGet_TheLogStops: what cannot be recorded is not sent.
func TestGet_TheLogStops(t *testing.T) {
	h := filled(t)
	c, k := h.dial(t, explicit()), &taker{}
	c.Store = k.Store
	h.recorder.mu.Lock()
	h.recorder.fail = leadglass.Errorf(leadglass.Unavailable, "the disk is full")
	h.recorder.mu.Unlock()
	rsp, err := c.Get(in(t), query(dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "1.1")), nil)
	if err != nil || rsp.Status.Class() != dimse.ClassFailure || len(k.all()) != 0 {
		t.Errorf("%+v, %v: %d objects", rsp, err, len(k.all()))
	}
}

// TestGet_WhatCannotBeRead fails and is named; the others arrive.
func TestGet_WhatCannotBeRead(t *testing.T) {
	h := filled(t)
	h.archive.mu.Lock()
	h.objects[1].broken = true
	h.archive.mu.Unlock()
	c, k := h.dial(t, explicit()), &taker{}
	c.Store = k.Store
	rsp, err := c.Get(in(t), query(dimse.StudyRootGet, identifier("STUDY", 0x0020000D, "1.1")), nil)
	if err != nil || rsp.Status != dimse.SomeFailed || rsp.Completed != 2 || !slices.Equal(rsp.FailedInstances, []dicom.UID{"1.1.1.2"}) || len(k.all()) != 2 {
		t.Errorf("%+v, %v", rsp, err)
	}
}
