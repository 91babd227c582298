package fleet_test

import (
	"context"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet"
)

// peer runs a program of DCMTK or another that Debian has.
func peer(t *testing.T, name string, args ...string) (output string, code int) {
	t.Helper()
	if os.Getenv("INTEROP") != "1" {
		t.Skip("set INTEROP=1 to talk with other programs")
	}
	if _, err := exec.LookPath(name); err != nil {
		t.Skipf("%s is not installed", name)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("%s %v: %v", name, args, ctx.Err())
	}
	if exit, ok := err.(*exec.ExitError); ok {
		return string(out), exit.ExitCode()
	} else if err != nil {
		t.Fatal(err)
	}
	return string(out), 0
}

func hostPort(t *testing.T, address string) (string, string) {
	t.Helper()
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return host, port
}

func TestInterop_Echoscu(t *testing.T) {
	p := start(t)
	for role, want := range map[string]string{
		"open": "Received Echo Response (Success)", "echo-only": "Received Echo Response (Success)", "rejects": "Association Rejected",
	} {
		host, port := hostPort(t, fleet.Address(p, role))
		if out, _ := peer(t, "echoscu", "-v", host, port); !strings.Contains(out, want) {
			t.Errorf("%s: echoscu says\n%s\nwant %q", role, out, want)
		}
	}
}

func TestInterop_Findscu(t *testing.T) {
	p := start(t)
	all := systems(p)
	for _, role := range []string{"open", "implicit-only", "worklist", "social"} {
		s := all[fleet.Address(p, role)]
		host, port := hostPort(t, s.Address)
		out, code := peer(t, "findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "-k", "PatientName",
			"-k", "StudyDate=19000101-20270101", "-k", "NumberOfStudyRelatedInstances", host, port)
		if n := int64(strings.Count(out, "StudyInstanceUID")); code != 0 || n != s.Studies || strings.Contains(out, "W:") || strings.Contains(out, "E:") {
			t.Errorf("%s: findscu shows %d studies of %d, exit code %d", role, n, s.Studies, code)
		}
	}
	host, port := hostPort(t, fleet.Address(p, "capped"))
	if out, _ := peer(t, "findscu", "-S", "-v", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", host, port); !strings.Contains(out, "OutOfResources") {
		t.Errorf("capped: findscu says\n%s", out[max(0, len(out)-500):])
	}
}

// TestInterop_Getscu takes a study of an open archive and has DCMTK read it.
func TestInterop_Getscu(t *testing.T) {
	p := start(t)
	for _, s := range p.Truth().Systems {
		if s.Class != "accepts-anyone" || len(s.Honeypot) > 0 || !s.Retrievable || s.Studies == 0 {
			continue
		}
		c, a := associate(t, s.Address)
		_, _, gets := a.ContextFor(dimse.StudyRootGet)
		_, _, stores := a.ContextFor(dict.SecondaryCaptureImageStorage)
		if !gets || !stores {
			continue
		}
		_ = c
		host, port := hostPort(t, s.Address)
		found, _ := peer(t, "findscu", "-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID", "--cancel", "1", host, port)
		_, uid, _ := strings.Cut(found, "UI [")
		uid, _, _ = strings.Cut(uid, "]")
		uid = strings.Trim(uid, "\x00")
		dir := t.TempDir()
		out, code := peer(t, "getscu", "-v", "-S", "-od", dir, "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID="+uid, host, port)
		files, err := os.ReadDir(dir)
		if err != nil || code != 0 || len(files) == 0 {
			t.Fatalf("%s: getscu of %s left %d files, exit code %d, %v\n%s", s.Address, uid, len(files), code, err, out)
		}
		if out, code := peer(t, "dcmdump", dir+"/"+files[0].Name()); code != 0 || !strings.Contains(out, "zwyx") {
			t.Errorf("dcmdump: exit code %d\n%s", code, out)
		}
		return
	}
	t.Error("no archive to take from")
}

func TestInterop_Curl(t *testing.T) {
	p := start(t)
	out, code := peer(t, "curl", "-s", "--max-time", "10", "http://"+fleet.Address(p, "page orthanc")+"/system")
	if code != 0 || !strings.Contains(out, `"DicomAet":"ORTHANC"`) {
		t.Errorf("curl: exit code %d\n%s", code, out)
	}
}
