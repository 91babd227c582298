package serve_test

import (
	"context"
	"crypto/tls"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// healthz is what everybody is told about the archive.
func (v *visit) healthz() (status int, text string) {
	v.t.Helper()
	rsp, err := v.web.Get("https://" + v.h.web + "/healthz")
	if err != nil {
		v.t.Fatal(err)
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	return rsp.StatusCode, strings.TrimSpace(string(b))
}

// opened is an archive with something in it, on a disk that can fail, and a visitor.
func opened(t *testing.T) (*visit, *faulty) {
	t.Helper()
	s, fsys := newSeed(t), newFaulty()
	v := newVisit(t, run(t, s.config(t, fsys)), s)
	v.associate(func(c *dimse.Client) {
		for _, s := range visited[:3] {
			v.store(c, s)
		}
	})
	if len(v.kept) != 3 || len(v.told)+len(v.strange) > 0 {
		t.Fatalf("%v %v", v.told, v.strange)
	}
	return v, fsys
}

// become lets the visitor be another device.
func (v *visit) become(t *tls.Config, title ul.AETitle) {
	v.tls, v.title = t, title
	v.web.CloseIdleConnections()
	v.web.Transport = &http.Transport{TLSClientConfig: t.Clone()}
}

// connected are associations that began before the log failed.
func (v *visit) connected() (all []*ul.Assoc) {
	v.t.Helper()
	for range 4 {
		a, err := ul.Dial(context.Background(), v.h.dimse, ask(v.title), &ul.Config{TLS: v.tls})
		if err != nil {
			v.t.Fatal(err)
		}
		all = append(all, a)
	}
	return all
}

// nothing asks for everything and gets nothing, but that who is connected already
// gets an answer to C-ECHO.
func (v *visit) nothing(connected []*ul.Assoc) {
	v.t.Helper()
	v.told, v.ids = map[string]int{}, nil
	kept := maps.Clone(v.kept)
	v.ask(http.MethodGet, "/studies?PatientID=A", "application/dicom+json")
	v.ask(http.MethodGet, "/studies/1.2.1/metadata", "application/dicom+json")
	v.ask(http.MethodGet, "/studies/1.2.1", wholeFiles)
	v.ask(http.MethodDelete, "/studies/1.2.2", "*/*")
	v.associate(v.echo)
	want := map[string]int{"GET 503": 3, "DELETE 503": 1, "association refused": 1}
	if len(connected) > 0 {
		for i, do := range []func(*dimse.Client){
			v.echo, func(c *dimse.Client) { v.store(c, visited[3]) }, v.find, func(c *dimse.Client) { v.get(c, "1.2.1") },
		} {
			do(dimse.NewClient(connected[i], dimse.Limits{}))
			connected[i].Abort(0)
		}
		maps.Copy(want, map[string]int{"C-STORE A700": 1, "C-FIND A700": 1, "C-GET A702": 1})
	}
	if !maps.Equal(v.told, want) || len(v.strange) > 0 || len(v.ids) > 0 || !maps.Equal(v.kept, kept) {
		v.t.Errorf("told %v, want %v; %v; %d answers", v.told, want, v.strange, len(v.ids))
	}
	v.told = map[string]int{}
}

// everything does everything, and wants all of it to go well.
func (v *visit) everything() {
	v.t.Helper()
	v.begun, v.ids = map[leadglass.Route]int{}, nil
	v.all()
	if len(v.told)+len(v.strange) > 0 || len(v.ids) != 6 {
		v.t.Errorf("told %v, %v, %d answers", v.told, v.strange, len(v.ids))
	}
}

const fullText = "the disk of the log is full: nothing is released until there is room"

// unwell wants the archive to say that it does not serve, and why.
func (v *visit) unwell(want string) {
	v.t.Helper()
	if status, text := v.healthz(); status != http.StatusServiceUnavailable || text != want {
		v.t.Errorf("healthz: %d %q, want %q", status, text, want)
	}
}

// well wants the archive to say that it serves; what is read of the log may take a
// second to follow.
func (v *visit) well() {
	v.t.Helper()
	status, text := v.healthz()
	for range 100 {
		if status == http.StatusOK {
			break
		}
		time.Sleep(50 * time.Millisecond)
		status, text = v.healthz()
	}
	if status != http.StatusOK || text != "ok" {
		v.t.Errorf("healthz: %d %q", status, text)
	}
}

// TestServe_LogFull: where the disk of the log is full ordinary access stops,
// everybody is told why, the log can be read, and when there is room again all goes
// on without a restart.
func TestServe_LogFull(t *testing.T) {
	for name, word := range map[string]string{"log": "/log/", "everything": "/"} {
		t.Run(name, func(t *testing.T) {
			v, fsys := opened(t)
			v.well()
			connected := v.connected()
			fsys.fail(word, "", diskFull)
			v.nothing(connected)
			v.unwell(fullText)
			if r := verified(t, v.h.c.Data); r.Size == 0 {
				t.Error("the log is empty")
			}
			fsys.heal()
			v.recovers()
			v.everything()
			v.well()
			if err := v.h.stop(); err != nil {
				t.Error(err)
			}
			v.after(v.h.c)
		})
	}
}

// recovers waits until the archive is well again though nobody asks for anything.
func (v *visit) recovers() {
	v.t.Helper()
	for end := time.Now().Add(20 * time.Second); v.h.s.Health() != ""; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			v.t.Fatalf("still %q", v.h.s.Health())
		}
	}
}

