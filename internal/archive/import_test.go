package archive_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/archive"
)

func write(t *testing.T, name string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

func zipOf(t *testing.T, files map[string][]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, data := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write(data)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// directoryOf is a DICOMDIR that names files.
func directoryOf(t *testing.T, ids ...string) []byte {
	t.Helper()
	d := new(dicom.Dataset)
	d.SetString(0x00080016, "1.2.840.10008.1.3.10")
	d.SetString(0x00080018, "1.2.9")
	var records []*dicom.Dataset
	for _, id := range ids {
		r := new(dicom.Dataset)
		r.SetString(0x00041500, strings.Split(id, `\`)...)
		records = append(records, r)
	}
	d.SetSequence(0x00041220, records...)
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// imported imports and returns the counts and what was refused.
func imported(t *testing.T, a *archive.Archive, paths ...string) (archive.Imported, map[string]string) {
	t.Helper()
	refused, last := map[string]string{}, archive.Imported{}
	done, err := a.Import(context.Background(), paths, archive.Importing{
		Refused:  func(name string, err error) { refused[filepath.Base(name)] = err.Error() },
		Progress: func(p archive.Imported) { last = p },
	})
	if err != nil {
		t.Fatal(err)
	}
	if last != done {
		t.Errorf("the last progress is %+v, the end %+v", last, done)
	}
	return done, refused
}

func TestImport_FolderAndAgain(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "a", "one.dcm"), fileOf(t, slice{n: 1, pixels: 100}))
	write(t, filepath.Join(dir, "a", "b", "TWO"), fileOf(t, slice{n: 2, pixels: 2 << 20}))
	write(t, filepath.Join(dir, "same"), fileOf(t, slice{n: 1, pixels: 100}))
	write(t, filepath.Join(dir, "letter.txt"), []byte("no image at all, but a text that is long enough for anybody"))
	write(t, filepath.Join(dir, "DICOMDIR"), directoryOf(t, `A\ONE`))
	write(t, filepath.Join(dir, "some.zip"), zipOf(t, map[string][]byte{"x/3": fileOf(t, slice{n: 3}), "../../4": fileOf(t, slice{n: 4}), "5": []byte("text")}))
	os.Symlink(filepath.Join(dir, "same"), filepath.Join(dir, "link"))
	a := place{dir: t.TempDir()}.open(t)
	done, refused := imported(t, a, dir)
	if done.Files != 8 || done.Stored != 4 || done.Duplicates != 1 || done.Refused != 3 || len(refused) != 3 {
		t.Errorf("%+v, refused %v", done, refused)
	}
	for _, name := range []string{"letter.txt", "link", "some.zip:5"} {
		if refused[name] == "" {
			t.Errorf("%s was not refused", name)
		}
	}
	done, _ = imported(t, a, dir)
	if done.Stored != 0 || done.Duplicates != 5 {
		t.Errorf("again: %+v", done)
	}
	for o, err := range a.Objects(context.Background(), leadglass.Ref{Instance: "1.2.3.2"}) {
		if err != nil {
			t.Fatal(err)
		}
		c, err := o.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b := make([]byte, o.Size)
		if _, err := c.ReadAt(b, 0); err != nil || !bytes.Equal(b, fileOf(t, slice{n: 2, pixels: 2 << 20})) {
			t.Error("the file is not kept as it was")
		}
	}
}

func TestImport_DirectoryStaysInItsFolder(t *testing.T) {
	dir := t.TempDir()
	secret := filepath.Join(dir, "outside")
	write(t, secret, fileOf(t, slice{n: 9}))
	media := filepath.Join(dir, "media")
	write(t, filepath.Join(media, "IM", "ONE"), fileOf(t, slice{n: 1}))
	write(t, filepath.Join(media, "im2", "two"), fileOf(t, slice{n: 2}))
	os.Symlink(secret, filepath.Join(media, "LINK"))
	write(t, filepath.Join(media, "DICOMDIR"), directoryOf(t, `IM\ONE`, `IM2\TWO`, `..\OUTSIDE`, `..\outside`, `LINK`, `IM`, `GONE`, secret))
	a := place{dir: t.TempDir()}.open(t)
	done, refused := imported(t, a, filepath.Join(media, "DICOMDIR"))
	if done.Stored != 2 || done.Refused != 6 {
		t.Errorf("%+v, %v", done, refused)
	}
	if count(t, a, leadglass.Ref{Instance: "1.2.3.9"}) != 0 {
		t.Error("a file outside was imported")
	}
}

func TestLimit_ZipEntries(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "two.zip"), zipOf(t, map[string][]byte{"1": fileOf(t, slice{n: 1}), "2": fileOf(t, slice{n: 2})}))
	for limit, stored := range map[int]int{2: 2, 1: 0} {
		a := place{dir: t.TempDir(), lim: archive.Limits{ZipEntries: limit}}.open(t)
		if done, _ := imported(t, a, dir); done.Stored != stored {
			t.Errorf("limit %d: %+v", limit, done)
		}
	}
}

func TestLimit_ZipBytes(t *testing.T) {
	dir := t.TempDir()
	b := fileOf(t, slice{n: 1, pixels: 100})
	write(t, filepath.Join(dir, "one.zip"), zipOf(t, map[string][]byte{"1": b}))
	for more, stored := range map[int64]int{0: 1, -1: 0} {
		a := place{dir: t.TempDir(), lim: archive.Limits{ZipBytes: int64(len(b)) + more}}.open(t)
		if done, _ := imported(t, a, dir); done.Stored != stored {
			t.Errorf("%d: %+v", more, done)
		}
	}
}

func TestLimit_ZipRatio(t *testing.T) {
	dir := t.TempDir()
	bomb := fileOf(t, slice{n: 1, pixels: 8 << 20}) // two bytes again and again
	write(t, filepath.Join(dir, "bomb.zip"), zipOf(t, map[string][]byte{"1": bomb}))
	for limit, stored := range map[int64]int{10: 0, 0: 0, 1100: 1, -1: 1} {
		a := place{dir: t.TempDir(), lim: archive.Limits{ZipRatio: limit}}.open(t)
		done, refused := imported(t, a, dir)
		if done.Stored != stored {
			t.Errorf("limit %d: %+v %v", limit, done, refused)
		}
	}
}

func TestImport_Interrupted(t *testing.T) {
	dir := t.TempDir()
	for n := range 50 {
		write(t, filepath.Join(dir, fmt.Sprint(n)), fileOf(t, slice{n: n, pixels: 1000}))
	}
	a := place{dir: t.TempDir()}.open(t)
	ctx, cancel := context.WithCancel(context.Background())
	first, err := a.Import(ctx, []string{dir}, archive.Importing{Progress: func(p archive.Imported) {
		if p.Stored == 10 {
			cancel()
		}
	}})
	if err == nil || first.Stored < 10 || first.Stored == 50 {
		t.Errorf("%+v, %v", first, err)
	}
	second, _ := imported(t, a, dir)
	if second.Stored+second.Duplicates != 50 || second.Duplicates < first.Stored || count(t, a, study) != 50 {
		t.Errorf("%+v after %+v", second, first)
	}
}
