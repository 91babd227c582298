package main_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/ul"
)

// match is a comparison of our archive with Orthanc: one after the other, in turns,
// by the same clients on the same objects.
type match struct {
	*bench
	ours, theirs *contestant
	rounds       int           // of everything
	period       time.Duration // for which requests are counted
}

func (m *match) both() []*contestant { return []*contestant{m.ours, m.theirs} }

// TestBench_Serve compares leadglass serve with Debian's Orthanc: the faces of both
// are on loopback and not encrypted. Ours knows who asks, decides and keeps a record
// on the disk before it answers; Orthanc does not. BENCH=short takes two minutes.
func TestBench_Serve(t *testing.T) {
	b := newBench(t, "Orthanc", "storescu", "getscu")
	if _, err := os.Stat(peertest.OrthancDICOMweb); err != nil {
		t.Skip("orthanc-dicomweb is not installed")
	}
	m := &match{bench: b, ours: b.leadglass(), theirs: b.orthanc(), rounds: 5, period: 5 * time.Second}
	if os.Getenv("BENCH") == "short" {
		m.rounds, m.period = 1, time.Second
	}
	t.Cleanup(func() {
		for _, c := range m.both() {
			if c.cmd != nil {
				_ = c.cmd.Process.Kill()
				_ = c.cmd.Wait()
			}
			if t.Failed() {
				t.Logf("%s said:\n%s", c.name, c.said)
			}
		}
	})
	fmt.Printf("leadglass serve and Orthanc, load of the machine %s:\n", loadOfMachine())
	m.starts("empty")
	m.ingest()
	m.crowd()
	m.retrieves()
	m.web()
	for _, c := range m.both() {
		c.stop()
	}
	m.starts("loaded")
	for _, c := range m.both() {
		c.stop()
	}
	fmt.Printf("  the load of the machine was %s\n", loadOfMachine())
}

func loadOfMachine() string {
	text, _ := os.ReadFile("/proc/loadavg")
	return strings.Join(strings.Fields(string(text))[:3], " ")
}

// row prints a rate of both, and whether the ratio is what is asked; 0 asks nothing.
func row(what, unit string, ours, theirs, asked float64) {
	fmt.Printf("  %-52s %9.1f %9.1f %-9s ratio %6.2f%s\n", what, ours, theirs, unit, ours/theirs, verdict(ours/theirs, asked, ours/theirs >= asked))
}

// costs prints what both take, of which less is better.
func costs(what, unit string, ours, theirs, asked float64) {
	fmt.Printf("  %-52s %9.2f %9.2f %-9s ratio %6.2f%s\n", what, ours, theirs, unit, ours/theirs, verdict(ours/theirs, asked, ours/theirs <= asked))
}

// atMost prints what ours may take at most; theirs is beside it.
func atMost(what, unit string, ours, theirs, asked float64) {
	fmt.Printf("  %-52s %9.1f %9.1f %-9s             %s\n", what, ours, theirs, unit, verdict(ours, asked, ours < asked))
}

func verdict(_, asked float64, ok bool) string {
	switch {
	case asked == 0:
		return ""
	case ok:
		return fmt.Sprintf("  asked %g: met", asked)
	}
	return fmt.Sprintf("  asked %g: MISSED", asked)
}

const mib = 1 << 20

// starts measures start-up and what an archive takes that nobody uses.
func (m *match) starts(how string) {
	var took, rest [2]float64
	for i, c := range m.both() {
		took[i] = c.start().Seconds() * 1000
		time.Sleep(2 * time.Second)
		rest[i] = float64(c.memory("VmRSS")) / mib
	}
	atMost("start, "+how, "ms", took[0], took[1], 1000)
	atMost("memory at rest, "+how, "MiB", rest[0], rest[1], 60)
}

// taken is what storing took.
type taken struct {
	objects int
	clock   time.Duration
	cpu     time.Duration
}

