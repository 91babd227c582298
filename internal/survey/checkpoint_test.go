package survey_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
	"github.com/leadglass/leadglass/internal/survey"
)

const sixteen = `include=["192.0.2.0/28"]` + "\n" + onePort

// interrupted runs a survey of sixteen that is stopped while it asks the host
// after the first n.
func interrupted(t *testing.T, dir string, n int) *report.Survey {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	sc := load(t, sixteen)
	sc.Limits.Connections = 1
	return run(t, ctx, survey.Config{
		Scope: sc, Examiner: stopsAfter(n, cancel), Dial: (&dialer{there: always}).dial, Lookup: noLookup(t), Dir: dir,
	})
}

// stopsAfter examines n hosts, one after the other, then cancels.
func stopsAfter(n int, cancel func()) *examiner {
	return &examiner{examine: func(ctx context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		if n--; n < 0 {
			cancel()
			return nil, ctx.Err()
		}
		return found(h), nil
	}}
}

func resume(t *testing.T, dir string) (*report.Survey, *dialer) {
	t.Helper()
	d := &dialer{there: always}
	return run(t, context.Background(), survey.Config{
		Scope: load(t, sixteen), Examiner: &examiner{}, Dial: d.dial, Lookup: noLookup(t), Dir: dir, Resume: true,
	}), d
}

func checkpoint(t *testing.T, dir string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, survey.CheckpointFile))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCheckpoint_ResumeAsksNoneTwice(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "folder")
	first := interrupted(t, dir, 5)
	if !first.Partial || first.HostsAsked != 5 {
		t.Fatalf("asked %d, partial %v", first.HostsAsked, first.Partial)
	}
	for name, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, survey.CheckpointFile): 0o600} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v %v, want mode %v", name, info.Mode(), err, want)
		}
	}
	s, d := resume(t, dir)
	if s.Partial || len(s.Systems) != 16 || s.HostsAsked != 16 || s.Answers["accepts-anyone"] != 16 || !s.Started.Equal(first.Started) {
		t.Errorf("systems %d asked %d answers %v started %v, was %v", len(s.Systems), s.HostsAsked, s.Answers, s.Started, first.Started)
	}
	if got := len(d.hosts()); got != 16-int(first.HostsAsked) {
		t.Errorf("%d hosts asked again, want %d", got, 16-first.HostsAsked)
	}
	for _, x := range first.Systems {
		if d.hosts()[netip.MustParseAddrPort(x.Address).Addr()] != 0 {
			t.Errorf("%s was asked twice", x.Address)
		}
	}
	// Once more: nothing is left to ask, and nothing is lost.
	again, d := resume(t, dir)
	if d.dials.Load() != 0 || len(again.Systems) != 16 || again.Partial {
		t.Errorf("%d dials, %d systems on a finished survey", d.dials.Load(), len(again.Systems))
	}
}

// TestCheckpoint_TornAnywhere cuts the file at each byte, as a kill or a power
// cut may. The whole lines stay, the rest is asked.
func TestCheckpoint_TornAnywhere(t *testing.T) {
	dir := t.TempDir()
	interrupted(t, dir, 4)
	whole := checkpoint(t, dir)
	for cut := 0; cut <= len(whole); cut += 1 + cut/64*7 {
		torn := filepath.Join(t.TempDir(), "d")
		if err := os.MkdirAll(torn, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(torn, survey.CheckpointFile), whole[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		lines := bytes.Count(whole[:cut], []byte("\n"))
		s, d := resume(t, torn)
		if len(s.Systems) != 16 || s.Partial {
			t.Fatalf("cut at %d: %d systems", cut, len(s.Systems))
		}
		if want := 16 - max(0, lines-1); len(d.hosts()) != want {
			t.Fatalf("cut at %d of %d: %d hosts asked, want %d", cut, len(whole), len(d.hosts()), want)
		}
		if hosts, _, finished, err := survey.Kept(bytes.NewReader(checkpoint(t, torn))); err != nil || hosts != 16 || !finished {
			t.Fatalf("cut at %d: the file then holds %d hosts, finished %v, %v", cut, hosts, finished, err)
		}
	}
}

// TestCheckpoint_Garbage has zeros and noise behind the whole lines.
func TestCheckpoint_Garbage(t *testing.T) {
	for name, tail := range map[string]string{
		"zeros":           strings.Repeat("\x00", 100),
		"zeros_and_line":  strings.Repeat("\x00", 100) + "\n",
		"unknown_key":     `{"host":3,"found":{"answers":{}},"patient":"x"}` + "\n",
		"no_host":         `{"found":{"answers":{}}}` + "\n",
		"place_too_large": `{"host":16,"found":{"answers":{}}}` + "\n",
		"two_values":      `{"host":9,"found":{"answers":{}}} {}` + "\n",
		"not_an_object":   "[]\n",
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			interrupted(t, dir, 4)
			whole := checkpoint(t, dir)
			kept, size, _, err := survey.Kept(bytes.NewReader(append(bytes.Clone(whole), tail...)))
			if err != nil || size != int64(len(whole)) {
				t.Fatalf("%d bytes kept, %v; want %d", size, err, len(whole))
			}
			if err := os.WriteFile(filepath.Join(dir, survey.CheckpointFile), append(whole, tail...), 0o600); err != nil {
				t.Fatal(err)
			}
			s, d := resume(t, dir)
			if len(s.Systems) != 16 || len(d.hosts()) != 16-int(kept) {
				t.Errorf("%d systems, %d asked", len(s.Systems), len(d.hosts()))
			}
		})
	}
}

