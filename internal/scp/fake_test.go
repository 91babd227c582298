package scp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"iter"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/internal/guard"
	"github.com/leadglass/leadglass/internal/identity"
	"github.com/leadglass/leadglass/internal/scp"
	"github.com/leadglass/leadglass/ul"
)

// archive is a leadglass.Archive in memory.
type archive struct {
	mu      sync.Mutex
	objects []*object
	fail    error // of Store
	stall   chan struct{}
}

type object struct {
	header *dicom.Dataset
	class  dicom.UID
	ref    leadglass.Ref
	syntax dicom.UID
	file   []byte
	head   int64
	broken bool // it cannot be opened
}

const preamble = 132 // what stands before a data set here: no meta information

func (a *archive) Store(_ context.Context, in *leadglass.Incoming) (*leadglass.Stored, error) {
	a.mu.Lock()
	fail := a.fail
	a.mu.Unlock()
	if fail != nil {
		return nil, fail
	}
	data, err := io.ReadAll(in.Data)
	if err != nil {
		return nil, err
	}
	d, err := dicom.DecodeBytes(data, dicom.SyntaxOf(in.Syntax), dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		return nil, leadglass.Errorf(leadglass.Invalid, "archive: reading the object: %w", err)
	}
	o := &object{header: d, class: in.Class, syntax: in.Syntax, file: append(make([]byte, preamble), data...), head: preamble, ref: leadglass.Ref{
		Patient: d.PatientID(0x00100020), Study: d.UID(0x0020000D), Series: d.UID(0x0020000E), Instance: in.Instance,
	}}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, have := range a.objects {
		if have.ref.Instance == o.ref.Instance {
			if bytes.Equal(have.file, o.file) {
				return &leadglass.Stored{Ref: o.ref, Study: o.study(), Class: o.class, Size: int64(len(data)), Duplicate: true}, nil
			}
			return nil, leadglass.Errorf(leadglass.Conflict, "archive: another object of the same UID")
		}
	}
	a.objects = append(a.objects, o)
	return &leadglass.Stored{Ref: o.ref, Study: o.study(), Class: o.class, Size: int64(len(data))}, nil
}

func (o *object) study() *leadglass.Study {
	return &leadglass.Study{UID: o.ref.Study, Patient: o.ref.Patient, Institution: o.header.String(0x00080080)}
}

func (a *archive) all() []*object {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.objects)
}

func (a *archive) Find(ctx context.Context, q *leadglass.Query) iter.Seq2[*leadglass.Match, error] {
	return func(yield func(*leadglass.Match, error) bool) {
		seen := map[string]bool{}
		for _, o := range a.all() {
			if a.stall != nil {
				select {
				case <-a.stall:
				case <-ctx.Done():
					yield(nil, ctx.Err())
					return
				}
			}
			key := [...]string{string(o.ref.Patient), string(o.ref.Study), string(o.ref.Series), string(o.ref.Instance)}[q.Level]
			if seen[key] || !dimsetest.Match(q.Keys, o.header) {
				continue
			}
			seen[key] = true
			if !yield(&leadglass.Match{Ref: o.ref, Studies: []*leadglass.Study{o.study()}, Attributes: o.header}, nil) {
				return
			}
		}
	}
}

func within(r leadglass.Ref, o *object) bool {
	return (r.Patient == "" || r.Patient == o.ref.Patient) && (r.Study == "" || r.Study == o.ref.Study) &&
		(r.Series == "" || r.Series == o.ref.Series) && (r.Instance == "" || r.Instance == o.ref.Instance)
}

func (a *archive) Studies(_ context.Context, r leadglass.Ref) iter.Seq2[*leadglass.Study, error] {
	return func(yield func(*leadglass.Study, error) bool) {
		seen := map[dicom.UID]bool{}
		for _, o := range a.all() {
			if within(r, o) && !seen[o.ref.Study] {
				seen[o.ref.Study] = true
				if !yield(o.study(), nil) {
					return
				}
			}
		}
	}
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

func (a *archive) Objects(_ context.Context, r leadglass.Ref) iter.Seq2[*leadglass.Object, error] {
	return func(yield func(*leadglass.Object, error) bool) {
		for _, o := range a.all() {
			if !within(r, o) {
				continue
			}
			if !yield(&leadglass.Object{
				Ref: o.ref, Study: o.study(), Class: o.class, Syntax: o.syntax, Size: int64(len(o.file)), Header: o.head,
				Open: func(context.Context) (leadglass.Content, error) {
					if o.broken {
						return nil, leadglass.Errorf(leadglass.Internal, "archive: the checksum is another")
					}
					return content{bytes.NewReader(o.file)}, nil
				},
			}, nil) {
				return
			}
		}
	}
}

func (a *archive) Delete(context.Context, leadglass.Ref) (int, error) { return 0, nil }

// recorder keeps what is recorded.
type recorder struct {
	mu      sync.Mutex
	records []leadglass.Record
	fail    error
}

func (r *recorder) Record(_ context.Context, records ...*leadglass.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.fail != nil {
		return r.fail
	}
	for _, one := range records {
		r.records = append(r.records, *one)
	}
	return nil
}

func (r *recorder) every() []leadglass.Record {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.records)
}