func (t *taken) rate() float64 { return float64(t.objects) / t.clock.Seconds() }
func (t *taken) each() float64 { return t.cpu.Seconds() * 1000 / float64(t.objects) }

// sending stores what several senders have in a round.
type sending func(c *contestant, l load, p place)

// ingest stores objects by storescu and by a client that costs less.
func (m *match) ingest() {
	for series, l := range []load{slices512, small} {
		for i, at := range []int{1, senders} {
			p := place{series: 2*series + i}
			m.lay(l, p.series, m.rounds)
			m.stores(fmt.Sprintf("%s, storescu, %d associations", l.name, at), l, p, at, m.rounds, (*contestant).storescu)
			_ = os.RemoveAll(m.path("objects"))
		}
		m.stalls(l)
		for i, at := range []int{1, senders} {
			m.stores(fmt.Sprintf("%s, our client, %d associations", l.name, at), l, place{series: 10 + 2*series + i}, at, max(1, m.rounds/2), (*contestant).storeAll)
		}
	}
	for _, c := range m.both() {
		c.settled()
	}
	atMost("memory at most, so far", "MiB", float64(m.ours.memory("VmHWM"))/mib, float64(m.theirs.memory("VmHWM"))/mib, 0)
}

// stores lets both store the same, in turns. at is how many senders do it at a time.
func (m *match) stores(what string, l load, p place, at, rounds int, send sending) {
	var done [2]taken
	for p.round = range rounds {
		for _, i := range [2]int{p.round % 2, 1 - p.round%2} { // who is first changes
			c := m.both()[i]
			cpu, begin := c.settled(), time.Now()
			var all sync.WaitGroup
			for own := range at {
				all.Go(func() {
					for sender := own; sender < senders; sender += at {
						send(c, l, place{p.series, p.round, sender, 0})
					}
				})
			}
			all.Wait()
			done[i].clock += time.Since(begin)
			done[i].cpu += c.settled() - cpu
			done[i].objects += senders * l.each
		}
	}
	row(what, "objects/s", done[0].rate(), done[1].rate(), 2.5)
	costs("  processor of the server", "ms each", done[0].each(), done[1].each(), 0.5)
}

// storescu stores the files of a sender by DCMTK's storescu, each at once.
func (c *contestant) storescu(l load, p place) {
	c.sends("1", "+sd", l.folder(c.bench, p))
}

// sends runs storescu, with Nagle's algorithm where nodelay is 0 (DCMTK's default).
func (c *contestant) sends(nodelay string, what ...string) {
	host, port, _ := net.SplitHostPort(c.dimse)
	cmd := exec.CommandContext(c.Context(), "storescu", append([]string{"-R", "-xe", "-aet", "BENCH", "-aec", "LEADGLASS", host, port}, what...)...)
	cmd.Env = append(os.Environ(), "TCP_NODELAY="+nodelay)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Errorf("storescu %q to %s: %v, it said %q", what, c.name, err, out)
	}
}

// stalls sends objects as DCMTK does by default, which leaves Nagle's algorithm on,
// and beside them as many without. Half as fast would be a stall.
func (m *match) stalls(l load) {
	l.each = 50
	m.lay(l, 8, 1)
	var rate [2][2]float64 // with the algorithm and without
	for i, c := range m.both() {
		for without, nodelay := range []string{"0", "1"} {
			begin := time.Now()
			c.sends(nodelay, "+sd", l.folder(m.bench, place{series: 8, sender: without}))
			rate[i][without] = float64(l.each) / time.Since(begin).Seconds()
		}
	}
	_ = os.RemoveAll(m.path("objects"))
	row(l.name+", storescu with Nagle's algorithm on", "objects/s", rate[0][0], rate[1][0], 0)
	of := [2]float64{rate[0][0] / rate[0][1], rate[1][0] / rate[1][1]}
	fmt.Printf("  %-52s %9.2f %9.2f%s\n", "  of the rate without", of[0], of[1], verdict(of[0], 0.5, of[0] >= 0.5))
}

