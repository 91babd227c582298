package main_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/audit"
	"github.com/leadglass/leadglass/internal/peertest"
	"github.com/leadglass/leadglass/internal/tlog/tlogtest"
	"github.com/leadglass/leadglass/internal/vault"
)

// last lets the archive live once more, and end well: everything that was ever
// acknowledged is read back, the store is checked, and the log is reconciled with
// what everybody got.
func (p *prey) last() {
	p.lives++
	cmd, out := exec.Command("leadglass", "serve", "--config", p.config), &peertest.Said{}
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		p.t.Fatal(err)
	}
	cmd.Stderr = out
	if err := cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	at, ready := whereIsIt(pipe)
	if !ready {
		p.t.Errorf("after the last death it does not start: %s", out)
	} else {
		p.readBack(at)
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	if err := cmd.Wait(); err != nil {
		p.t.Errorf("its end: %v\n%s", err, out)
	}
	if text, err := exec.Command("leadglass", "fsck", "--config", p.config).CombinedOutput(); err != nil {
		p.t.Errorf("fsck: %v\n%s", err, text)
	}
	p.verify()
	p.reconcile()
	p.tally.count(acknowledged, int64(len(p.acked)))
	_ = os.RemoveAll(p.dir) // of many the disk would fill
}

// readBack gets all studies, and misses none that was acknowledged.
func (p *prey) readBack(at addresses) {
	ctx := context.Background()
	c, a, err := p.associate(ctx, at, "get1")
	if err != nil {
		p.t.Fatal(err)
	}
	defer a.Abort(0)
	had := map[int]bool{}
	for first := 0; first < p.next; first += ofStudy {
		c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
			n := numberOf(string(rq.SOPInstance))
			if b, err := io.ReadAll(rq.Data); err != nil || string(b) != string(p.object(n)) {
				p.t.Errorf("object %d: %d other bytes, %v", n, len(b), err)
			}
			had[n] = true
			return dimse.Success
		}
		rsp, err := c.Get(ctx, &dimse.Query{Model: dimse.StudyRootGet, Identifier: identifier("STUDY", string(p.studyOf(first)))}, nil)
		if err != nil || rsp.Status != dimse.Success {
			p.t.Fatalf("getting study %d: %+v, %v", first/ofStudy, rsp, err)
		}
	}
	for n, life := range p.acked {
		if !had[n] {
			p.t.Errorf("object %d was acknowledged in life %d of %d and is lost", n, life, p.lives)
		}
	}
	if err := a.Release(ctx); err != nil {
		p.t.Error(err)
	}
}

// reconcile finds the record of whatever came.
func (p *prey) reconcile() {
	log := p.records()
	for _, a := range p.asked {
		if !a.answered() {
			continue
		}
		p.tally.count(answered, 1)
		p.tally.count(bytesOut, a.bytes)
		if a.verb == leadglass.Get {
			p.tally.count(objectsOut, a.objects)
		}
		id := a.id
		if id == "" {
			id = log.marked[a.mark]
		}
		p.explains(log, log.begun[id], a)
	}
}

// framing is the most that an answer has around an object.
const framing = 1024

// explains says whether a record was made before, and is of no less than came.
func (p *prey) explains(log *read, r *leadglass.Record, a *asked) {
	switch {
	case r == nil:
		p.t.Errorf("%s: %d objects and %d bytes came at %v, and there is no record of it", a.verb, a.objects, a.bytes, a.first)
	case r.Verb != a.verb || r.Outcome != leadglass.Succeeded || r.Peer == nil || r.Purpose != leadglass.Treatment:
		p.t.Errorf("%s: the record is of %s, %d", a.verb, r.Verb, r.Outcome)
	case r.Committed.After(a.first):
		p.t.Errorf("%s: recorded at %v, after something had come at %v", a.verb, r.Committed, a.first)
	case a.study != "" && !slices.Contains(r.Studies, a.study):
		p.t.Errorf("%s: the record is of other studies", a.verb)
	case a.verb == leadglass.Find && r.Query == "":
		p.t.Errorf("%s: the record has no query", a.verb)
	case r.Event == leadglass.InstancesAccessed && (int64(r.Instances) < a.objects || a.verb == leadglass.Get && r.Bytes+framing < a.bytes):
		p.t.Errorf("%s: %d objects and %d bytes came, the record has %d and %d", a.verb, a.objects, a.bytes, r.Instances, r.Bytes)
	}
	if r == nil || r.Event != leadglass.BeginTransferring {
		return
	}
	end := log.ended[r.Transfer]
	switch {
	case end == nil && a.finished && a.id == "":
		p.t.Errorf("%s: the peer was told that all is there, and no end is recorded", a.verb)
	case end != nil && int64(end.Instances) < a.objects:
		p.t.Errorf("%s: %d objects came, the end has %d", a.verb, a.objects, end.Instances)
	}
}

// read is the log, by what it is asked for.
type read struct {
	begun  map[string]*leadglass.Record // permissions by id
	ended  map[string]*leadglass.Record // by transfer
	marked map[string]string            // ids by mark
}

// records reads the log of the archive, which does not run.
func (p *prey) records() *read {
	v, err := vault.Open(context.Background(), vault.Config{Dir: filepath.Join(p.c.Data, "vault")})
	if err != nil {
		p.t.Fatal(err)
	}
	defer v.Close()
	log := &read{map[string]*leadglass.Record{}, map[string]*leadglass.Record{}, map[string]string{}}
	index := uint64(0)
	names, _ := filepath.Glob(filepath.Join(p.c.Data, "log", "segments", "*.seg"))
	for _, name := range names {
		for _, e := range tlogtest.Segment(p.t, name) {
			r, err := audit.Decode(index, e.Leaf, e.Beside, v)
			if err != nil {
				p.t.Fatalf("record %d: %v", index, err)
			}
			log.note(r)
			index++
		}
	}
	p.tally.count(recordsRead, int64(index))
	return log
}

func (l *read) note(r *leadglass.Record) {
	switch {
	case r.Event == leadglass.InstancesTransferred:
		l.ended[r.Transfer] = r
	case r.Outcome == leadglass.Succeeded:
		l.begun[r.ID] = r
	}
	for _, ref := range r.Refs {
		if strings.HasPrefix(string(ref.Study), marks) {
			l.marked[string(ref.Study)] = r.ID
		}
	}
	if at := strings.Index(r.Query, marks); at >= 0 {
		mark := r.Query[at:]
		if end := strings.IndexFunc(mark, func(c rune) bool { return c != '.' && (c < '0' || c > '9') }); end >= 0 {
			mark = mark[:end]
		}
		l.marked[mark] = r.ID
	}
}