// TestServe_VaultFull: who is not known to the vault yet gets nothing while it cannot
// be written, and everybody is told why.
func TestServe_VaultFull(t *testing.T) {
	v, fsys := opened(t)
	known := v.tls
	v.become(v.h.device("ct2", nil, leadglass.Modality), "CT2")
	fsys.fail("/vault/", "", diskFull)
	v.nothing(nil)
	v.unwell(fullText)
	fsys.heal()
	v.everything()
	v.well()
	v.become(known, "CT1")
	if err := v.h.stop(); err != nil {
		t.Error(err)
	}
	v.after(v.h.c)
}

// TestServe_LogBroken: after a sync that failed nobody knows what is on the disk. The
// log stays closed until it is opened again, and everybody is told.
func TestServe_LogBroken(t *testing.T) {
	for _, word := range []string{"/log/segments/", "/vault/"} {
		t.Run(strings.ReplaceAll(strings.Trim(word, "/"), "/", "_"), func(t *testing.T) {
			s, fsys := newSeed(t), newFaulty()
			h, err := s.open(t, s.config(t, fsys))
			if err != nil {
				t.Fatal(err)
			}
			v := newVisit(t, h, s)
			v.associate(func(c *dimse.Client) { v.store(c, visited[0]) })
			known := v.tls
			v.become(v.h.device("ct2", nil, leadglass.Modality), "CT2")
			fsys.fail(word, "sync", ioError)
			v.ask(http.MethodGet, "/studies?PatientID=A", "application/dicom+json")
			if hit := fsys.heal(); hit == "" {
				t.Fatal("nothing failed")
			}
			v.nothing(nil)
			v.unwell("a write to the log failed and may be lost: nothing is released until leadglass is restarted, once its disk is seen to")
			verified(t, v.h.c.Data)
			v.become(known, "CT1")
			_ = h.stop() // its end may not be recorded
			v.after(v.h.c)
		})
	}
}

// TestServe_TilesBehind: where only what others read of the log cannot be written the
// archive serves, and says so.
func TestServe_TilesBehind(t *testing.T) {
	v, fsys := opened(t)
	fsys.fail("/log/tile/", "", diskFull)
	v.everything()
	for range 100 {
		if _, text := v.healthz(); text != "ok" {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	v.unwell("the log is written, but what auditors read of it is behind: its disk may be full")
	fsys.heal()
	if err := v.h.stop(); err != nil {
		t.Error(err)
	}
	v.after(v.h.c)
}

// TestServe_FullDisk fills a real disk, a small one in memory: objects are refused,
// then everything is; with room again all goes on.
func TestServe_FullDisk(t *testing.T) {
	s := newSeed(t)
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=8m"); err != nil {
		t.Skip("no small disk can be mounted here: ", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, 0) })
	c := s.config(t, nil)
	c.Data = filepath.Join(dir, "data")
	if err := os.CopyFS(c.Data, os.DirFS(s.dir)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "ballast"), make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	v := newVisit(t, run(t, c), s)
	v.associate(func(c *dimse.Client) {
		for _, s := range visited[:3] {
			v.store(c, s)
		}
		for n := 100; n < 200 && len(v.told) == 0; n++ {
			v.store(c, slice{patient: "A", study: "1.2.1", n: n, pixels: 150_000})
		}
	})
	if len(v.kept) < 20 || v.told["C-STORE A700"] != 1 || len(v.strange) > 0 {
		t.Fatalf("%d kept, told %v %v", len(v.kept), v.told, v.strange)
	}
	fillUp(t, filepath.Join(dir, "filler"))
	v.associate(func(c *dimse.Client) { v.echo(c); v.find(c) })
	for range 100 { // there may be some left in the last pages of the log
		if status, _ := v.ask(http.MethodGet, "/studies?PatientID=A", "application/dicom+json"); status == http.StatusServiceUnavailable {
			break
		}
	}
	v.unwell(fullText)
	verified(t, c.Data)
	for _, name := range []string{"filler", "ballast"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	v.ask(http.MethodGet, "/studies?PatientID=A", "application/dicom+json") // the log is tried again
	v.well()                                                                // and so is the index, by itself
	v.told, v.strange = map[string]int{}, nil
	v.ask(http.MethodGet, "/studies?PatientID=A", "application/dicom+json")
	v.associate(func(c *dimse.Client) { v.store(c, visited[3]); v.get(c, "1.2.1") })
	if len(v.told)+len(v.strange) > 0 {
		t.Errorf("with room again: %v %v", v.told, v.strange)
	}
	v.well()
	if err := v.h.stop(); err != nil {
		t.Error(err)
	}
	v.after(c)
}

// fillUp takes all room that a disk has.
func fillUp(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for size := 1 << 20; size > 0; {
		if _, err := f.Write(make([]byte, size)); err != nil {
			size /= 2
		}
	}
}
