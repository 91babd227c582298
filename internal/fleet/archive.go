package fleet

import (
	"strconv"
	"strings"

	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// archive answers questions about what a service holds.
type archive struct {
	*content.Holdings
	service *plan.DICOMService
	names   *content.Lexicon
	root    []byte // of its UIDs, as plantedRoot + "1.17."
}

// row names one answer: a patient, a study, a series or an instance.
type row struct{ patient, study, series, instance uint64 }

// firstStudy keeps the study's arc of a UID ten digits long.
const firstStudy = 1_000_000_001

func newArchive(s *plan.DICOMService, names *content.Lexicon) *archive {
	a := &archive{Holdings: s.Holds, service: s, names: names}
	a.root = append(strconv.AppendUint([]byte(content.PlantedRoot+"1."), a.Number, 10), '.')
	return a
}

func (a *archive) studyUID(dst []byte, r *row) []byte {
	return strconv.AppendUint(append(dst, a.root...), firstStudy+r.study, 10)
}

func (a *archive) seriesUID(dst []byte, r *row) []byte {
	return strconv.AppendUint(append(a.studyUID(dst, r), '.'), r.series+1, 10)
}

func (a *archive) instanceUID(dst []byte, r *row) []byte {
	return strconv.AppendUint(append(a.seriesUID(dst, r), '.'), r.instance+1, 10)
}

// studyOf finds the study with that UID.
func (a *archive) studyOf(uid string) (uint64, bool) {
	rest, ok := strings.CutPrefix(uid, string(a.root))
	n, err := strconv.ParseUint(rest, 10, 64)
	if !ok || err != nil || len(rest) != 10 || n < firstStudy || n-firstStudy >= a.Studies {
		return 0, false
	}
	return n - firstStudy, true
}

func (a *archive) accession(dst []byte, r *row) []byte {
	return strconv.AppendUint(append(dst, content.PlantedID+"A"...), firstStudy+r.study, 10)
}

func (a *archive) patientName(dst []byte, r *row) []byte {
	return append(dst, a.names.Coded[content.Mix(a.Seed, r.patient)%uint64(len(a.names.Coded))]...)
}

func (a *archive) patientID(dst []byte, r *row) []byte { return a.service.IDs.Append(dst, r.patient) }

func (a *archive) sex(dst []byte, r *row) []byte {
	return append(dst, "FMFMFMFO"[content.Mix(a.Seed, r.patient)>>61])
}

func (a *archive) birthDate(dst []byte, r *row) []byte {
	return content.AppendDate(dst, a.Born(r.patient))
}

func (a *archive) referring(dst []byte, r *row) []byte {
	if a.service.NoDoctor {
		return dst
	}
	return append(dst, a.names.Doctors[content.Mix(a.Seed+1, r.study)%uint64(len(a.names.Doctors))]...)
}

func (a *archive) studyDate(dst []byte, r *row) []byte {
	day, _ := a.When(r.study)
	return content.AppendDate(dst, day)
}

func (a *archive) studyTime(dst []byte, r *row) []byte {
	_, second := a.When(r.study)
	return content.AppendTime(dst, second)
}

// ransomText stands in some study descriptions of a blackmailed archive.
const ransomText = "ALL DATA IS ENCRYPTED zwyx - PAY 0.3 BTC TO DECRYPT"

func (a *archive) description(dst []byte, r *row) []byte {
	if a.service.Ransom && r.study%7 == 0 {
		return append(dst, ransomText...)
	}
	texts := descriptions(a.ModalityOf(r.study))
	dst = append(dst, texts[content.Mix(a.Seed+2, r.study)%uint64(len(texts))]...)
	return append(dst, " "+content.PlantedName...)
}

func (a *archive) modality(dst []byte, r *row) []byte { return append(dst, a.ModalityOf(r.study)...) }

// descriptions are what such studies are called; they say why, too.
func descriptions(modality string) []string {
	switch modality {
	case "CT":
		return []string{"CT Abdomen contrast", "CT Thorax staging", "CT Head trauma", "CT Angio pulmonary embolism"}
	case "MR":
		return []string{"MR Brain seizure", "MR Knee meniscus", "MR Lumbar spine pain", "MR Prostate"}
	case "PT":
		return []string{"PET/CT lymphoma staging", "PET/CT restaging melanoma"}
	case "US":
		return []string{"US Abdomen", "US Obstetric 2nd trimester", "US Carotid duplex"}
	case "MG":
		return []string{"Mammography screening", "Mammography palpable lump"}
	}
	return []string{"Chest PA", "Hand fracture", "Pelvis AP", "Knee 2 views", "Chest cough tuberculosis"}
}
