package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/durable"
)

var study = leadglass.Ref{Study: "1.2.3.4"}

func TestArchive_StoresAndFinds(t *testing.T) {
	p := place{dir: t.TempDir()}
	a := p.open(t)
	slices := []slice{{n: 1, pixels: 100}, {n: 2, pixels: 200_000}, {n: 3, pixels: 3 << 20}, {n: 4}}
	for _, s := range slices {
		out := store(t, a, s)
		if out.Duplicate || out.Study.UID != study.Study || out.Ref.Instance != s.uid() || len(out.Warnings) > 0 {
			t.Errorf("%+v", out)
		}
	}
	check := func(a *archive.Archive) {
		t.Helper()
		for _, s := range slices {
			if got := dataset(t, a, leadglass.Ref{Instance: s.uid()}); !bytes.Equal(got, s.dataset()) {
				t.Errorf("%d: %d bytes that are others", s.n, len(got))
			}
		}
		q := &leadglass.Query{Level: leadglass.StudyLevel, Keys: new(dicom.Dataset)}
		q.Keys.SetString(dicom.Tag(dict.PatientID), "PAT1")
		n := 0
		for m, err := range a.Find(context.Background(), q) {
			if err != nil || m.Studies[0].Instances != len(slices) {
				t.Fatal(m, err)
			}
			n++
		}
		if n != 1 {
			t.Errorf("%d matches, want 1", n)
		}
	}
	check(a)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	check(p.open(t))
}

func TestArchive_IndexLost(t *testing.T) {
	p := place{dir: t.TempDir()}
	a := p.open(t)
	for n := range 20 {
		store(t, a, slice{n: n, pixels: 1000})
	}
	if n, err := a.Delete(context.Background(), leadglass.Ref{Instance: slice{n: 3}.uid()}); n != 1 || err != nil {
		t.Fatal(n, err)
	}
	if err := a.SetLabels(context.Background(), "1.2.3.4", []string{"vip"}); err != nil {
		t.Fatal(err)
	}
	if err := a.MergePatient(context.Background(), "PAT1", "PAT2"); err != nil {
		t.Fatal(err)
	}
	a.Close()
	for _, name := range []string{"index.db", "index.db-wal", "index.db-shm"} {
		os.Remove(filepath.Join(p.dir, name))
	}
	a = p.open(t)
	for s, err := range a.Studies(context.Background(), study) {
		if err != nil || s.Instances != 19 || s.Patient != "PAT2" || len(s.Labels) != 1 || s.Labels[0] != "vip" {
			t.Errorf("%+v %v", s, err)
		}
	}
	if n := count(t, a, study); n != 19 {
		t.Errorf("%d objects, want 19", n)
	}
	// An object that still comes for the patient before the merge is of the same study.
	store(t, a, slice{n: 50})
	store(t, a, slice{n: 51, patient: "PAT2"})
}

func TestArchive_OneProcess(t *testing.T) {
	p := place{dir: t.TempDir()}
	p.open(t)
	_, err := archive.Open(context.Background(), archive.Config{Dir: filepath.Join(p.dir, "objects"), Index: memIndex(t)})
	if !errors.Is(err, durable.ErrLocked) {
		t.Errorf("opened twice: %v", err)
	}
}

func TestStore_Duplicate(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	store(t, a, slice{n: 1, pixels: 100})
	if out := store(t, a, slice{n: 1, pixels: 100}); !out.Duplicate || out.Study == nil {
		t.Errorf("the same again: %+v", out)
	}
	_, err := a.Store(context.Background(), slice{n: 1, pixels: 102}.incoming())
	if leadglass.CodeOf(err) != leadglass.Conflict {
		t.Errorf("other content: %v", err)
	}
	if got := dataset(t, a, leadglass.Ref{Instance: "1.2.3.1"}); !bytes.Equal(got, slice{n: 1, pixels: 100}.dataset()) {
		t.Error("the first did not stay")
	}
	if _, err := a.Delete(context.Background(), leadglass.Ref{Instance: "1.2.3.1"}); err != nil {
		t.Fatal(err)
	}
	store(t, a, slice{n: 1, pixels: 102}) // the way to correct it
}

func TestStore_Conflicts(t *testing.T) {
	a := place{dir: t.TempDir()}.open(t)
	store(t, a, slice{n: 1})
	for _, c := range []struct {
		name string
		s    slice
		code leadglass.Code
		warn int
	}{
		{"other_name", slice{n: 2, name: "Other^Planted"}, "", 1},
		{"other_study_other_name", slice{n: 3, study: "1.2.3.5", name: "Other^Planted"}, "", 1},
		{"study_of_another_patient", slice{n: 4, patient: "PAT9"}, leadglass.Conflict, 0},
		{"series_in_another_study", slice{n: 5, study: "1.2.3.6", series: "1.2.3.4.1"}, leadglass.Conflict, 0},
		{"no_UID", slice{n: 6, study: "none"}, leadglass.Invalid, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, err := a.Store(context.Background(), c.s.incoming())
			if leadglass.CodeOf(err) != c.code {
				t.Fatalf("%v, want %q", err, c.code)
			}
			if err == nil && len(out.Warnings) != c.warn {
				t.Errorf("warnings %q", out.Warnings)
			}
			if err != nil && bytes.Contains([]byte(err.Error()), []byte("PAT")) {
				t.Errorf("a patient in an error: %v", err)
			}
		})
	}
}

func TestDelete_IsGoneFromTheDisk(t *testing.T) {
	for _, size := range []int{100, 2 << 20} {
		p := place{dir: t.TempDir()}
		a := p.open(t)
		store(t, a, slice{n: 1, name: "Gone^Planted", patient: "PATGONE", pixels: size})
		store(t, a, slice{n: 2, study: "1.2.3.9"})
		if n, err := a.Delete(context.Background(), study); n != 1 || err != nil {
			t.Fatal(n, err)
		}
		if n := count(t, a, study); n != 0 {
			t.Errorf("%d objects are left", n)
		}
		a.Close()
		filepath.WalkDir(filepath.Join(p.dir, "objects"), func(name string, d fs.DirEntry, err error) error {
			if b, _ := os.ReadFile(name); bytes.Contains(b, []byte("Gone^Planted")) || bytes.Contains(b, []byte("PATGONE")) {
				t.Errorf("%s still has it", d.Name())
			}
			return nil
		})
		if n := count(t, p.open(t), leadglass.Ref{Study: "1.2.3.9"}); n != 1 {
			t.Errorf("%d objects of the other study, want 1", n)
		}
	}
}
