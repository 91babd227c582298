package main_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/internal/peertest"
)

// orthanc is Debian's, as a peer.
type orthanc struct {
	t           *testing.T
	dicom, rest string // a port, and the URL of its REST interface
}

// startOrthanc starts one with these settings beside its ports.
func startOrthanc(t *testing.T, dicomPort string, settings map[string]any) *orthanc {
	t.Helper()
	peertest.Need(t, "Orthanc", peertest.OrthancDICOMweb)
	config := map[string]any{"Plugins": []string{peertest.OrthancDICOMweb}, "DicomAet": "ORTHANC", "AuthenticationEnabled": false, "DicomScuTimeout": 30}
	maps.Copy(config, settings)
	return &orthanc{t, dicomPort, "http://127.0.0.1:" + peertest.Orthanc(t, dicomPort, config)}
}

// call asks the REST interface and returns status and answer.
func (o *orthanc) call(method, path, body string, into any) int {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	rq, err := http.NewRequestWithContext(ctx, method, o.rest+path, strings.NewReader(body))
	if err != nil {
		o.t.Fatal(err)
	}
	rsp, err := http.DefaultClient.Do(rq)
	if err != nil {
		o.t.Fatal(err)
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	if raw, ok := into.(*[]byte); ok {
		*raw = b
	} else if err == nil && into != nil && rsp.StatusCode == http.StatusOK {
		err = json.Unmarshal(b, into)
	}
	if err != nil || into != nil && rsp.StatusCode != http.StatusOK {
		o.t.Errorf("Orthanc %s %s: %s, %v, %.300q", method, path, rsp.Status, err, b)
	}
	return rsp.StatusCode
}

// fill uploads files and returns Orthanc's names of the instances.
func (o *orthanc) fill(files ...string) (ids []string) {
	o.t.Helper()
	for _, f := range files {
		b, err := os.ReadFile(peertest.Files + "/" + f)
		if err != nil {
			o.t.Fatal(err)
		}
		var added struct{ ID string }
		o.call("POST", "/instances", string(b), &added)
		ids = append(ids, added.ID)
	}
	return ids
}

// empty deletes everything.
func (o *orthanc) empty() {
	o.t.Helper()
	var patients []string
	o.call("GET", "/patients", "", &patients)
	for _, p := range patients {
		o.call("DELETE", "/patients/"+p, "", nil)
	}
}

// has wants exactly these data sets.
func (o *orthanc) has(want ...[]byte) {
	o.t.Helper()
	var ids []string
	o.call("GET", "/instances", "", &ids)
	var got [][]byte
	for _, id := range ids {
		var b []byte
		o.call("GET", "/instances/"+id+"/file", "", &b)
		got = append(got, dataSet(b))
	}
	slices.SortFunc(got, bytes.Compare)
	slices.SortFunc(want, bytes.Compare)
	if len(want) == 0 || !slices.EqualFunc(got, want, bytes.Equal) {
		o.t.Errorf("Orthanc has %d instances, not %d byte for byte", len(got), len(want))
	}
}

// dataSets are those of files.
func dataSets(t *testing.T, names ...string) (all [][]byte) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, dataSet(b))
	}
	return all
}

func list(ids []string) string {
	b, _ := json.Marshal(ids)
	return string(b)
}

// TestServeInterop_OrthancDIMSE: Orthanc sends to us, over TLS and without, finds
// with us, and has us move to it.
func TestServeInterop_OrthancDIMSE(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	dicomPort := peertest.Port(t)
	a := serves(t, exception(dicomPort, "ORTHANC"))
	d := a.enrol("ORTHANCTLS", "--role", "modality", "--role", "workstation", "--rsa")
	r := refers(t) // has what Orthanc sends, which lays some objects down anew
	modality := func(address string, more map[string]any) map[string]any {
		m := map[string]any{"AET": "LEADGLASS", "Host": "127.0.0.1", "Port": peertest.Number(port(address))}
		for k, v := range more {
			m[k] = v
		}
		return m
	}
	o := startOrthanc(t, dicomPort, map[string]any{
		"DicomTlsCertificate": d.cert, "DicomTlsPrivateKey": d.key, "DicomTlsTrustedCertificates": d.ca,
		"DicomModalities": map[string]any{
			"reference": modality("127.0.0.1:"+r.port, nil),
			"ours":      modality(a.plain, nil), "tls": modality(a.dimse, map[string]any{"LocalAet": "ORTHANCTLS", "UseDicomTls": true}),
		},
	})
	ids := o.fill(threeStudies...)
	for name, some := range map[string][]string{"reference": ids, "ours": ids[:2], "tls": ids[2:]} {
		if code := o.call("POST", "/modalities/"+name+"/echo", "{}", nil); code != http.StatusOK {
			t.Errorf("C-ECHO to %s: HTTP %d", name, code)
		}
		var sent struct{ InstancesCount, FailedInstancesCount int }
		o.call("POST", "/modalities/"+name+"/store", list(some), &sent)
		if sent.InstancesCount != len(some) || sent.FailedInstancesCount != 0 {
			t.Errorf("C-STORE to %s: %+v", name, sent)
		}
	}
	o.empty()
	for _, tt := range []struct {
		query string
		want  []string
	}{
		{`{"Level":"Study","Query":{"PatientName":"compressedsamples*","PatientID":""}}`, []string{"1CT1", "4MR1"}},
		{`{"Level":"Study","Query":{"StudyDate":"19900101-20031231","PatientID":""}}`, []string{"id00001"}},
		{`{"Level":"Study","Query":{"StudyInstanceUID":"1.2.3","PatientID":""}}`, nil},
	} {
		var asked struct{ ID string }
		o.call("POST", "/modalities/ours/query", tt.query, &asked)
		var answers []map[string]string
		o.call("GET", "/queries/"+asked.ID+"/answers?expand&simplify", "", &answers)
		var got []string
		for _, row := range answers {
			got = append(got, row["PatientID"])
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("C-FIND %s has %q, want %q", tt.query, got, tt.want)
		}
		if code := o.call("POST", "/queries/"+asked.ID+"/retrieve", `{"TargetAet":"ORTHANC","Synchronous":true}`, nil); code != http.StatusOK {
			t.Errorf("C-MOVE: HTTP %d", code)
		}
	}
	sent, _ := filepath.Glob(filepath.Join(r.dir, "*"))
	o.has(dataSets(t, sent...)...)
}

