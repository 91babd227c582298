package main_test

import (
	"bufio"
	"bytes"
	"cmp"
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

// run times a command and returns its output and its peak memory in bytes.
func (b *bench) run(name string, args ...string) (out []byte, took time.Duration, peak int64) {
	b.Helper()
	cmd := exec.Command(name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	took = time.Since(start)
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	return stdout.Bytes(), took, usage.Maxrss << 10
}

func (b *bench) survey(scope string, more ...string) (*report.Survey, time.Duration, int64) {
	b.Helper()
	out, err := os.MkdirTemp(b.dir, "survey-")
	if err != nil {
		b.Fatal(err)
	}
	args := append([]string{"survey", "--scope", scope, "--out", out, "--networks", b.path("networks.csv"), "--quiet"}, more...)
	_, took, peak := b.run(b.path("leadglass"), args...)
	s, err := report.Load(filepath.Join(out, report.SurveyFile))
	if err != nil {
		b.Fatal(err)
	}
	return s, took, peak
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
// addresses, beside nmap's script on the same addresses, as root does by default
// and by connecting.
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
	s, ours, peak := b.survey(scope, "--discover")
	identified := 0
	for i := range s.Systems {
		if s.Systems[i].Product != "" {
			identified++
		}
	}
	fmt.Printf("discovery of %d archives among %d addresses:\n", len(live), len(addresses))
	fmt.Printf("  leadglass    %8.2f s  %5d found  %5d identified  %d MiB\n", ours.Seconds(), s.Totals.SystemsDICOM, identified, peak>>20)
	for _, way := range [][]string{nil, {"-sT"}} {
		args := append([]string{"-n", "-Pn", "-p", "11112", "--script", "dicom-ping", "-iL", b.path("targets")}, way...)
		out, theirs, _ := b.run("nmap", args...)
		found := strings.Count(string(out), "dicom: DICOM Service Provider discovered")
		fmt.Printf("  nmap %-7s %8.2f s  %5d found      0 identified  ratio %.1f\n", strings.Join(way, " "), theirs.Seconds(), found, theirs.Seconds()/ours.Seconds())
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
	s, ours, _ := b.survey(b.scope([]string{at.Addr().String()}))
	out, theirs, _ := b.run("sh", "-c", fmt.Sprintf("findscu -v -S -k QueryRetrieveLevel=STUDY -k StudyInstanceUID -k NumberOfStudyRelatedInstances %s %d 2>&1 | grep -c 'Find Response:'", at.Addr(), at.Port()))
	var counted int64
	fmt.Sscan(string(out), &counted)
	rate := func(n int64, d time.Duration) float64 { return float64(n) / d.Seconds() }
	fmt.Printf("counting the studies of one archive of %d:\n", largest.Studies)
	fmt.Printf("  leadglass  %9.0f studies/s  %d counted (and patients, images, all probes)\n", rate(s.Totals.Studies, ours), s.Totals.Studies)
	fmt.Printf("  findscu    %9.0f studies/s  %d counted\n", rate(counted, theirs), counted)
	fmt.Printf("  ratio      %9.1f\n", rate(s.Totals.Studies, ours)/rate(counted, theirs))
	if s.Totals.Studies != largest.Studies {
		t.Errorf("counted %d studies of %d", s.Totals.Studies, largest.Studies)
	}
}

// TestBench_Fleet surveys the internet of 2019.
func TestBench_Fleet(t *testing.T) {
	b := newBench(t)
	pid := b.fleet("--preset", "greenbone-2019")
	s, took, peak := b.survey(b.path("scope.toml"))
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, high, _ := strings.Cut(string(status), "VmHWM:")
	fmt.Printf("the internet of 2019, %d hosts, fleet included:\n", s.Hosts)
	fmt.Printf("  leadglass  %6.1f s  %9.0f studies/s  %d systems, %d disclosing, %d studies, %d images\n", took.Seconds(),
		float64(s.Totals.Studies)/took.Seconds(), s.Totals.SystemsDICOM, s.Totals.SystemsDisclosing, s.Totals.Studies, s.Totals.Images)
	fmt.Printf("  peak memory %d MiB; the fleet's %s KiB\n", peak>>20, strings.TrimSpace(strings.SplitN(high, "kB", 2)[0]))
	if want := b.truth().Totals; s.Totals != want {
		t.Errorf("totals are\n%+v, the truth is\n%+v", s.Totals, want)
	}
}
