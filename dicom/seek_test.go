package dicom_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// sparse is a file whose middle is zeros that nobody stores. It counts what is
// read of it.
type sparse struct {
	head, tail []byte
	gap        int64
	cut        int64 // missing at its end
	at, read   int64
	skew       int64 // how far off a seek goes
}

func (s *sparse) size() int64 { return int64(len(s.head)+len(s.tail)) + s.gap - s.cut }

func (s *sparse) Read(p []byte) (int, error) {
	if s.at >= s.size() {
		return 0, io.EOF
	}
	p = p[:min(int64(len(p)), s.size()-s.at)]
	behind := int64(len(s.head)) + s.gap
	switch {
	case s.at < int64(len(s.head)):
		p = p[:copy(p, s.head[s.at:])]
	case s.at < behind:
		p = p[:min(int64(len(p)), behind-s.at)]
		clear(p)
	default:
		p = p[:copy(p, s.tail[s.at-behind:])]
	}
	s.at += int64(len(p))
	s.read += int64(len(p))
	return len(p), nil
}

func (s *sparse) Seek(offset int64, whence int) (int64, error) {
	if whence != io.SeekCurrent {
		return 0, errors.New("only from here")
	}
	if offset != 0 {
		s.at += offset + s.skew
	}
	return s.at, nil
}

// largePixels is a file with pixel data of gap bytes and padding behind them.
func largePixels(t testing.TB, gap int64) *sparse {
	t.Helper()
	var head bytes.Buffer
	meta := &dicom.Dataset{}
	f := &dicom.File{Meta: meta, Dataset: &dicom.Dataset{}, TransferSyntax: explicit}
	f.Dataset.SetString(0x00080018, "2.25.1")
	f.Dataset.SetString(0x00100010, "Test^Only")
	if err := dicom.Write(&head, f); err != nil {
		t.Fatal(err)
	}
	head.Write([]byte{0xE0, 0x7F, 0x10, 0x00, 'O', 'W', 0, 0, byte(gap), byte(gap >> 8), byte(gap >> 16), byte(gap >> 24)})
	tail := []byte{0xFC, 0xFF, 0xFC, 0xFF, 'O', 'B', 0, 0, 4, 0, 0, 0, 1, 2, 3, 4}
	return &sparse{head: head.Bytes(), tail: tail, gap: gap}
}

// TestReader_SeeksPastPixels: the header, and what stands behind 2 GiB of
// pixels, for three windows of reading.
func TestReader_SeeksPastPixels(t *testing.T) {
	const gap = 2 << 30
	in := largePixels(t, gap)
	f, r, err := dicom.Open(in, dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		t.Fatal(err)
	}
	if f.Dataset, err = r.Decode(); err != nil || f.Dataset.String(0x00100010) != "Test^Only" {
		t.Fatal(f.Dataset, err)
	}
	r.Resume()
	pixels, err := r.Next()
	if err != nil || pixels.Tag != dicom.PixelData || pixels.Length != gap || r.Offset() != int64(len(in.head)) {
		t.Fatalf("%+v at %d, %v", pixels, r.Offset(), err)
	}
	behind, err := r.Next()
	if err != nil || behind.Tag != 0xFFFCFFFC || r.Offset() != in.size()-4 {
		t.Fatalf("%+v at %d of %d, %v", behind, r.Offset(), in.size(), err)
	}
	if value, err := r.Value(); string(value) != "\x01\x02\x03\x04" || err != nil {
		t.Errorf("value % x, %v", value, err)
	}
	if _, err := r.Next(); err != io.EOF {
		t.Errorf("%v behind the end", err)
	}
	if in.read > 3*dicom.ReadAhead {
		t.Errorf("%d bytes were read", in.read)
	}
}

// TestReader_DefersValues: a value that was passed over is read later, where
// the Reader said that it begins.
func TestReader_DefersValues(t *testing.T) {
	file := image(t, explicit, 200_000)
	want := file.Dataset.Get(dicom.PixelData).Value
	copy(want[150_000:], "here")
	b := write(t, file)
	_, r, err := dicom.Open(bytes.NewReader(b), dicom.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var later *io.SectionReader
	for {
		v, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if v.Length > 64<<10 {
			later = io.NewSectionReader(bytes.NewReader(b), r.Offset(), int64(v.Length))
		}
	}
	got, err := io.ReadAll(later)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes of %d, equal %t, %v", len(got), len(want), bytes.Equal(got, want), err)
	}
}

// TestReader_SeeksPastTheEnd: seeking there is no error, the missing byte is.
func TestReader_SeeksPastTheEnd(t *testing.T) {
	for _, cut := range []int64{17, 1 << 20} { // one byte of the pixels, and many
		in := largePixels(t, 4<<20)
		in.cut = cut
		_, r, err := dicom.Open(in, dicom.Options{StopBefore: dicom.PixelData})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := r.Decode(); err != nil {
			t.Fatal(err)
		}
		r.Resume()
		if _, err := r.Next(); err != nil {
			t.Fatal(err)
		}
		var syntax *dicom.SyntaxError
		if v, err := r.Next(); !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &syntax) || syntax.Tag != dicom.PixelData {
			t.Errorf("%d bytes missing: %+v, %v", cut, v, err)
		}
	}
}

// TestReader_SeekerThatLies: an input that goes elsewhere is not read on.
func TestReader_SeekerThatLies(t *testing.T) {
	in := largePixels(t, 4<<20)
	in.skew = 2
	err := readThrough(in)
	if err == nil || errors.Is(err, io.EOF) {
		t.Errorf("no error: %v", err)
	}
}

// TestReader_SeekerThatCannot: a pipe in an os.File has the method and not the
// ability.
func TestReader_SeekerThatCannot(t *testing.T) {
	in := largePixels(t, 1<<20)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	sent := make(chan error, 1)
	go func() {
		_, err := io.Copy(w, struct{ io.Reader }{in})
		sent <- errors.Join(err, w.Close())
	}()
	if err := readThrough(r); err != nil {
		t.Error(err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
}

// readThrough passes over every value and wants the one behind the pixels last.
func readThrough(in io.Reader) error {
	_, r, err := dicom.Open(in, dicom.Options{})
	if err != nil {
		return err
	}
	last := dicom.Tag(0)
	for {
		v, err := r.Next()
		if err == io.EOF && last == 0xFFFCFFFC {
			return nil
		}
		if err != nil {
			return err
		}
		last = v.Tag
	}
}
