package dicom

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
)

// File is a PS3.10 file: file meta information and a data set.
type File struct {
	Preamble       [128]byte
	Meta           *Dataset // group 0002
	Dataset        *Dataset
	TransferSyntax *TransferSyntax
}

// Read reads a PS3.10 file. Files without preamble or meta information, as old
// toolkits wrote them, are recognised and read too. With an error it returns
// what it read before, or nil.
func Read(r io.Reader, opt Options) (*File, error) {
	f, rd, err := Open(r, opt)
	if err != nil {
		return nil, err
	}
	f.Dataset, err = rd.Decode()
	return f, err
}

// ReadFile reads the named PS3.10 file.
func ReadFile(name string, opt Options) (*File, error) {
	in, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("dicom: %w", err)
	}
	defer in.Close()
	return Read(in, opt)
}

// Open reads the meta information of a PS3.10 file and returns a Reader that
// stands before the data set; the Dataset of the File is nil. To have the
// header in memory and the pixel data as a stream, set StopBefore, call
// Decode, Resume and Next, and read the pixels from the Reader.
func Open(r io.Reader, opt Options) (*File, *Reader, error) {
	rd := new(Reader)
	rd.src.r = r
	f := &File{Meta: &Dataset{}}
	if b := rd.src.peek(132); len(b) == 132 && string(b[128:]) == "DICM" {
		copy(f.Preamble[:], b)
		rd.src.pos += 132
	} else if !begins(b) {
		if !rd.src.ended() && len(b) < 132 {
			return nil, nil, fmt.Errorf("dicom: reading a file: %w", rd.src.readErr())
		}
		return nil, nil, ErrNotDICOM
	}
	if err := rd.meta(f, opt); err != nil {
		return nil, nil, err
	}
	if f.TransferSyntax.Deflated {
		rest := io.MultiReader(bytes.NewReader(rd.src.buf[rd.src.pos:]), r)
		rd.src = source{r: inflate(rest, opt.Limits.orDefault().InflatedBytes)}
	}
	rd.reset(f.TransferSyntax, opt, math.MaxInt64)
	return f, rd, nil
}

// meta reads group 0002, which is explicit little endian whatever follows
// (PS3.10 section 7.1). Its group length is not believed: the group ends where
// another begins. Without a transfer syntax the bytes must tell.
func (r *Reader) meta(f *File, opt Options) error {
	if b := r.src.peek(8); len(b) == 8 && uint16Of(b, false) == groupFileMeta {
		ts := ExplicitVRLittleEndian
		if !(VR(b[4])<<8 | VR(b[5])).letters() {
			ts = ImplicitVRLittleEndian
		}
		opt.StopBefore = 0
		r.reset(ts, opt, math.MaxInt64)
		r.onlyMeta = true
		var err error
		if f.Meta, err = r.Decode(); err != nil {
			return err
		}
		r.onlyMeta = false
	}
	uid := f.Meta.UID(tagTransferSyntax)
	f.TransferSyntax = SyntaxOf(uid)
	if uid == "" || f.TransferSyntax.ImplicitVR {
		f.TransferSyntax = guess(r.src.peek(8), f.TransferSyntax)
	}
	return nil
}

// begins says whether a file without preamble starts as one can: with the file
// meta information or with group 0008, which every composite object has.
func begins(b []byte) bool {
	if len(b) < 8 {
		return false
	}
	little, big := uint16Of(b, false), uint16Of(b, true)
	explicit := (VR(b[4])<<8 | VR(b[5])).known()
	switch {
	case little == groupFileMeta || little == 0x0008:
		return explicit || uint32Of(b[4:], false) < 1<<16
	case big == 0x0008:
		return explicit
	}
	return false
}

// guess tells the layout of a data set from its first header: two letters that
// are a VR, and the group number, which is low in the right byte order. A
// declared implicit VR is not believed against two such letters: as a length
// they would be more than any first element has.
func guess(b []byte, declared *TransferSyntax) *TransferSyntax {
	switch {
	case len(b) < 8 || !(VR(b[4])<<8 | VR(b[5])).known():
		if declared.ImplicitVR {
			return declared
		}
		return ImplicitVRLittleEndian
	case uint16Of(b, true) < uint16Of(b, false):
		return ExplicitVRBigEndian
	}
	return ExplicitVRLittleEndian
}

// Write writes a PS3.10 file and completes the meta information.
func Write(w io.Writer, f *File) error {
	out, err := Create(w, f)
	if err != nil {
		return err
	}
	if err := out.Elements(f.Dataset); err != nil {
		return err
	}
	return out.Close()
}

// Create writes what stands before the data set of a PS3.10 file and returns a
// Writer for the data set. The Dataset of the File needs no more than the
// SOP Class and Instance UIDs, which the meta information repeats.
func Create(w io.Writer, f *File) (*Writer, error) {
	if f.TransferSyntax == nil || f.Dataset == nil {
		return nil, errors.New("dicom: writing a file: no transfer syntax or no data set")
	}
	head := append(append([]byte{}, f.Preamble[:]...), "DICM"...)
	head, err := Append(head, completeMeta(f), ExplicitVRLittleEndian)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(head); err != nil {
		return nil, fmt.Errorf("dicom: writing a file: %w", err)
	}
	return NewWriter(w, f.TransferSyntax), nil
}

// ImplementationClassUID and ImplementationVersionName are what Write puts
// into meta information that names no implementation (PS3.10 section 7.1).
const (
	ImplementationClassUID    = "2.25.214429389591978136863848702275356814572"
	ImplementationVersionName = "LEADGLASS"
)

// completeMeta returns a copy of the meta information with all that PS3.10
// table 7.1-1 requires.
func completeMeta(f *File) *Dataset {
	meta := new(Dataset)
	if f.Meta != nil {
		meta.Elements = append(meta.Elements, f.Meta.Elements...)
	}
	meta.Set(Element{Tag: 0x00020000, VR: UL, Value: make([]byte, 4)})
	meta.Set(Element{Tag: 0x00020001, VR: OB, Value: []byte{0, 1}})
	meta.SetString(tagTransferSyntax, string(f.TransferSyntax.UID))
	for _, missing := range []struct {
		tag   Tag
		value string
	}{
		{0x00020002, f.Dataset.String(0x00080016)},
		{0x00020003, f.Dataset.String(0x00080018)},
		{0x00020012, ImplementationClassUID},
		{0x00020013, ImplementationVersionName},
	} {
		if meta.Get(missing.tag) == nil {
			meta.SetString(missing.tag, missing.value)
		}
	}
	return meta
}
