package main_test

import (
	"bytes"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/leadglass/leadglass/dicom"
)

func object(ts *testscript.TestScript, _ bool, args []string) {
	d := new(dicom.Dataset)
	for tag, v := range map[dicom.Tag]string{
		0x00080016: "1.2.840.10008.5.1.4.1.1.2", 0x00080018: args[2] + ".1.1", 0x00080020: "20260102", 0x00080060: "CT",
		0x00100010: args[1] + "^Planted", 0x00100020: args[1], 0x0020000D: args[2], 0x0020000E: args[2] + ".1",
	} {
		d.SetString(tag, v)
	}
	var b bytes.Buffer
	ts.Check(dicom.Write(&b, &dicom.File{Dataset: d, TransferSyntax: dicom.ExplicitVRLittleEndian}))
	ts.Check(os.MkdirAll(filepath.Dir(ts.MkAbs(args[0])), 0o700))
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), b.Bytes(), 0o600))
}

func spoil(ts *testscript.TestScript, _ bool, args []string) {
	text, err := os.ReadFile(ts.MkAbs(args[0]))
	ts.Check(err)
	at := bytes.Index(text, []byte(args[1]))
	if at < 0 {
		ts.Fatalf("%s does not have %q", args[0], args[1])
	}
	text[at] ^= 1
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), text, 0o600))
}
