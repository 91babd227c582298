package main_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/report"
)

// benchPrefix is apart from that of other fleets on the machine.
const benchPrefix = "127.96.0.0/12"

// bench is a folder with both programs built.
type bench struct {
	*testing.T
	dir string
}

func newBench(t *testing.T, peers ...string) *bench {
	t.Helper()
	if os.Getenv("BENCH") == "" {
		t.Skip("a measurement: make bench")
	}
	for _, p := range peers {
		if _, err := exec.LookPath(p); err != nil {
			t.Skipf("%s is not installed", p)
		}
	}
	b := &bench{t, t.TempDir()}
	for _, program := range []string{"leadglass", "fleetsim"} {
		build := exec.Command("go", "build", "-o", b.path(program), "../"+program)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("building %s: %v\n%s", program, err, out)
		}
	}
	return b
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

// fleet serves a simulated fleet until the test ends and returns its process id.
func (b *bench) fleet(args ...string) int {
	b.Helper()
	args = append(args, "--listen-prefix", benchPrefix, "--truth", b.path("truth.json"),
		"--networks", b.path("networks.csv"), "--scope", b.path("scope.toml"))
	cmd := exec.Command(b.path("fleetsim"), args...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if lines.Text() == "ready" {
			return cmd.Process.Pid
		}
	}
	b.Fatal("the fleet did not come up")
	return 0
}

// cost is what a command took.
type cost struct {
	time.Duration               // by the clock
	processor     time.Duration // of all processors, for the user and in the kernel
	peak          int64         // bytes of memory
	ended         bool          // by itself, in time
}

// run runs a command.
func (b *bench) run(name string, args ...string) (out []byte, c cost) {
	b.Helper()
	if out, c = b.within(10*time.Minute, name, args...); !c.ended {
		b.Fatalf("%s had not ended after %v", name, c.Duration)
	}
	return out, c
}

