package dicom_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/dicom"
)

func TestParsePersonName(t *testing.T) {
	tests := []struct {
		text string
		want dicom.PersonName
		back string // where it differs from text
	}{
		{"", dicom.PersonName{}, ""},
		{"Doe", dicom.PersonName{Alphabetic: dicom.NameComponents{Family: "Doe"}}, ""},
		{"Adams^John Robert Quincy^^Rev.^B.A. M.Div.", dicom.PersonName{Alphabetic: dicom.NameComponents{
			Family: "Adams", Given: "John Robert Quincy", Prefix: "Rev.", Suffix: "B.A. M.Div."}}, ""},
		{"Yamada^Tarou=山田^太郎=やまだ^たろう", dicom.PersonName{
			Alphabetic:  dicom.NameComponents{Family: "Yamada", Given: "Tarou"},
			Ideographic: dicom.NameComponents{Family: "山田", Given: "太郎"},
			Phonetic:    dicom.NameComponents{Family: "やまだ", Given: "たろう"}}, ""},
		{"=山田", dicom.PersonName{Ideographic: dicom.NameComponents{Family: "山田"}}, ""},
		{"Wang^XiaoDong=王^小東= ", dicom.PersonName{
			Alphabetic:  dicom.NameComponents{Family: "Wang", Given: "XiaoDong"},
			Ideographic: dicom.NameComponents{Family: "王", Given: "小東"}}, "Wang^XiaoDong=王^小東"},
		{"Doe^Jane^^^ ", dicom.PersonName{Alphabetic: dicom.NameComponents{Family: "Doe", Given: "Jane"}}, "Doe^Jane"},
		{"a^b^c^d^e^f", dicom.PersonName{Alphabetic: dicom.NameComponents{
			Family: "a", Given: "b", Middle: "c", Prefix: "d", Suffix: "e^f"}}, ""},
		{"a=b=c=d", dicom.PersonName{
			Alphabetic:  dicom.NameComponents{Family: "a"},
			Ideographic: dicom.NameComponents{Family: "b"},
			Phonetic:    dicom.NameComponents{Family: "c=d"}}, ""},
	}
	for _, tt := range tests {
		got := dicom.ParsePersonName(tt.text)
		if got != tt.want {
			t.Errorf("ParsePersonName(%q) is not what it should be: %q", tt.text, got.DICOM())
		}
		want := tt.back
		if want == "" {
			want = tt.text
		}
		if back := got.DICOM(); back != want {
			t.Errorf("DICOM() = %q, want %q", back, want)
		}
		if got.IsZero() != (tt.text == "") {
			t.Errorf("%q: IsZero() = %t", tt.text, got.IsZero())
		}
	}
}

// TestPersonName_Redacts prints names in every way that a diagnostic might.
func TestPersonName_Redacts(t *testing.T) {
	type record struct {
		Name dicom.PersonName
		Part dicom.NameComponents
		ID   dicom.PatientID
		Ptr  *dicom.PersonName
		All  []dicom.PatientID
	}
	name := dicom.ParsePersonName("Secretname^Given=Ideo^Graphic=Pho^Netic")
	r := record{name, name.Alphabetic, "Secretid", &name, []dicom.PatientID{"Secretid"}}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d", "%x", "%X", "%t"} {
		fmt.Fprintf(&out, verb+"\n", r)
		fmt.Fprintf(&out, verb+" "+verb+" "+verb+" "+verb+"\n", r.Name, r.Part, r.ID, r.Ptr)
	}
	fmt.Fprintln(&out, r, r.Name, r.ID, name.String(), name.GoString(), r.Part.String(), r.Part.GoString(), r.ID.String(), r.ID.GoString())
	fmt.Fprintln(&out, fmt.Errorf("name %w %s", errorOf{name}, r.ID))
	slog.New(slog.NewTextHandler(&out, nil)).Info("a", "name", name, "part", r.Part, "id", r.ID, "all", r)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("a", "name", name, "part", r.Part, "id", r.ID, "all", r)
	if err := json.NewEncoder(&out).Encode(r); err != nil {
		t.Fatal(err)
	}
	if err := xml.NewEncoder(&out).Encode(r); err != nil {
		t.Fatal(err)
	}
	lower := strings.ToLower(out.String())
	for _, secret := range []string{"secret", "given", "ideo", "graphic", "pho^", "netic", "5365637265746e616d65", "5365637265746964"} {
		if strings.Contains(lower, secret) {
			t.Errorf("%q shows in\n%s", secret, out.String())
		}
	}
	if !strings.Contains(lower, "[person name]") || !strings.Contains(lower, "[patient id]") {
		t.Errorf("nothing says that something was redacted:\n%s", out.String())
	}
}

type errorOf struct{ name dicom.PersonName }

func (e errorOf) Error() string { return e.name.String() }

func TestDataset_PersonName(t *testing.T) {
	d := &dicom.Dataset{}
	d.SetString(0x00100010, "Doe^Jane")
	d.SetString(0x00100020, "MRN-1")
	if got := d.PersonName(0x00100010); got.Alphabetic.Given != "Jane" {
		t.Errorf("got %q", got.DICOM())
	}
	if got := d.PatientID(0x00100020); got.DICOM() != "MRN-1" {
		t.Errorf("got %q", got.DICOM())
	}
}
