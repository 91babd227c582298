package main_test

import (
	"bufio"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	fleetsim "github.com/leadglass/leadglass/cmd/fleetsim"
)

// TestMain lets the test binary be fleetsim.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"fleetsim": fleetsim.Main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true})
}

// TestReadyThenInterrupted: it says ready when everything answers, and ends in
// order when asked to.
func TestReadyThenInterrupted(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	pid := os.Getpid()
	prefix := netip.PrefixFrom(netip.AddrFrom4([4]byte{127, byte(40 + pid/16%32), byte(pid % 16 * 16), 0}), 20)
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		cmd := exec.Command(self, "--preset", "tiny", "--listen-prefix", prefix.String())
		cmd.Path, cmd.Args[0] = self, "fleetsim"
		if link, err := exec.LookPath("fleetsim"); err == nil {
			cmd.Path = link
		}
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		kill := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
		line, err := bufio.NewReader(out).ReadString('\n')
		if err != nil || line != "ready\n" {
			t.Errorf("it says %q, %v", line, err)
		}
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(fmt.Errorf("after %v: %w", signal, err))
		}
		kill.Stop()
	}
}
