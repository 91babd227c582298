package dicom_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/leadglass/leadglass/dicom"
)

// oneElement is a data set of one element.
func oneElement(tag dicom.Tag, vr dicom.VR, value string) *dicom.Dataset {
	return &dicom.Dataset{Elements: []dicom.Element{{Tag: tag, VR: vr, Value: []byte(value)}}}
}

func le32(f float32) string {
	return string(binary.LittleEndian.AppendUint32(nil, math.Float32bits(f)))
}

func le64(f float64) string {
	return string(binary.LittleEndian.AppendUint64(nil, math.Float64bits(f)))
}

// jsonElements are one element each, as it stands in a data set and in JSON.
// Both directions are tested, but for back, which is what comes of the JSON
// where that is not what it was made of.
var jsonElements = []struct {
	name  string
	tag   dicom.Tag
	vr    dicom.VR
	value string
	json  string // the attribute object
	back  string
}{
	{"ae", 0x00080054, dicom.AE, "ARCHIVE ", `{"vr":"AE","Value":["ARCHIVE"]}`, ""},
	{"as", 0x00101010, dicom.AS, "051Y", `{"vr":"AS","Value":["051Y"]}`, ""},
	{"at", 0x00280009, dicom.AT, "\x18\x00\x63\x10\x10\x00\x20\x00", `{"vr":"AT","Value":["00181063","00100020"]}`, ""},
	{"cs", 0x00080008, dicom.CS, "ORIGINAL\\PRIMARY ", `{"vr":"CS","Value":["ORIGINAL","PRIMARY"]}`, ""},
	{"da", 0x00080020, dicom.DA, "20240229", `{"vr":"DA","Value":["20240229"]}`, ""},
	{"ds", 0x00280030, dicom.DS, "0.50\\-1E-3", `{"vr":"DS","Value":[0.50,-1E-3]}`, ""},
	{"ds_no_json_number", 0x00280030, dicom.DS, "+1.5\\.5\\007", `{"vr":"DS","Value":["+1.5",".5","007"]}`, ""},
	{"dt", 0x0008002A, dicom.DT, "20240229120000.5", `{"vr":"DT","Value":["20240229120000.5"]}`, ""},
	{"fd", 0x00189087, dicom.FD, le64(0.1) + le64(-1e300), `{"vr":"FD","Value":[0.1,-1e+300]}`, ""},
	{"fd_not_finite", 0x00189087, dicom.FD, le64(math.Inf(1)) + le64(math.Inf(-1)), `{"vr":"FD","Value":["inf","-inf"]}`, ""},
	{"fl", 0x00109431, dicom.FL, le32(0.1), `{"vr":"FL","Value":[0.1]}`, ""},
	{"is", 0x00201208, dicom.IS, "12\\-7", `{"vr":"IS","Value":[12,-7]}`, "12\\-7 "},
	{"is_empty_value", 0x00201208, dicom.IS, "1\\\\3 ", `{"vr":"IS","Value":[1,null,3]}`, "1\\\\3"},
	{"lo", 0x00081030, dicom.LO, "a \"b\" \t<&>", "{\"vr\":\"LO\",\"Value\":[\"a \\\"b\\\" \\t<&>\"]}", "a \"b\" \t<&>"},
	{"lo_control", 0x00081030, dicom.LO, "a\x01b ", `{"vr":"LO","Value":["a\u0001b"]}`, ""},
	{"lt_backslash", 0x001021B0, dicom.LT, " a\\b", `{"vr":"LT","Value":[" a\\b"]}`, ""},
	{"ob", 0x00020001, dicom.OB, "\x00\x01", `{"vr":"OB","InlineBinary":"AAE="}`, ""},
	{"ow", 0x00281201, dicom.OW, "\x01\x02\x03\x04", `{"vr":"OW","InlineBinary":"AQIDBA=="}`, ""},
	{"of", 0x00660016, dicom.OF, le32(1), `{"vr":"OF","InlineBinary":"AACAPw=="}`, ""},
	{"pn", 0x00100010, dicom.PN, "Doe^Jane", `{"vr":"PN","Value":[{"Alphabetic":"Doe^Jane"}]}`, ""},
	{"pn_groups", 0x00081050, dicom.PN, "A=B=C\\=B\\\\==C ", `{"vr":"PN","Value":[{"Alphabetic":"A","Ideographic":"B","Phonetic":"C"},{"Ideographic":"B"},null,{"Phonetic":"C"}]}`, ""},
	{"sh_empty", 0x00080050, dicom.SH, "", `{"vr":"SH"}`, ""},
	{"sl", 0x00186020, dicom.SL, "\xff\xff\xff\xff\x01\x00\x00\x00", `{"vr":"SL","Value":[-1,1]}`, ""},
	{"ss", 0x00189219, dicom.SS, "\xff\xff", `{"vr":"SS","Value":[-1]}`, ""},
	{"sv", 0x00720082, dicom.SV, "\xff\xff\xff\xff\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x80", `{"vr":"SV","Value":[-1,"-9223372036854775808"]}`, ""},
	{"tm", 0x00080030, dicom.TM, "0930", `{"vr":"TM","Value":["0930"]}`, ""},
	{"uc", 0x00080119, dicom.UC, "long", `{"vr":"UC","Value":["long"]}`, ""},
	{"ui", 0x0020000D, dicom.UI, "1.2.3\x00", `{"vr":"UI","Value":["1.2.3"]}`, ""},
	{"ul", 0x00081161, dicom.UL, "\xff\xff\xff\xff", `{"vr":"UL","Value":[4294967295]}`, ""},
	{"un", 0x00091001, dicom.UN, "\x01\x02", `{"vr":"UN","InlineBinary":"AQI="}`, ""},
	{"ur", 0x00081190, dicom.UR, "http://a/b", `{"vr":"UR","Value":["http://a/b"]}`, ""},
	{"us", 0x00280010, dicom.US, "\x00\x02", `{"vr":"US","Value":[512]}`, ""},
	{"ut", 0x0040A160, dicom.UT, "line\r\nline", `{"vr":"UT","Value":["line\r\nline"]}`, ""},
	{"uv", 0x00720083, dicom.UV, "\xff\xff\xff\xff\xff\xff\xff\xff", `{"vr":"UV","Value":["18446744073709551615"]}`, ""},
	{"private", 0x00090010, dicom.LO, "MAKER ", `{"vr":"LO","Value":["MAKER"]}`, ""},
	{"charset_utf8", 0x00080005, dicom.CS, "ISO_IR 100", `{"vr":"CS","Value":["ISO_IR 192"]}`, "ISO_IR 192"},
}

