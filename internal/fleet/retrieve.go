package fleet

import (
	"bytes"
	"context"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
)

// wanted understands the identifier of a retrieval: the instances of the named
// studies, series or images.
func (s *session) wanted(id *dicom.Dataset) (*query, bool) {
	q, ok := newQuery(s.archive, id, dicom.ExplicitVRLittleEndian)
	if !ok || q.only == nil && q.patient == nil {
		return nil, false
	}
	q.level = imageLevel
	return q, true
}

// Get answers C-GET: it refuses, or sends what there is.
func (s *session) Get(ctx context.Context, q *dimse.Query, send dimse.SubOperations) (*dimse.Response, error) {
	if s.service.Retrieve != dimse.Success {
		return &dimse.Response{Status: s.service.Retrieve}, nil
	}
	if s.archive == nil {
		return &dimse.Response{}, nil
	}
	want, ok := s.wanted(q.Identifier)
	if !ok {
		return &dimse.Response{Status: dimse.IdentifierMismatch}, nil
	}
	left := 0
	for range want.each() {
		left++
	}
	for r := range want.each() {
		left--
		if err := s.sendImage(ctx, r, send, left); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

func (s *session) sendImage(ctx context.Context, r *row, send dimse.SubOperations, left int) error {
	data, err := s.archive.image(r)
	if err != nil {
		return err
	}
	_, err = send.Send(ctx, &dimse.StoreRequest{
		SOPClass:       secondaryCapture,
		SOPInstance:    dicom.UID(s.archive.instanceUID(nil, r)),
		TransferSyntax: dicom.ExplicitVRLittleEndian.UID,
		Data:           bytes.NewReader(data),
	}, left)
	return err
}

// Move answers C-MOVE. Nobody is a known destination, which shows only where
// there is something to move.
func (s *session) Move(_ context.Context, q *dimse.Query, _ func(*dimse.Response) error) (*dimse.Response, error) {
	if s.service.Retrieve != dimse.Success {
		return &dimse.Response{Status: s.service.Retrieve}, nil
	}
	if s.archive == nil {
		return &dimse.Response{}, nil
	}
	want, ok := s.wanted(q.Identifier)
	if !ok {
		return &dimse.Response{Status: dimse.IdentifierMismatch}, nil
	}
	for range want.each() {
		return &dimse.Response{Status: dimse.MoveDestinationUnknown}, nil
	}
	return &dimse.Response{}, nil
}

// imageEdge is the width and height of the images: enough to be one.
const imageEdge = 16

// image makes an object: a grey gradient with its patient's attributes.
func (a *archive) image(r *row) ([]byte, error) {
	d := &dicom.Dataset{}
	text := func(tag dicom.Tag, vr dicom.VR, w writer) {
		v := w(nil, r)
		if len(v)%2 != 0 {
			pad := byte(' ')
			if vr == dicom.UI {
				pad = 0
			}
			v = append(v, pad)
		}
		d.Set(dicom.Element{Tag: tag, VR: vr, Value: v})
	}
	if a.names.Charset != "" {
		text(dict.SpecificCharacterSet, dicom.CS, constant(a.names.Charset))
	}
	text(dict.SOPClassUID, dicom.UI, constant(string(secondaryCapture)))
	text(dict.SOPInstanceUID, dicom.UI, a.instanceUID)
	text(dict.StudyDate, dicom.DA, a.studyDate)
	text(dict.StudyTime, dicom.TM, a.studyTime)
	text(dict.AccessionNumber, dicom.SH, a.accession)
	text(dict.Modality, dicom.CS, constant("OT"))
	text(dict.ConversionType, dicom.CS, constant("SYN"))
	text(dict.ReferringPhysicianName, dicom.PN, a.referring)
	text(dict.StudyDescription, dicom.LO, a.description)
	text(dict.PatientName, dicom.PN, a.patientName)
	text(dict.PatientID, dicom.LO, a.patientID)
	text(dict.PatientBirthDate, dicom.DA, a.birthDate)
	text(dict.PatientSex, dicom.CS, a.sex)
	text(dict.StudyInstanceUID, dicom.UI, a.studyUID)
	text(dict.SeriesInstanceUID, dicom.UI, a.seriesUID)
	text(dict.StudyID, dicom.SH, number(func(r *row) uint64 { return r.study + 1 }))
	text(dict.SeriesNumber, dicom.IS, number(func(r *row) uint64 { return r.series + 1 }))
	text(dict.InstanceNumber, dicom.IS, number(func(r *row) uint64 { return r.instance + 1 }))
	a.pixels(d)
	return dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
}

func (a *archive) pixels(d *dicom.Dataset) {
	d.SetUint16(dict.SamplesPerPixel, 1)
	d.SetString(dict.PhotometricInterpretation, "MONOCHROME2")
	d.SetUint16(dict.Rows, imageEdge)
	d.SetUint16(dict.Columns, imageEdge)
	d.SetUint16(dict.BitsAllocated, 8)
	d.SetUint16(dict.BitsStored, 8)
	d.SetUint16(dict.HighBit, 7)
	d.SetUint16(dict.PixelRepresentation, 0)
	grey := make([]byte, imageEdge*imageEdge)
	for i := range grey {
		grey[i] = byte(i)
	}
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OB, Value: grey})
}