// storeAll stores the objects of a sender by our own client, from memory.
func (c *contestant) storeAll(l load, p place) {
	sample := l.dataset(p)
	a, err := ul.Dial(c.Context(), c.dimse, request("BENCH"), nil)
	if err != nil {
		c.Errorf("%s: %v", c.name, err)
		return
	}
	defer a.Abort(0)
	client := dimse.NewClient(a, dimse.Limits{})
	for p.n = range l.each {
		data := l.dataset(p)
		if len(data) > len(sample)+64 {
			c.Errorf("%d bytes", len(data))
		}
		rsp, err := client.Send(c.Context(), &dimse.StoreRequest{SOPClass: ctClass, SOPInstance: l.instance(p), TransferSyntax: explicitLittle, Data: bytes.NewReader(data)})
		if err != nil || rsp.Status != dimse.Success {
			c.Errorf("%s does not store: %+v, %v", c.name, rsp, err)
			return
		}
	}
	if err := a.Release(c.Context()); err != nil {
		c.Errorf("%s: %v", c.name, err)
	}
}

// crowd lets 32 associations store and retrieve at the same time.
func (m *match) crowd() {
	const associations = 32
	var peak [2]float64
	for i, c := range m.both() {
		c.fromNow()
		l := slices512
		l.each = 25
		var all sync.WaitGroup
		for n := range associations {
			all.Go(func() {
				c.storeAll(l, place{series: 30, round: n / senders, sender: n % senders})
				c.get(stored(slices512, n%senders))
			})
		}
		all.Wait()
		peak[i] = float64(c.memory("VmHWM")) / mib
	}
	atMost("memory at most, 32 associations store and retrieve", "MiB", peak[0], peak[1], 400)
}

// stored is the first object of a study that both have, of a hundred slices.
func stored(_ load, n int) place { return place{series: 0, round: 0, sender: n % senders} }

// get retrieves a study by C-GET with our own client and returns how many came.
func (c *contestant) get(p place) int {
	a, err := ul.Dial(c.Context(), c.dimse, request("BENCH"), nil)
	if err != nil {
		c.Errorf("%s: %v", c.name, err)
		return 0
	}
	defer a.Abort(0)
	n := 0
	client := dimse.NewClient(a, dimse.Limits{})
	client.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		n++
		_, _ = io.Copy(io.Discard, rq.Data)
		return dimse.Success
	}
	id := new(dicom.Dataset)
	id.SetString(0x00080052, "STUDY")
	id.SetString(0x0020000D, string(slices512.study(p)))
	rsp, err := client.Get(c.Context(), &dimse.Query{Model: dimse.StudyRootGet, Identifier: id}, nil)
	if err != nil || rsp.Status != dimse.Success || n != slices512.inStudy {
		c.Errorf("%s gives %d: %+v, %v", c.name, n, rsp, err)
	}
	_ = a.Release(c.Context())
	return n
}

// getscu retrieves a study by DCMTK's getscu, which drops it.
func (c *contestant) getscu(p place) int {
	host, port, _ := net.SplitHostPort(c.dimse)
	cmd := exec.CommandContext(c.Context(), "getscu", "--ignore", "-S", "-aet", "BENCH", "-aec", "LEADGLASS", "-k", "QueryRetrieveLevel=STUDY",
		"-k", "StudyInstanceUID="+string(slices512.study(p)), host, port)
	cmd.Env = append(os.Environ(), "TCP_NODELAY=1")
	if out, err := cmd.CombinedOutput(); err != nil {
		c.Errorf("getscu from %s: %v\n%s", c.name, err, out)
	}
	return slices512.inStudy
}

