package archive_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/index"
)

// corrupt changes one byte of a file that holds the bytes.
func corrupt(t *testing.T, pattern string, what []byte) {
	t.Helper()
	names, _ := filepath.Glob(pattern)
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if i := bytes.Index(b, what); i >= 0 {
			b[i] ^= 1
			if err := os.WriteFile(name, b, 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
	}
	t.Fatalf("nothing to corrupt in %v", names)
}

func TestFsck_Damage(t *testing.T) {
	for _, c := range []struct {
		name    string
		pixels  int
		pattern string
	}{
		{"in_a_segment", 300_000, "objects/segments/*"},
		{"in_its_own_file", 2 << 20, "objects/large/*/*"},
	} {
		t.Run(c.name, func(t *testing.T) {
			pixels := c.pixels
			p := place{dir: t.TempDir()}
			a := p.open(t)
			for n := range 3 {
				store(t, a, slice{n: n, pixels: c.pixels, fill: 0x55})
			}
			if got, err := a.Fsck(context.Background(), false); err != nil || !got.Good() || got.Objects != 3 || got.Records != 3 {
				t.Fatalf("before: %+v, %v", got, err)
			}
			corrupt(t, filepath.Join(p.dir, c.pattern), bytes.Repeat([]byte{0x55, 1}, 40_000))
			got, err := a.Fsck(context.Background(), true)
			if err != nil || got.Good() || len(got.Damages) != 1 || got.Damages[0].Instance != "1.2.3.1" || got.Objects != 2 || got.Index != 0 {
				t.Fatalf("after: %+v, %v", got, err)
			}
			for o, err := range a.Objects(context.Background(), leadglass.Ref{Instance: "1.2.3.1"}) {
				if err != nil {
					t.Fatal(err)
				}
				c, err := o.Open(context.Background())
				if err != nil {
					t.Fatal(err)
				}
				b, err := io.ReadAll(c)
				c.Close()
				if leadglass.CodeOf(err) != leadglass.Internal || !strings.Contains(err.Error(), "damaged") {
					t.Errorf("reading what is damaged: %v", err)
				}
				if want := (slice{n: 1, pixels: pixels, fill: 0x55}).dataset(); !bytes.HasPrefix(want, b[min(o.Header, int64(len(b))):]) {
					t.Error("wrong bytes were handed out")
				}
			}
			for _, n := range []int{0, 2} {
				if b := dataset(t, a, leadglass.Ref{Instance: slice{n: n}.uid()}); !bytes.Equal(b, slice{n: n, pixels: c.pixels, fill: 0x55}.dataset()) {
					t.Errorf("%d is not whole", n)
				}
			}
		})
	}
}

func TestFsck_RepairsTheIndex(t *testing.T) {
	p := place{dir: t.TempDir()}
	x, err := index.OpenSQLite(context.Background(), filepath.Join(p.dir, "index.db"), index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	a, err := archive.Open(context.Background(), archive.Config{Dir: filepath.Join(p.dir, "objects"), Index: x})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for n := range 10 {
		store(t, a, slice{n: n})
	}
	count(t, a, study)
	at, err := x.Position(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	made := &index.Instance{Header: new(dicom.Dataset), Ref: leadglass.Ref{Study: "1.9", Series: "1.9.1", Instance: "1.9.1.1"}}
	err = x.Apply(context.Background(), []index.Change{index.Remove{Ref: leadglass.Ref{Instance: "1.2.3.5"}}, index.Add{Instance: made}}, at)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := a.Fsck(context.Background(), false); err != nil || got.Index != 2 || got.Good() {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := a.Fsck(context.Background(), true); err != nil || got.Index != 2 || !got.Good() {
		t.Errorf("repair: %+v, %v", got, err)
	}
	if got, err := a.Fsck(context.Background(), false); err != nil || got.Index != 0 || !got.Good() {
		t.Errorf("after: %+v, %v", got, err)
	}
	if n := count(t, a, study); n != 10 {
		t.Errorf("%d objects, want 10", n)
	}
	store(t, a, slice{n: 11})
}

func TestFsck_Orphans(t *testing.T) {
	p := place{dir: t.TempDir()}
	a := p.open(t)
	store(t, a, slice{n: 1, pixels: 2 << 20})
	lost := filepath.Join(p.dir, "objects", "large", "ab", "ab00000000000000")
	write(t, lost, []byte("left by a crash"))
	if got, err := a.Fsck(context.Background(), false); err != nil || got.Orphans != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := a.Fsck(context.Background(), true); err != nil || got.Orphans != 1 || !got.Good() {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := os.Stat(lost); !os.IsNotExist(err) {
		t.Errorf("it is there still: %v", err)
	}
	dataset(t, a, leadglass.Ref{Instance: "1.2.3.1"})
}

func TestArchive_DiagnosticsHoldNoPatient(t *testing.T) {
	p := place{dir: t.TempDir()}
	var out bytes.Buffer
	open := func() *archive.Archive {
		a, err := archive.Open(context.Background(), archive.Config{
			Dir: filepath.Join(p.dir, "objects"), Index: memIndex(t), Diagnostics: slog.New(slog.NewTextHandler(&out, nil)),
		})
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	a := open()
	store(t, a, slice{n: 1, pixels: 1000})
	store(t, a, slice{n: 2, pixels: 1000})
	a.Close()
	corrupt(t, filepath.Join(p.dir, "objects/segments/*"), []byte("Doe^Planted"))
	a = open()
	defer a.Close()
	got, err := a.Fsck(context.Background(), true)
	if err != nil || len(got.Damages) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	for _, d := range got.Damages {
		out.WriteString(d.String())
	}
	if out.Len() == 0 || strings.Contains(out.String(), "Planted") || strings.Contains(out.String(), "PAT1") {
		t.Errorf("diagnostics: %s", out.String())
	}
}