func TestCheckpoint_Refuses(t *testing.T) {
	begin := func(t *testing.T, dir, targets string, resume bool) error {
		_, err := survey.Run(context.Background(), survey.Config{
			Scope: load(t, targets), Examiner: &examiner{}, Dial: (&dialer{}).dial, Lookup: noLookup(t), Dir: dir, Resume: resume,
		})
		return err
	}
	refused := func(t *testing.T, err error, what string) {
		t.Helper()
		e, ok := errors.AsType[*survey.Error](err)
		if !ok || !strings.Contains(e.What, what) || e.Hint() == "" {
			t.Errorf("error %v, want …%s… and a hint", err, what)
		}
	}
	t.Run("unfinished_without_resume", func(t *testing.T) {
		dir := t.TempDir()
		interrupted(t, dir, 4)
		before := checkpoint(t, dir)
		refused(t, begin(t, dir, sixteen, false), "not finished: 4 of 16 hosts")
		if !bytes.Equal(before, checkpoint(t, dir)) {
			t.Error("the refusal changed the checkpoint")
		}
	})
	t.Run("another_scope", func(t *testing.T) {
		for _, again := range []bool{true, false} {
			dir := t.TempDir()
			interrupted(t, dir, 4)
			before := checkpoint(t, dir)
			refused(t, begin(t, dir, `include=["192.0.2.0/27"]`+"\n"+onePort, again), "another scope")
			refused(t, begin(t, dir, `include=["192.0.2.0/28"]`+"\ndicom_ports=[105]\nhttp_ports=[]", again), "another scope")
			if !bytes.Equal(before, checkpoint(t, dir)) {
				t.Error("the refusal changed the checkpoint")
			}
		}
	})
	t.Run("other_things", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "thesis.doc"), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, begin(t, dir, sixteen, false), "holds other things")
	})
	t.Run("another_version", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, survey.CheckpointFile), []byte(`{"leadglass_checkpoint":2,"scope":"x"}`+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, begin(t, dir, sixteen, true), "no checkpoint of this version")
	})
	t.Run("a_file_in_the_way", func(t *testing.T) {
		name := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		refused(t, begin(t, name, sixteen, true), "making the folder")
	})
	t.Run("at_work", func(t *testing.T) {
		dir := t.TempDir()
		e := &examiner{examine: func(_ context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
			if h.Addr.String() == "192.0.2.1" {
				refused(t, begin(t, dir, sixteen, true), "another survey is at work")
			}
			return found(h), nil
		}}
		run(t, context.Background(), survey.Config{
			Scope: load(t, sixteen), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t), Dir: dir,
		})
	})
}

// TestCheckpoint_SameScopeAnew surveys again into the folder of a finished
// survey: everybody is asked again, and the old answers are gone.
func TestCheckpoint_SameScopeAnew(t *testing.T) {
	dir := t.TempDir()
	resume(t, dir)
	d := &dialer{}
	s := run(t, context.Background(), survey.Config{
		Scope: load(t, sixteen), Examiner: &examiner{}, Dial: d.dial, Lookup: noLookup(t), Dir: dir,
	})
	if d.dials.Load() != 16 || len(s.Systems) != 0 || s.Answers["closed"] != 16 || s.Partial {
		t.Errorf("%d dials, %d systems, answers %v", d.dials.Load(), len(s.Systems), s.Answers)
	}
	if _, d := resume(t, dir); d.dials.Load() != 0 {
		t.Errorf("%d dials after the second", d.dials.Load())
	}
}

