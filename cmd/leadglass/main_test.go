package main_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	leadglass "github.com/leadglass/leadglass/cmd/leadglass"
	"github.com/leadglass/leadglass/internal/report"
)

// TestMain lets the test binary be leadglass for the scripts, and for the tests
// that kill it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"leadglass": leadglass.Main, "leadglass-mortal": mortal})
}

// TestScripts runs the scripts. Beside the usual commands they have
//
//	exits CODE PROGRAM ARGS…   runs a program and wants that exit code
//	dated FILE…                replaces YESTERDAY, TODAY, TOMORROW, and ADDR by where a server listens
//	contacted MIN MAX          wants that many connections at that server
//	object FILE PATIENT UID    writes a DICOM file of that patient, study UID, series UID.1 and instance UID.1.1
//	spoil FILE TEXT            changes one bit of the first place where FILE has TEXT
//	surveyed DIR SYSTEM…       writes a survey of systems, as 192.0.2.1:104=studies,exposure,exposure
func TestScripts(t *testing.T) {
	var contacts sync.Map // of *atomic.Int64 by address
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script", RequireExplicitExec: true, RequireUniqueNames: true,
		UpdateScripts: os.Getenv("UPDATE_SCRIPTS") != "",
		Setup: func(e *testscript.Env) error {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				return err
			}
			n := new(atomic.Int64)
			contacts.Store(l.Addr().String(), n)
			go count(l, n)
			e.Defer(func() { l.Close() })
			e.Setenv("ADDR", l.Addr().String())
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits": exits, "dated": dated, "surveyed": surveyed, "object": object, "spoil": spoil,
			"contacted": func(ts *testscript.TestScript, _ bool, args []string) {
				least, _ := strconv.ParseInt(args[0], 10, 64)
				most, _ := strconv.ParseInt(args[1], 10, 64)
				counter, _ := contacts.Load(ts.Getenv("ADDR"))
				if n := counter.(*atomic.Int64).Load(); n < least || n > most {
					ts.Fatalf("contacted %d times, want %d to %d", n, least, most)
				}
			},
		},
	})
}

// count accepts connections until l is closed.
func count(l net.Listener, n *atomic.Int64) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		n.Add(1)
		c.Close()
	}
}

func exits(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		e, ok := errors.AsType[*exec.ExitError](err)
		if !ok {
			ts.Fatalf("%v", err)
		}
		code = e.ExitCode()
	}
	if code != want {
		ts.Fatalf("exit code %d, want %d", code, want)
	}
}

func dated(ts *testscript.TestScript, _ bool, args []string) {
	day := func(n int) string { return time.Now().AddDate(0, 0, n).Format(time.DateOnly) }
	r := strings.NewReplacer("YESTERDAY", day(-1), "TODAY", day(0), "TOMORROW", day(1), "ADDR", ts.Getenv("ADDR"))
	for _, name := range args {
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(r.Replace(ts.ReadFile(name))), 0o600))
	}
}

func surveyed(ts *testscript.TestScript, _ bool, args []string) {
	s := &report.Survey{
		Version: report.FormatVersion, Tool: "test", Started: time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		Finished: time.Date(2026, 11, 1, 1, 0, 0, 0, time.UTC), Hosts: 256, HostsAsked: 256,
	}
	for _, arg := range args[1:] {
		address, rest, _ := strings.Cut(arg, "=")
		fields := strings.Split(rest, ",")
		studies, err := strconv.ParseInt(fields[0], 10, 64)
		ts.Check(err)
		s.Systems = append(s.Systems, report.System{
			Address: address, Class: "accepts-anyone", Network: "Example Net", Country: "DE", Exposures: fields[1:],
			Studies: studies, Images: studies, Count: report.Count{Kind: "exact", StudiesLow: studies, StudiesHigh: studies, ImagesLow: studies, ImagesHigh: studies},
		})
	}
	report.Finish(s)
	ts.Check(report.Write(ts.MkAbs(filepath.Clean(args[0])), s))
}
