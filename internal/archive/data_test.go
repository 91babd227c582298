package archive_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/durable"
	"github.com/leadglass/leadglass/internal/index"
)

const ctClass = "1.2.840.10008.5.1.4.1.1.2"

// slice is an object to store; its zero values are completed from its number.
type slice struct {
	n       int
	study   string
	series  string
	patient string
	name    string
	pixels  int
	fill    byte
}

func (s slice) uid() dicom.UID { return dicom.UID(fmt.Sprintf("1.2.3.%d", s.n)) }

func or(s, otherwise string) string {
	if s == "" {
		return otherwise
	}
	return s
}

func (s slice) dataset() []byte {
	d := new(dicom.Dataset)
	set := func(tag uint32, v string) { d.SetString(dicom.Tag(tag), v) }
	set(dict.SOPClassUID, ctClass)
	set(dict.SOPInstanceUID, string(s.uid()))
	set(dict.StudyDate, "20260102")
	set(dict.Modality, "CT")
	set(dict.PatientName, or(s.name, "Doe^Planted"))
	set(dict.PatientID, or(s.patient, "PAT1"))
	set(dict.PatientBirthDate, "19700101")
	set(dict.StudyInstanceUID, or(s.study, "1.2.3.4"))
	set(dict.SeriesInstanceUID, or(s.series, or(s.study, "1.2.3.4")+".1"))
	set(dict.InstanceNumber, fmt.Sprint(s.n))
	d.SetUint16(dicom.Tag(dict.Rows), 16)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: bytes.Repeat([]byte{s.fill, byte(s.n)}, s.pixels/2)})
	b, err := dicom.Append(nil, d, dicom.ExplicitVRLittleEndian)
	if err != nil {
		panic(err)
	}
	return b
}

func (s slice) incoming() *leadglass.Incoming {
	return &leadglass.Incoming{
		Class: ctClass, Instance: s.uid(), Syntax: dicom.ExplicitVRLittleEndian.UID,
		Data: bytes.NewReader(s.dataset()), Source: "MOD1", Received: time.Unix(1e9, 0),
	}
}

func memIndex(t testing.TB) index.Index {
	x, err := index.OpenSQLite(context.Background(), index.Memory, index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { x.Close() })
	return x
}

// place is a folder with an archive and its index.
type place struct {
	dir string
	fs  durable.FS
	lim archive.Limits
}

func (p place) open(t testing.TB) *archive.Archive {
	t.Helper()
	x, err := index.OpenSQLite(context.Background(), filepath.Join(p.dir, "index.db"), index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a, err := archive.Open(context.Background(), archive.Config{Dir: filepath.Join(p.dir, "objects"), Index: x, FS: p.fs, Limits: p.lim})
	if err != nil {
		x.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close(); x.Close() })
	return a
}

func store(t testing.TB, a *archive.Archive, s slice) *leadglass.Stored {
	t.Helper()
	out, err := a.Store(context.Background(), s.incoming())
	if err != nil {
		t.Fatalf("storing %d: %v", s.n, err)
	}
	return out
}

// dataset reads the data set of an object that is kept, nil where it is not.
func dataset(t testing.TB, a *archive.Archive, ref leadglass.Ref) []byte {
	t.Helper()
	for o, err := range a.Objects(context.Background(), ref) {
		if err != nil {
			t.Fatal(err)
		}
		c, err := o.Open(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		b, err := io.ReadAll(c)
		if err != nil {
			t.Fatal(err)
		}
		if int64(len(b)) != o.Size {
			t.Fatalf("%d bytes, want %d", len(b), o.Size)
		}
		return b[o.Header:]
	}
	return nil
}

func count(t testing.TB, a *archive.Archive, ref leadglass.Ref) int {
	t.Helper()
	n := 0
	for _, err := range a.Objects(context.Background(), ref) {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

// fileOf is an object as a file (PS3.10).
func fileOf(t testing.TB, s slice) []byte {
	d, err := dicom.DecodeBytes(s.dataset(), dicom.ExplicitVRLittleEndian, dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