// TestServeInterop_OrthancAsWebClient: Orthanc's DICOMweb stores here as a device
// with its certificate, and searches and retrieves as a person with a password.
func TestServeInterop_OrthancAsWebClient(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	a := serves(t, "")
	d := a.enrol("ORTHANC", "--role", "modality", "--rsa")
	a.user("ann", "radiologist")
	server := func(more map[string]any) map[string]any {
		more["Url"] = a.web + "/"
		more["HttpHeaders"] = map[string]string{"Purpose-Of-Use": "TREAT"}
		return more
	}
	o := startOrthanc(t, peertest.Port(t), map[string]any{
		"HttpsVerifyPeers": true, "HttpsCACertificates": d.ca,
		"DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/", "Servers": map[string]any{
			"device": server(map[string]any{"CertificateFile": d.cert, "CertificateKeyFile": d.key}),
			"ann":    server(map[string]any{"Username": "ann", "Password": password}),
			"wrong":  server(map[string]any{"Username": "ann", "Password": "incorrect horse"}),
			"nobody": server(map[string]any{}),
		}},
	})
	ids := o.fill(threeStudies...)
	var done map[string]any
	o.call("POST", "/dicom-web/servers/device/stow", `{"Resources":`+list(ids)+`,"Synchronous":true}`, &done)
	if done["InstancesCount"] != "3" || done["FailedInstancesCount"] != nil {
		t.Errorf("STOW-RS: %v", done)
	}
	o.empty()
	var found []map[string]struct{ Value string }
	o.call("POST", "/dicom-web/servers/ann/qido", `{"Uri":"/studies","Arguments":{"PatientName":"compressedsamples*"}}`, &found)
	var got []string
	for _, row := range found {
		got = append(got, row["00100020"].Value)
	}
	if slices.Sort(got); !slices.Equal(got, []string{"1CT1", "4MR1"}) {
		t.Errorf("QIDO-RS has %q: %v", got, found)
	}
	var meta []byte
	o.call("POST", "/dicom-web/servers/ann/get", `{"Uri":"/studies/`+ctStudy+`/metadata"}`, &meta)
	if !bytes.Contains(meta, []byte(ctInstance)) {
		t.Errorf("the metadata are %.300q", meta)
	}
	for _, who := range []string{"wrong", "nobody"} {
		if code := o.call("POST", "/dicom-web/servers/"+who+"/qido", `{"Uri":"/studies"}`, nil); code == http.StatusOK {
			t.Errorf("%s may search", who)
		}
	}
	o.call("POST", "/dicom-web/servers/ann/retrieve", `{"Resources":[{"Study":"`+ctStudy+`"}],"Synchronous":true}`, &done)
	o.has(dataSets(t, peertest.Files+"/CT_small.dcm")...)
}

// TestServeInterop_OrthancAsWebServer: what its DICOMweb finds and gives is stored
// here as it came, and is here what it was there.
func TestServeInterop_OrthancAsWebServer(t *testing.T) {
	peertest.Need(t, peertest.Files, "Orthanc")
	a := serves(t, "")
	d := a.enrol("WS", "--role", "modality", "--role", "workstation")
	c := d.client(t)
	o := startOrthanc(t, peertest.Port(t), map[string]any{"DicomWeb": map[string]any{"Enable": true, "Root": "/dicom-web/"}})
	o.fill(threeStudies...)
	theirs, err := dicomweb.NewClient(o.rest+"/dicom-web", dicomweb.Options{})
	if err != nil {
		t.Fatal(err)
	}
	ours, err := dicomweb.NewClient(a.web, dicomweb.Options{HTTP: c})
	if err != nil {
		t.Fatal(err)
	}
	studies := 0
	if _, err := theirs.Search(t.Context(), dicomweb.Query{}, func(s *dicom.Dataset) error {
		studies++
		_, err := theirs.Retrieve(t.Context(), dicomweb.Resource{Study: s.UID(dict.StudyInstanceUID)}, func(p *dicomweb.Part) error {
			b, err := io.ReadAll(p)
			if said := a.stow(c, &realObject{file: b}); said != "200" {
				t.Errorf("storing %d bytes: %s", len(b), said)
			}
			return err
		})
		return err
	}); err != nil || studies != 3 {
		t.Fatalf("%d studies, %v", studies, err)
	}
	rows := func(w *dicomweb.Client) (all []string) {
		if _, err := w.Search(t.Context(), dicomweb.Query{Level: dicomweb.Instances}, func(r *dicom.Dataset) error {
			all = append(all, string(r.UID(dict.SOPInstanceUID)))
			return nil
		}); err != nil {
			t.Error(err)
		}
		slices.Sort(all)
		return all
	}
	if got, want := rows(ours), rows(theirs); len(want) != 3 || !slices.Equal(got, want) {
		t.Errorf("here are %q, there %q", got, want)
	}
	for _, f := range realObjects(t) {
		if strings.HasPrefix(f.name, "test_files/") && slices.Contains(threeStudies, filepath.Base(f.name)) {
			a.getsBack(d, &f, dataSet(f.file))
		}
	}
}
