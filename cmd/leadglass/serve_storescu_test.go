package main_test

import (
	"bytes"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/peertest"
)

// notSent are files, beside those that are no objects, that storescu cannot send:
// DCMTK finds no SOP class in them.
func notSent() []string {
	return []string{"test_files/MR_truncated.dcm", "test_files/SC_rgb_jpeg.dcm", "test_files/rtdose_rle.dcm", "test_files/rtdose_rle_1frame.dcm"}
}

// TestServeInterop_StorescuOfEveryRealFile sends each with storescu that storescu
// can send, and has exactly what storescu sent: with getscu, which can ask for
// explicit little endian and for compressed objects, and with our own client.
func TestServeInterop_StorescuOfEveryRealFile(t *testing.T) {
	peertest.Need(t, peertest.Files, "storescu", "getscu", "storescp", "dciodvfy")
	r := refers(t)
	stored, refused := 0, map[string]string{}
	for _, group := range rounds(realObjects(t)) {
		a := serves(t, exception(peertest.Port(t), "DCMTK"))
		d := a.enrol("WS", "--role", "workstation")
		c, to := d.client(t), plainly("DCMTK", "LEADGLASS", port(a.plain))
		for _, o := range group {
			name := peertest.Data + o.name
			sent := r.sent(t, name)
			if sent == nil {
				refused[o.name] = "not sent"
				continue
			}
			out, _ := peertest.Try("storescu", to(append(offer(t, name), name)...)...)
			_, said, _ := strings.Cut(out, "Received Store Response (")
			if said, _, _ = strings.Cut(said, ")"); said != "Success" {
				refused[o.name] = said
				continue
			}
			stored++
			a.getsBack(d, &o, dataSet(sent))
			if getscuAsksFor(&o) {
				getscu(t, to, &o, dataSet(sent))
			}
			a.verifies(c, &o, sent)
		}
	}
	want := map[string]string{}
	for name := range noObjects() {
		want[name] = "not sent"
	}
	for _, name := range notSent() {
		want[name] = "not sent"
	}
	if stored != 152 || !maps.Equal(refused, want) {
		t.Errorf("%d are stored, refused are\n%q, want\n%q", stored, refused, want)
	}
}

// getscuAsksFor reports whether getscu can be made to be given an object as it is
// stored: it proposes explicit little endian with each other native syntax. Of those
// that belong to a DICOMDIR, some eighty images like others, it asks for none.
func getscuAsksFor(o *realObject) bool {
	switch o.syntax {
	case dicom.ImplicitVRLittleEndian.UID, dicom.ExplicitVRBigEndian.UID, dicom.DeflatedExplicitVRLittleEndian.UID:
		return false
	}
	return !strings.Contains(o.name, "dicomdirtests")
}

// getscu retrieves one object and wants it as it was sent.
func getscu(t *testing.T, to onWire, o *realObject, sent []byte) {
	t.Helper()
	dir := t.TempDir()
	args := []string{"-S", "+B", "-od", dir, strings.Replace(offer(t, peertest.Data+o.name)[1], "-x", "+x", 1), "-k", "QueryRetrieveLevel=IMAGE",
		"-k", "StudyInstanceUID=" + string(o.study), "-k", "SeriesInstanceUID=" + string(o.series), "-k", "SOPInstanceUID=" + string(o.instance)}
	out, err := peertest.Try("getscu", append(args, to()...)...)
	names, _ := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) != 1 {
		t.Errorf("getscu of %s: %v, %d files\n%s", o.name, err, len(names), out)
		return
	}
	b, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dataSet(b), sent) {
		t.Errorf("%s is another object by getscu", o.name)
	}
}

// verifies has dciodvfy say of the file that we made of an object what it says of
// what storescu sent.
func (a *archive) verifies(c *http.Client, o *realObject, sent []byte) {
	a.t.Helper()
	rsp, b := a.ask(c, http.MethodGet, "/studies/"+string(o.study)+"/series/"+string(o.series)+"/instances/"+string(o.instance), nil,
		"Accept", `multipart/related; type="application/dicom"; transfer-syntax=*`)
	head, body, _ := bytes.Cut(b, []byte("\r\n\r\n"))
	body = body[:max(0, bytes.LastIndex(body, []byte("\r\n--")))]
	if rsp.StatusCode != http.StatusOK {
		a.t.Errorf("%s: %s %s", o.name, rsp.Status, head)
	}
	dir, said := a.t.TempDir(), map[string]string{}
	for name, b := range map[string][]byte{"before": sent, "after": body} {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, b, 0o600); err != nil {
			a.t.Fatal(err)
		}
		out, _ := peertest.Try("dciodvfy", name) // fails where it finds errors
		said[filepath.Base(name)] = out
	}
	if said["before"] != said["after"] {
		a.t.Errorf("of %s dciodvfy says now\n%s, and said\n%s", o.name, said["after"], said["before"])
	}
}
