// Package peertest runs the programs that the interop tests speak with: those of
// Debian, which we did not write, on 127.0.0.1. What it starts ends with the test.
package peertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// Data has the real files of python3-pydicom, Files the most of them.
const (
	Data  = "/usr/lib/python3/dist-packages/pydicom/data/"
	Files = Data + "test_files"
)

// OrthancDICOMweb is the plugin of Debian's orthanc-dicomweb.
const OrthancDICOMweb = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"

// Need skips a test where the interop tier is off, or where a program, or a path
// from the root, is not there.
func Need(t testing.TB, peers ...string) {
	t.Helper()
	if os.Getenv("INTEROP") != "1" {
		t.Skip("INTEROP=1 is not set")
	}
	for _, p := range peers {
		_, err := os.Stat(p)
		if !strings.HasPrefix(p, "/") {
			_, err = exec.LookPath(p)
		}
		if err != nil {
			t.Skipf("the peer %s is not installed", p)
		}
	}
}

// Port is a port of 127.0.0.1 where nobody listens, below those that the system
// gives to connections: Orthanc does not take one of which a connection is left over.
func Port(t testing.TB) string {
	t.Helper()
	const first, last = 20000, 32000
	for range 100 {
		p := strconv.Itoa(first + rand.IntN(last-first))
		if l, err := net.Listen("tcp", "127.0.0.1:"+p); err == nil {
			l.Close()
			return p
		}
	}
	t.Fatal("no port is free")
	return ""
}

// Number is a port as a number.
func Number(port string) int {
	n, _ := strconv.Atoi(port) // of a port, which is one
	return n
}

// Said is what a program printed. It may be read while the program runs.
type Said struct {
	mu  sync.Mutex // covers all
	all bytes.Buffer
}

// Write is io.Writer's.
func (s *Said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.Write(p)
}

func (s *Said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.all.String()
}

// Start starts a program, in a folder of its own.
func Start(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd, out := exec.Command(name, args...), &Said{}
	cmd.Stdout, cmd.Stderr, cmd.Dir = out, out, t.TempDir()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, out)
		}
	})
}

// Await waits until somebody listens on ports.
func Await(t testing.TB, ports ...string) {
	t.Helper()
	for _, p := range ports {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			conn, err := net.Dial("tcp", "127.0.0.1:"+p)
			if err == nil {
				conn.Close()
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("nobody listens on %s", p)
			}
		}
	}
}

// Serve starts a program that listens on a port, and waits for it.
func Serve(t testing.TB, port, name string, args ...string) {
	t.Helper()
	Start(t, name, args...)
	Await(t, port)
}

// Try runs a program to its end and returns what it said, and whether it says that
// it went well.
func Try(name string, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	return string(out), err
}

// Run runs a program that has to go well, and returns what it said.
func Run(t testing.TB, name string, args ...string) string {
	t.Helper()
	out, err := Try(name, args...)
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return out
}

// Orthanc starts Debian's Orthanc with an empty archive, with these settings beside
// its folders, its DICOM port and the port of its web pages, which it returns.
func Orthanc(t testing.TB, dicom string, settings map[string]any) (web string) {
	t.Helper()
	dir, web := t.TempDir(), Port(t)
	config := map[string]any{
		"Name": "peer", "StorageDirectory": dir, "IndexDirectory": dir, "DicomPort": Number(dicom), "HttpPort": Number(web),
	}
	maps.Copy(config, settings)
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(dir, "orthanc.json")
	if err := os.WriteFile(name, text, 0o600); err != nil {
		t.Fatal(err)
	}
	Start(t, "Orthanc", name)
	Await(t, dicom)
	if fmt.Sprint(settings["HttpServerEnabled"]) != "false" {
		Await(t, web)
	}
	return web
}