// TestCheckpoint_NamesStay resumes when a name has moved: the hosts stay those
// of the beginning, but what an excluded name has gained is spared.
func TestCheckpoint_NamesStay(t *testing.T) {
	dir := t.TempDir()
	names := map[string][]netip.Addr{
		"in.example":  {netip.MustParseAddr("198.51.100.1")},
		"out.example": {netip.MustParseAddr("192.0.2.1")},
	}
	lookup := func(_ context.Context, _, name string) ([]netip.Addr, error) {
		if a, ok := names[name]; ok {
			return a, nil
		}
		return nil, fmt.Errorf("no %s", name)
	}
	cfg := func(d *dialer) survey.Config {
		sc := load(t, `include=["192.0.2.0/29","in.example"]`+"\n"+`exclude=["out.example"]`+"\n"+onePort)
		sc.Limits.Connections = 1
		return survey.Config{Scope: sc, Examiner: &examiner{}, Dial: d.dial, Lookup: lookup, Dir: dir, Resume: true}
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	first := &dialer{there: always}
	c := cfg(first)
	c.Examiner = stopsAfter(1, cancel)
	run(t, ctx, c)
	asked := first.hosts() // the second of them in flight, so it is asked again

	delete(names, "in.example")
	var moved netip.Addr // to a host that was not asked yet
	for a := netip.MustParseAddr("192.0.2.2"); ; a = a.Next() {
		if asked[a] == 0 {
			moved = a
			break
		}
	}
	names["out.example"] = []netip.Addr{moved}
	second := &dialer{there: always}
	s := run(t, context.Background(), cfg(second))
	for a := range second.hosts() {
		if a == moved || a == netip.MustParseAddr("192.0.2.1") {
			t.Errorf("the excluded %s was asked", a)
		}
	}
	if asked[netip.MustParseAddr("198.51.100.1")]+second.hosts()[netip.MustParseAddr("198.51.100.1")] == 0 || s.Hosts != 8 || s.Partial {
		t.Errorf("hosts %d partial %v: the included name is asked where it was", s.Hosts, s.Partial)
	}
}

func TestLimit_CheckpointLine(t *testing.T) {
	head := `{"leadglass_checkpoint":1,"tool":"t","scope":"s","hosts":4,"started":"2026-11-24T00:00:00Z"}` + "\n"
	for pad, want := range map[int]uint64{16<<20 - 40: 1, 16<<20 + 40: 0} {
		text := head + `{"host":0,"found":{"answers":{}}` + strings.Repeat(" ", pad) + "}\n"
		if hosts, _, _, err := survey.Kept(strings.NewReader(text)); err != nil || hosts != want {
			t.Errorf("%d bytes more: %d hosts, %v; want %d", pad, hosts, err, want)
		}
	}
}

func FuzzReadCheckpoint(f *testing.F) {
	f.Add([]byte(`{"leadglass_checkpoint":1,"tool":"t","scope":"s","hosts":4,"started":"2026-11-24T00:00:00Z"}` + "\n" +
		`{"host":0,"found":{"answers":{"closed":3}}}` + "\n" + `{"finished":"2026-11-24T00:00:01Z"}` + "\n"))
	f.Add([]byte(`{"leadglass_checkpoint":1}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		hosts, size, _, err := survey.Kept(bytes.NewReader(b))
		if err != nil {
			return
		}
		again, size2, _, err := survey.Kept(bytes.NewReader(b[:size]))
		if err != nil || again != hosts || size2 != size {
			t.Fatalf("the whole lines hold %d hosts in %d bytes (%v), all lines %d in %d", again, size2, err, hosts, size)
		}
	})
}

// TestCheckpoint_Soon wants a finished host in the file before the run ends.
func TestCheckpoint_Soon(t *testing.T) {
	dir := t.TempDir()
	hold := make(chan struct{})
	e := &examiner{examine: func(_ context.Context, h scope.Host, _ *probe.Network) (*survey.Found, error) {
		if h.Addr.String() == "192.0.2.3" {
			<-hold
		}
		return found(h), nil
	}}
	go func() { // ends with the wait below
		defer close(hold)
		for range 200 {
			time.Sleep(10 * time.Millisecond)
			b, err := os.ReadFile(filepath.Join(dir, survey.CheckpointFile))
			if n, _, _, kept := survey.Kept(bytes.NewReader(b)); err == nil && kept == nil && n == 15 {
				return
			}
		}
		t.Error("15 finished hosts are not in the file after two seconds")
	}()
	run(t, context.Background(), survey.Config{
		Scope: load(t, sixteen), Examiner: e, Dial: (&dialer{there: always}).dial, Lookup: noLookup(t), Dir: dir,
	})
}
