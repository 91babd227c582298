package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dicomweb"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/ul"
)

// realObject is a real file and what it says it is.
type realObject struct {
	name                           string // below peertest.Data
	file                           []byte
	study, series, instance, class dicom.UID
	syntax                         dicom.UID
}

// realObjects reads each file of pydicom that is one of DICOM, or is to be one.
func realObjects(t *testing.T) (all []realObject) {
	t.Helper()
	err := filepath.WalkDir(peertest.Data, func(name string, e fs.DirEntry, err error) error {
		readme := strings.HasPrefix(e.Name(), "README")
		if err != nil || e.IsDir() || readme || filepath.Ext(name) != ".dcm" && !strings.Contains(name, "dicomdirtests/") {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		o := realObject{name: strings.TrimPrefix(name, peertest.Data), file: b}
		if f, _ := dicom.Read(bytes.NewReader(b), dicom.Options{StopBefore: dicom.PixelData}); f != nil {
			d := f.Dataset
			o.study, o.series, o.instance = d.UID(dict.StudyInstanceUID), d.UID(dict.SeriesInstanceUID), d.UID(dict.SOPInstanceUID)
			o.class, o.syntax = d.UID(dict.SOPClassUID), f.TransferSyntax.UID
		}
		all = append(all, o)
		return nil
	})
	if err != nil || len(all) < 180 {
		t.Fatalf("%d files, %v", len(all), err)
	}
	return all
}

// rounds are groups of files in which no instance comes twice.
func rounds(all []realObject) (groups [][]realObject) {
	next := map[dicom.UID]int{}
	for _, o := range all {
		n := next[o.instance]
		next[o.instance]++
		if n == len(groups) {
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], o)
	}
	return groups
}

// noObjects are the files that no archive of studies can keep, and what leadglass
// import says of each.
func noObjects() map[string]string {
	const noClass, noStudy = "SOP Class UID is missing or no UID", "Study Instance UID is missing or no UID"
	all := map[string]string{
		"test_files/no_meta.dcm":          "not a DICOM file", // its first byte is missing
		"test_files/rtplan_truncated.dcm": "dicom: reading (300A,012C) at 2129: unexpected EOF",
		// A media directory has no data set of an object; import reads what it names.
		"test_files/dicomdirtests/DICOMDIR-empty.dcm": "",
	}
	for _, name := range []string{"", "-bigEnd", "-implicit", "-nooffset", "-nopatient", "-reordered"} {
		all["test_files/dicomdirtests/DICOMDIR"+name] = ""
	}
	all["test_files/dicomdirtests/TINY_ALPHA/DICOMDIR"] = ""
	for _, name := range []string{"UN_sequence", "empty_charset_LEI", "meta_missing_tsyntax", "nested_priv_SQ", "no_meta_group_length", "priv_SQ"} {
		all["test_files/"+name+".dcm"] = noClass
	}
	all["charset_files/chrSQEncoding.dcm"], all["charset_files/chrSQEncoding1.dcm"] = noClass, noClass
	// Palettes are of no patient (PS3.4 section GG).
	for _, name := range []string{"fall", "hotiron", "hotmetalblue", "pet", "pet20step", "spring", "summer", "winter"} {
		all["palettes/"+name+".dcm"] = noStudy
	}
	return all
}

// TestServeInterop_EveryRealFile stores each by STOW-RS and has it back on every
// route, bit for bit: whatever dciodvfy says of a file, it says afterwards too. What
// is refused is what has no place in a study.
func TestServeInterop_EveryRealFile(t *testing.T) {
	peertest.Need(t, peertest.Files)
	stored, warned, refused := 0, 0, map[string]string{}
	for _, group := range rounds(realObjects(t)) {
		a := serves(t, "")
		d := a.enrol("WS", "--role", "modality", "--role", "workstation")
		c := d.client(t)
		for _, o := range group {
			switch said := a.stow(c, &o); said {
			case "202 B007": // fourteen files are of one patient ID, and write its name in many ways
				warned++
				fallthrough
			case "200":
				stored++
				a.hasBack(c, d, &o)
			default:
				refused[o.name] = said
			}
		}
	}
	if stored != 156 || warned != 14 {
		t.Errorf("%d files are stored, %d of them with a warning", stored, warned)
	}
	want := map[string]string{}
	for name := range noObjects() {
		want[name] = "400 C000"
	}
	if !maps.Equal(refused, want) {
		t.Errorf("refused are\n%q, want\n%q", refused, want)
	}
}