// of are the records of a route that say how a transfer ended.
func (r *recorder) ends(route leadglass.Route) (list []leadglass.Record) {
	for _, one := range r.every() {
		if one.Route == route && one.Event == leadglass.InstancesTransferred {
			list = append(list, one)
		}
	}
	return list
}

// decider permits what it has a purpose for, but nothing of a secret institution.
type decider struct{}

func (decider) Policy() string { return "sha256:00" }

func (decider) Decide(rq *leadglass.Request, s *leadglass.Study) leadglass.Decision {
	switch {
	case rq.Purpose == leadglass.NoPurposeGiven:
		return leadglass.Decision{Reason: leadglass.NoPurpose}
	case s != nil && s.Institution == "SECRET":
		return leadglass.Decision{Reason: leadglass.NoRule}
	}
	return leadglass.Decision{Effect: leadglass.Permit}
}

// directory knows devices by calling title. Who has a certificate must show it.
type directory struct {
	mu      sync.Mutex
	devices map[leadglass.AETitle]*identity.Device
	fail    error
}

func (d *directory) Device(_ context.Context, w identity.Wire, calling, _ leadglass.AETitle) (*identity.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.fail != nil {
		return nil, d.fail
	}
	dev := d.devices[calling]
	if dev == nil || dev.Peer.Certificate != "" && (w.Certificate == nil || w.Certificate.Subject.CommonName != dev.Peer.Certificate) {
		return nil, &leadglass.Error{Code: leadglass.Denied, Reason: leadglass.NoIdentity, Err: io.EOF}
	}
	return dev, nil
}

func (d *directory) Destination(_ context.Context, title leadglass.AETitle) (*identity.Device, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if dev := d.devices[title]; dev != nil && dev.Port != 0 {
		return dev, nil
	}
	return nil, leadglass.Errorf(leadglass.NotFound, "directory: no such destination")
}

func (d *directory) remove(title leadglass.AETitle) {
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.devices, title)
}

// enrol adds a device that takes objects at an address, if there is one.
func (d *directory) enrol(t testing.TB, title leadglass.AETitle, address string) *identity.Device {
	t.Helper()
	dev := &identity.Device{
		Peer:    &leadglass.Peer{Kind: leadglass.Device, ID: string(title), Active: true, Assurance: leadglass.Certificate},
		Purpose: leadglass.Treatment,
	}
	if address != "" {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatal(err)
		}
		dev.Host = host
		if dev.Port, err = strconv.Atoi(port); err != nil {
			t.Fatal(err)
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.devices[title] = dev
	return dev
}

// house is a server with what stands behind it.
type house struct {
	*archive
	*recorder
	*directory
	s       *scp.Server
	address string
	said    *said
}

// said keeps diagnostics.
type said struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *said) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// serve starts a server; change may alter its configuration. Where server has a
// TLS configuration, it speaks that.
func serve(t testing.TB, change func(*scp.Config), server ...*tls.Config) *house {
	t.Helper()
	h := &house{archive: &archive{}, recorder: &recorder{}, directory: &directory{devices: map[leadglass.AETitle]*identity.Device{}}, said: &said{}}
	c := scp.Config{
		Guard:     guard.New(guard.Config{Archive: h.archive, Decider: decider{}, Recorder: h.recorder, Now: time.Now}),
		Directory: h.directory, AETitle: "LEADGLASS",
		Diagnostics: slog.New(slog.NewTextHandler(h.said, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&c)
	}
	if i, err := guard.New(guard.Config{Archive: h.archive, Decider: decider{}, Recorder: new(recorder), Now: time.Now}).Store(t.Context(), &leadglass.Request{Purpose: leadglass.Treatment}); i == nil && err == nil {
		t.Skip("there is no guard yet")
	}
	h.s = scp.New(c)
	srv := &ul.Server{Negotiate: h.s.Negotiate, Handle: h.s.Handle, Refused: h.s.Refused, Config: ul.Config{Limits: ul.Limits{Associations: 5000, PerPeer: 5000}}}
	if len(server) > 0 {
		srv.Config.TLS = server[0]
	}
	h.address = dimsetest.ServeUL(t, srv)
	t.Cleanup(func() {
		if err := h.s.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if strings.Contains(h.said.String(), "Planted") {
			t.Errorf("diagnostics show a patient:\n%s", h.said)
		}
	})
	h.enrol(t, "CT", "")
	return h
}

func in(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

const ctImage dicom.UID = "1.2.840.10008.5.1.4.1.1.2"

// slice is a CT image.
func slice(study, series, instance, name string) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(0x00080005, "ISO_IR 192")
	d.SetString(0x00080016, string(ctImage))
	d.SetString(0x00080018, instance)
	d.SetString(0x00080020, "20260102")
	d.SetString(0x00080060, "CT")
	d.SetString(0x00100010, name)
	d.SetString(0x00100020, "P"+study)
	d.SetString(0x0020000D, study)
	d.SetString(0x0020000E, series)
	d.SetUint16(0x00280010, 4)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: []byte("0123456789abcdef")})
	return d
}

