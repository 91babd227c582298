package dicomweb_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
)

// keep makes a store keep what it is sent.
func keep(t *testing.T) *store {
	s := &store{}
	s.put = func(b []byte) (*dicomweb.Stored, error) {
		f, err := dicom.Read(bytes.NewReader(b), dicom.Options{StopBefore: dicom.PixelData})
		if err != nil {
			return nil, &dicomweb.Problem{HTTP: 409, Failure: dicomweb.FailureNotUnderstood}
		}
		d := f.Dataset
		r := dicomweb.Resource{Study: d.UID(dict.StudyInstanceUID), Series: d.UID(dict.SeriesInstanceUID), Instance: d.UID(dict.SOPInstanceUID)}
		s.objects = append(s.objects, &object{res: r, syntax: f.TransferSyntax, file: b})
		s.results = append(s.results, d)
		return &dicomweb.Stored{Resource: r, Class: d.UID(dict.SOPClassUID)}, nil
	}
	return s
}

func (o *orthanc) post(t *testing.T, path string, body any, into any) {
	t.Helper()
	b, _ := json.Marshal(body)
	resp, err := o.http.Post(o.base+path, "application/json", bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	if resp.StatusCode != 200 {
		t.Fatalf("%s: %v %s", path, resp.Status, answer)
	}
	if err := json.Unmarshal(answer, into); err != nil {
		t.Fatalf("%s: %v in %s", path, err, answer)
	}
}

// TestInterop_OrthancAsClient: Orthanc stores here, searches here and takes back
// what it stored.
func TestInterop_OrthancAsClient(t *testing.T) {
	s := keep(t)
	srv := serve(t, s, dicomweb.Limits{})
	o := startOrthanc(t, map[string]any{"OverwriteInstances": true, "DicomWeb": map[string]any{
		"Enable": true, "Root": "/dicom-web/", "Servers": map[string]any{"us": map[string]any{"Url": srv.URL + "/dicom-web/", "HasDelete": true}},
	}})
	o.store(t, "CT_small.dcm")
	var ids []string
	resp, err := o.http.Get(o.base + "/studies")
	if err != nil {
		t.Fatal(err)
	}
	json.NewDecoder(resp.Body).Decode(&ids)
	resp.Body.Close()
	if len(ids) != 1 {
		t.Fatalf("Orthanc has %d studies", len(ids))
	}
	var said map[string]any
	o.post(t, "/dicom-web/servers/us/stow", map[string]any{"Resources": ids, "Synchronous": true}, &said)
	if len(s.objects) != 1 || s.objects[0].res.Instance != ctInstance {
		t.Fatalf("we have %d objects, Orthanc says %v", len(s.objects), said)
	}
	var found []map[string]any
	o.post(t, "/dicom-web/servers/us/qido", map[string]any{"Uri": "/studies", "Arguments": map[string]string{"PatientName": "*"}}, &found)
	if len(found) != 1 || len(s.asked.Match) != 1 {
		t.Errorf("found %v", found)
	}
	for _, id := range ids {
		r, _ := http.NewRequest(http.MethodDelete, o.base+"/studies/"+id, nil)
		if resp, err := o.http.Do(r); err != nil || resp.StatusCode != 200 {
			t.Fatal(err, resp.Status)
		}
	}
	o.post(t, "/dicom-web/servers/us/retrieve", map[string]any{"Resources": []map[string]string{{"Study": ctStudy}}, "Synchronous": true}, &said)
	resp, err = o.http.Get(o.base + "/instances?expand")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	back, _ := io.ReadAll(resp.Body)
	if !strings.Contains(string(back), ctInstance) {
		t.Errorf("Orthanc did not take it back: %s", back)
	}
}

// pydicomReads splits a multipart message with Python's own parser, reads each part
// with pydicom and compares the metadata with what pydicom makes of the file.
const pydicomReads = `
import sys, json, email, io, struct, pydicom
head, body, meta = sys.argv[1], open(sys.argv[2], 'rb').read(), json.load(open(sys.argv[3]))
msg = email.message_from_bytes(b'Content-Type: ' + head.encode() + b'\r\n\r\n' + body)
parts = [p.get_payload(decode=True) for p in msg.get_payload()]
own = []
boundary = b'\r\n--' + msg.get_boundary().encode()
for piece in (b'\r\n' + body).split(boundary)[1:-1]:
    own.append(piece.split(b'\r\n\r\n', 1)[1])
for data, got in zip(own, meta):
    ds = pydicom.dcmread(io.BytesIO(data))
    want = ds.to_json_dict(bulk_data_threshold=1000, bulk_data_element_handler=lambda e: 'uri')
    for tag, e in want.items():
        if tag.endswith('0000') or tag == 'FFFCFFFC' or tag == '00080005':
            continue
        g = got.get(tag)
        if g is None:
            print('missing', tag); continue
        if g['vr'] != e['vr']:
            print('vr', tag, g['vr'], e['vr'])
        if 'BulkDataURI' in g or 'InlineBinary' in e or 'BulkDataURI' in e:
            continue
        one, two = g.get('Value', []), e.get('Value', [])
        if e['vr'] == 'FL':  # Python prints them as doubles
            one, two = [struct.pack('f', v) for v in one], [struct.pack('f', v) for v in two]
        if one != two:
            print('value', tag)
print('read', len(own), 'of', len(parts))
`

// TestInterop_Pydicom: pydicom reads our parts, and its JSON is ours.
func TestInterop_Pydicom(t *testing.T) {
	if os.Getenv("INTEROP") != "1" {
		t.Skip("set INTEROP=1 to compare with Debian's pydicom")
	}
	for _, name := range []string{"CT_small.dcm", "MR_small.dcm", "rtplan.dcm", "JPEG2000.dcm", "ExplVR_BigEnd.dcm", "color3d_jpeg_baseline.dcm", "reportsi.dcm"} {
		t.Run(name, func(t *testing.T) {
			b, err := os.ReadFile(pydicomFiles + name)
			if err != nil {
				t.Skip("python3-pydicom has no such file")
			}
			s := keep(t)
			if _, err := s.put(b); err != nil {
				t.Fatal(err)
			}
			srv := serve(t, s, dicomweb.Limits{})
			r := s.objects[0].res
			resp, body := call(t, srv, "GET", "/studies/"+string(r.Study), nil, "")
			if got, _ := partsOf(t, resp, body); len(got) != 1 || got[0] != string(b) {
				t.Fatal("not the file that was stored")
			}
			_, meta := call(t, srv, "GET", "/studies/"+string(r.Study)+"/metadata", nil, "")
			dir := t.TempDir()
			os.WriteFile(dir+"/body", []byte(body), 0o600)
			os.WriteFile(dir+"/meta", []byte(meta), 0o600)
			out, err := exec.Command("/usr/bin/python3", "-W", "ignore", "-c", pydicomReads, resp.Header.Get("Content-Type"), dir+"/body", dir+"/meta").CombinedOutput()
			if err != nil || strings.TrimSpace(string(out)) != "read 1 of 1" {
				t.Errorf("%v: %s", err, out)
			}
		})
	}
}
