package dict_test

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom/dict"
)

func needInterop(t *testing.T) {
	t.Helper()
	if os.Getenv("INTEROP") != "1" {
		t.Skip("INTEROP=1 compares with the dictionaries of Debian's pydicom and DCMTK")
	}
}

const dumpPydicom = `
from pydicom._dicom_dict import DicomDictionary as D, RepeatersDictionary as R
from pydicom._uid_dict import UID_dictionary as U
for t, v in D.items(): print('E', '%08X' % t, *v, sep='\t')
for t, v in R.items(): print('E', t.replace('x', '2'), *v, sep='\t')
for u, v in U.items(): print('U', u, v[0], v[1], v[3], v[4], sep='\t')
`

// later says that an edition after that of Debian's dictionaries changed the
// entry: TestLookup_Edition and the sources that the tables name show how.
func later(id string) bool {
	switch id {
	case "00089007", // Frame Type: a fifth value
		"52009230",             // Per-Frame, with another capital
		"213000A0", "213000C0", // are not retired
		"00102160", "00380004", "00701807", "00701808", "30040010", "30060085", "30060088", "3008002B", "30100090", // are
		"1.2.840.10008.5.1.1.17", "1.2.840.10008.5.1.1.17.376", "1.2.840.10008.5.1.1.25": // are called well-known SOP instances as the others
		return true
	}
	return false
}

// TestInterop_Pydicom compares each line of pydicom's dictionaries.
func TestInterop_Pydicom(t *testing.T) {
	needInterop(t)
	python := "/usr/bin/python3"
	out, err := exec.Command(python, "-c", dumpPydicom).Output()
	if err != nil {
		t.Skipf("%s has no pydicom: %v", python, err)
	}
	n := 0
	for line := range strings.Lines(string(out)) {
		n++
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if f[0] == "U" {
			comparePydicomUID(t, f[1:])
			continue
		}
		comparePydicomElement(t, f[1:])
	}
	if n < 5000 {
		t.Errorf("%d lines compared, want over 5000", n)
	}
}

func comparePydicomElement(t *testing.T, f []string) {
	t.Helper()
	tag, err := strconv.ParseUint(f[0], 16, 32)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := dict.Lookup(uint32(tag))
	vr, name := strings.Replace(f[1], "NONE", "", 1), strings.Replace(f[3], "Retired-blank", "", 1)
	if later(f[0]) {
		return
	}
	if !ok || e.VRs != vr || e.VM != f[2] || e.Name != name || e.Retired != (f[4] != "") || e.Keyword != f[5] {
		t.Errorf("%s: got %+v, pydicom has %q", f[0], e, f)
	}
}

func comparePydicomUID(t *testing.T, f []string) {
	t.Helper()
	u, ok := dict.LookupUID(f[0])
	if later(f[0]) {
		return
	}
	if !ok || u.Name != f[1] || u.Type != f[2] || u.Retired != (f[3] != "") || u.Keyword != f[4] {
		t.Errorf("got %+v, pydicom has %q", u, f)
	}
}

// TestInterop_DCMTK compares tag, VR, VM and keyword with DCMTK's dictionary.
func TestInterop_DCMTK(t *testing.T) {
	needInterop(t)
	names, _ := filepath.Glob("/usr/share/libdcmtk*/dicom.dic")
	if len(names) == 0 {
		t.Skip("no dicom.dic of libdcmtk-data below /usr/share")
	}
	f, err := os.Open(names[len(names)-1])
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); {
		if !strings.HasPrefix(s.Text(), "(") {
			continue
		}
		n++
		compareDCMTK(t, strings.Split(s.Text(), "\t"))
	}
	if n < 4900 {
		t.Errorf("%d lines compared, want over 4900", n)
	}
}

func compareDCMTK(t *testing.T, f []string) {
	t.Helper()
	// (6000-60FF,0010) stands for a range; its lower end is a member. Ranges
	// marked -o- or -u- are group lengths and private creators.
	tag := strings.Trim(f[0], "()")
	group, element, _ := strings.Cut(tag, ",")
	g, err1 := strconv.ParseUint(group[:4], 16, 16)
	el, err2 := strconv.ParseUint(element[:4], 16, 16)
	if err1 != nil || err2 != nil {
		t.Fatalf("%q: %v, %v", f, err1, err2)
	}
	e, ok := dict.Lookup(uint32(g<<16 | el))
	if later(group[:4] + element[:4]) {
		return
	}
	if !ok || !sameVR(e, f[1]) || e.VM != f[3] {
		t.Errorf("got %+v, DCMTK has %q", e, f)
	}
	keyword := strings.TrimPrefix(f[2], "RETIRED_")
	if e.Keyword != "" && e.Keyword != keyword && keyword != "GenericGroupLength" {
		t.Errorf("keyword %q, DCMTK has %q", e.Keyword, keyword)
	}
}

// sameVR knows DCMTK's names for choices: ox, px, xs, lt, up and na.
func sameVR(e dict.Entry, vr string) bool {
	other := map[string]string{"ox": "OB or OW", "px": "OB or OW", "xs": "US or SS", "lt": "US or OW", "up": "UL", "na": ""}
	want, ok := other[vr]
	if !ok {
		want = vr
	}
	return e.VRs == want || e.VRs == "US or SS or OW" && (vr == "lt" || vr == "xs")
}
