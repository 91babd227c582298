package report_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/report"
)

// sys is a system in few words: exposures by their ids, numbers studies,
// images and patients.
func sys(address, class, country string, studies, images, patients int64, exposures ...string) report.System {
	return report.System{Address: address, Class: class, Country: country, Studies: studies, Images: images,
		Patients: patients, Exposures: exposures, Count: report.Count{Kind: "exact"}}
}

func finished(systems ...report.System) *report.Survey {
	s := &report.Survey{Systems: systems}
	report.Finish(s)
	return s
}

func TestFinish_Totals(t *testing.T) {
	retrievable := func(s report.System) report.System { s.Retrievable = true; return s }
	estimate := func(s report.System, sl, sh, il, ih int64) report.System {
		s.Count = report.Count{Kind: "estimate", StudiesLow: sl, StudiesHigh: sh, ImagesLow: il, ImagesHigh: ih}
		return s
	}
	same := func(s report.System, as string) report.System { s.SameArchiveAs = as; return s }
	soft := func(s report.System, product, version string) report.System {
		s.Product, s.Version = product, version
		return s
	}
	pot := func(s report.System, signs ...string) report.System { s.Honeypot = signs; return s }
	tls := func(s report.System) report.System { s.TLS = &report.TLS{Versions: []string{"1.3"}}; return s }

	for _, c := range []struct {
		name    string
		systems []report.System
		want    report.Totals
	}{
		{"nothing", nil, report.Totals{}},
		{"each class", []report.System{
			sys("10.0.0.1:104", "accepts-anyone", "DE", 0, 0, 0),
			sys("10.0.0.2:104", "rejects", "DE", 0, 0, 0),
			sys("10.0.0.3:2762", "tls-only", "DE", 0, 0, 0),
			sys("10.0.0.4:2762", "client-certificate", "DE", 0, 0, 0),
			sys("10.0.0.5:9999", "dicom-wrong-port", "DE", 0, 0, 0),
			sys("10.0.0.6:80", "web", "DE", 0, 0, 0),
		}, report.Totals{SystemsDICOM: 4, SystemsTLS: 1}},
		{"behind a wrong port, rejecting and within TLS", []report.System{
			{Address: "10.0.0.1:8080", Class: "dicom-wrong-port", Reject: "called-ae-title-not-recognized", Exposures: []string{"dicom-plaintext"}},
			{Address: "10.0.0.2:443", Class: "dicom-wrong-port", Reject: "no-reason-given", TLS: &report.TLS{Versions: []string{"1.3"}}},
		}, report.Totals{SystemsDICOM: 2, SystemsTLS: 1}},
		{"records of all, countries of disclosing ones", []report.System{
			retrievable(sys("10.0.0.1:104", "accepts-anyone", "US", 10, 200, 5, "patient-data-disclosed", "any-ae-title")),
			sys("10.0.0.2:104", "accepts-anyone", "IN", 3, 40, 2, "patient-data-disclosed"),
			sys("10.0.0.3:80", "web", "IN", 1, 7, 0, "patient-data-disclosed", "qido-open"),
			sys("10.0.0.4:104", "accepts-anyone", "BR", 4, 8, 4, "any-ae-title"),
			sys("10.0.0.5:104", "accepts-anyone", "", 0, 0, 0, "patient-data-disclosed"),
		}, report.Totals{SystemsDICOM: 4, SystemsDisclosing: 4, Countries: 2, Patients: 11, Studies: 18, Images: 255,
			ImagesAccessible: 200, SystemsAnyAETitle: 2, StudiesLow: 18, StudiesHigh: 18, ImagesLow: 255, ImagesHigh: 255}},
		{"an archive seen twice adds no records but is a system", []report.System{
			retrievable(sys("10.0.0.1:104", "accepts-anyone", "US", 10, 200, 5, "patient-data-disclosed")),
			same(retrievable(sys("10.0.0.1:11112", "accepts-anyone", "US", 10, 200, 5, "patient-data-disclosed")), "10.0.0.1:104"),
		}, report.Totals{SystemsDICOM: 2, SystemsDisclosing: 2, Countries: 1, Patients: 5, Studies: 10, Images: 200,
			ImagesAccessible: 200, StudiesLow: 10, StudiesHigh: 10, ImagesLow: 200, ImagesHigh: 200}},
		{"suspects count apart, one sign is not enough", []report.System{
			pot(sys("10.0.0.1:104", "accepts-anyone", "US", 9, 9, 9, "patient-data-disclosed", "viewer-open"), "answers-on-every-port", "same-answer-to-anything"),
			pot(sys("10.0.0.2:104", "accepts-anyone", "US", 9, 9, 9, "patient-data-disclosed"), "known-honeypot-software"),
			pot(sys("10.0.0.3:104", "accepts-anyone", "US", 2, 3, 1, "patient-data-disclosed"), "echoes-our-bytes"),
		}, report.Totals{SystemsDICOM: 1, SystemsDisclosing: 1, Countries: 1, Patients: 1, Studies: 2, Images: 3,
			HoneypotSuspects: 2, StudiesLow: 2, StudiesHigh: 2, ImagesLow: 3, ImagesHigh: 3}},
		{"estimates keep their interval", []report.System{
			estimate(sys("10.0.0.1:104", "accepts-anyone", "US", 100, 2000, 0), 90, 110, 1500, 2500),
			sys("10.0.0.2:104", "accepts-anyone", "US", 1, 2, 0),
		}, report.Totals{SystemsDICOM: 2, Studies: 101, Images: 2002, SystemsEstimated: 1,
			StudiesLow: 91, StudiesHigh: 111, ImagesLow: 1502, ImagesHigh: 2502}},
		{"clusters need two and a name", []report.System{
			soft(sys("10.0.0.1:104", "accepts-anyone", "US", 0, 0, 0), "Orthanc", "1.5.6"),
			soft(sys("10.0.0.2:104", "rejects", "DE", 0, 0, 0), "Orthanc", "1.5.6"),
			soft(sys("10.0.0.3:104", "rejects", "DE", 0, 0, 0), "Orthanc", "1.5.7"),
			sys("10.0.0.4:104", "rejects", "DE", 0, 0, 0),
			sys("10.0.0.5:104", "rejects", "DE", 0, 0, 0),
			pot(soft(sys("10.0.0.6:104", "rejects", "DE", 0, 0, 0), "Orthanc", "1.5.7"), "known-honeypot-software"),
		}, report.Totals{SystemsDICOM: 5, SoftwareClusters: 1, SystemsInClusters: 2, HoneypotSuspects: 1}},
		{"faults and TLS", []report.System{
			sys("10.0.0.1:104", "accepts-anyone", "US", 0, 0, 0, "viewer-open", "viewer-plaintext", "known-vulnerability",
				"known-vulnerability-cvss10", "compromise-indicator", "dicom-plaintext"),
			sys("10.0.0.2:104", "accepts-anyone", "US", 0, 0, 0, "viewer-open", "known-vulnerability"),
			tls(sys("10.0.0.3:104", "accepts-anyone", "US", 0, 0, 0)),
			tls(sys("10.0.0.4:104", "accepts-anyone", "US", 0, 0, 0, "dicom-plaintext")), // its web service had TLS
			tls(sys("10.0.0.5:104", "client-certificate", "US", 0, 0, 0)),
		}, report.Totals{SystemsDICOM: 4, WebViewersOpen: 2, WebViewersOpenHTTP: 1, SystemsVulnerable: 2, SystemsCVSS10: 1,
			SystemsCompromiseIndicators: 1, SystemsTLS: 1}},
		{"what a peer claims cannot overflow", []report.System{
			sys("10.0.0.1:104", "accepts-anyone", "US", math.MaxInt64, 1, 0),
			sys("10.0.0.2:104", "accepts-anyone", "US", 5, -7, 0),
		}, report.Totals{SystemsDICOM: 2, Studies: math.MaxInt64, Images: 1, StudiesLow: math.MaxInt64, StudiesHigh: math.MaxInt64, ImagesLow: 1, ImagesHigh: 1}},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			if got := finished(c.systems...).Totals; got != c.want {
				t.Errorf("got  %+v\nwant %+v", got, c.want)
			}
		})
	}
}

