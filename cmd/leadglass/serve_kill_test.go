package main_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/ca"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/serve"
)

// TestServe_Killed kills leadglass serve amid its work, again and again: as it
// starts, at a random moment, and in the middle of a random change of its files.
// Whatever it acknowledged is there, bit for bit; of whatever it released there is
// a record that was made before; the log verifies after each death, and the store
// at the end. KILL_SEED repeats a run, as far as time allows.
func TestServe_Killed(t *testing.T) {
	lives, folders := 8, 1
	switch {
	case testing.Short():
		lives = 3
	case os.Getenv("INTEROP") == "1", os.Getenv("LONG") != "":
		lives, folders = 50, 20
	}
	seed := uint64(time.Now().UnixNano())
	if s := os.Getenv("KILL_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
	}
	var all tally
	began := time.Now()
	t.Run("folders", func(t *testing.T) {
		for f := range folders {
			t.Run(strconv.Itoa(f), func(t *testing.T) {
				t.Parallel()
				p := newPrey(t, seed, f)
				p.first()
				for range lives {
					if p.life(p.death()); t.Failed() {
						return
					}
				}
				p.last()
				all.add(&p.tally)
			})
		}
	})
	t.Logf("seed %d: %s in %v", seed, &all, time.Since(began).Round(time.Second))
}

// prey is an archive that is killed, and what those who talk to it know.
type prey struct {
	t           *testing.T
	rng         *rand.Rand
	folder      int
	dir, config string
	c           serve.Config
	tls         map[string]*tls.Config // by device
	tally       tally
	lives       int

	answers atomic.Int64 // that are left until the death that waits for them
	atLast  func()       // of this life

	mu     sync.Mutex  // covers what follows
	next   int         // the number of the next object
	acked  map[int]int // objects that are acknowledged, with the life
	recent []int       // of them those that nobody read yet
	asked  []*asked
}

// The devices: two modalities store by DIMSE and one by the web; two read.
var preyDevices = map[string]leadglass.Role{
	"ct1": leadglass.Modality, "ct2": leadglass.Modality, "ct3": leadglass.Modality,
	"get1": leadglass.Workstation, "web1": leadglass.Workstation,
}

