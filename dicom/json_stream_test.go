package dicom_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
)

// all reads an array of data sets and returns their Study Instance UIDs.
func all(r io.Reader, opt dicom.JSONOptions) ([]string, error) {
	var uids []string
	dec := dicom.NewJSONDecoder(r, opt)
	for {
		d, err := dec.Next()
		if err == io.EOF {
			return uids, nil
		}
		if err != nil {
			if _, again := dec.Next(); again != err {
				return uids, fmt.Errorf("%v and then %v", err, again)
			}
			return uids, err
		}
		uids = append(uids, d.String(dict.StudyInstanceUID))
	}
}

func TestJSONDecoder(t *testing.T) {
	const a, b = `{"0020000D":{"vr":"UI","Value":["1"]}}`, `{"0020000D":{"vr":"UI","Value":["2"]}}`
	tests := []struct {
		name, text, want string
		err              error
	}{
		{"none", `[]`, "[]", nil},
		{"none_spaced", " [ ] \n", "[]", nil},
		{"empty_body", ``, "[]", nil},
		{"blank_body", " \r\n", "[]", nil},
		{"one", `[` + a + `]`, "[1]", nil},
		{"two", " [" + a + " ,\n" + b + "]\n", "[1 2]", nil},
		{"empty_set", `[{}]`, "[]", nil},
		{"single", a, "[1]", nil},
		{"single_and_more", a + b, "[1]", dicom.ErrJSON},
		{"cut_in_set", `[` + a + `,{"0020`, "[1]", io.ErrUnexpectedEOF},
		{"cut_after_set", `[` + a, "[1]", io.ErrUnexpectedEOF},
		{"cut_after_comma", `[` + a + `,`, "[1]", io.ErrUnexpectedEOF},
		{"cut_at_once", `[`, "[]", io.ErrUnexpectedEOF},
		{"no_comma", `[` + a + b + `]`, "[1]", dicom.ErrJSONModel},
		{"two_commas", `[` + a + `,,` + b + `]`, "[1]", dicom.ErrJSON},
		{"trailing_comma", `[` + a + `,]`, "[1]", dicom.ErrJSON},
		{"null", `[null]`, "[]", dicom.ErrJSONModel},
		{"number", `5`, "[]", dicom.ErrJSONModel},
		{"html", `<html>`, "[]", dicom.ErrJSON},
		{"error_object", `{"Message":"no"}`, "[]", dicom.ErrJSONModel},
		{"after", `[` + a + `]]`, "[1]", dicom.ErrJSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := all(iotest.HalfReader(strings.NewReader(tt.text)), dicom.JSONOptions{})
			if tt.name == "empty_set" {
				if len(got) != 1 || got[0] != "" || err != nil {
					t.Errorf("got %q, %v", got, err)
				}
				return
			}
			if fmt.Sprint(got) != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("got %v, %v, want %v, %v", got, err, tt.want, tt.err)
			}
		})
	}
}

