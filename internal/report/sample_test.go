package report_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/report"
)

// software of the sample, with how often it is met in 100 systems.
var software = []struct {
	product, version, vendor, classUID, versionName string
	share                                           int
}{
	{"dcm4chee", "2.17.1", "dcm4che.org", "1.2.40.0.13.1.1.1", "dcm4che-1.4.31", 18},
	{"Orthanc", "1.5.6", "Osimis", "1.2.276.0.7230010.3.0.3.6.2", "OFFIS_DCMTK_362", 16},
	{"Orthanc", "1.12.4", "Orthanc", "1.2.276.0.7230010.3.0.3.6.8", "OFFIS_DCMTK_368", 5},
	{"Conquest", "1.4.17", "Conquest", "1.2.826.0.1.3680043.2.135.1066.101", "1.4.17/WIN32", 11},
	{"ClearCanvas", "2.0", "ClearCanvas", "1.3.6.1.4.1.25403.1.1.1", "Dicom 0.1", 9},
	{"PacsOne", "7.1.1", "RainbowFish", "1.2.826.0.1.3680043.2.737.7", "PACSONE7", 8},
	{"K-PACS", "1.6.0", "IMAGE Information Systems", "1.2.276.0.20.1.1.3.2", "K-PACS", 7},
	{"Horos", "3.3.5", "Horos Project", "1.3.6.1.4.1.19291.2.1", "OSIRIX001", 6},
	{"GE Centricity PACS", "", "GE Healthcare", "1.2.840.113619.6.96", "GE_PACS_4.0", 5},
	{"Fujifilm Synapse", "4.4", "Fujifilm", "1.2.392.200036.9125.3.1", "SYNAPSE_4", 4},
	{"", "", "", "1.2.826.0.1.3680043.9.9999", "XA_ARCHIVE", 4},
	{"", "", "", "", "", 7},
}

// places of the sample: 60 countries, the first 52 with disclosing systems.
var places = []struct {
	code  string
	share int
}{
	{"US", 190}, {"IN", 97}, {"TR", 46}, {"BR", 46}, {"IT", 40}, {"ZA", 24}, {"EC", 18}, {"FR", 14}, {"TH", 14}, {"MX", 13},
	{"AR", 12}, {"ID", 11}, {"IR", 11}, {"PK", 10}, {"TW", 10}, {"CL", 9}, {"ES", 9}, {"RU", 9}, {"PE", 8}, {"CO", 8},
	{"MY", 7}, {"DE", 6}, {"CN", 6}, {"GR", 6}, {"KE", 5}, {"EG", 5}, {"VN", 5}, {"PH", 5}, {"KR", 5}, {"JP", 5},
	{"AU", 5}, {"CA", 5}, {"UA", 4}, {"RO", 4}, {"BG", 4}, {"PL", 3}, {"HU", 3}, {"PT", 3}, {"SA", 3}, {"AE", 3},
	{"MA", 2}, {"DZ", 2}, {"NG", 2}, {"BD", 2}, {"LK", 2}, {"SG", 2}, {"HK", 2}, {"CR", 2}, {"PA", 2}, {"UY", 2},
	{"MT", 1}, {"BO", 1}, {"CH", 9}, {"GB", 9}, {"NL", 8}, {"SE", 7}, {"DK", 3}, {"NO", 3}, {"FI", 3}, {"AT", 4},
}

// start of the sample's survey; the time in tests never moves.
var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// sample makes a finished survey of n systems, always the same: a quarter
// disclose, as in 2019.
func sample(n int) *report.Survey {
	r := rand.New(rand.NewPCG(2019, uint64(n)))
	s := &report.Survey{
		Version: report.FormatVersion, Tool: "leadglass 0.1", Started: start, Finished: start.Add(8*time.Minute + 12*time.Second),
		Hosts: int64(n * 5), HostsAsked: int64(n * 5),
		Authorisation: report.Authorisation{
			Organisation: "Example Health CERT", Contact: "cert@health.example, +49 30 5550100", Reference: "EHC-2026-0117",
			ValidFrom: start.AddDate(0, 0, -7), ValidTo: start.AddDate(0, 1, 0),
		},
		Answers: map[string]int64{"closed": int64(n * 31), "timeout": int64(n * 12), "other-service": int64(n * 2)},
	}
	for i := range n {
		s.Systems = append(s.Systems, sampleSystem(r, i))
	}
	report.Finish(s)
	return s
}

