package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/archive"
)

func TestStore_Refuses(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	good := func() *leadglass.Incoming { return slice{n: 1, pixels: 100}.incoming() }
	file := func(b []byte) *leadglass.Incoming { return &leadglass.Incoming{File: true, Data: bytes.NewReader(b)} }
	whole := fileOf(t, slice{n: 1, pixels: 100})
	for _, c := range []struct {
		name string
		in   func() *leadglass.Incoming
		code leadglass.Code
	}{
		{"another_instance_than_the_command", func() *leadglass.Incoming { in := good(); in.Instance = "1.2.99"; return in }, leadglass.Invalid},
		{"another_class_than_the_command", func() *leadglass.Incoming { in := good(); in.Class = "1.2.99"; return in }, leadglass.Invalid},
		{"another_study_than_the_request", func() *leadglass.Incoming { in := good(); in.Study = "1.2.99"; return in }, leadglass.Conflict},
		{"no_syntax", func() *leadglass.Incoming { in := good(); in.Syntax = ""; return in }, leadglass.Invalid},
		{"path_as_UID", func() *leadglass.Incoming { in := good(); in.Instance = "../../etc"; return in }, leadglass.Invalid},
		{"cut_in_the_header", func() *leadglass.Incoming {
			in := good()
			in.Data = io.LimitReader(in.Data, 120)
			return in
		}, leadglass.Invalid},
		{"connection_lost", func() *leadglass.Incoming {
			in := good()
			in.Data = io.MultiReader(io.LimitReader(in.Data, 500), failingReader{})
			return in
		}, leadglass.Invalid},
		{"empty_file", func() *leadglass.Incoming { return file(nil) }, leadglass.Invalid},
		{"text", func() *leadglass.Incoming { return file([]byte(strings.Repeat("no image ", 100))) }, leadglass.Invalid},
		{"meta_information_only", func() *leadglass.Incoming { return file(whole[:len(whole)-len(slice{n: 1, pixels: 100}.dataset())]) }, leadglass.Invalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := a.Store(context.Background(), c.in()); leadglass.CodeOf(err) != c.code {
				t.Errorf("%v, want %s", err, c.code)
			}
		})
	}
	store(t, a, slice{n: 1, pixels: 100}) // none of them left a trace
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, errors.New("connection reset") }

// TestStore_SameUIDAtTheSameTime: of objects that come at once one is kept, the
// same are duplicates and others are refused.
func TestStore_SameUIDAtTheSameTime(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	for round := range 20 {
		var kept, same, refused atomic.Int32
		var wg sync.WaitGroup
		for g := range 8 {
			wg.Go(func() {
				out, err := a.Store(context.Background(), slice{n: round, pixels: 100 + 100*(g%2)}.incoming())
				switch {
				case leadglass.CodeOf(err) == leadglass.Conflict:
					refused.Add(1)
				case err != nil:
					t.Error(err)
				case out.Duplicate:
					same.Add(1)
				default:
					kept.Add(1)
				}
			})
		}
		wg.Wait()
		if kept.Load() != 1 || same.Load() != 3 || refused.Load() != 4 {
			t.Errorf("%d kept, %d the same, %d refused", kept.Load(), same.Load(), refused.Load())
		}
	}
}

// TestArchive_Together stores, finds and deletes at the same time: whoever looks
// after a success sees it.
func TestArchive_Together(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for i := range 30 {
				s := slice{n: 1000*g + i, pixels: 5000, study: "1.2." + string(rune('1'+g%2))}
				store(t, a, s)
				ref := leadglass.Ref{Instance: s.uid()}
				if b := dataset(t, a, ref); !bytes.Equal(b, s.dataset()) {
					t.Errorf("%d is not there after it was acknowledged", s.n)
				}
				if i%3 == 0 {
					if n, err := a.Delete(context.Background(), ref); n != 1 || err != nil {
						t.Errorf("deleting: %d, %v", n, err)
					}
					if n := count(t, a, ref); n != 0 {
						t.Errorf("%d is there after it was deleted", s.n)
					}
				}
			}
		})
	}
	wg.Wait()
	if n := count(t, a, leadglass.Ref{Study: "1.2.1"}) + count(t, a, leadglass.Ref{Study: "1.2.2"}); n != 80 {
		t.Errorf("%d objects, want 80", n)
	}
}