func TestJSONDecoder_ReaderFails(t *testing.T) {
	broken := errors.New("broken pipe")
	text := strings.NewReader(`[{"0020000D":{"vr":"UI","Value":["1`)
	if _, err := all(io.MultiReader(text, iotest.ErrReader(broken)), dicom.JSONOptions{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	if _, err := all(iotest.ErrReader(broken), dicom.JSONOptions{}); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
}

// endless repeats a text for ever.
type endless struct {
	text string
	at   int
	read int64
}

func (e *endless) Read(p []byte) (int, error) {
	n := 0
	for n < len(p) {
		c := copy(p[n:], e.text[e.at:])
		n += c
		e.at = (e.at + c) % len(e.text)
	}
	e.read += int64(n)
	return n, nil
}

// wantJSONLimit reads a text that crosses a limit by one and, with the limit
// one higher, not.
func wantJSONLimit(t *testing.T, name, text string, tight, roomy dicom.Limits, limit int64) {
	t.Helper()
	_, err := dicom.DecodeJSON(strings.NewReader(text), dicom.JSONOptions{Limits: tight})
	var over *dicom.LimitError
	if !errors.As(err, &over) || over.Name != name || over.Limit != limit {
		t.Errorf("got %v, want the limit %s of %d", err, name, limit)
	}
	if _, err := dicom.DecodeJSON(strings.NewReader(text), dicom.JSONOptions{Limits: roomy}); err != nil {
		t.Errorf("within the limit: %v", err)
	}
}

func TestLimit_JSONElementBytes(t *testing.T) {
	tests := []struct {
		text  string
		bytes int64
	}{
		{`{"00081030":{"vr":"LO","Value":["1234567890"]}}`, 10},
		{`{"00081030":{"vr":"LO","Value":["abcde","fgh",9]}}`, 12}, // two backslashes and padding
		{`{"00420011":{"vr":"OB","InlineBinary":"MTIzNDU2Nzg5MA=="}}`, 10},
		{`{"00280010":{"vr":"US","Value":[1,2,3]}}`, 6},
		{`{"00100010":{"vr":"PN","Value":[{"Alphabetic":"AB","Phonetic":"C"}]}}`, 6}, // AB==C
	}
	for _, tt := range tests {
		wantJSONLimit(t, "element_bytes", tt.text, dicom.Limits{ElementBytes: tt.bytes - 1}, dicom.Limits{ElementBytes: tt.bytes}, tt.bytes-1)
	}
}

func TestLimit_JSONDatasetBytes(t *testing.T) {
	// Two elements of 10 bytes, and what the values of the second hold while
	// they are read: 10 bytes and 32 for one value.
	text := `{"00081030":{"vr":"LO","Value":["1234567890"]},"0008103E":{"vr":"LO","Value":["1234567890"]}}`
	wantJSONLimit(t, "dataset_bytes", text, dicom.Limits{DatasetBytes: 51}, dicom.Limits{DatasetBytes: 52}, 51)
}

func TestLimit_JSONElements(t *testing.T) {
	text := `{"00081115":{"vr":"SQ","Value":[{},{"00081030":{"vr":"LO"}}]}}`
	wantJSONLimit(t, "elements", text, dicom.Limits{Elements: 3}, dicom.Limits{Elements: 4}, 3)
}

func TestLimit_JSONDepth(t *testing.T) {
	text := `{"00081115":{"vr":"SQ","Value":[{"00081115":{"vr":"SQ","Value":[{"00100010":{"vr":"PN","Value":[{"Alphabetic":"A"}]}}]}}]}}`
	wantJSONLimit(t, "depth", text, dicom.Limits{Depth: 1}, dicom.Limits{Depth: 2}, 1)
	// Members that nobody reads have a depth too.
	text = `{"00081115":{"vr":"SQ","x":[[1]]}}`
	wantJSONLimit(t, "depth", text, dicom.Limits{Depth: 1}, dicom.Limits{Depth: 2}, 1)
}

func TestLimit_JSONOff(t *testing.T) {
	off := dicom.Limits{ElementBytes: -1, DatasetBytes: -1, Elements: -1, Depth: -1}
	text := strings.Repeat(`{"00081115":{"vr":"SQ","Value":[`, 100) + "{}" + strings.Repeat(`]}}`, 100)
	if _, err := dicom.DecodeJSON(strings.NewReader(text), dicom.JSONOptions{Limits: off}); err != nil {
		t.Error(err)
	}
	if _, err := dicom.DecodeJSON(strings.NewReader(text), dicom.JSONOptions{}); err == nil {
		t.Error("a depth of 100 is within the default")
	}
}

// TestJSON_EndlessInput feeds what never ends to each place that holds
// something: a limit ends it, and the heap has not grown past it by much.
func TestJSON_EndlessInput(t *testing.T) {
	lim := dicom.Limits{ElementBytes: 1 << 20, DatasetBytes: 2 << 20, Elements: 1 << 14, Depth: 32}
	tests := []struct{ name, start, again string }{
		{"text", `{"00081030":{"vr":"LO","Value":["`, `abcdefgh`},
		{"escapes", `{"00081030":{"vr":"LO","Value":["`, `\u0041`},
		{"binary", `{"00081030":{"vr":"OB","InlineBinary":"`, `AAAA`},
		{"uri", `{"00081030":{"vr":"OB","BulkDataURI":"`, `AAAA`},
		{"number", `{"00081030":{"vr":"IS","Value":[1`, `1111`},
		{"values", `{"00081030":{"vr":"LO","Value":["a"`, `,"abc"`},
		{"nulls", `{"00081030":{"vr":"LO","Value":[null`, `,null`},
		{"items", `{"00081115":{"vr":"SQ","Value":[{}`, `,{}`},
		{"names", `{"00100010":{"vr":"PN","Value":[{}`, `,{"Alphabetic":"A"}`},
		{"groups", `{"00100010":{"vr":"PN","Value":[{"Alphabetic":"A"`, `,"Phonetic":"C"`},
		{"depth", ``, `{"00081115":{"vr":"SQ","Value":[`},
		{"unread_depth", `{"00081115":{"vr":"SQ","x":`, `[`},
		{"key", `{"`, `0`},
		{"elements", `{"00081030":{"vr":"LO"}`, `,"00081030":{"vr":"LO"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			in := &endless{text: tt.again}
			_, err := dicom.DecodeJSON(io.MultiReader(strings.NewReader(tt.start), in), dicom.JSONOptions{Limits: lim})
			runtime.ReadMemStats(&after)
			var over *dicom.LimitError
			if !errors.As(err, &over) && !errors.Is(err, dicom.ErrJSONModel) {
				t.Errorf("got %v", err)
			}
			if grown := after.TotalAlloc - before.TotalAlloc; grown > 24<<20 {
				t.Errorf("allocated %d bytes in all", grown)
			}
			if in.read > 64<<20 {
				t.Errorf("read %d bytes", in.read)
			}
		})
	}
}

// TestJSONDecoder_HoldsOne reads many data sets and wants the memory of one.
func TestJSONDecoder_HoldsOne(t *testing.T) {
	const sets = 2000
	set := `{"0020000D":{"vr":"UI","Value":["1"]},"00420011":{"vr":"OB","InlineBinary":"` + strings.Repeat("AAAA", 4<<10) + `"}}`
	pr, pw := io.Pipe()
	go func() {
		io.WriteString(pw, "[")
		for i := range sets {
			if i > 0 {
				io.WriteString(pw, ",")
			}
			io.WriteString(pw, set)
		}
		io.WriteString(pw, "]")
		pw.Close()
	}()
	dec := dicom.NewJSONDecoder(pr, dicom.JSONOptions{})
	n := 0
	for ; ; n++ {
		if _, err := dec.Next(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if n != sets {
		t.Errorf("%d data sets, want %d", n, sets)
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	if m.HeapAlloc > 64<<20 {
		t.Errorf("the heap has %d bytes", m.HeapAlloc)
	}
}

func FuzzJSON(f *testing.F) {
	for _, tt := range jsonElements {
		f.Add([]byte(fmt.Sprintf(`[{"%08X":%s}]`, uint32(tt.tag), tt.json)))
	}
	f.Add([]byte(`[{"00081115":{"vr":"SQ","Value":[{"00080005":{"vr":"CS","Value":["X"]}},null,{}]}},{"00091001":{"vr":"UN","BulkDataURI":"u"}}]`))
	f.Add([]byte(`{"7FE00010":{"vr":"OB","InlineBinary":"/v8A4AAAAAD+/wDgBAAAAAECAwT+/wDgAgAAAAUG"}}`))
	lim := dicom.Limits{ElementBytes: 1 << 12, DatasetBytes: 1 << 14, Elements: 100, Depth: 8}
	f.Fuzz(func(t *testing.T, b []byte) {
		dec := dicom.NewJSONDecoder(bytes.NewReader(b), dicom.JSONOptions{Limits: lim})
		for {
			d, err := dec.Next()
			if err != nil {
				return
			}
			// What was read must be written as it would be read again.
			once := dicom.AppendJSON(nil, d, dicom.JSONOptions{})
			again, err := dicom.DecodeJSON(bytes.NewReader(once), dicom.JSONOptions{})
			if err != nil {
				t.Fatalf("%s: %v", once, err)
			}
			if twice := dicom.AppendJSON(nil, again, dicom.JSONOptions{}); !bytes.Equal(once, twice) {
				t.Fatalf("once\n%s, twice\n%s", once, twice)
			}
		}
	})
}

// study is a result of QIDO-RS as an archive sends it.
const study = `{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00080020":{"vr":"DA","Value":["20240229"]},"00080030":{"vr":"TM","Value":["101112"]},` +
	`"00080050":{"vr":"SH","Value":["A1"]},"00080056":{"vr":"CS","Value":["ONLINE"]},"00080061":{"vr":"CS","Value":["CT","SR"]},` +
	`"00080090":{"vr":"PN"},"00100010":{"vr":"PN","Value":[{"Alphabetic":"Doe^Jane"}]},"00100020":{"vr":"LO","Value":["1"]},` +
	`"00100030":{"vr":"DA","Value":["19700101"]},"00100040":{"vr":"CS","Value":["F"]},"0020000D":{"vr":"UI","Value":["1.2.840.113619.2.1"]},` +
	`"00200010":{"vr":"SH","Value":["1"]},"00201206":{"vr":"IS","Value":[3]},"00201208":{"vr":"IS","Value":[412]}}`

func BenchmarkJSONDecoder(b *testing.B) {
	text := "[" + strings.Repeat(study+",", 999) + study + "]"
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for range b.N {
		dec := dicom.NewJSONDecoder(strings.NewReader(text), dicom.JSONOptions{})
		for {
			if _, err := dec.Next(); err == io.EOF {
				break
			} else if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(b.N)*1000/b.Elapsed().Seconds(), "studies/s")
}

func BenchmarkAppendJSON(b *testing.B) {
	d, err := dicom.DecodeJSON(strings.NewReader(study), dicom.JSONOptions{})
	if err != nil {
		b.Fatal(err)
	}
	var out []byte
	b.ReportAllocs()
	for range b.N {
		out = dicom.AppendJSON(out[:0], d, dicom.JSONOptions{})
	}
	b.SetBytes(int64(len(out)))
}
