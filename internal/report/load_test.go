package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/leadglass/leadglass/internal/exposure"
	"github.com/leadglass/leadglass/internal/report"
)

func encoded(t testing.TB, s *report.Survey) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := report.JSON(&b, s); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func schema(t testing.TB) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(report.Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

func valid(t testing.TB, data []byte) error {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema(t).Validate(doc)
}

// full has every field of every type filled in, so that the schema is tried on
// all of them.
func full() *report.Survey {
	y := sys("192.0.2.1:104", "accepts-anyone", "DE", 10, 100, 5, "patient-data-disclosed", "known-vulnerability")
	y.Name, y.Network, y.Vendor, y.Product, y.Version = "archive.example", "Example Clinic", "Osimis", "Orthanc", "1.5.6"
	y.Reject, y.ImplementationClassUID, y.ImplementationVersionName = "no-reason-given", "1.2.3", "V1"
	y.Attributes, y.Indicators, y.Honeypot = []string{"PatientName"}, []string{"miner"}, []string{"echoes-our-bytes"}
	y.Vulnerabilities = []report.Vulnerability{{ID: "CVE-2019-0001", Vector: "CVSS:3.1/AV:N", Score: 9.8, Exploited: true, Source: "NVD"}}
	y.GovernmentIDs = map[string]int{"us-ssn": 2}
	y.TLS = &report.TLS{Versions: []string{"1.2"}, Faults: []string{"self-signed"}, NotAfter: start, ClientCert: true}
	y.Web = []report.Web{{Address: "192.0.2.1:80", HTTPS: true, Status: 200, Open: []string{"qido", "wado", "viewer", "admin"}}}
	y.Count = report.Count{Kind: "estimate", Method: "c-find", StudiesLow: 9, StudiesHigh: 11, ImagesLow: 90, ImagesHigh: 110}
	y.Retrievable = true
	z := sys("192.0.2.1:11112", "rejects", "", 10, 100, 5)
	z.SameArchiveAs = y.Address
	s := finished(y, z)
	s.Authorisation = report.Authorisation{Organisation: "O", Contact: "C", Reference: "R", ValidFrom: start, ValidTo: start}
	s.Answers["closed"] = 3
	return s
}

func TestSchema_HoldsForWhatIsWritten(t *testing.T) {
	for name, s := range map[string]*report.Survey{"empty": finished(), "full": full(), "sample": sample(400)} {
		if err := valid(t, encoded(t, s)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Every key that the types can write is in the schema, and the reverse.
func TestSchema_HasTheSameKeysAsTheTypes(t *testing.T) {
	var doc struct {
		Properties map[string]any
		Defs       map[string]struct{ Properties map[string]any } `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(report.Schema()), &doc); err != nil {
		t.Fatal(err)
	}
	check := func(name string, of reflect.Type, properties map[string]any) {
		keys := map[string]bool{}
		for i := range of.NumField() {
			key, _, _ := strings.Cut(of.Field(i).Tag.Get("json"), ",")
			keys[key] = true
			if properties[key] == nil {
				t.Errorf("%s: the schema lacks %q", name, key)
			}
		}
		for key := range properties {
			if !keys[key] {
				t.Errorf("%s: the type lacks %q", name, key)
			}
		}
	}
	check("survey", reflect.TypeFor[report.Survey](), doc.Properties)
	for name, of := range map[string]reflect.Type{
		"totals": reflect.TypeFor[report.Totals](), "country": reflect.TypeFor[report.Country](), "system": reflect.TypeFor[report.System](),
		"count": reflect.TypeFor[report.Count](), "vulnerability": reflect.TypeFor[report.Vulnerability](), "tls": reflect.TypeFor[report.TLS](),
		"web": reflect.TypeFor[report.Web](),
	} {
		check(name, of, doc.Defs[name].Properties)
	}
}

func TestSchema_RefusesMore(t *testing.T) {
	good := string(encoded(t, full()))
	for name, change := range map[string][2]string{
		"a name":       {`"partial"`, `"patient_name": "Doe", "partial"`},
		"in a system":  {`"retrievable"`, `"patient_id": "1", "retrievable"`},
		"version":      {`"version": 1,`, `"version": 2,`},
		"exposure":     {`"known-vulnerability"`, `"known-to-nobody"`},
		"count":        {`"kind": "estimate"`, `"kind": "guess"`},
		"country code": {`"country": "DE"`, `"country": "Germany"`},
	} {
		if bad := strings.Replace(good, change[0], change[1], 1); bad == good || valid(t, []byte(bad)) == nil {
			t.Errorf("%s: the schema takes it", name)
		}
	}
}

func TestLoad_GivesBackWhatWasWritten(t *testing.T) {
	dir := t.TempDir()
	s := full()
	if err := report.Write(dir, s); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{dir, filepath.Join(dir, "survey.json")} {
		got, err := report.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(encoded(t, got), encoded(t, s)) {
			t.Errorf("%s: loading changed the survey", name)
		}
	}
}

func TestLoad_Refuses(t *testing.T) {
	good := string(encoded(t, full()))
	for _, c := range []struct{ name, old, new, want string }{
		{"unknown_key", `"partial"`, `"patient_name": "Doe", "partial"`, "unknown field"},
		{"twice", `"address": "192.0.2.1:11112"`, `"address": "192.0.2.1:104"`, "listed twice"},
		{"no_port", `"address": "192.0.2.1:11112"`, `"address": "192.0.2.1"`, "missing port"},
		{"port_zero", `"address": "192.0.2.1:11112"`, `"address": "192.0.2.1:0"`, "no port number"},
		{"negative", `"studies": 10`, `"studies": -10`, "negative count in the totals"},
		{"negative_low", `"images_low": 90,
    "images_high": 110
   }`, `"images_low": -90,
    "images_high": 110
   }`, "negative count"},
		{"kind", `"kind": "estimate"`, `"kind": "guess"`, "unknown kind of count"},
		{"grade", `"grade": "ugly"`, `"grade": "fine"`, "unknown grade"},
		{"hosts", `"hosts": 0`, `"hosts": -1`, "negative number of hosts"},
		{"more_after", "\n}\n", "\n}\n{}", "after top-level value"},
		{"not_json", "{", "", "parsing survey"},
	} {
		t.Run(c.name, func(t *testing.T) {
			bad := strings.Replace(good, c.old, c.new, 1)
			if bad == good {
				t.Fatal("the change changes nothing")
			}
			_, err := report.Decode(strings.NewReader(bad), report.Limits{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLoad_OtherVersionHasAHint(t *testing.T) {
	for version, hint := range map[string]string{"9": "newer leadglass", "0": "not a survey.json"} {
		_, err := report.Decode(strings.NewReader(`{"version": `+version+`, "from_the_future": true}`), report.Limits{})
		var v *report.VersionError
		if !errors.As(err, &v) || !strings.Contains(v.Hint(), hint) {
			t.Errorf("version %s: got %v", version, err)
		}
	}
}

func TestLimit_SurveyBytes(t *testing.T) {
	data := encoded(t, full())
	n := int64(len(data))
	for _, c := range []struct {
		limit int64
		ok    bool
	}{{n, true}, {n - 1, false}, {-1, true}, {0, true}} {
		_, err := report.Decode(bytes.NewReader(data), report.Limits{SurveyBytes: c.limit})
		var over *report.LimitError
		if c.ok && err != nil || !c.ok && !errors.As(err, &over) {
			t.Errorf("limit %d for %d bytes: got %v", c.limit, n, err)
		}
	}
}

func TestLoad_MissingFile(t *testing.T) {
	_, err := report.Load(filepath.Join(t.TempDir(), "none"))
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(encoded(f, full()))
	f.Add([]byte(`{"version":1,"systems":[{"address":"[::1]:104","count":{"kind":"none"},"exposures":null,"tls":{}}]}`))
	f.Add([]byte(`{"version":1,"countries":[{"grade":"good"}],"answers":{"\u0000":9e9}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := report.Decode(bytes.NewReader(data), report.Limits{SurveyBytes: 1 << 20})
		if err != nil {
			return
		}
		var b bytes.Buffer
		if err := report.Table(&b, s, 80, false); err != nil {
			t.Fatal(err)
		}
		report.Finish(s)
		for _, write := range []func() error{
			func() error { return report.CSV(&b, s) },
			func() error { return report.HTML(&b, s) },
			func() error { return report.JSON(&b, s) },
		} {
			if err := write(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// The ids that the schema permits are those of package exposure.
func TestSchema_KnowsTheExposures(t *testing.T) {
	var doc struct {
		Defs struct {
			System struct {
				Properties struct {
					Exposures struct{ Items struct{ Enum []string } }
				}
			}
		} `json:"$defs"`
	}
	if err := json.Unmarshal([]byte(report.Schema()), &doc); err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, e := range exposure.List() {
		want = append(want, string(e.ID))
	}
	if got := doc.Defs.System.Properties.Exposures.Items.Enum; !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func BenchmarkReport(b *testing.B) {
	s := sample(2300)
	data := encoded(b, s)
	b.Run("Finish", func(b *testing.B) {
		for b.Loop() {
			report.Finish(s)
		}
	})
	b.Run("JSON", func(b *testing.B) {
		for b.Loop() {
			encoded(b, s)
		}
	})
	b.Run("Decode", func(b *testing.B) {
		for b.Loop() {
			if _, err := report.Decode(bytes.NewReader(data), report.Limits{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("HTML", func(b *testing.B) {
		for b.Loop() {
			page(b, s)
		}
	})
	b.Logf("survey.json: %d bytes", len(data))
}