// put stores a data set as CT.
func put(t testing.TB, c *dimse.Client, ts *dicom.TransferSyntax, d *dicom.Dataset) *dimse.Response {
	t.Helper()
	b, err := dicom.Append(nil, d, ts)
	if err != nil {
		t.Fatal(err)
	}
	rsp, err := c.Send(in(t), &dimse.StoreRequest{
		SOPClass: d.UID(0x00080016), SOPInstance: d.UID(0x00080018), TransferSyntax: ts.UID, Data: bytes.NewReader(b),
	})
	if err != nil {
		t.Fatal(err)
	}
	return rsp
}

// fill stores slices directly.
func (h *house) fill(t testing.TB, ts *dicom.TransferSyntax, list ...*dicom.Dataset) {
	t.Helper()
	for _, d := range list {
		b, err := dicom.Append(nil, d, ts)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := h.archive.Store(in(t), &leadglass.Incoming{
			Class: d.UID(0x00080016), Instance: d.UID(0x00080018), Syntax: ts.UID, Data: bytes.NewReader(b),
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// dial asks for an association as CT, for everything.
func (h *house) dial(t testing.TB, contexts ...dimsetest.Context) *dimse.Client {
	t.Helper()
	return dimsetest.Dial(t, h.address, ask("CT", contexts...))
}

// ask asks for all services, and to be given objects.
func ask(calling ul.AETitle, contexts ...dimsetest.Context) *ul.AssociateRQ {
	rq := dimsetest.Request(calling, "LEADGLASS", append(dimsetest.Classes(
		dimse.Verification, dimse.PatientRootFind, dimse.StudyRootFind, dimse.PatientRootGet, dimse.StudyRootGet,
		dimse.StudyRootMove, dimse.PatientRootMove, dimse.StorageCommitment), contexts...)...)
	seen := map[dicom.UID]bool{}
	for _, c := range contexts {
		if !seen[c.Class] {
			seen[c.Class] = true
			rq.User.Roles = append(rq.User.Roles, ul.RoleSelection{SOPClass: c.Class, SCU: true, SCP: true})
		}
	}
	return rq
}

func explicit() dimsetest.Context {
	return dimsetest.Context{Class: ctImage, Syntax: dicom.ExplicitVRLittleEndian.UID}
}
func implicit() dimsetest.Context {
	return dimsetest.Context{Class: ctImage, Syntax: dicom.ImplicitVRLittleEndian.UID}
}

// identifier makes one of level and keys: tag, value, tag, value.
func identifier(level string, keys ...any) *dicom.Dataset {
	d := new(dicom.Dataset)
	if level != "" {
		d.SetString(0x00080052, level)
	}
	for i := 0; i+1 < len(keys); i += 2 {
		if values := keys[i+1].(string); values == "" {
			d.SetString(dicom.Tag(keys[i].(int)))
		} else {
			d.SetString(dicom.Tag(keys[i].(int)), strings.Split(values, `\`)...)
		}
	}
	return d
}

func query(model dicom.UID, d *dicom.Dataset) *dimse.Query {
	return &dimse.Query{Model: model, Identifier: d}
}

// find returns what a C-FIND finds.
func find(t testing.TB, c *dimse.Client, q *dimse.Query) ([]*dicom.Dataset, *dimse.Response) {
	t.Helper()
	var list []*dicom.Dataset
	rsp, err := c.Find(in(t), q, func(b []byte, ts *dicom.TransferSyntax) error {
		d, err := dicom.DecodeBytes(bytes.Clone(b), ts, dicom.Options{})
		list = append(list, d)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list, rsp
}

// taker keeps what a C-GET or C-MOVE brings.
type taker struct {
	mu     sync.Mutex
	got    []taken
	status dimse.Status
}

type taken struct {
	rq   dimse.StoreRequest
	data []byte
}

func (k *taker) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	data, err := io.ReadAll(rq.Data)
	if err != nil {
		return dimse.OutOfResources
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.got = append(k.got, taken{*rq, data})
	return k.status
}

func (k *taker) all() []taken {
	k.mu.Lock()
	defer k.mu.Unlock()
	return slices.Clone(k.got)
}
