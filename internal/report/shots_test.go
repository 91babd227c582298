package report_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/report"
)

// TestShots makes pictures of the report and of a letter with headless Chromium,
// into the folder that SHOTS names, to be looked at: `make shots`.
func TestShots(t *testing.T) {
	out := os.Getenv("SHOTS")
	if out == "" {
		t.Skip("SHOTS is not set: make shots")
	}
	browser, err := exec.LookPath("chromium")
	if err != nil {
		t.Skip("no chromium: apt-get install chromium")
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := report.Write(dir, sample(2300)); err != nil {
		t.Fatal(err)
	}
	page := "file://" + filepath.Join(dir, report.ReportFile)
	opened := "file://" + openDetails(t, dir)
	for _, shot := range []struct {
		name  string
		flags []string
	}{
		{"report.png", []string{"--window-size=1280,9000"}},
		{"report-top.png", []string{"--window-size=1280,900"}},
		{"report-dark.png", []string{"--window-size=1280,4200", "--blink-settings=preferredColorScheme=0"}},
		{"report-phone.png", []string{"--window-size=500,6000"}}, // narrower, and Chromium clips
	} {
		chromium(t, browser, append(shot.flags, "--screenshot="+filepath.Join(out, shot.name), "--hide-scrollbars", page)...)
	}
	chromium(t, browser, "--window-size=1280,9000", "--hide-scrollbars", "--screenshot="+filepath.Join(out, "report-open.png"), opened)
	chromium(t, browser, "--no-pdf-header-footer", "--print-to-pdf="+filepath.Join(out, "report.pdf"), page)
	letters, err := report.Letters(dir, sample(2300))
	if err != nil {
		t.Fatal(err)
	}
	letter := "file://" + strings.TrimSuffix(letters[0], ".md") + ".html"
	chromium(t, browser, "--no-pdf-header-footer", "--print-to-pdf="+filepath.Join(out, "letter.pdf"), letter)
}

// openDetails makes a copy of the report with the first remedy and the first
// system open.
func openDetails(t *testing.T, dir string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, report.ReportFile))
	if err != nil {
		t.Fatal(err)
	}
	opened := strings.Replace(string(text), "<details>", "<details open>", 1)
	opened = strings.Replace(opened, `<details class="sys">`, `<details class="sys" open>`, 2)
	name := filepath.Join(dir, "open.html")
	if err := os.WriteFile(name, []byte(opened), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func chromium(t *testing.T, browser string, args ...string) {
	t.Helper()
	profile, err := os.MkdirTemp("", "leadglass-chromium-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(profile)
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	flags := []string{
		"--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", fmt.Sprintf("--user-data-dir=%s", profile),
	}
	if text, err := exec.CommandContext(ctx, browser, append(flags, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("chromium %v: %v\n%s", args, err, text)
	}
}