func TestJSON_Elements(t *testing.T) {
	for _, tt := range jsonElements {
		t.Run(tt.name, func(t *testing.T) {
			d := oneElement(tt.tag, tt.vr, tt.value)
			want := fmt.Sprintf(`{"%08X":%s}`, uint32(tt.tag), tt.json)
			if got := string(dicom.AppendJSON(nil, d, dicom.JSONOptions{})); got != want {
				t.Errorf("AppendJSON = %s, want %s", got, want)
			}
			back, err := dicom.DecodeJSON(strings.NewReader(want), dicom.JSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			value := tt.back
			if value == "" {
				value = tt.value
			}
			e := back.Elements[0]
			if len(back.Elements) != 1 || e.Tag != tt.tag || e.VR != tt.vr || strings.TrimRight(string(e.Value), " ") != strings.TrimRight(value, " ") {
				t.Errorf("DecodeJSON = %v %v %q, want %v %v %q", e.Tag, e.VR, e.Value, tt.tag, tt.vr, value)
			}
			if len(e.Value)%2 != 0 {
				t.Errorf("a value of odd length %d", len(e.Value))
			}
		})
	}
}

func TestJSON_NaN(t *testing.T) {
	d := oneElement(0x00189087, dicom.FD, le64(math.NaN()))
	b := dicom.AppendJSON(nil, d, dicom.JSONOptions{})
	if want := `{"00189087":{"vr":"FD","Value":["NaN"]}}`; string(b) != want {
		t.Errorf("got %s, want %s", b, want)
	}
	back, err := dicom.DecodeJSON(bytes.NewReader(b), dicom.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if f, ok := back.Float(0x00189087); !ok || !math.IsNaN(f) {
		t.Errorf("got %v, %t", f, ok)
	}
}

// TestJSON_Lenient reads what servers write that the standard does not, and
// what it permits but we do not write.
func TestJSON_Lenient(t *testing.T) {
	tests := []struct{ name, json, want string }{
		{"number_as_text", `{"00201208":{"vr":"IS","Value":["12"]}}`, "12"},
		{"text_as_number", `{"00200010":{"vr":"SH","Value":[12]}}`, "12"},
		{"integer_as_real", `{"00280010":{"vr":"US","Value":[512.0]}}`, "512"},
		{"integer_with_exponent", `{"00201208":{"vr":"IS","Value":[1.2e1]}}`, "12"},
		{"binary_number_as_text", `{"00280010":{"vr":"US","Value":["512"]}}`, "512"},
		{"long_decimal", `{"00280030":{"vr":"DS","Value":[0.30000000000000004]}}`, "0.3"},
		{"longer_decimal", `{"00280030":{"vr":"DS","Value":[-0.12345678901234567]}}`, "-0.1234567890123"},
		{"value_before_vr", `{"00280010":{"Value":[512],"vr":"US"}}`, "512"},
		{"no_vr", `{"00280010":{"Value":[512]}}`, "512"},
		{"no_array", `{"00200010":{"vr":"SH","Value":"12"}}`, "12"},
		{"name_as_text", `{"00100010":{"vr":"PN","Value":["Doe^Jane"]}}`, "Doe^Jane"},
		{"name_reversed", `{"00100010":{"vr":"PN","Value":[{"Phonetic":"C","Alphabetic":"A"}]}}`, "A==C"},
		{"name_null", `{"00100010":{"vr":"PN","Value":[{"Alphabetic":null,"Phonetic":"C"}]}}`, "==C"},
		{"name_empty", `{"00100010":{"vr":"PN","Value":[{}]}}`, ""},
		{"lower_case_tag", `{"0020000d":{"vr":"UI","Value":["1.2"]}}`, "1.2"},
		{"empty_text", `{"00201208":{"vr":"IS","Value":[""]}}`, ""},
		{"empty_binary_number", `{"00280010":{"vr":"US","Value":[""]}}`, ""},
		{"empty_array", `{"00280010":{"vr":"US","Value":[]}}`, ""},
		{"binary_in_array", `{"00091001":{"vr":"UN","InlineBinary":["MTI="]}}`, "12"},
		{"unknown_with_text", `{"00091001":{"vr":"UN","Value":["12"]}}`, "12"},
		{"unknown_vr", `{"00091001":{"vr":"ZZ","InlineBinary":"MTI="}}`, ""},
		{"extra_member", `{"00280010":{"vr":"US","name":"Rows","more":[{"a":[1,true,null]},"\"]"],"Value":[512]}}`, "512"},
		{"unicode", `{"00200010":{"vr":"SH","Value":["\u00e9\ud83d\ude00\ud83d\u0041\/"]}}`, "é😀\ufffdA/"},
		{"lone_surrogate_then_escape", `{"00200010":{"vr":"SH","Value":["\ud83d\n"]}}`, "\ufffd\n"},
		{"invalid_utf8", "{\"00200010\":{\"vr\":\"SH\",\"Value\":[\"a\xffb\"]}}", "a\ufffdb"},
		{"spaces", " {\n\t\"00200010\" : { \"vr\" : \"SH\" , \"Value\" : [ \"12\" ] } } \r\n", "12"},
		{"unsorted", `{"00200010":{"vr":"SH","Value":["12"]},"00080005":{"vr":"CS","Value":["ISO_IR 192"]}}`, "12"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// A byte at a time crosses every boundary of the buffer.
			d, err := dicom.DecodeJSON(iotest.OneByteReader(strings.NewReader(tt.json)), dicom.JSONOptions{})
			if err != nil {
				t.Fatal(err)
			}
			last := d.Elements[len(d.Elements)-1]
			if got := d.String(last.Tag); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			for i := range d.Elements[1:] {
				if d.Elements[i].Tag >= d.Elements[i+1].Tag {
					t.Error("the elements are not sorted")
				}
			}
		})
	}
}

// TestJSON_Faulty names what is wrong and never a value.
func TestJSON_Faulty(t *testing.T) {
	tests := []struct {
		name, json string
		want       error
	}{
		{"nothing", ``, io.ErrUnexpectedEOF},
		{"cut", `{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Secret`, io.ErrUnexpectedEOF},
		{"after", `{"00100010":{"vr":"PN"}} x`, dicom.ErrJSON},
		{"zero_byte", "{\"00100010\":\x00{}}", dicom.ErrJSON},
		{"array", `[]`, dicom.ErrJSONModel},
		{"error_object", `{"error":"Secret"}`, dicom.ErrJSONModel},
		{"long_key", `{"` + strings.Repeat("Secret", 100) + `":{}}`, dicom.ErrJSONModel},
		{"no_colon", `{"00100010" {"vr":"PN"}}`, dicom.ErrJSONModel},
		{"no_comma", `{"00100010":{"vr":"PN" "Value":[]}}`, dicom.ErrJSONModel},
		{"trailing_comma", `{"00100010":{"vr":"PN"},}`, dicom.ErrJSON},
		{"no_object", `{"00100010":"Secret"}`, dicom.ErrJSONModel},
		{"vr_number", `{"00100010":{"vr":1}}`, dicom.ErrJSONModel},
		{"vr_long", `{"00100010":{"vr":"PNX"}}`, dicom.ErrJSONModel},
		{"vr_lower", `{"00100010":{"vr":"pn"}}`, dicom.ErrJSONModel},
		{"vr_twice", `{"00100010":{"vr":"PN","vr":"LO"}}`, dicom.ErrJSONModel},
		{"two_values", `{"00100010":{"vr":"PN","Value":[],"InlineBinary":""}}`, dicom.ErrJSONModel},
		{"tag_twice", `{"00100010":{"vr":"PN"},"00100020":{"vr":"LO"},"00100010":{"vr":"PN"}}`, dicom.ErrJSONModel},
		{"name_at_top", `{"Alphabetic":"Secret"}`, dicom.ErrJSONModel},
		{"name_and_tag", `{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Secret","00100010":{"vr":"PN"}}]}}`, dicom.ErrJSONModel},
		{"tag_and_name", `{"00100010":{"vr":"PN","Value":[{"00100010":{"vr":"PN"},"Alphabetic":"Secret"}]}}`, dicom.ErrJSONModel},
		{"name_in_name", `{"00100010":{"vr":"PN","Value":[{"Alphabetic":{"Alphabetic":"Secret"}}]}}`, dicom.ErrJSONModel},
		{"group_twice", `{"00100010":{"vr":"PN","Value":[{"Alphabetic":"Secret","Alphabetic":"A"}]}}`, dicom.ErrJSONModel},
		{"boolean", `{"00100010":{"vr":"LO","Value":[true]}}`, dicom.ErrJSONModel},
		{"nested_array", `{"00100010":{"vr":"LO","Value":[["Secret"]]}}`, dicom.ErrJSONModel},
		{"item_in_text", `{"00100010":{"vr":"LO","Value":[{"00100010":{"vr":"PN"}}]}}`, dicom.ErrJSONValue},
		{"name_in_text", `{"00100010":{"vr":"LO","Value":[{"Alphabetic":"Secret"}]}}`, dicom.ErrJSONValue},
		{"text_in_sequence", `{"00081111":{"vr":"SQ","Value":["Secret"]}}`, dicom.ErrJSONValue},
		{"binary_sequence", `{"00081111":{"vr":"SQ","InlineBinary":"AAAA"}}`, dicom.ErrJSONValue},
		{"values_of_bytes", `{"00091001":{"vr":"OB","Value":[1]}}`, dicom.ErrJSONValue},
		{"base64", `{"00091001":{"vr":"OB","InlineBinary":"Secret!"}}`, dicom.ErrJSONValue},
		{"us_range", `{"00280010":{"vr":"US","Value":[65536]}}`, dicom.ErrJSONValue},
		{"us_negative", `{"00280010":{"vr":"US","Value":[-1]}}`, dicom.ErrJSONValue},
		{"us_real", `{"00280010":{"vr":"US","Value":[1.5]}}`, dicom.ErrJSONValue},
		{"us_text", `{"00280010":{"vr":"US","Value":["Secret"]}}`, dicom.ErrJSONValue},
		{"us_item", `{"00280010":{"vr":"US","Value":[{}]}}`, dicom.ErrJSONValue},
		{"ss_range", `{"00280010":{"vr":"SS","Value":[32768]}}`, dicom.ErrJSONValue},
		{"ul_range", `{"00280010":{"vr":"UL","Value":[4294967296]}}`, dicom.ErrJSONValue},
		{"sl_range", `{"00280010":{"vr":"SL","Value":[-2147483649]}}`, dicom.ErrJSONValue},
		{"sv_range", `{"00280010":{"vr":"SV","Value":[9223372036854775808]}}`, dicom.ErrJSONValue},
		{"uv_negative", `{"00280010":{"vr":"UV","Value":[-1]}}`, dicom.ErrJSONValue},
		{"fd_range", `{"00280010":{"vr":"FD","Value":[1e999]}}`, dicom.ErrJSONValue},
		{"at_short", `{"00280009":{"vr":"AT","Value":["0010"]}}`, dicom.ErrJSONValue},
		{"number_form", `{"00280010":{"vr":"US","Value":[01]}}`, dicom.ErrJSON},
		{"number_plus", `{"00280010":{"vr":"US","Value":[+1]}}`, dicom.ErrJSON},
		{"number_point", `{"00280010":{"vr":"US","Value":[1.]}}`, dicom.ErrJSON},
		{"escape", `{"00100020":{"vr":"LO","Value":["\x"]}}`, dicom.ErrJSON},
		{"escape_hex", `{"00100020":{"vr":"LO","Value":["\u00g0"]}}`, dicom.ErrJSON},
		{"newline_in_text", "{\"00100020\":{\"vr\":\"LO\",\"Value\":[\"a\nb\"]}}", dicom.ErrJSON},
		{"word", `{"00100020":{"vr":"LO","Value":[nul]}}`, dicom.ErrJSON},
		{"uri_number", `{"00091001":{"vr":"OB","BulkDataURI":1}}`, dicom.ErrJSONModel},
		{"uri_list", `{"00091001":{"vr":"OB","BulkDataURI":["a","b"]}}`, dicom.ErrJSON},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := dicom.DecodeJSON(strings.NewReader(tt.json), dicom.JSONOptions{})
			var syntax *dicom.SyntaxError
			if !errors.Is(err, tt.want) || !errors.As(err, &syntax) {
				t.Fatalf("got %v, want a SyntaxError of %v", err, tt.want)
			}
			if strings.Contains(err.Error(), "Secret") {
				t.Errorf("the error %q shows a value", err)
			}
		})
	}
}

