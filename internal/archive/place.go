package archive

import (
	"context"
	"slices"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

// knownStudy is what is remembered of a study between its objects. It is shared
// and not changed, but for series, which mu of the Archive covers.
type knownStudy struct {
	study    *leadglass.Study
	patients []dicom.PatientID // whose it may be said to be: as sent, and as merged
	header   *dicom.Dataset    // name, birth date and sex as kept
	series   map[dicom.UID]bool
}

// demographics are what two objects of one patient may be expected to agree on.
var demographics = [...]struct {
	tag  dicom.Tag
	name string
}{
	{dicom.Tag(dict.PatientName), "patient's name"},
	{dicom.Tag(dict.PatientBirthDate), "patient's birth date"},
	{dicom.Tag(dict.PatientSex), "patient's sex"},
}

// place finds the study of an object, or makes it known, and says what is in
// conflict.
func (a *Archive) place(ctx context.Context, inst *index.Instance) (*leadglass.Study, []string, error) {
	k, err := a.study(ctx, inst)
	if err != nil {
		return nil, nil, err
	}
	if !slices.Contains(k.patients, inst.Ref.Patient) {
		return nil, nil, leadglass.Errorf(leadglass.Conflict, "archive: storing: the study is there with another patient ID")
	}
	if err := a.series(ctx, k, inst); err != nil {
		return nil, nil, err
	}
	var warnings []string
	for _, d := range demographics {
		if k.header != nil && !equalText(k.header.Get(d.tag), inst.Header.Get(d.tag)) {
			warnings = append(warnings, "another "+d.name+" is kept for this patient ID")
		}
	}
	return k.study, warnings, nil
}

// study returns what is known of the study of an object. A new one is as the
// object says.
func (a *Archive) study(ctx context.Context, inst *index.Instance) (*knownStudy, error) {
	a.mu.Lock()
	k := a.known[inst.Ref.Study]
	a.mu.Unlock()
	if k != nil {
		return k, nil
	}
	k, err := a.recall(ctx, inst)
	if err != nil {
		return nil, leadglass.Errorf(leadglass.Unavailable, "archive: storing: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if first := a.known[inst.Ref.Study]; first != nil {
		return first, nil
	}
	for uid := range a.known {
		if len(a.known) < knownStudies {
			break
		}
		delete(a.known, uid)
	}
	a.known[inst.Ref.Study] = k
	return k, nil
}

// recall asks the index for a study and its patient.
func (a *Archive) recall(ctx context.Context, inst *index.Instance) (*knownStudy, error) {
	if err := a.wait(ctx); err != nil {
		return nil, err
	}
	k := &knownStudy{series: map[dicom.UID]bool{}}
	for s, err := range a.index.Studies(ctx, leadglass.Ref{Study: inst.Ref.Study}) {
		if err != nil {
			return nil, err
		}
		k.study, k.patients = s, []dicom.PatientID{s.Patient}
		break
	}
	if k.study == nil {
		k.study, k.patients = newStudy(inst), []dicom.PatientID{inst.Ref.Patient}
	} else if k.study.Patient != inst.Ref.Patient {
		if sent, ok := a.sentAs(ctx, inst.Ref.Study); ok { // the patient was merged since
			k.patients = append(k.patients, sent)
		}
	}
	var err error
	if k.header, err = a.patient(ctx, k.study.Patient); err == nil && k.header == nil {
		k.header = demographicsOf(inst.Header)
	}
	return k, err
}

// sentAs is the patient ID in the bytes of a study.
func (a *Archive) sentAs(ctx context.Context, study dicom.UID) (dicom.PatientID, bool) {
	for inst, err := range a.index.Objects(ctx, leadglass.Ref{Study: study}) {
		if err != nil {
			break
		}
		if d, err := a.headerOf(inst); err == nil {
			return d.PatientID(dicom.Tag(dict.PatientID)), true
		}
		break
	}
	return "", false
}

// patient returns the demographics that are kept of a patient, nil for one that
// is new.
func (a *Archive) patient(ctx context.Context, id dicom.PatientID) (*dicom.Dataset, error) {
	if id == "" {
		return nil, nil // no ID, nobody in particular
	}
	keys := new(dicom.Dataset)
	keys.SetString(dicom.Tag(dict.SpecificCharacterSet), "ISO_IR 192")
	keys.SetString(dicom.Tag(dict.PatientID), id.DICOM())
	for _, d := range demographics {
		keys.SetString(d.tag)
	}
	for m, err := range a.index.Find(ctx, &leadglass.Query{Level: leadglass.PatientLevel, Keys: keys}) {
		if err != nil {
			return nil, err
		}
		if m.Ref.Patient == id { // a wildcard in an ID finds others, too
			return demographicsOf(m.Attributes), nil
		}
	}
	return nil, nil
}

// demographicsOf copies what is compared, as text in one character set.
func demographicsOf(d *dicom.Dataset) *dicom.Dataset {
	out := new(dicom.Dataset)
	for _, want := range demographics {
		if e := d.Get(want.tag); e != nil {
			out.Set(dicom.Element{Tag: e.Tag, VR: e.VR, Value: []byte(d.String(want.tag))})
		}
	}
	return out
}

// series refuses a series that is in another study.
func (a *Archive) series(ctx context.Context, k *knownStudy, inst *index.Instance) error {
	a.mu.Lock()
	seen := k.series[inst.Ref.Series]
	a.mu.Unlock()
	if seen {
		return nil
	}
	for other, err := range a.index.Objects(ctx, leadglass.Ref{Series: inst.Ref.Series}) {
		if err != nil {
			return leadglass.Errorf(leadglass.Unavailable, "archive: storing: %w", err)
		}
		if other.Ref.Study != inst.Ref.Study {
			return leadglass.Errorf(leadglass.Conflict, "archive: storing: the series is there in another study")
		}
		break
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for uid, other := range a.known { // what the index does not have yet
		if uid != inst.Ref.Study && other.series[inst.Ref.Series] {
			return leadglass.Errorf(leadglass.Conflict, "archive: storing: the series is there in another study")
		}
	}
	k.series[inst.Ref.Series] = true
	return nil
}

func newStudy(inst *index.Instance) *leadglass.Study {
	d := inst.Header
	s := &leadglass.Study{
		UID: inst.Ref.Study, Patient: inst.Ref.Patient,
		Issuer:      d.String(dicom.Tag(dict.IssuerOfPatientID)),
		Accession:   d.String(dicom.Tag(dict.AccessionNumber)),
		Date:        d.String(dicom.Tag(dict.StudyDate)),
		Institution: d.String(dicom.Tag(dict.InstitutionName)),
		Series:      1, Instances: 1, Bytes: inst.Size,
	}
	if m := d.String(dicom.Tag(dict.Modality)); m != "" {
		s.Modalities = []string{m}
	}
	if p := d.String(dicom.Tag(dict.BodyPartExamined)); p != "" {
		s.BodyParts = []string{p}
	}
	return s
}

// forget makes the index be asked again about a study.
func (a *Archive) forget(study dicom.UID) {
	a.mu.Lock()
	delete(a.known, study)
	a.mu.Unlock()
}

func (a *Archive) forgetAll() {
	a.mu.Lock()
	clear(a.known)
	a.mu.Unlock()
}