// within runs a command that may take so long.
func (b *bench) within(limit time.Duration, name string, args ...string) (out []byte, c cost) {
	b.Helper()
	ctx, cancel := context.WithTimeout(b.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil && ctx.Err() == nil {
		b.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	state := cmd.ProcessState
	return stdout.Bytes(), cost{
		time.Since(start), state.UserTime() + state.SystemTime(), state.SysUsage().(*syscall.Rusage).Maxrss << 10, ctx.Err() == nil,
	}
}

func (b *bench) survey(scope string, more ...string) (*report.Survey, cost) {
	b.Helper()
	out, err := os.MkdirTemp(b.dir, "survey-")
	if err != nil {
		b.Fatal(err)
	}
	args := append([]string{"survey", "--scope", scope, "--out", out, "--networks", b.path("networks.csv"), "--quiet"}, more...)
	_, c := b.run(b.path("leadglass"), args...)
	s, err := report.Load(filepath.Join(out, report.SurveyFile))
	if err != nil {
		b.Fatal(err)
	}
	return s, c
}

func (b *bench) truth() *report.Survey {
	b.Helper()
	text, err := os.ReadFile(b.path("truth.json"))
	if err != nil {
		b.Fatal(err)
	}
	var s report.Survey
	if err := json.Unmarshal(text, &s); err != nil {
		b.Fatal(err)
	}
	return &s
}

// scope writes a scope for these addresses and one DICOM port.
func (b *bench) scope(include []string) string {
	b.Helper()
	name := b.path("own.toml")
	text := fmt.Sprintf(`[authorisation]
organisation = "bench"
contact = "bench@example.org"
reference = "bench"
valid_from = %s
valid_to = %s

[targets]
include_files = [%q]
dicom_ports = [11112]
http_ports = []

[limits]
per_host_rate = 10000
total_rate = 1000000
connections = 512
`, time.Now().AddDate(0, 0, -1).Format("2006-01-02"), time.Now().AddDate(0, 0, 1).Format("2006-01-02"), b.path("targets"))
	for file, content := range map[string]string{name: text, b.path("targets"): strings.Join(include, "\n") + "\n"} {
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	return name
}

// TestBench_Discovery finds and identifies 1,024 live archives among 15,000 dead
// addresses, beside nmap's script on the same addresses: without look-ups of
// names and of who is up, as root does by default and by connecting, and with
// its defaults.
func TestBench_Discovery(t *testing.T) {
	b := newBench(t, "nmap")
	b.fleet("--preset", "bench", "--studies", "20480", "--images", "204800")
	var addresses []string
	live := map[string]bool{}
	for _, s := range b.truth().Systems {
		live[netip.MustParseAddrPort(s.Address).Addr().String()] = true
	}
	dead, listed := 0, maps.Clone(live)
	for a := netip.MustParsePrefix(benchPrefix).Addr().Next(); dead < 15000; a = a.Next() {
		addresses = append(addresses, a.String())
		if !listed[a.String()] {
			dead++
		}
		delete(listed, a.String())
	}
	addresses = append(addresses, slices.Collect(maps.Keys(listed))...) // those behind the last dead one
	scope := b.scope(addresses)
	s, ours := b.survey(scope, "--discover")
	identified := 0
	for i := range s.Systems {
		if s.Systems[i].Product != "" {
			identified++
		}
	}
	fmt.Printf("discovery of %d archives among %d addresses:\n", len(live), len(addresses))
	fmt.Printf("  leadglass      %7.2f s  processor %5.2f s  %5d found  %5d identified  %d MiB\n",
		ours.Seconds(), ours.processor.Seconds(), s.Totals.SystemsDICOM, identified, ours.peak>>20)
	for _, way := range []string{"-n -Pn", "-n -Pn -sT", ""} {
		args := append([]string{"-p", "11112", "--script", "dicom-ping", "-iL", b.path("targets")}, strings.Fields(way)...)
		out, theirs := b.within(2*time.Minute, "nmap", args...)
		sign := "ratio"
		if !theirs.ended {
			sign = "not ended, ratio over"
		}
		found := strings.Count(string(out), "dicom: DICOM Service Provider discovered")
		fmt.Printf("  nmap %-10s%7.2f s  processor %5.2f s  %5d found      0 identified  %s %.1f, of processor time %.1f\n", way, theirs.Seconds(),
			theirs.processor.Seconds(), found, sign, theirs.Seconds()/ours.Seconds(), theirs.processor.Seconds()/ours.processor.Seconds())
	}
	if s.Totals.SystemsDICOM != int64(len(live)) {
		t.Errorf("found %d archives of %d", s.Totals.SystemsDICOM, len(live))
	}
}

// TestBench_Count counts the studies of one archive, beside findscu.
func TestBench_Count(t *testing.T) {
	b := newBench(t, "findscu")
	b.fleet("--preset", "bench", "--systems", "2", "--studies", "400000", "--images", "4000000")
	systems := b.truth().Systems
	largest := slices.MaxFunc(systems, func(x, y report.System) int { return cmp.Compare(x.Studies, y.Studies) })
	at := netip.MustParseAddrPort(largest.Address)
	s, ours := b.survey(b.scope([]string{at.Addr().String()}))
	out, theirs := b.run("sh", "-c", fmt.Sprintf("findscu -v -S -k QueryRetrieveLevel=STUDY -k StudyInstanceUID -k NumberOfStudyRelatedInstances %s %d 2>&1 | grep -c 'Find Response:'", at.Addr(), at.Port()))
	var counted int64
	fmt.Sscan(string(out), &counted)
	rate := func(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }
	fmt.Printf("counting the studies of one archive of %d:\n", largest.Studies)
	fmt.Printf("  leadglass  %9.0f studies/s  %d counted (and patients, images, all probes)\n", rate(s.Totals.Studies, ours.Duration), s.Totals.Studies)
	fmt.Printf("  findscu    %9.0f studies/s  %d counted\n", rate(counted, theirs.Duration), counted)
	fmt.Printf("  ratio      %9.1f\n", rate(s.Totals.Studies, ours.Duration)/rate(counted, theirs.Duration))
	if s.Totals.Studies != largest.Studies {
		t.Errorf("counted %d studies of %d", s.Totals.Studies, largest.Studies)
	}
}

// TestBench_Fleet surveys the internet of 2019.
func TestBench_Fleet(t *testing.T) {
	b := newBench(t)
	pid := b.fleet("--preset", "greenbone-2019")
	s, took := b.survey(b.path("scope.toml"))
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, high, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Printf("the internet of 2019, %d hosts, fleet included:\n", s.Hosts)
	fmt.Printf("  leadglass  %6.1f s  %9.0f studies/s  %d systems, %d disclosing, %d studies, %d images\n", took.Seconds(),
		float64(s.Totals.Studies)/took.Seconds(), s.Totals.SystemsDICOM, s.Totals.SystemsDisclosing, s.Totals.Studies, s.Totals.Images)
	fmt.Printf("  peak memory %d MiB; the fleet's %s KiB\n", took.peak>>20, strings.TrimSpace(strings.SplitN(high, "kB", 2)[0]))
	if want := b.truth().Totals; s.Totals != want {
		t.Errorf("totals are\n%+v, the truth is\n%+v", s.Totals, want)
	}
}