// TestJSON_Prefixes cuts a text at each byte: none of the pieces is a data set.
func TestJSON_Prefixes(t *testing.T) {
	text := `{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00100010":{"vr":"PN","Value":[{"Alphabetic":"A","Ideographic":"\u00e9"},null]},` +
		`"00081111":{"vr":"SQ","Value":[{"00280010":{"vr":"US","Value":[1.5e+3]}},{}]},"00091001":{"x":{"y":[true]},"vr":"UN","InlineBinary":"AAA="}}`
	for n := range len(text) {
		_, err := dicom.DecodeJSON(strings.NewReader(text[:n]), dicom.JSONOptions{})
		// A number that is cut is no number.
		if !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, dicom.ErrJSON) {
			t.Errorf("%q: got %v", text[:n], err)
		}
	}
	if _, err := dicom.DecodeJSON(strings.NewReader(text), dicom.JSONOptions{}); err != nil {
		t.Error(err)
	}
}

func TestJSON_Sequences(t *testing.T) {
	text := `{"00081115":{"vr":"SQ","Value":[{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00081030":{"vr":"LO","Value":["é"]}},` +
		`{"00081199":{"vr":"SQ","Value":[{}]},"0020000E":{"vr":"UI","Value":["1.2"]}}]},"00081140":{"vr":"SQ"}}`
	d := &dicom.Dataset{}
	if err := json.Unmarshal([]byte(text), d); err != nil {
		t.Fatal(err)
	}
	items := d.Sequence(0x00081115)
	if len(items) != 2 || len(items[1].Sequence(0x00081199)) != 1 || len(d.Sequence(0x00081140)) != 0 {
		t.Fatalf("got %d items", len(items))
	}
	if got := items[0].String(0x00081030); got != "é" {
		t.Errorf("got %q", got)
	}
	// The outer data set had no character set and has text that needs one.
	if got := d.String(0x00080005); got != "ISO_IR 192" {
		t.Errorf("character set %q", got)
	}
	out, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Replace(text, `{"00081115"`, `{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00081115"`, 1)
	if string(out) != want {
		t.Errorf("got\n%s, want\n%s", out, want)
	}
}