// TestServeInterop_WhyRefused has the reasons said by leadglass import.
func TestServeInterop_WhyRefused(t *testing.T) {
	peertest.Need(t, peertest.Files)
	report := filepath.Join(t.TempDir(), "report")
	args := []string{"import", "--quiet", "--data", filepath.Join(t.TempDir(), "data"), "--report", report}
	want := map[string]string{}
	for name, why := range noObjects() {
		if why != "" {
			args, want[name] = append(args, peertest.Data+name), why
		}
	}
	if out, err := peertest.Try("leadglass", args...); err == nil {
		t.Errorf("all were taken:\n%s", out)
	}
	text, err := os.ReadFile(report)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for line := range strings.Lines(string(text)) {
		f := strings.Split(strings.TrimSpace(line), "\t")
		if len(f) == 3 && f[0] == "refused" {
			got[strings.TrimPrefix(strings.Trim(f[1], `"`), peertest.Data)] = strings.TrimPrefix(f[2], "storing: ")
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("reasons are\n%q, want\n%q", got, want)
	}
}

// stow stores a file and returns the status and the reasons of a failure or a
// warning.
func (a *archive) stow(c *http.Client, o *realObject) string {
	a.t.Helper()
	body := "--b\r\nContent-Type: application/dicom\r\n\r\n" + string(o.file) + "\r\n--b--\r\n"
	rsp, b := a.ask(c, http.MethodPost, "/studies", strings.NewReader(body),
		"Content-Type", `multipart/related; type="application/dicom"; boundary=b`, "Accept", "application/dicom+json")
	why := rsp.Status[:3]
	said, err := dicom.DecodeJSON(bytes.NewReader(b), dicom.JSONOptions{})
	if err != nil {
		return why + " " + err.Error()
	}
	for _, item := range append(said.Sequence(dict.FailedSOPSequence), said.Sequence(dict.ReferencedSOPSequence)...) {
		for _, reason := range []dicom.Tag{dict.FailureReason, dict.WarningReason} {
			if n, ok := item.Int(reason); ok {
				why += fmt.Sprintf(" %04X", n)
			}
		}
	}
	return why
}

// hasBack has an object back by C-GET, WADO-RS and WADO-URI.
func (a *archive) hasBack(c *http.Client, d device, o *realObject) {
	a.t.Helper()
	w, err := dicomweb.NewClient(a.web, dicomweb.Options{HTTP: c})
	if err != nil {
		a.t.Fatal(err)
	}
	var parts [][]byte
	if _, err := w.Retrieve(context.Background(), dicomweb.Resource{Study: o.study, Series: o.series, Instance: o.instance}, func(p *dicomweb.Part) error {
		b, err := io.ReadAll(p)
		parts = append(parts, b)
		return err
	}); err != nil || len(parts) != 1 || !bytes.Equal(parts[0], o.file) {
		a.t.Errorf("%s is another file by WADO-RS: %d parts, %v", o.name, len(parts), err)
		return
	}
	q := url.Values{"requestType": {"WADO"}, "studyUID": {string(o.study)}, "seriesUID": {string(o.series)}, "objectUID": {string(o.instance)},
		"contentType": {"application/dicom"}, "transferSyntax": {string(o.syntax)}}
	if rsp, b := a.ask(c, http.MethodGet, "/wado?"+q.Encode(), nil); rsp.StatusCode != http.StatusOK || !bytes.Equal(b, o.file) {
		a.t.Errorf("%s is another file by WADO-URI: %s %.200q", o.name, rsp.Status, b)
	}
	a.getsBack(d, o, dataSet(o.file))
}

// getsBack has an object back by C-GET, as the data set that is wanted.
func (a *archive) getsBack(d device, o *realObject, want []byte) {
	a.t.Helper()
	ctx := context.Background()
	rq := &ul.AssociateRQ{Calling: ul.AETitle(d.title), Called: "LEADGLASS", User: ul.UserInformation{
		ImplementationClassUID: "2.25.1", Roles: dimse.RetrieveRoles(o.class),
	}}
	for i, c := range []dicom.UID{dimse.StudyRootGet, o.class} {
		syntax := dicom.ExplicitVRLittleEndian.UID
		if i > 0 {
			syntax = o.syntax
		}
		rq.Contexts = append(rq.Contexts, ul.PresentationContext{ID: uint8(2*i + 1), AbstractSyntax: c, TransferSyntaxes: []dicom.UID{syntax}})
	}
	assoc, err := ul.Dial(ctx, a.dimse, rq, &ul.Config{TLS: d.tls(a.t)})
	if err != nil {
		a.t.Fatal(err)
	}
	defer assoc.Release(ctx)
	c := dimse.NewClient(assoc, dimse.Limits{})
	var got [][]byte
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		b, err := io.ReadAll(rq.Data)
		if err != nil || rq.TransferSyntax != o.syntax {
			return dimse.OutOfResources
		}
		got = append(got, b)
		return dimse.Success
	}
	keys := new(dicom.Dataset)
	keys.SetString(dict.QueryRetrieveLevel, "IMAGE")
	keys.SetString(dict.StudyInstanceUID, string(o.study))
	keys.SetString(dict.SeriesInstanceUID, string(o.series))
	keys.SetString(dict.SOPInstanceUID, string(o.instance))
	rsp, err := c.Get(ctx, &dimse.Query{Model: dimse.StudyRootGet, Identifier: keys}, nil)
	if err != nil || rsp.Status != dimse.Success || len(got) != 1 || !bytes.Equal(got[0], want) {
		a.t.Errorf("%s is another object by C-GET: %d came, %+v, %v", o.name, len(got), rsp, err)
	}
}