func TestFinish_SortsAddressesAsNumbers(t *testing.T) {
	want := []string{"9.9.9.9:104", "10.0.0.2:104", "10.0.0.2:4242", "10.0.0.2:11112", "10.0.0.10:104", "[::1]:104", "[2001:db8::9]:104", "[2001:db8::10]:104", "archive.example:104"}
	var systems []report.System
	for _, a := range []int{7, 3, 8, 0, 5, 2, 1, 6, 4} {
		systems = append(systems, sys(want[a], "rejects", "", 0, 0, 0))
	}
	var got []string
	for _, s := range finished(systems...).Systems {
		got = append(got, s.Address)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestFinish_CountriesAndGrades(t *testing.T) {
	taken := sys("10.0.0.7:104", "accepts-anyone", "IT", 1, 1, 1, "patient-data-disclosed")
	taken.Retrievable = true
	pot := sys("10.0.0.8:104", "accepts-anyone", "FR", 1, 1, 1, "patient-data-disclosed", "retrieve-open")
	pot.Honeypot = []string{"known-honeypot-software"}
	empty := sys("10.0.0.9:104", "accepts-anyone", "CA", 0, 0, 0, "retrieve-open")
	empty.Retrievable = true
	uncounted := sys("10.0.0.10:104", "accepts-anyone", "CH", 0, 0, 0, "retrieve-open")
	uncounted.Count.Kind = "none"
	s := finished(
		sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0, "dicom-plaintext"),
		sys("10.0.0.2:104", "accepts-anyone", "US", 5, 6, 7, "patient-data-disclosed"),
		sys("10.0.0.3:104", "accepts-anyone", "us", 1, 2, 3, "any-ae-title"),
		sys("10.0.0.4:80", "web", "ES", 0, 0, 0, "viewer-open"),
		sys("10.0.0.5:104", "accepts-anyone", "PT", 0, 0, 0, "compromise-indicator"),
		sys("10.0.0.6:104", "rejects", "Atlantis", 0, 0, 0, "known-vulnerability-exploited"),
		taken, pot, empty, uncounted,
		sys("10.0.0.11:104", "accepts-anyone", "NL", 0, 0, 0, "find-study-open"),
	)
	got := map[string]string{}
	var codes []string
	for _, c := range s.Countries {
		got[c.Code] = c.Grade
		codes = append(codes, c.Code)
	}
	want := map[string]string{"": "bad", "CA": "bad", "CH": "ugly", "NL": "bad", "DE": "good", "ES": "bad", "FR": "good", "IT": "ugly", "PT": "ugly", "US": "bad"}
	if !reflect.DeepEqual(got, want) || !slices.IsSorted(codes) {
		t.Errorf("got %v in the order %v, want %v by code", got, codes, want)
	}
	us := s.Countries[len(s.Countries)-1].Totals
	if us.Studies != 6 || us.SystemsDICOM != 2 || us.SystemsDisclosing != 1 || us.Countries != 1 {
		t.Errorf("US: got %+v", us)
	}
}

func TestFinish_ClusterNamesStay(t *testing.T) {
	one := sys("10.0.0.1:104", "rejects", "", 0, 0, 0)
	one.Product, one.Version = "Orthanc", "1.5.6"
	two, other := one, one
	two.Address, other.Address = "10.0.0.2:104", "10.0.0.3:104"
	other.ImplementationVersionName = "OFFIS_DCMTK_362"
	s := finished(one, two, other)
	if got, want := s.Systems[0].Cluster, "Orthanc 1.5.6 #577b16"; got != want || s.Systems[1].Cluster != want {
		t.Errorf("got %q and %q, want %q", got, s.Systems[1].Cluster, want)
	}
	if s.Systems[2].Cluster != "" {
		t.Errorf("a system of its own is in cluster %q", s.Systems[2].Cluster)
	}
}

func TestFinish_TwiceChangesNothing(t *testing.T) {
	s := sample(300)
	before := fmt.Sprintf("%+v", *s)
	report.Finish(s)
	if after := fmt.Sprintf("%+v", *s); after != before {
		t.Error("finishing a finished survey changed it")
	}
}

func TestFinish_CleansWhatPeersChose(t *testing.T) {
	y := sys("10.0.0.1:104", "accepts-anyone", "US", 0, 0, 0)
	y.Product = "PACS\x1b[2J\u202egnp.exe\x00\n  <script>" + strings.Repeat("x", 500)
	y.ImplementationVersionName = "\xff\xfeV1\t"
	y.Attributes = []string{"Patient\x07Name"}
	y.GovernmentIDs = map[string]int{"us\x1b-ssn": 2}
	s := finished(y).Systems[0]
	if want := "PACS[2Jgnp.exe   <script>"; !strings.HasPrefix(s.Product, want) || len(s.Product) != 128 {
		t.Errorf("product: got %q (%d)", s.Product, len(s.Product))
	}
	if s.ImplementationVersionName != "V1" || s.Attributes[0] != "PatientName" || s.GovernmentIDs["us-ssn"] != 2 {
		t.Errorf("got %q, %q, %v", s.ImplementationVersionName, s.Attributes, s.GovernmentIDs)
	}
}
