package dicom_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

// A run of lone surrogates is one escape sequence after another: each counts.
func TestLimit_JSONSurrogates(t *testing.T) {
	in := &repeated{head: `{"00100020":{"vr":"LO","Value":["`, body: `\ud800`, most: 8 << 20}
	_, err := dicom.DecodeJSON(in, dicom.JSONOptions{Limits: dicom.Limits{ElementBytes: 100}})
	var limit *dicom.LimitError
	if !errors.As(err, &limit) || limit.Name != "element_bytes" {
		t.Errorf("%v, want the limit element_bytes", err)
	}
	if in.read > 64<<10 {
		t.Errorf("%d bytes were read for a limit of 100", in.read)
	}
}

// repeated gives its head and then its body over and over, up to most bytes.
type repeated struct {
	head, body string
	read, most int
}

func (e *repeated) Read(p []byte) (int, error) {
	if e.read > e.most {
		return 0, errors.New("read to the end")
	}
	n := copy(p, e.head)
	e.head = e.head[n:]
	for e.head == "" && len(p)-n >= len(e.body) {
		n += copy(p[n:], e.body)
	}
	e.read += n
	return n, nil
}

// The reader of JSON is recursive: with the limit off there is still one.
func TestLimit_JSONDepthOff(t *testing.T) {
	const deep = 10_002 // elements at depth 0 to 10,001
	in := strings.Repeat(`{"00081115":{"vr":"SQ","Value":[`, deep) + "{}" + strings.Repeat("]}}", deep)
	_, err := dicom.DecodeJSON(strings.NewReader(in), dicom.JSONOptions{Limits: dicom.Limits{Depth: -1}})
	var limit *dicom.LimitError
	if !errors.As(err, &limit) || limit.Name != "depth" || limit.Limit != 10_000 {
		t.Errorf("%v, want the limit depth of 10000", err)
	}
}

// A text asks for its character set: a million terms must not cost with each.
func TestDataset_ManyCharsetTerms(t *testing.T) {
	d := &dicom.Dataset{}
	d.Set(dicom.Element{Tag: 0x00080005, VR: dicom.CS, Value: []byte(strings.Repeat(`ISO_IR 100\`, 1<<20))})
	d.Set(dicom.Element{Tag: 0x00100020, VR: dicom.LO, Value: []byte("\xe4 ")})
	if _, err := d.Charset(); err == nil {
		t.Error("no error for more terms than are defined")
	}
	if allocs := testing.AllocsPerRun(1, func() { d.String(0x00100020) }); allocs > 1000 {
		t.Errorf("%v allocations for one text", allocs)
	}
}
