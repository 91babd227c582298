// Package guardtest has what a guard stands between, for tests: an archive in
// memory, a recorder and a decider that do as a test says, and the order in which
// they were called.
package guardtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"
	"sync"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// Trace is what was called, in its order, one word a call: "decide", "find",
// "studies", "objects", "open", "store", "delete", "record N". A nil Trace notes
// nothing.
type Trace struct {
	mu    sync.Mutex
	calls []string
}

func (t *Trace) note(format string, args ...any) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.calls = append(t.calls, fmt.Sprintf(format, args...))
}

// Note notes something that a test itself does.
func (t *Trace) Note(what string) { t.note("%s", what) }

// Calls returns what was called so far and forgets it.
func (t *Trace) Calls() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	calls := t.calls
	t.calls = nil
	return calls
}

// Object is one instance of an Archive.
type Object struct {
	Ref        leadglass.Ref
	Study      *leadglass.Study
	Class      dicom.UID
	Attributes *dicom.Dataset // for Find; may be nil
	File       []byte
}

// Archive is a leadglass.Archive in memory.
type Archive struct {
	Trace *Trace
	// Incoming makes an object of what is stored; nil refuses all.
	Incoming func(in *leadglass.Incoming, file []byte) (*Object, error)
	// Fail fails a call, by its word in Trace; nil fails none.
	Fail func(call string) error

	mu      sync.Mutex
	objects []*Object
}

// Add puts objects in.
func (a *Archive) Add(objects ...*Object) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.objects = append(a.objects, objects...)
}

func (a *Archive) all() []*Object {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.objects)
}

func (a *Archive) call(word string) error {
	a.Trace.note("%s", word)
	if a.Fail != nil {
		return a.Fail(word)
	}
	return nil
}

func within(r leadglass.Ref, o *Object) bool {
	return (r.Patient == "" || r.Patient == o.Ref.Patient) && (r.Study == "" || r.Study == o.Ref.Study) &&
		(r.Series == "" || r.Series == o.Ref.Series) && (r.Instance == "" || r.Instance == o.Ref.Instance)
}

func key(l leadglass.Level, o *Object) string {
	return [...]string{
		string(o.Ref.Patient) + "|" + o.Study.Issuer, string(o.Ref.Study), string(o.Ref.Series), string(o.Ref.Instance),
	}[l]
}

// Find matches single values and "*" at the end of one. It counts what is related
// to a patient, hidden or not.
func (a *Archive) Find(ctx context.Context, q *leadglass.Query) iter.Seq2[*leadglass.Match, error] {
	return func(yield func(*leadglass.Match, error) bool) {
		if err := a.call("find"); err != nil {
			yield(nil, err)
			return
		}
		seen := map[string]bool{}
		for _, o := range a.all() {
			k := key(q.Level, o)
			row := a.row(o)
			if seen[k] || !matches(q.Keys, row) {
				continue
			}
			seen[k] = true
			m := &leadglass.Match{Ref: o.Ref, Studies: []*leadglass.Study{o.Study}, Attributes: row}
			if q.Level == leadglass.PatientLevel {
				m.Studies = a.studies(leadglass.Ref{Patient: o.Ref.Patient}, o.Study.Issuer)
			}
			if !yield(m, ctx.Err()) {
				return
			}
		}
	}
}

// row is the attributes of an object with the counts of its patient.
func (a *Archive) row(o *Object) *dicom.Dataset {
	d := new(dicom.Dataset)
	if o.Attributes != nil {
		d.Elements = slices.Clone(o.Attributes.Elements)
	}
	series, instances := 0, 0
	related := a.studies(leadglass.Ref{Patient: o.Ref.Patient}, o.Study.Issuer)
	for _, s := range related {
		series, instances = series+s.Series, instances+s.Instances
	}
	d.SetString(dict.NumberOfPatientRelatedStudies, fmt.Sprint(len(related)))
	d.SetString(dict.NumberOfPatientRelatedSeries, fmt.Sprint(series))
	d.SetString(dict.NumberOfPatientRelatedInstances, fmt.Sprint(instances))
	return d
}

func matches(keys, have *dicom.Dataset) bool {
	if keys == nil {
		return true
	}
	for i := range keys.Elements {
		tag := keys.Elements[i].Tag
		want := keys.String(tag)
		prefix, open := strings.CutSuffix(want, "*")
		if value := have.String(tag); want != "" && value != want && (!open || !strings.HasPrefix(value, prefix)) {
			return false
		}
	}
	return true
}

func (a *Archive) studies(ref leadglass.Ref, issuer string) []*leadglass.Study {
	var all []*leadglass.Study
	for _, o := range a.all() {
		have := slices.ContainsFunc(all, func(s *leadglass.Study) bool { return s.UID == o.Study.UID })
		if !have && within(ref, o) && (issuer == "*" || issuer == o.Study.Issuer) {
			all = append(all, o.Study)
		}
	}
	return all
}

// Studies is leadglass.Archive's.
func (a *Archive) Studies(ctx context.Context, ref leadglass.Ref) iter.Seq2[*leadglass.Study, error] {
	return func(yield func(*leadglass.Study, error) bool) {
		if err := a.call("studies"); err != nil {
			yield(nil, err)
			return
		}
		for _, s := range a.studies(ref, "*") {
			if !yield(s, ctx.Err()) {
				return
			}
		}
	}
}

type content struct{ *bytes.Reader }

func (content) Close() error { return nil }

// Objects is leadglass.Archive's.
func (a *Archive) Objects(ctx context.Context, ref leadglass.Ref) iter.Seq2[*leadglass.Object, error] {
	return func(yield func(*leadglass.Object, error) bool) {
		if err := a.call("objects"); err != nil {
			yield(nil, err)
			return
		}
		for _, o := range a.all() {
			if within(ref, o) && !yield(a.object(o), ctx.Err()) {
				return
			}
		}
	}
}

func (a *Archive) object(o *Object) *leadglass.Object {
	return &leadglass.Object{
		Ref: o.Ref, Study: o.Study, Class: o.Class, Syntax: dicom.ExplicitVRLittleEndian.UID, Frames: 1, Size: int64(len(o.File)),
		Open: func(context.Context) (leadglass.Content, error) {
			if err := a.call("open"); err != nil {
				return nil, err
			}
			return content{bytes.NewReader(o.File)}, nil
		},
	}
}

// Store is leadglass.Archive's.
func (a *Archive) Store(_ context.Context, in *leadglass.Incoming) (*leadglass.Stored, error) {
	if err := a.call("store"); err != nil {
		return nil, err
	}
	file, err := io.ReadAll(in.Data)
	if err != nil {
		return nil, err
	}
	if a.Incoming == nil {
		return nil, leadglass.Errorf(leadglass.Unsupported, "guardtest: nothing is stored here")
	}
	o, err := a.Incoming(in, file)
	if err != nil {
		return nil, err
	}
	a.Add(o)
	return &leadglass.Stored{Ref: o.Ref, Study: o.Study, Class: o.Class, Size: int64(len(file))}, nil
}

// Delete is leadglass.Archive's.
func (a *Archive) Delete(_ context.Context, ref leadglass.Ref) (int, error) {
	if err := a.call("delete"); err != nil {
		return 0, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	before := len(a.objects)
	a.objects = slices.DeleteFunc(a.objects, func(o *Object) bool { return within(ref, o) })
	return before - len(a.objects), nil
}
