package serve_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"fmt"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// ctImage is CT Image Storage.
const ctImage dicom.UID = "1.2.840.10008.5.1.4.1.1.2"

// slice is an object of the tests: one slice of a CT, in explicit VR little endian.
type slice struct {
	name, patient string
	study         dicom.UID // its series are study.1 and on, the instances of those study.1.n
	part          int       // of the series; 0 is the first
	n             int
	modality      string // empty is CT
	date          string // DA
	institution   string
	accession     string
	pixels        int // bytes
	rows, columns int // of 8 bits; 0 for pixels that are no picture
}

func (s slice) series() dicom.UID { return dicom.UID(fmt.Sprintf("%s.%d", s.study, max(s.part, 1))) }
func (s slice) uid() dicom.UID    { return dicom.UID(fmt.Sprintf("%s.%d", s.series(), s.n)) }

// dataset is the slice as it leaves and comes.
func (s slice) dataset(t testing.TB) []byte {
	t.Helper()
	d := new(dicom.Dataset)
	set := func(tag dicom.Tag, v string) {
		if v != "" {
			d.SetString(tag, v)
		}
	}
	set(0x00080016, string(ctImage))
	set(0x00080018, string(s.uid()))
	set(0x00080020, s.date)
	set(0x00080050, s.accession)
	set(0x00080060, cmp.Or(s.modality, "CT"))
	set(0x00080080, s.institution)
	set(0x00100010, s.name)
	set(0x00100020, s.patient)
	set(0x0020000D, string(s.study))
	set(0x0020000E, string(s.series()))
	set(0x00200013, fmt.Sprint(s.n))
	if s.rows > 0 {
		d.SetUint16(0x00280002, 1)
		set(0x00280004, "MONOCHROME2")
		d.SetUint16(0x00280010, uint16(s.rows))
		d.SetUint16(0x00280011, uint16(s.columns))
		d.SetUint16(0x00280100, 8)
		d.SetUint16(0x00280101, 8)
		d.SetUint16(0x00280102, 7)
		d.SetUint16(0x00280103, 0)
	}
	var b bytes.Buffer
	if err := dicom.Encode(&b, d, dicom.ExplicitVRLittleEndian); err != nil {
		t.Fatal(err)
	}
	if s.pixels > 0 { // OW (7FE0,0010)
		b.Write([]byte{0xE0, 0x7F, 0x10, 0x00, 'O', 'W', 0, 0, byte(s.pixels), byte(s.pixels >> 8), byte(s.pixels >> 16), byte(s.pixels >> 24)})
		for i := range s.pixels {
			b.WriteByte(byte(i*7 + s.n))
		}
	}
	return b.Bytes()
}

// file is the slice as a file (PS3.10).
func (s slice) file(t testing.TB) []byte {
	t.Helper()
	d, err := dicom.DecodeBytes(s.dataset(t), dicom.ExplicitVRLittleEndian, dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// ask is an association request for all services, and to be given CT images.
func ask(calling ul.AETitle) *ul.AssociateRQ {
	rq := dimsetest.Request(calling, "LEADGLASS", append(dimsetest.Classes(
		dimse.Verification, dimse.PatientRootFind, dimse.StudyRootFind, dimse.PatientRootGet, dimse.StudyRootGet,
		dimse.StudyRootMove, dimse.PatientRootMove, dimse.StorageCommitment),
		dimsetest.Context{Class: ctImage, Syntax: dicom.ExplicitVRLittleEndian.UID})...)
	rq.User.Roles = append(rq.User.Roles, ul.RoleSelection{SOPClass: ctImage, SCU: true, SCP: true})
	return rq
}

// dial makes an association over TLS; the test releases it, or it is aborted.
func (h *house) dial(t *tls.Config, calling ul.AETitle) (*dimse.Client, *ul.Assoc) {
	h.t.Helper()
	a, err := ul.Dial(context.Background(), h.dimse, ask(calling), &ul.Config{TLS: t})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { a.Abort(0) })
	return dimse.NewClient(a, dimse.Limits{}), a
}

// store sends slices in one association and wants success.
func (h *house) store(t *tls.Config, calling ul.AETitle, all ...slice) {
	h.t.Helper()
	c, a := h.dial(t, calling)
	for _, s := range all {
		rsp, err := c.Send(context.Background(), &dimse.StoreRequest{
			SOPClass: ctImage, SOPInstance: s.uid(), TransferSyntax: dicom.ExplicitVRLittleEndian.UID, Data: bytes.NewReader(s.dataset(h.t)),
		})
		if err != nil || rsp.Status != dimse.Success {
			h.t.Fatalf("storing %d: %+v, %v", s.n, rsp, err)
		}
	}
	if err := a.Release(context.Background()); err != nil {
		h.t.Fatal(err)
	}
}
