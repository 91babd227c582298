package main_test

import (
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/fleet"
	"github.com/leadglass/leadglass/internal/report"
)

// TestDemo runs the demo as its first user does: it ends by itself, finds what
// is there, and says where the report is.
func TestDemo(t *testing.T) {
	if os.Getenv("INTEROP") == "" {
		t.Skip("takes half a minute: set INTEROP=1")
	}
	dir := filepath.Join(t.TempDir(), "demo")
	cmd := exec.Command("leadglass", "demo", "--out", dir)
	var said, notes strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &notes
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, notes.String())
	}
	_, path, _ := strings.Cut(said.String(), "\nReport: ")
	if text, err := os.ReadFile(strings.TrimSpace(path)); err != nil || !strings.Contains(string(text), "disclose patient data to anyone who asks") {
		t.Errorf("the report at %q: %d bytes, %v", strings.TrimSpace(path), len(text), err)
	}
	if !strings.Contains(notes.String(), "leadglass survey --scope "+dir) {
		t.Errorf("it does not say what it does: %s", notes.String())
	}
	got, err := report.Load(filepath.Join(dir, "survey"))
	if err != nil {
		t.Fatal(err)
	}
	// Who is not root serves it on high ports, as a rule.
	low, err := net.Listen("tcp", "127.15.255.253:104")
	if err == nil {
		low.Close()
	}
	plan, err := fleet.NewPlan(fleet.Config{Preset: fleet.Small, HighPorts: err != nil, Listen: netip.MustParsePrefix("127.48.0.0/12")})
	if err != nil {
		t.Fatal(err)
	}
	compare(t, plan.Truth(), got)
	cmd = exec.Command("leadglass", "demo", "--out", dir)
	if text, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(text), "is not empty") {
		t.Errorf("a folder that is in use: %s, %v", text, err)
	}
}
