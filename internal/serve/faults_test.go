package serve_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/review"
	"github.com/leadglass/leadglass/internal/serve"
	"github.com/leadglass/leadglass/ul"
)

// permitAll permits everything.
const permitAll = `@id("all") @because("a test") permit (principal, action, resource);`

// seed is a data folder of an archive with one device, ready to be copied: there is
// no log yet, no vault and no object.
type seed struct {
	dir      string
	tls      *tls.Config
	policies string
}

func newSeed(t *testing.T) *seed {
	s := &seed{policies: rules(t, permitAll)}
	h := start(t, func(c *serve.Config) { c.Policies = s.policies })
	s.tls = h.device("ct1", nil, leadglass.Modality)
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	s.dir = h.c.Data
	for _, name := range []string{"log", "log.key", "log.pub", "vault", "objects", "index"} {
		if err := os.RemoveAll(filepath.Join(s.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// config is that of a copy of the seed.
func (s *seed) config(t *testing.T, fsys *faulty) serve.Config {
	t.Helper()
	c := serve.Config{Data: filepath.Join(t.TempDir(), "data"), Policies: filepath.Join(t.TempDir(), "rules")}
	if fsys != nil {
		c.FS = fsys
	}
	c.DIMSE.TLS, c.Web.TLS = []string{"127.0.0.1:0"}, []string{"127.0.0.1:0"}
	if err := errors.Join(os.CopyFS(c.Data, os.DirFS(s.dir)), os.CopyFS(c.Policies, os.DirFS(s.policies))); err != nil {
		t.Fatal(err)
	}
	return c
}

// visit is what somebody did at an archive whose disk fails, and was told.
type visit struct {
	t     *testing.T
	h     *house
	tls   *tls.Config
	title ul.AETitle
	web   *http.Client

	kept    map[int]slice // acknowledged, and not deleted
	gone    []slice       // deleted
	unsure  []slice       // of which nobody was told that they are deleted
	ids     []string      // of the answers on the web that released something
	begun   map[leadglass.Route]int
	told    map[string]int // what was refused, and how
	strange []string       // what must not be
}

// slices of two studies.
var visited = []slice{
	{name: "A^B", patient: "A", study: "1.2.1", n: 1, pixels: 300}, {name: "A^B", patient: "A", study: "1.2.1", n: 2, pixels: 90_000},
	{name: "C^D", patient: "C", study: "1.2.2", n: 3, pixels: 20}, {name: "E^F", patient: "E", study: "1.2.3", n: 4, pixels: 2000},
}

func newVisit(t *testing.T, h *house, s *seed) *visit {
	v := &visit{t: t, h: h, tls: s.tls, title: "CT1", kept: map[int]slice{}, begun: map[leadglass.Route]int{}, told: map[string]int{}}
	tr := &http.Transport{TLSClientConfig: s.tls.Clone()}
	t.Cleanup(tr.CloseIdleConnections)
	v.web = &http.Client{Transport: tr, Timeout: 20 * time.Second}
	return v
}

// all does everything there is to do.
func (v *visit) all() {
	v.associate(func(c *dimse.Client) {
		v.echo(c)
		for _, s := range visited[:3] {
			v.store(c, s)
		}
	})
	v.ask(http.MethodGet, "/studies?PatientID=A", "application/dicom+json")
	v.ask(http.MethodGet, "/studies/1.2.1/metadata", "application/dicom+json")
	v.ask(http.MethodGet, "/studies/1.2.1/series/1.2.1.1/instances/1.2.1.1.1", wholeFiles)
	v.ask(http.MethodGet, "/studies/1.2.1", wholeFiles)
	v.associate(func(c *dimse.Client) {
		v.find(c)
		v.get(c, "1.2.1")
	})
	v.remove(visited[2])
	v.reload()
	v.associate(func(c *dimse.Client) { v.store(c, visited[3]) })
	v.ask(http.MethodGet, "/studies?PatientID=E", "application/dicom+json")
}

const wholeFiles = `multipart/related; type="application/dicom"; transfer-syntax=*`

// associate does something on an association, where there is one.
func (v *visit) associate(do func(*dimse.Client)) {
	a, err := ul.Dial(context.Background(), v.h.dimse, ask(v.title), &ul.Config{TLS: v.tls})
	if err != nil {
		v.told["association refused"]++
		return
	}
	defer a.Abort(0)
	do(dimse.NewClient(a, dimse.Limits{}))
	_ = a.Release(context.Background()) // it may be over
}

func (v *visit) echo(c *dimse.Client) {
	if rsp, err := c.Echo(context.Background()); err != nil || rsp.Status != dimse.Success {
		v.strange = append(v.strange, fmt.Sprintf("C-ECHO: %+v, %v", rsp, err))
	}
}

// refused notes how something was refused; only a few ways are right.
func (v *visit) refused(what string, rsp *dimse.Response, err error, right ...dimse.Status) {
	switch {
	case err != nil:
		v.strange = append(v.strange, what+": "+err.Error())
	case slices.Contains(right, rsp.Status):
		v.told[fmt.Sprintf("%s %04X", what, uint16(rsp.Status))]++
	default:
		v.strange = append(v.strange, fmt.Sprintf("%s: %v %s", what, rsp.Status, rsp.Comment))
	}
}

func (v *visit) store(c *dimse.Client, s slice) {
	rsp, err := c.Send(context.Background(), &dimse.StoreRequest{
		SOPClass: ctImage, SOPInstance: s.uid(), TransferSyntax: dicom.ExplicitVRLittleEndian.UID, Data: bytes.NewReader(s.dataset(v.t)),
	})
	if err == nil && rsp.Status == dimse.Success {
		v.kept[s.n] = s
		return
	}
	v.refused("C-STORE", rsp, err, dimse.OutOfResources)
}

func (v *visit) find(c *dimse.Client) {
	rows := 0
	id := new(dicom.Dataset)
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.PatientID, "A")
	id.SetString(dict.StudyInstanceUID, "")
	rsp, err := c.Find(context.Background(), &dimse.Query{Model: dimse.StudyRootFind, Identifier: id}, func([]byte, *dicom.TransferSyntax) error {
		rows++
		return nil
	})
	if rows > 0 {
		v.begun[leadglass.CFind]++
	}
	if err != nil || rsp.Status != dimse.Success {
		v.refused("C-FIND", rsp, err, dimse.OutOfResources)
	}
}

func (v *visit) get(c *dimse.Client, study dicom.UID) (objects []string) {
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		b, _ := io.ReadAll(rq.Data)
		objects = append(objects, string(b))
		return dimse.Success
	}
	id := new(dicom.Dataset)
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.StudyInstanceUID, string(study))
	rsp, err := c.Get(context.Background(), &dimse.Query{Model: dimse.StudyRootGet, Identifier: id}, nil)
	if len(objects) > 0 {
		v.begun[leadglass.CGet]++
	}
	if err != nil || rsp.Status != dimse.Success {
		v.refused("C-GET", rsp, err, dimse.CannotPerform)
	}
	return objects
}

// ask sends a request to the web and says whether it was answered well.
func (v *visit) ask(method, path, accept string) (int, []byte) {
	rq, err := http.NewRequest(method, "https://"+v.h.web+"/dicom-web"+path, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	rq.Header.Set("Accept", accept)
	rsp, err := v.web.Do(rq)
	if err != nil {
		v.strange = append(v.strange, method+" "+path+": "+err.Error())
		return 0, nil
	}
	defer rsp.Body.Close()
	b, err := io.ReadAll(rsp.Body)
	switch {
	case rsp.StatusCode < 300:
		v.ids = append(v.ids, rsp.Header.Get("X-Request-Id"))
		if err != nil {
			v.told[method+" cut off"]++
		}
	case rsp.StatusCode == http.StatusServiceUnavailable, rsp.StatusCode == http.StatusNotFound && len(v.told) > 0: // it was not stored
		v.told[fmt.Sprintf("%s %d", method, rsp.StatusCode)]++
	default:
		v.strange = append(v.strange, fmt.Sprintf("%s %s: %d %s", method, path, rsp.StatusCode, b))
	}
	return rsp.StatusCode, b
}

func (v *visit) remove(s slice) {
	_, had := v.kept[s.n]
	status, _ := v.ask(http.MethodDelete, "/studies/"+string(s.study), "*/*")
	delete(v.kept, s.n)
	switch {
	case status < 300:
		v.gone = append(v.gone, s)
	case had:
		v.unsure = append(v.unsure, s)
	}
}

// reload changes the rules and has them read.
func (v *visit) reload() {
	text := strings.Replace(permitAll, "a test", "another test", 1)
	if err := os.WriteFile(filepath.Join(v.h.c.Policies, "site.cedar"), []byte(text), 0o600); err != nil {
		v.t.Fatal(err)
	}
	before := v.h.s.Policy()
	err := v.h.s.Reload(context.Background())
	if changed := v.h.s.Policy() != before; changed == (err != nil) {
		v.strange = append(v.strange, fmt.Sprintf("reload: the rules changed %v, and it says %v", changed, err))
	}
	if err != nil {
		v.told["reload"]++
	}
}

// after starts the archive on a disk that works, and compares it with what the
// visitor was told.
func (v *visit) after(c serve.Config) {
	v.t.Helper()
	h := run(v.t, c)
	now := &visit{t: v.t, h: h, tls: v.tls, title: v.title, web: v.web, kept: map[int]slice{}, begun: map[leadglass.Route]int{}, told: map[string]int{}}
	now.associate(func(cl *dimse.Client) {
		now.echo(cl)
		for _, s := range v.kept {
			if got := now.get(cl, s.study); !slices.Contains(got, string(s.dataset(v.t))) {
				v.t.Errorf("object %d was acknowledged: of its study there are %d others", s.n, len(got))
			}
		}
		for _, s := range v.gone {
			if got := now.get(cl, s.study); len(got) > 0 {
				v.t.Errorf("object %d was deleted and is there", s.n)
			}
		}
		now.store(cl, slice{patient: "Z", study: "1.2.9", n: 9, pixels: 10})
	})
	if len(now.told) > 0 || len(now.strange) > 0 || h.s.Health() != "" {
		v.t.Errorf("afterwards: %v, %v, %q", now.told, now.strange, h.s.Health())
	}
	if err := h.stop(); err != nil {
		v.t.Errorf("stopping: %v", err)
	}
	v.logged(c.Data)
}

// logged verifies the log of an archive that is stopped, and looks in it for
// whatever was released.
func (v *visit) logged(data string) {
	v.t.Helper()
	key, err := os.ReadFile(filepath.Join(data, "log.pub"))
	if err != nil {
		v.t.Fatal(err)
	}
	if _, err := review.Verify(context.Background(), review.Config{Dir: filepath.Join(data, "log"), Key: strings.TrimSpace(string(key))}); err != nil {
		v.t.Errorf("the log: %v", err)
	}
	found, routes := map[string]bool{}, map[leadglass.Route]int{}
	for _, r := range records(v.t, data) {
		if r.Outcome == leadglass.Succeeded && r.Event != leadglass.InstancesTransferred {
			found[r.ID] = true
			routes[r.Route]++
		}
	}
	for _, id := range v.ids {
		if !found[id] {
			v.t.Error("an answer on the web has no record")
		}
	}
	for route, n := range v.begun {
		if routes[route] < n {
			v.t.Errorf("%s: %d answers, %d records", route, n, routes[route])
		}
	}
	checked, err := serve.Fsck(context.Background(), serve.Config{Data: data}, false)
	if err != nil || !checked.Good() && len(v.unsure) == 0 {
		v.t.Errorf("fsck: %+v, %v", checked, err)
	}
}

// TestServe_Faults gives each fault to each operation of the disk, in turn, that a
// visit takes: a full disk, a short write, an error, and an error although all is
// done. Nobody is told of a success that is none, nothing is released without a
// record, and on a disk that works again all is as it was said.
func TestServe_Faults(t *testing.T) {
	s := newSeed(t)
	step, told := 37, map[string]int{}
	if thorough() {
		step = 1
	}
	operations, hits, n := 0, map[string]int{}, 0
	for _, how := range []fault{diskFull, writeCut, ioError, persisted} {
		for at := 1 + n%step; ; at += step {
			hit := ""
			t.Run(fmt.Sprintf("%s_%d", how.name, at), func(t *testing.T) {
				fsys := newFaulty()
				fsys.inject(at, how)
				c := s.config(t, fsys)
				v := s.visit(t, c)
				hit = fsys.heal()
				if len(v.strange) > 0 {
					t.Errorf("%s: %s", hit, strings.Join(v.strange, "; "))
				}
				if hit == "" && len(v.told) > 0 {
					t.Errorf("nothing failed, and the visitor was told %v", v.told)
				}
				v.after(c)
				for what, n := range v.told {
					told[what] += n
				}
				if t.Failed() {
					t.Logf("what failed: %s", hit)
				}
			})
			if hit == "" || t.Failed() {
				break
			}
			operations, n = max(operations, at), n+1
			hits[strings.Fields(hit)[0]]++
		}
	}
	t.Logf("%d faults at up to %d operations, of them %v; the visitor was told %v", n, operations, hits, told)
}

// visit lets somebody visit an archive, where it starts, and ends it.
func (s *seed) visit(t *testing.T, c serve.Config) *visit {
	t.Helper()
	h, err := s.open(t, c)
	v := newVisit(t, h, s)
	if err != nil {
		v.told["does not start"]++
		return v
	}
	v.all()
	v.web.CloseIdleConnections()
	_ = h.stop() // may fail: of what it would have written nobody was told
	return v
}

// open runs an archive that may fail to start, and to stop.
func (s *seed) open(t *testing.T, c serve.Config) (*house, error) {
	t.Helper()
	h := &house{t: t, c: c}
	ctx, cancel := context.WithCancel(context.Background())
	var err error
	if h.s, err = serve.Open(ctx, c); err != nil {
		cancel()
		return h, err
	}
	for _, l := range h.s.Listening() {
		if l.Face == serve.HTTPS {
			h.web = l.Address
		} else {
			h.dimse = l.Address
		}
	}
	served := make(chan error, 1)
	go func() { served <- h.s.Serve(ctx) }()
	h.stop = func() error {
		cancel()
		return errors.Join(<-served, h.s.Close())
	}
	return h, nil
}