func newPrey(t *testing.T, seed uint64, folder int) *prey {
	p := &prey{
		t: t, rng: rand.New(rand.NewPCG(seed, uint64(folder))), folder: folder, dir: t.TempDir(),
		tls: map[string]*tls.Config{}, acked: map[int]int{},
	}
	p.config = filepath.Join(p.dir, "leadglass.toml")
	if err := os.WriteFile(p.config, []byte("data = \"data\"\n[dimse]\ntls = [\"127.0.0.1:0\"]\n[web]\ntls = [\"127.0.0.1:0\"]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	var err error
	if p.c, err = serve.Load(p.config); err != nil {
		t.Fatal(err)
	}
	return p
}

// first kills the archive while it makes its folder, and then makes the devices
// known.
func (p *prey) first() {
	p.life(death{op: 1 + p.rng.IntN(80)})
	p.life(death{})
	a, err := p.c.OpenCA(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	d, err := p.c.OpenDirectory(context.Background())
	if err != nil {
		p.t.Fatal(err)
	}
	for name, role := range preyDevices {
		made, err := a.Device(ca.DeviceRequest{Name: name})
		if err != nil {
			p.t.Fatal(err)
		}
		err = d.Enrol(context.Background(), identity.Enrolment{
			Name: name, Keys: []string{ca.SPKI(made.Certificate)}, Roles: []leadglass.Role{role}, Purpose: leadglass.Treatment,
			Calling: []leadglass.AETitle{leadglass.AETitle(strings.ToUpper(name))},
		})
		if err != nil {
			p.t.Fatal(err)
		}
		pair, err := tls.X509KeyPair(made.CertPEM, made.KeyPEM)
		if err != nil {
			p.t.Fatal(err)
		}
		p.tls[name] = &tls.Config{RootCAs: a.Pool(), Certificates: []tls.Certificate{pair}, ServerName: "127.0.0.1"}
	}
}

// death is how a life ends: amid the op-th change of a file; or some time after the
// crowd had so many answers; or, where early, after it began.
type death struct {
	op      int
	answers int64
	wait    time.Duration
	early   bool
}

// aLongLife ends one that does not reach its end.
const aLongLife = 3 * time.Second

func (p *prey) death() death {
	switch n := p.rng.IntN(100); {
	case n < 10:
		return death{early: true, wait: time.Duration(p.rng.IntN(60)) * time.Millisecond}
	case n < 50:
		return death{answers: p.rng.Int64N(60), wait: time.Duration(p.rng.IntN(10_000)) * time.Microsecond}
	}
	return death{op: 1 + p.rng.IntN(250)}
}

// life starts the archive, sends everybody at it, and waits for its death.
func (p *prey) life(d death) {
	p.t.Helper()
	p.lives++
	args := []string{"serve", "--config", p.config}
	name := "leadglass"
	if d.op > 0 {
		name, args = "leadglass-mortal", []string{p.config, strconv.Itoa(d.op)}
	}
	cmd, out := exec.Command(name, args...), &peertest.Said{}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	kill := func() { _ = cmd.Process.Kill() }
	if d.early {
		time.AfterFunc(d.wait, kill)
	}
	at, ready := whereIsIt(pipe)
	dead := make(chan struct{})
	var crowd sync.WaitGroup
	if ready {
		defer time.AfterFunc(aLongLife, kill).Stop()
		p.atLast = nil
		if d.op == 0 {
			p.answers.Store(d.answers)
			p.atLast = func() { time.AfterFunc(d.wait, kill) }
		}
		p.crowd(&crowd, at, dead)
	}
	_, _ = io.Copy(io.Discard, pipe) // until it is dead
	_ = cmd.Wait()
	close(dead)
	crowd.Wait()
	p.buried(cmd, d, ready, out)
}

// buried looks at how it died, and at the log.
func (p *prey) buried(cmd *exec.Cmd, d death, ready bool, out *peertest.Said) {
	p.t.Helper()
	if cmd.ProcessState.ExitCode() != -1 {
		p.t.Errorf("life %d: it was not killed, it ended by itself: %v\n%s", p.lives, cmd.ProcessState, out)
	}
	if bytes.Contains([]byte(out.String()), []byte("panic")) {
		p.t.Errorf("life %d: %s", p.lives, out)
	}
	how := killedByTime
	if !ready {
		how = killedStarting
	} else if d.op > 0 {
		how = killedWriting
	}
	p.tally.count(how, 1)
	p.verify()
}

// verify verifies the log as far as it was made.
func (p *prey) verify() {
	p.t.Helper()
	key, err := os.ReadFile(filepath.Join(p.c.Data, "log.pub"))
	if os.IsNotExist(err) && p.lives == 1 {
		return // it did not get that far
	}
	if err != nil {
		p.t.Fatal(err)
	}
	dir := filepath.Join(p.c.Data, "log")
	if segments, _ := os.ReadDir(filepath.Join(dir, "segments")); len(segments) == 0 && p.lives == 1 {
		return
	}
	if _, err := review.Verify(context.Background(), review.Config{Dir: dir, Key: strings.TrimSpace(string(key)), Open: true}); err != nil {
		p.t.Errorf("life %d: the log: %v", p.lives, err)
	}
}

// addresses are those of an archive.
type addresses struct{ dimse, web string }

// whereIsIt reads what the archive says until it is ready, or dead.
func whereIsIt(out io.Reader) (at addresses, ready bool) {
	in := bufio.NewReader(out)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return at, false
		}
		face, address, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		switch address = strings.TrimSpace(address); face {
		case "DICOM over TLS":
			at.dimse = address
		case "DICOMweb over HTTPS":
			at.web = address
		case "ready":
			return at, true
		}
	}
}
