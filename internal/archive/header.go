package archive

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/blob"
	"github.com/leadglass/leadglass/internal/index"
)

// The kinds of records.
const (
	kindObject blob.Kind = 1
	kindRemove blob.Kind = 2
	kindLabels blob.Kind = 3
	kindMerge  blob.Kind = 4
)

// object is the head of a record of an object. What a patient is called is in
// the body only.
type object struct {
	Study    dicom.UID         `json:"study"`
	Series   dicom.UID         `json:"series"`
	Instance dicom.UID         `json:"instance"`
	Class    dicom.UID         `json:"class"`
	Syntax   dicom.UID         `json:"syntax"`
	Header   int64             `json:"header"` // bytes of the file before its data set
	Digest   string            `json:"digest"` // SHA-256 of syntax and data set, hex
	Source   leadglass.AETitle `json:"source,omitempty"`
	Received time.Time         `json:"received"`
}

func headOf(in *index.Instance) []byte {
	b, err := json.Marshal(object{
		in.Ref.Study, in.Ref.Series, in.Ref.Instance, in.Class, in.Syntax,
		in.HeaderSize, hex.EncodeToString(in.Digest[:]), in.Source, in.Received,
	})
	if err != nil {
		panic("archive: " + err.Error()) // strings and numbers only
	}
	return b
}

// decodeObject reads the head of a record. What is not in it is not set.
func decodeObject(head []byte) (*index.Instance, error) {
	var o object
	if err := json.Unmarshal(head, &o); err != nil {
		return nil, err
	}
	in := &index.Instance{
		Ref:   leadglass.Ref{Study: o.Study, Series: o.Series, Instance: o.Instance},
		Class: o.Class, Syntax: o.Syntax, HeaderSize: o.Header, Source: o.Source, Received: o.Received,
	}
	if n, err := hex.Decode(in.Digest[:], []byte(o.Digest)); err != nil || n != len(in.Digest) || in.HeaderSize < 0 {
		return nil, errors.New("archive: head of an object makes no sense")
	}
	return in, nil
}

// longBinary is a value of bytes, not text, that no index keeps.
const longBinary = 4 << 10

// parsed is what the beginning of a file says.
type parsed struct {
	syntax dicom.UID
	header int64
}

// readMeta reads what stands before the data set.
func readMeta(b []byte) (parsed, error) {
	f, rd, err := dicom.Open(bytes.NewReader(b), dicom.Options{})
	if err != nil {
		return parsed{}, err
	}
	p := parsed{f.TransferSyntax.UID, rd.Offset()}
	if uid := f.Meta.UID(dicom.Tag(dict.TransferSyntaxUID)); uid != "" {
		p.syntax = uid
	}
	if f.TransferSyntax.Deflated {
		p.header = metaSize(b)
	}
	return p, nil
}

// metaSize is where the data set of a deflated file begins: such a file has
// preamble and meta information in explicit little endian, and nothing else
// tells where the deflated stream starts.
func metaSize(b []byte) int64 {
	at := 132
	for at+8 <= len(b) && b[at] == 2 && b[at+1] == 0 {
		n := 8 + (int(b[at+6]) | int(b[at+7])<<8)
		switch string(b[at+4 : at+6]) {
		case "OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV":
			if at+12 > len(b) {
				return int64(len(b))
			}
			n = 12 + (int(b[at+8]) | int(b[at+9])<<8 | int(b[at+10])<<16 | int(b[at+11])<<24)
		}
		at += n
	}
	return int64(min(at, len(b)))
}

// readHeader reads the attributes before the bulk. They share nothing with r.
func readHeader(r io.ReaderAt, size int64, p parsed, limits Limits) (*dicom.Dataset, error) {
	// Float Pixel Data has the lowest tag of what is bulk.
	opt := dicom.Options{StopBefore: dict.FloatPixelData, Limits: dicom.Limits{DatasetBytes: limits.HeaderBytes, ElementBytes: limits.HeaderBytes}}
	ts := dicom.SyntaxOf(p.syntax)
	if p.header > 0 || p.syntax != "" {
		// Of files whose meta information and data set disagree Open knows more.
		_, rd, err := dicom.Open(io.NewSectionReader(r, 0, size), opt)
		if err == nil {
			return trim(rd.Decode())
		}
	}
	return trim(dicom.Decode(io.NewSectionReader(r, p.header, size-p.header), ts, opt))
}

// trim takes long binary values out of a header.
func trim(d *dicom.Dataset, err error) (*dicom.Dataset, error) {
	if d == nil {
		return nil, err
	}
	kept := d.Elements[:0]
	for _, e := range d.Elements {
		if len(e.Value) > longBinary && (e.VR == dicom.UN || e.VR == dicom.OB || e.VR == dicom.OW || e.VR == dicom.OF || e.VR == dicom.OD || e.VR == dicom.OL) {
			continue
		}
		kept = append(kept, e)
	}
	d.Elements = kept
	return d, err
}

// describe fills in what the header of an object says.
func describe(in *index.Instance, d *dicom.Dataset) error {
	in.Header = d
	in.Ref = leadglass.Ref{
		Patient:  d.PatientID(dicom.Tag(dict.PatientID)),
		Study:    d.UID(dicom.Tag(dict.StudyInstanceUID)),
		Series:   d.UID(dicom.Tag(dict.SeriesInstanceUID)),
		Instance: d.UID(dicom.Tag(dict.SOPInstanceUID)),
	}
	in.Class = d.UID(dicom.Tag(dict.SOPClassUID))
	in.Frames = 1
	if n, ok := d.Int(dicom.Tag(dict.NumberOfFrames)); ok && n > 0 && n < 1<<31 {
		in.Frames = int(n)
	} else if d.Get(dicom.Tag(dict.Rows)) == nil {
		in.Frames = 0
	}
	for _, need := range []struct {
		name string
		uid  dicom.UID
	}{
		{"SOP Class UID", in.Class}, {"SOP Instance UID", in.Ref.Instance},
		{"Study Instance UID", in.Ref.Study}, {"Series Instance UID", in.Ref.Series},
	} {
		if !isUID(need.uid) {
			return leadglass.Errorf(leadglass.Invalid, "archive: storing: %s is missing or no UID", need.name)
		}
	}
	return nil
}

// isUID accepts numbers and dots, 64 at most. Components with leading zeros
// break PS3.5 section 9.1 and are met in practice; they do no harm.
func isUID(u dicom.UID) bool {
	if len(u) == 0 || len(u) > 64 || u[0] == '.' || u[len(u)-1] == '.' {
		return false
	}
	for i := range len(u) {
		if u[i] != '.' && (u[i] < '0' || u[i] > '9') {
			return false
		}
	}
	return true
}

// newDigest begins the digest of a content.
func newDigest(syntax dicom.UID) hash.Hash {
	h := sha256.New()
	fmt.Fprintf(h, "%s\x00", syntax)
	return h
}