func sampleSystem(r *rand.Rand, i int) report.System {
	discloses := i%39 < 10
	soft := software[pick(r, len(software), func(k int) int { return software[k].share })]
	where := places[pick(r, len(places), func(k int) int { return places[k].share })].code
	if discloses {
		where = places[pick(r, 52, func(k int) int { return places[k].share })].code
		if i%39 == 0 {
			where = places[i/39%52].code // each of the 52 has one
		}
	}
	y := report.System{
		Address: fmt.Sprintf("198.18.%d.%d:%d", i/200, i%200+1, []int{104, 11112, 4242}[r.IntN(3)]),
		Class:   "accepts-anyone", Country: where, Network: fmt.Sprintf("%s Clinics Network %d", where, r.IntN(12)+1),
		Vendor: soft.vendor, Product: soft.product, Version: soft.version,
		ImplementationClassUID: soft.classUID, ImplementationVersionName: soft.versionName,
		Count: report.Count{Kind: "none"},
	}
	open(&y, exposure.AnyAETitle, exposure.EchoOpen, exposure.DICOMPlaintext)
	switch {
	case discloses:
		disclose(r, &y, i)
	case r.IntN(100) < 45:
		y.Class, y.Reject = "rejects", "called-ae-title-not-recognized"
		y.Exposures = []string{string(exposure.DICOMPlaintext)}
	case r.IntN(100) < 3:
		y.Class, y.TLS = "tls-only", &report.TLS{Versions: []string{"1.2", "1.3"}, NotAfter: start.AddDate(0, 5, 0)}
		y.Exposures = []string{string(exposure.AnyAETitle)}
	case r.IntN(100) < 2:
		y.Honeypot = []string{"accepts-impossible-abstract-syntax", "answers-on-every-port"}
	}
	return y
}

func disclose(r *rand.Rand, y *report.System, i int) {
	open(y, exposure.PatientDataDisclosed, exposure.FindStudyOpen, exposure.FindPatientOpen)
	y.Attributes = []string{"PatientBirthDate", "PatientID", "PatientName", "ReferringPhysicianName", "StudyDate", "StudyDescription"}
	y.Studies = int64(200 + r.ExpFloat64()*41000)
	y.Patients = y.Studies * int64(40+r.IntN(40)) / 100
	y.Images = y.Studies * int64(10+r.IntN(40))
	y.Count = report.Count{Kind: "exact", Method: fmt.Sprintf("c-find study, %d date windows", 1+r.IntN(20))}
	if i%50 == 4 {
		y.Count = report.Count{Kind: "estimate", Method: "c-find series, 400 studies sampled",
			StudiesLow: y.Studies, StudiesHigh: y.Studies, ImagesLow: y.Images * 9 / 10, ImagesHigh: y.Images * 11 / 10}
	}
	if r.IntN(100) < 54 {
		open(y, exposure.RetrieveOpen)
		y.Retrievable = true
	}
	if r.IntN(100) < 7 {
		open(y, exposure.ViewerOpen, exposure.ViewerPlaintext)
		y.Web = []report.Web{{Address: y.Address[:len(y.Address)-3] + "80", Status: 200, Open: []string{"viewer"}}}
	}
	if r.IntN(100) < 12 {
		open(y, exposure.QIDOOpen, exposure.WADOOpen)
	}
	if r.IntN(100) < 30 {
		open(y, exposure.StoreOpen)
	}
	if y.Product == "dcm4chee" || r.IntN(100) < 10 {
		open(y, exposure.Vulnerable, exposure.VulnerableCritical)
		y.Vulnerabilities = []report.Vulnerability{{ID: "CVE-2017-12149", Vector: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", Score: 9.8, Exploited: true, Source: "NVD, CISA KEV"},
			{ID: "CVE-2010-0738", Vector: "AV:N/AC:L/Au:N/C:C/I:C/A:C", Score: 10, Source: "NVD"}}
	}
	if r.IntN(100) < 2 {
		open(y, exposure.Compromised)
		y.Indicators = []string{"defacement"}
	}
	if r.IntN(100) < 3 {
		open(y, exposure.GovernmentIDs)
		y.GovernmentIDs = map[string]int{"us-ssn": 3}
	}
}

func open(y *report.System, ids ...exposure.ID) {
	for _, id := range ids {
		y.Exposures = append(y.Exposures, string(id))
	}
	slices.Sort(y.Exposures)
}

// pick returns an index, weighted.
func pick(r *rand.Rand, n int, weight func(int) int) int {
	sum := 0
	for i := range n {
		sum += weight(i)
	}
	k := r.IntN(sum)
	for i := range n {
		if k -= weight(i); k < 0 {
			return i
		}
	}
	return n - 1
}