// retrieves compares C-GET.
func (m *match) retrieves() {
	m.compare("C-GET of 100 slices, getscu", "slices/s", 1, 3, func(c *contestant, n int) int { return c.getscu(stored(slices512, n)) })
	m.compare("C-GET of 100 slices, our client", "slices/s", 1, 3, func(c *contestant, n int) int { return c.get(stored(slices512, n)) })
	m.compare("C-GET of 100 slices, our client, 4 associations", "slices/s", 4, 0, func(c *contestant, n int) int { return c.get(stored(slices512, n)) })
}

// compare counts what several clients get done in the same time, in turns.
func (m *match) compare(what, unit string, clients int, asked float64, do func(c *contestant, n int) int) {
	const turns = 4
	var done [2]int64
	var took, cpu [2]time.Duration
	for range turns {
		for i, c := range m.both() {
			begin, before := time.Now(), c.processor()
			var next, sum atomic.Int64
			var all sync.WaitGroup
			for range clients {
				all.Go(func() {
					for time.Since(begin) < m.period/turns && !c.Failed() {
						sum.Add(int64(do(c, int(next.Add(1)))))
					}
				})
			}
			all.Wait()
			done[i] += sum.Load()
			took[i] += time.Since(begin)
			cpu[i] += c.processor() - before
		}
	}
	row(what, unit, float64(done[0])/took[0].Seconds(), float64(done[1])/took[1].Seconds(), asked)
	costs("  processor of the server", "ms each", cpu[0].Seconds()*1000/float64(done[0]), cpu[1].Seconds()*1000/float64(done[1]), 0)
}

// asks asks DICOMweb and returns how many bytes came.
func (c *contestant) asks(client *http.Client, path, accept string) (int64, error) {
	rq, err := http.NewRequestWithContext(c.Context(), http.MethodGet, c.web+path, nil)
	if err != nil {
		return 0, err
	}
	rq.Header = c.header.Clone()
	rq.Header.Set("Accept", accept)
	rsp, err := client.Do(rq)
	if err != nil {
		return 0, err
	}
	defer rsp.Body.Close()
	n, err := io.Copy(io.Discard, rsp.Body)
	if err == nil && rsp.StatusCode != http.StatusOK && rsp.StatusCode != http.StatusNoContent {
		err = fmt.Errorf("%s", rsp.Status)
	}
	return n, err
}

// web compares DICOMweb.
func (m *match) web() {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 16}}
	const object = `multipart/related; type="application/dicom"; transfer-syntax=*`
	get := func(least int64, accept string, path func(n int) string) func(*contestant, int) int {
		return func(c *contestant, n int) int {
			if got, err := c.asks(client, path(n), accept); err != nil || got < least {
				c.Errorf("%s answers %s with %d bytes: %v", c.name, path(n), got, err)
			}
			return 1
		}
	}
	study := func(n int) string { return "/studies/" + string(slices512.study(stored(slices512, n))) }
	for _, clients := range []int{1, 4} {
		asked := func(f float64) float64 {
			if clients == 4 {
				return f
			}
			return 0
		}
		of := fmt.Sprintf(", %d clients", clients)
		m.compare("QIDO by patient ID"+of, "a second", clients, asked(5), get(100, "application/dicom+json", func(n int) string {
			return "/studies?PatientID=" + small.patient(place{series: 2, sender: n % senders, n: n % small.each})
		}))
		m.compare("WADO-RS instance of 512 KB"+of, "a second", clients, asked(3), get(512<<10, object, func(n int) string {
			p := stored(slices512, n)
			p.n = n % slices512.each
			return study(n) + "/series/" + string(slices512.seriesUID(p)) + "/instances/" + string(slices512.instance(p))
		}))
		m.compare("metadata of 100 slices"+of, "a second", clients, asked(10), get(100*1000, "application/dicom+json", func(n int) string { return study(n) + "/metadata" }))
		m.compare("whole study of 100 slices by WADO-RS"+of, "a second", clients, asked(1), get(100*512<<10, object, study))
	}
}