func TestStore_FileMetaInformation(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	store(t, a, slice{n: 1, pixels: 100})
	for o, err := range a.Objects(context.Background(), study) {
		if err != nil {
			t.Fatal(err)
		}
		c, err := o.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		f, err := dicom.Read(c, dicom.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for tag, want := range map[dicom.Tag]string{
			0x00020002: ctClass, 0x00020003: "1.2.3.1", 0x00020010: "1.2.840.10008.1.2.1",
			0x00020012: dicom.ImplementationClassUID, 0x00020016: "MOD1",
		} {
			if got := f.Meta.String(tag); got != want {
				t.Errorf("%v is %q, want %q", tag, got, want)
			}
		}
		if o.Class != ctClass || o.Syntax != dicom.ExplicitVRLittleEndian.UID || o.Frames != 1 || o.Study.UID != "1.2.3.4" {
			t.Errorf("%+v", o)
		}
	}
}

// TestStore_SameContentAsFile: what came by C-STORE and comes again in a file
// with other meta information is a duplicate.
func TestStore_SameContentAsFile(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	store(t, a, slice{n: 1, pixels: 100})
	out, err := a.Store(context.Background(), &leadglass.Incoming{File: true, Data: bytes.NewReader(fileOf(t, slice{n: 1, pixels: 100}))})
	if err != nil || !out.Duplicate {
		t.Errorf("%+v, %v", out, err)
	}
}

func TestLimit_ObjectBytes(t *testing.T) {
	s := slice{n: 1, pixels: 2 << 20}
	size := int64(len(s.dataset()))
	for limit, code := range map[int64]leadglass.Code{size: "", size - 1: leadglass.Limited, -1: ""} {
		a := place{dir: t.TempDir(), lim: archive.Limits{ObjectBytes: limit}}.open(t)
		if _, err := a.Store(context.Background(), s.incoming()); leadglass.CodeOf(err) != code {
			t.Errorf("limit %d: %v", limit, err)
		}
	}
}

func TestLimit_HeaderBytes(t *testing.T) {
	a := place{dir: t.TempDir(), lim: archive.Limits{HeaderBytes: 50}}.open(t)
	if _, err := a.Store(context.Background(), slice{n: 1}.incoming()); err == nil {
		t.Error("a header of more than 50 bytes was taken")
	}
	a = place{dir: t.TempDir(), lim: archive.Limits{HeaderBytes: 2000}}.open(t)
	store(t, a, slice{n: 1, pixels: 100_000}) // pixels do not count
}

func TestExpire(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	store(t, a, slice{n: 1})
	store(t, a, slice{n: 2, study: "1.2.5"})
	if err := a.SetLabels(context.Background(), "1.2.5", []string{"keep"}); err != nil {
		t.Fatal(err)
	}
	asked := 0
	rule := func(before string, only ...string) archive.Retention {
		return archive.Retention{Before: before, Keep: []string{"keep"}, Only: only}
	}
	ask := func(*leadglass.Study) error { asked++; return nil }
	for _, c := range []struct {
		rule archive.Retention
		want int
	}{{rule("20260102"), 0}, {rule("20260103", "MR"), 0}, {rule("20260103", "CT"), 1}, {rule("20260103"), 0}} {
		if n, err := a.Expire(context.Background(), c.rule, ask); n != c.want || err != nil {
			t.Errorf("%+v: %d, %v", c.rule, n, err)
		}
	}
	if asked != 1 || count(t, a, study) != 0 || count(t, a, leadglass.Ref{Study: "1.2.5"}) != 1 {
		t.Errorf("asked %d times", asked)
	}
	if _, err := a.Expire(context.Background(), rule("soon"), ask); leadglass.CodeOf(err) != leadglass.Invalid {
		t.Errorf("no date: %v", err)
	}
	store(t, a, slice{n: 3})
	stop := errors.New("the log cannot be written")
	if n, err := a.Expire(context.Background(), rule("20260103"), func(*leadglass.Study) error { return stop }); n != 0 || err != stop || count(t, a, study) != 1 {
		t.Errorf("%d, %v", n, err)
	}
}
