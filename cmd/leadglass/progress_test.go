package main_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestProgress_AtATerminal wants a bar with rate and time left at a terminal,
// and none elsewhere, where it would fill a log.
func TestProgress_AtATerminal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	terminal, err := exec.LookPath("script")
	if err != nil {
		t.Skip("no script (util-linux) to make a terminal with")
	}
	a := serveArchives(t)
	dir := filepath.Join(t.TempDir(), "out")
	cmd, out := a.begin(t, dir)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if bytes.ContainsAny(out.Bytes(), "\x1b\r") || bytes.Contains(out.Bytes(), []byte("left")) {
		t.Errorf("a bar without a terminal: %q", out)
	}
	scope := filepath.Join(filepath.Dir(dir), "scope.toml")
	text, err := os.ReadFile(scope)
	if err != nil {
		t.Fatal(err)
	}
	slow := strings.Replace(string(text), "total_rate=1000", "total_rate=200", 1) // for seconds of it
	if err := os.WriteFile(scope, []byte(slow), 0o600); err != nil {
		t.Fatal(err)
	}
	var at bytes.Buffer
	line := fmt.Sprintf("stty columns 80 rows 24; exec %s", strings.Join(cmd.Args, " "))
	tty := exec.Command(terminal, "-qefc", line, "/dev/null")
	tty.Env = append(cmd.Environ(), "TERM=xterm", "NO_COLOR=1")
	tty.Stdout = &at
	if err := tty.Run(); err != nil {
		t.Fatalf("%v: %s", err, at.String())
	}
	for _, want := range []string{" of 512 hosts", " systems, ", "/s, ", " left", "Survey for o"} {
		if !strings.Contains(at.String(), want) {
			t.Errorf("no %q at a terminal: %q", want, at.String())
		}
	}
}
