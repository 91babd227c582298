package main_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/leadglass/leadglass/dicom"
)

// ctClass is CT Image Storage.
const ctClass dicom.UID = "1.2.840.10008.5.1.4.1.1.2"

// senders is how many associations store at the same time, at most.
const senders = 4

// load is a kind of objects that archives are given.
type load struct {
	name    string
	root    string // of its UIDs
	pixels  int    // bytes of an object
	each    int    // objects of one sender in a round
	inStudy int    // objects of a study
}

var (
	slices512 = load{"CT slices of 512 KB", "1.2.826.0.1.3680043.8.498.1", 512 << 10, 100, 100}
	small     = load{"small objects", "1.2.826.0.1.3680043.8.498.2", 2 << 10, 200, 10}
)

// most is what one sender has in a round, of any load.
const most = 200

// place is of which object: that of a sender in a round of a series of rounds.
type place struct{ series, round, sender, n int }

// number is different for all objects of a load, and of seven digits.
func (l load) number(p place) int {
	return 1_000_000 + ((p.series*100+p.round)*senders+p.sender)*most + p.n
}

func (l load) study(p place) dicom.UID {
	return dicom.UID(fmt.Sprintf("%s.%d", l.root, l.number(p)/l.inStudy*l.inStudy))
}
func (l load) seriesUID(p place) dicom.UID { return l.study(p) + ".1" }
func (l load) instance(p place) dicom.UID {
	return dicom.UID(fmt.Sprintf("%s.1.%d", l.study(p), l.number(p)))
}
func (l load) patient(p place) string { return fmt.Sprintf("P%d", l.number(p)/l.inStudy*l.inStudy) }

// dataset is an object as a scanner makes it, in explicit VR little endian.
func (l load) dataset(p place) []byte {
	d := new(dicom.Dataset)
	for _, e := range []struct {
		tag   dicom.Tag
		value string
	}{
		{0x00080005, "ISO_IR 100"}, {0x00080008, `ORIGINAL\PRIMARY\AXIAL`}, {0x00080016, string(ctClass)}, {0x00080018, string(l.instance(p))},
		{0x00080020, fmt.Sprintf("2026%02d%02d", 1+p.round%12, 1+p.n/l.inStudy%28)}, {0x00080022, "20260301"}, {0x00080030, "101112"}, {0x00080032, "101113.5"},
		{0x00080050, fmt.Sprint("A", l.number(p)/l.inStudy)}, {0x00080060, "CT"}, {0x00080070, "Example"}, {0x00080080, "Example Hospital"},
		{0x00080090, "Referrer^Rita"}, {0x00081010, "CT1"}, {0x00081030, "Thorax"}, {0x0008103E, "Lung 1.0"}, {0x00081090, "Model"},
		{0x00100010, fmt.Sprintf("Patient^Number%d", l.number(p)/l.inStudy)}, {0x00100020, l.patient(p)}, {0x00100030, "19500101"}, {0x00100040, "F"}, {0x00101010, "076Y"},
		{0x00180015, "CHEST"}, {0x00180050, "1.0"}, {0x00180060, "120"}, {0x00180090, "500"}, {0x00181020, "1.0"}, {0x00181030, "Thorax routine"},
		{0x00181120, "0"}, {0x00181130, "150"}, {0x00181150, "500"}, {0x00181151, "200"}, {0x00181210, "B60f"}, {0x00185100, "HFS"},
		{0x0020000D, string(l.study(p))}, {0x0020000E, string(l.seriesUID(p))}, {0x00200010, "1"}, {0x00200011, "2"}, {0x00200012, "1"}, {0x00200013, fmt.Sprint(p.n + 1)},
		{0x00200032, fmt.Sprintf(`-250\-250\%d`, p.n)}, {0x00200037, `1\0\0\0\1\0`}, {0x00200052, l.root + ".9"}, {0x00201041, fmt.Sprint(p.n)},
		{0x00280004, "MONOCHROME2"}, {0x00280030, `0.9765625\0.9765625`}, {0x00281050, "-600"}, {0x00281051, "1500"}, {0x00281052, "-1024"}, {0x00281053, "1"},
	} {
		d.SetString(e.tag, e.value)
	}
	columns := 512
	if l.pixels < 512*2 {
		columns = 16
	}
	for tag, v := range map[dicom.Tag]int{
		0x00280002: 1, 0x00280010: l.pixels / columns / 2, 0x00280011: columns, 0x00280100: 16, 0x00280101: 12, 0x00280102: 11, 0x00280103: 0,
	} {
		d.SetUint16(tag, uint16(v))
	}
	from := l.number(p) * 7918 % (len(noise()) - l.pixels)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: noise()[from:][:l.pixels]})
	var b bytes.Buffer
	if err := dicom.Encode(&b, d, dicom.ExplicitVRLittleEndian); err != nil {
		panic(err)
	}
	return b.Bytes()
}

// noise is what pixels are taken from: each object has other ones.
var noise = sync.OnceValue(func() []byte {
	b := make([]byte, 2<<20)
	for i, x := 0, uint32(1); i < len(b); i += 2 {
		x = x*1664525 + 1013904223
		b[i], b[i+1] = byte(x>>24), byte(x>>20)&0x0F
	}
	return b
})

// file is an object as a file (PS3.10 section 7.1).
func (l load) file(p place) []byte {
	d, err := dicom.DecodeBytes(l.dataset(p), dicom.ExplicitVRLittleEndian, dicom.Options{})
	if err == nil {
		var b bytes.Buffer
		if err = dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err == nil {
			return b.Bytes()
		}
	}
	panic(err)
}

// folder is where the files of one sender in a round are.
func (l load) folder(b *bench, p place) string {
	return b.path(filepath.Join("objects", l.root, strconv.Itoa(p.series), strconv.Itoa(p.round), strconv.Itoa(p.sender)))
}

// lay writes the files of a series of rounds, and waits until the disk has them.
func (b *bench) lay(l load, series, rounds int) {
	b.Helper()
	for round := range rounds {
		for sender := range senders {
			p := place{series, round, sender, 0}
			if err := os.MkdirAll(l.folder(b, p), 0o700); err != nil {
				b.Fatal(err)
			}
			for p.n = range l.each {
				name := filepath.Join(l.folder(b, p), fmt.Sprintf("%d.dcm", p.n))
				if err := os.WriteFile(name, l.file(p), 0o600); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	syscall.Sync()
}