func TestJSON_Charset(t *testing.T) {
	d := &dicom.Dataset{}
	d.SetString(0x00080005, "", "ISO 2022 IR 87")
	d.Set(dicom.Element{Tag: 0x00100010, VR: dicom.PN, Value: []byte("Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B")})
	inner := &dicom.Dataset{}
	inner.Set(dicom.Element{Tag: 0x00081030, VR: dicom.LO, Value: []byte("\x1b$B;3ED\x1b(B ")})
	d.SetSequence(0x00081110, inner)
	want := `{"00080005":{"vr":"CS","Value":["ISO_IR 192"]},"00081110":{"vr":"SQ","Value":[{"00081030":{"vr":"LO","Value":["山田"]}}]},` +
		`"00100010":{"vr":"PN","Value":[{"Alphabetic":"Yamada^Tarou","Ideographic":"山田^太郎"}]}}`
	out := dicom.AppendJSON(nil, d, dicom.JSONOptions{})
	if string(out) != want {
		t.Errorf("got\n%s, want\n%s", out, want)
	}
	back, err := dicom.DecodeJSON(bytes.NewReader(out), dicom.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got := back.PersonName(0x00100010).Ideographic.Given; got != "太郎" {
		t.Errorf("got %q", got)
	}
	if got := back.Sequence(0x00081110)[0].String(0x00081030); got != "山田" {
		t.Errorf("the item does not inherit the character set: %q", got)
	}
}

func TestJSON_GroupLength(t *testing.T) {
	d := &dicom.Dataset{}
	d.SetUint32(0x00080000, 12)
	if got := string(dicom.AppendJSON(nil, d, dicom.JSONOptions{})); got != "{}" {
		t.Errorf("got %s", got)
	}
	d, err := dicom.DecodeJSON(strings.NewReader(`{"00080000":{"vr":"UL","Value":[12]}}`), dicom.JSONOptions{})
	if err != nil || len(d.Elements) != 0 {
		t.Errorf("got %d elements, %v", len(d.Elements), err)
	}
}

func TestJSON_Fragments(t *testing.T) {
	d := &dicom.Dataset{Elements: []dicom.Element{{Tag: dicom.PixelData, VR: dicom.OB, Fragments: [][]byte{{}, {1, 2, 3, 4}, {5, 6}}}}}
	out := dicom.AppendJSON(nil, d, dicom.JSONOptions{})
	want := `{"7FE00010":{"vr":"OB","InlineBinary":"/v8A4AAAAAD+/wDgBAAAAAECAwT+/wDgAgAAAAUG"}}`
	if string(out) != want {
		t.Errorf("got %s, want %s", out, want)
	}
	back, err := dicom.DecodeJSON(bytes.NewReader(out), dicom.JSONOptions{})
	if err != nil {
		t.Fatal(err)
	}
	e := back.Get(dicom.PixelData)
	if e.Value != nil || len(e.Fragments) != 3 || len(e.Fragments[0]) != 0 || string(e.Fragments[2]) != "\x05\x06" {
		t.Errorf("got %q, %q", e.Value, e.Fragments)
	}
	// Native pixels that begin as an item would stay what they are.
	native := oneElement(dicom.PixelData, dicom.OW, "\xfe\xff\x00\xe0\x04\x00\x00\x00\x01\x02")
	back, err = dicom.DecodeJSON(bytes.NewReader(dicom.AppendJSON(nil, native, dicom.JSONOptions{})), dicom.JSONOptions{})
	if err != nil || back.Elements[0].Fragments != nil || len(back.Elements[0].Value) != 10 {
		t.Errorf("got %v, %v", back.Elements, err)
	}
}

func TestJSON_BulkData(t *testing.T) {
	d := oneElement(0x00281201, dicom.OW, "\x01\x02")
	item := oneElement(0x00091001, dicom.UN, "\x03\x04")
	d.SetSequence(0x00081115, item)
	var asked []string
	opt := dicom.JSONOptions{BulkURI: func(at dicom.Path, e *dicom.Element) string {
		asked = append(asked, at.String()+e.Tag.String())
		if e.Tag == 0x00091001 {
			return "http://pacs/bulk/\"1\""
		}
		return ""
	}}
	out := dicom.AppendJSON(nil, d, opt)
	want := `{"00081115":{"vr":"SQ","Value":[{"00091001":{"vr":"UN","BulkDataURI":"http://pacs/bulk/\"1\""}}]},"00281201":{"vr":"OW","InlineBinary":"AQI="}}`
	if string(out) != want {
		t.Errorf("got %s, want %s", out, want)
	}
	if got := fmt.Sprint(asked); got != "[(0008,1115)[0].(0009,1001) (0028,1201)]" {
		t.Errorf("asked of %s", got)
	}
	var seen []string
	back, err := dicom.DecodeJSON(bytes.NewReader(out), dicom.JSONOptions{OnBulk: func(at dicom.Path, e *dicom.Element, uri string) error {
		seen = append(seen, at.String()+e.Tag.String()+" "+e.VR.String()+" "+uri)
		e.Value = []byte{3, 4}
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(seen); got != `[(0008,1115)[0].(0009,1001) UN http://pacs/bulk/"1"]` {
		t.Errorf("seen %s", got)
	}
	if got := back.Sequence(0x00081115)[0].Get(0x00091001).Value; string(got) != "\x03\x04" {
		t.Errorf("got %q", got)
	}
	broken := errors.New("no such bulk")
	_, err = dicom.DecodeJSON(bytes.NewReader(out), dicom.JSONOptions{OnBulk: func(dicom.Path, *dicom.Element, string) error { return broken }})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	back, err = dicom.DecodeJSON(bytes.NewReader(out), dicom.JSONOptions{})
	if err != nil || len(back.Sequence(0x00081115)[0].Get(0x00091001).Value) != 0 {
		t.Errorf("without OnBulk: %v", err)
	}
}
