package dicom_test

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"os"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// The keys of a query, as C-FIND sends them: what has no value is asked for.
func ExampleAppend() {
	var keys dicom.Dataset
	keys.SetString(dict.QueryRetrieveLevel, "STUDY")
	keys.SetString(dict.StudyInstanceUID)
	b, err := dicom.Append(nil, &keys, dicom.ExplicitVRLittleEndian)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("% x\n", b)
	// Output:
	// 08 00 52 00 43 53 06 00 53 54 55 44 59 20 20 00 0d 00 55 49 00 00
}

// WalkBytes looks at values and keeps none.
func ExampleWalkBytes() {
	answer := []byte{
		0x20, 0x00, 0x0D, 0x00, 0x08, 0x00, 0x00, 0x00, '2', '.', '2', '5', '.', '4', '2', 0, // Study Instance UID
		0x20, 0x00, 0x08, 0x12, 0x02, 0x00, 0x00, 0x00, '4', '8', // Number of Study Related Instances
	}
	err := dicom.WalkBytes(answer, dicom.ImplicitVRLittleEndian, dicom.Limits{}, func(v *dicom.Visit) error {
		fmt.Println(v.Tag, v.VR, len(v.Value), "bytes")
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// (0020,000D) UI 8 bytes
	// (0020,1208) IS 2 bytes
}

// The header of a file, without its pixels.
func ExampleReadFile() {
	f, err := dicom.ReadFile("testdata/absent.dcm", dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		fmt.Println("no such file:", os.IsNotExist(err) || f == nil)
		return
	}
	rows, _ := f.Dataset.Int(dict.Rows)
	fmt.Println(f.Dataset.UID(dict.SOPInstanceUID), rows)
	// Output: no such file: true
}

// Pixels of any size pass through one small window.
func ExampleOpen() {
	var d dicom.Dataset
	d.SetString(dict.SOPInstanceUID, "2.25.1")
	d.SetUint16(dict.Rows, 512)
	d.Set(dicom.Element{Tag: dicom.PixelData, VR: dicom.OW, Value: make([]byte, 1<<20)})
	var file bytes.Buffer
	if err := dicom.Write(&file, &dicom.File{Dataset: &d, TransferSyntax: dicom.ExplicitVRLittleEndian}); err != nil {
		log.Fatal(err)
	}

	f, r, err := dicom.Open(&file, dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		log.Fatal(err)
	}
	header, err := r.Decode()
	if err != nil {
		log.Fatal(err)
	}
	r.Resume()
	v, err := r.Next() // the pixel data; fragments would follow one by one
	if err != nil {
		log.Fatal(err)
	}
	n, err := io.Copy(io.Discard, r)
	fmt.Println(f.TransferSyntax.UID, header.String(dict.Rows), v.Tag, n, err)
	// Output: 1.2.840.10008.1.2.1 512 (7FE0,0010) 1048576 <nil>
}

func ExampleDataset_Walk() {
	var series, study dicom.Dataset
	series.SetString(dict.SeriesInstanceUID, "2.25.3")
	study.SetString(dict.StudyInstanceUID, "2.25.2")
	study.SetSequence(dict.ReferencedSeriesSequence, &series)
	study.Walk(func(p dicom.Path, e *dicom.Element) error {
		fmt.Printf("%v%v %v\n", p, e.Tag, e.VR)
		return nil
	})
	// Output:
	// (0008,1115) SQ
	// (0008,1115)[0].(0020,000E) UI
	// (0020,000D) UI
}
