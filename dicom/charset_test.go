package dicom_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/leadglass/leadglass/dicom"
)

const esc = "\x1b"

// charsetExamples are those of PS3.5 annexes H to K and one for each defined
// term of PS3.3 tables C.12-2 to C.12-5. Each encodes back to the same bytes,
// unless oneWay says why not.
var charsetExamples = []struct {
	name, terms string
	vr          dicom.VR
	bytes, text string
	oneWay      string
}{
	{"default", "", dicom.PN, "Doe^Jane", "Doe^Jane", ""},
	{"ir6", "ISO_IR 6", dicom.LO, "plain", "plain", ""},
	{"ir100", "ISO_IR 100", dicom.PN, "Buc^J\xe9r\xf4me", "Buc^Jérôme", ""},
	{"ir101", "ISO_IR 101", dicom.LO, "Wa\xb3\xeasa", "Wałęsa", ""},
	{"ir109", "ISO_IR 109", dicom.LO, "anta\xfdnomo", "antaŭnomo", ""},
	{"ir110", "ISO_IR 110", dicom.LO, "v\xe0rds", "vārds", ""},
	{"ir126", "ISO_IR 126", dicom.PN, "\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2", "Διονυσιος", ""},
	{"ir127", "ISO_IR 127", dicom.PN, "\xe2\xc8\xc7\xe6\xea^\xe4\xe6\xd2\xc7\xd1", "قباني^لنزار", ""},
	{"ir138", "ISO_IR 138", dicom.PN, "\xf9\xf8\xe5\xef^\xe3\xe1\xe5\xf8\xe4", "שרון^דבורה", ""},
	{"ir144", "ISO_IR 144", dicom.PN, "\xbb\xee\xda\x63\x65\xdc\xd1\x79\x70\xd3", "Люкceмбypг", ""},
	{"ir148", "ISO_IR 148", dicom.LO, "\xc7avu\xfeo\xf0lu", "Çavuşoğlu", ""},
	{"ir166", "ISO_IR 166", dicom.LO, "\xb9\xd2\xc1\xca\xa1\xd8\xc5", "นามสกุล", ""},
	{"ir203", "ISO_IR 203", dicom.LO, "5 \xa4, c\xbdur", "5 €, cœur", ""},
	{"ir13", "ISO_IR 13", dicom.PN, "\xd4\xcf\xc0\xde^\xc0\xdb\xb3", "ﾔﾏﾀﾞ^ﾀﾛｳ", ""},
	{"ir13_yen", "ISO_IR 13", dicom.ST, "a\\b~", "a¥b‾", ""},
	{"ir13_values", "ISO_IR 13", dicom.LO, "a\\b", "a\\b", ""},
	{"h31", "\\ISO 2022 IR 87", dicom.PN,
		"Yamada^Tarou=" + esc + "$B;3ED" + esc + "(B^" + esc + "$BB@O:" + esc + "(B=" +
			esc + "$B$d$^$@" + esc + "(B^" + esc + "$B$?$m$&" + esc + "(B",
		"Yamada^Tarou=山田^太郎=やまだ^たろう", ""},
	{"h32", "ISO 2022 IR 13\\ISO 2022 IR 87", dicom.PN,
		"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=" + esc + "$B;3ED" + esc + "(J^" + esc + "$BB@O:" + esc + "(J=" +
			esc + "$B$d$^$@" + esc + "(J^" + esc + "$B$?$m$&" + esc + "(J",
		"ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう", ""},
	{"ir159", "\\ISO 2022 IR 87\\ISO 2022 IR 159", dicom.PN,
		"Mori^Ogai=" + esc + "$B?9" + esc + "(B^" + esc + "$(Dl?" + esc + "$B30" + esc + "(B=" +
			esc + "$B$b$j" + esc + "(B^" + esc + "$B$*$&$,$$" + esc + "(B",
		"Mori^Ogai=森^鷗外=もり^おうがい", ""},
	{"i2", "\\ISO 2022 IR 149", dicom.PN,
		"Hong^Gildong=" + esc + "$)C\xfb\xf3^" + esc + "$)C\xd1\xce\xd4\xd7=" + esc + "$)C\xc8\xab^" + esc + "$)C\xb1\xe6\xb5\xbf",
		"Hong^Gildong=洪^吉洞=홍^길동", ""},
	{"i3", "\\ISO 2022 IR 149", dicom.LT,
		esc + "$)CThe first line includes \xc7\xd1\xb1\xdb.\r\n" + esc + "$)CThe second line includes \xc7\xd1\xb1\xdb, too.\r\nThe third line",
		"The first line includes 한글.\r\nThe second line includes 한글, too.\r\nThe third line",
		"the escape sequence stands at the head of the line, not where it is needed"},
	{"j1", "ISO_IR 192", dicom.PN, "Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1=", "Wang^XiaoDong=王^小東=", ""},
	{"j2", "ISO_IR 192", dicom.LT, "The first line includes\xe4\xb8\xad\xe6\x96\x87.\r\n", "The first line includes中文.\r\n", ""},
	{"j3", "GB18030", dicom.PN, "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab=", "Wang^XiaoDong=王^小东=", ""},
	{"j4", "GB18030", dicom.LT, "The first line includes\xd6\xd0\xce\xc4.\r\n", "The first line includes中文.\r\n", ""},
	{"gb18030_four", "GB18030", dicom.LO, "\x82\x30\x81\x30", "㒣", ""},
	{"k1_gbk", "GBK", dicom.PN, "Wang^XiaoDong=\xcd\xf5^\xd0\xa1\x96\x7c=", "Wang^XiaoDong=王^小東=", ""},
	{"k2", "\\ISO 2022 IR 58", dicom.PN,
		"Zhang^XiaoDong=" + esc + "$)A\xd5\xc5^" + esc + "$)A\xd0\xa1\xb6\xab=", "Zhang^XiaoDong=张^小东=", ""},
	{"k3", "\\ISO 2022 IR 58", dicom.LT,
		"1." + esc + "$)A\xb5\xda\xd2\xbb\xd0\xd0\xce\xc4\xd7\xd6\xa1\xa3\r\n2." + esc + "$)A\xb5\xda\xb6\xfe\xd0\xd0\xce\xc4\xd7\xd6\xa1\xa3\r\n",
		"1.第一行文字。\r\n2.第二行文字。\r\n", ""},
	{"latin_extended", "ISO 2022 IR 100\\ISO 2022 IR 144\\ISO 2022 IR 126", dicom.LO,
		"Buc J\xe9r\xf4me\\" + esc + "-F\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2\\" + esc + "-L\xbb\xee\xda",
		"Buc Jérôme\\Διονυσιος\\Люк", ""},
	{"latin2_extended", "\\ISO 2022 IR 101", dicom.SH, "Wa" + esc + "-B\xb3\xeasa", "Wałęsa", ""},
	{"latin3_extended", "\\ISO 2022 IR 109", dicom.SH, "anta" + esc + "-C\xfdnomo", "antaŭnomo", ""},
	{"latin4_extended", "\\ISO 2022 IR 110", dicom.SH, "v" + esc + "-D\xe0rds", "vārds", ""},
	{"latin5_extended", "\\ISO 2022 IR 148", dicom.SH, esc + "-M\xc7avu\xfeo\xf0lu", "Çavuşoğlu", ""},
	{"latin9_extended", "\\ISO 2022 IR 203", dicom.SH, "5 " + esc + "-b\xa4", "5 €", ""},
	{"arabic_extended", "\\ISO 2022 IR 127", dicom.SH, esc + "-G\xe2\xc8", "قب", ""},
	{"thai_extended", "\\ISO 2022 IR 166", dicom.SH, esc + "-T\xb9\xd2", "นา", ""},
	{"hebrew_extended", "\\ISO 2022 IR 138", dicom.PN, esc + "-H\xf9\xf8\xe5\xef^" + esc + "-H\xe3\xe1", "שרון^דב", ""},
	{"katakana_extended", "\\ISO 2022 IR 13", dicom.PN, esc + ")I\xd4\xcf^" + esc + ")I\xc0", "ﾔﾏ^ﾀ", ""},
	{"ascii_extended", "ISO 2022 IR 13\\ISO 2022 IR 6", dicom.ST, "\xd4" + esc + "(B\\" + esc + "(J", "ﾔ\\", ""},
	// A half of these characters has the code of a delimiter and is none.
	{"gbk_backslash", "GBK", dicom.LO, "\x81\x5c\\a", "乗\\a", ""},
	{"jis_equals", "\\ISO 2022 IR 87", dicom.PN, esc + "$B==\\=" + esc + "(B=a", "十椽=a", ""},
	{"jis_wave", "\\ISO 2022 IR 87", dicom.LO, esc + "$B!A!B!]" + esc + "(B", "〜‖−", ""},
}

func charset(t *testing.T, terms string) *dicom.Charset {
	t.Helper()
	c, err := dicom.CharsetOf(strings.Split(terms, `\`)...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestCharset_Examples(t *testing.T) {
	for _, tt := range charsetExamples {
		t.Run(tt.name, func(t *testing.T) {
			c := charset(t, tt.terms)
			if got := c.Decode([]byte(tt.bytes), tt.vr); got != tt.text {
				t.Errorf("Decode(%q) = %q, want %q", tt.bytes, got, tt.text)
			}
			got, err := c.Encode(tt.text, tt.vr)
			if err != nil {
				t.Fatal(err)
			}
			if tt.oneWay == "" && string(got) != tt.bytes {
				t.Errorf("Encode(%q) = %q, want %q", tt.text, got, tt.bytes)
			}
			if back := c.Decode(got, tt.vr); back != tt.text {
				t.Errorf("Decode(Encode(%q)) = %q", tt.text, back)
			}
		})
	}
}

// charsetHostile says what comes of bytes that mean nothing.
var charsetHostile = []struct {
	name, terms string
	vr          dicom.VR
	bytes, text string
}{
	{"high_in_default", "", dicom.LO, "J\xe9r", "J\ufffdr"},
	{"high_in_code_string", "ISO_IR 100", dicom.CS, "J\xe9r", "J\ufffdr"},
	{"escape_in_code_string", "\\ISO 2022 IR 87", dicom.CS, esc + "$BAA", "\ufffd$BAA"},
	{"escape_at_end", "\\ISO 2022 IR 87", dicom.LO, "a" + esc, "a\ufffd"},
	{"escape_cut", "\\ISO 2022 IR 87", dicom.LO, "a" + esc + "$", "a\ufffd$"},
	{"escape_unknown", "\\ISO 2022 IR 87", dicom.LO, "a" + esc + "[2Jb", "a\ufffd[2Jb"},
	{"escape_undeclared", "ISO_IR 100", dicom.LO, esc + "-F\xc4", "Δ"},
	{"half_character", "\\ISO 2022 IR 87", dicom.LO, esc + "$B;3E", "山\ufffd"},
	{"half_before_line_end", "\\ISO 2022 IR 87", dicom.LT, esc + "$B;3E\r\nab", "山\ufffd\r\nab"},
	{"kanji_never_closed", "\\ISO 2022 IR 87", dicom.LT, esc + "$B;3\nab", "山\nab"},
	{"unmapped_pair", "\\ISO 2022 IR 87", dicom.LO, esc + "$B~~;3", "\ufffd山"},
	{"high_in_kanji", "\\ISO 2022 IR 87", dicom.LO, esc + "$B\xbb\xb3", "\ufffd\ufffd"},
	{"mixed_pair", "\\ISO 2022 IR 149", dicom.LO, esc + "$)C\xfbA", "\ufffdA"},
	{"beyond_ks", "\\ISO 2022 IR 149", dicom.LO, esc + "$)C\x81\x41", "\ufffdA"},
	{"c1", "ISO_IR 100", dicom.LO, "a\x80b\x9f", "a\ufffdb\ufffd"},
	{"hole_in_table", "ISO_IR 127", dicom.LO, "\xa1\xc7", "\ufffdا"},
	{"utf8", "ISO_IR 192", dicom.LO, "a\xff\xfe\xc3", "a\ufffd\ufffd\ufffd"},
	{"utf8_surrogate", "ISO_IR 192", dicom.LO, "\xed\xa0\x80", "\ufffd\ufffd\ufffd"},
	{"gb18030_cut", "GB18030", dicom.LO, "a\x81\x30\x81", "a\ufffd0\ufffd"},
	{"delimiter_resets", "\\ISO 2022 IR 126", dicom.PN, esc + "-F\xc4^\xc4", "Δ^\ufffd"},
	{"delimiter_of_pn_only", "\\ISO 2022 IR 126", dicom.LO, esc + "-F\xc4^\xc4\\\xc4", "Δ^Δ\\\ufffd"},
	{"no_delimiter_in_text", "\\ISO 2022 IR 126", dicom.UT, esc + "-F\xc4\\\xc4\t\xc4", "Δ\\Δ\t\ufffd"},
}

func TestCharset_Hostile(t *testing.T) {
	for _, tt := range charsetHostile {
		t.Run(tt.name, func(t *testing.T) {
			if got := charset(t, tt.terms).Decode([]byte(tt.bytes), tt.vr); got != tt.text {
				t.Errorf("Decode(%q) = %q, want %q", tt.bytes, got, tt.text)
			}
		})
	}
}

func TestCharset_EncodeLacks(t *testing.T) {
	tests := []struct {
		terms string
		vr    dicom.VR
		text  string
	}{
		{"", dicom.PN, "Jérôme"},
		{"ISO_IR 100", dicom.PN, "山田"},
		{"ISO_IR 100", dicom.CS, "É"},
		{"\\ISO 2022 IR 87", dicom.PN, "홍"},
		{"\\ISO 2022 IR 149", dicom.PN, "갂"}, // in the encoding of x/text, not in KS X 1001
		{"ISO_IR 13", dicom.LO, "¥"},         // would read as a backslash
		{"ISO_IR 13", dicom.ST, "a\\b"},
		{"GBK", dicom.LO, "홍"},
		{"ISO_IR 100", dicom.LO, "a" + esc + "-Fb"},
		{"ISO_IR 100", dicom.LO, "\xe9"}, // no UTF-8
		{"ISO_IR 192", dicom.LO, "\xe9"},
	}
	for _, tt := range tests {
		got, err := charset(t, tt.terms).Encode(tt.text, tt.vr)
		if err == nil {
			t.Errorf("%q: Encode(%q) = %q, want an error", tt.terms, tt.text, got)
			continue
		}
		if strings.Contains(err.Error(), tt.text) {
			t.Errorf("%q: the error %q shows the value", tt.terms, err)
		}
	}
}

func TestCharsetOf_Terms(t *testing.T) {
	const latin = "J\xe9r"
	for _, term := range []string{"ISO_IR 100", "ISO-IR 100", "ISO IR 100", "iso_ir_100", "ISO 2022 IR 100", "ISO_2022-IR 100", "ISO_IR 100 "} {
		if got := charset(t, term).Decode([]byte(latin), dicom.LO); got != "Jér" {
			t.Errorf("%q: got %q", term, got)
		}
	}
	if got := charset(t, "UTF-8").Decode([]byte("é"), dicom.LO); got != "é" {
		t.Errorf("got %q", got)
	}
	c := charset(t, "\\ISO 2022 IR 87")
	if got := c.Terms(); len(got) != 2 || got[0] != "" || got[1] != "ISO 2022 IR 87" {
		t.Errorf("Terms() = %q", got)
	}
}

// TestCharsetOf_Faulty wants an error that names the term and a character set
// of what remains.
func TestCharsetOf_Faulty(t *testing.T) {
	tests := []struct{ terms, bytes, text string }{
		{"KLINGON", "a\xe9", "a\ufffd"},
		{"KLINGON\\ISO 2022 IR 126", esc + "-F\xc4", "Δ"},
		{"ISO_IR 100\\KLINGON", "\xe9", "é"},
		{"ISO_IR 192\\ISO 2022 IR 87", "é", "é"},
		{"ISO_IR 100\\GB18030", "\xe9", "é"},
		{"ISO_IR 100\\GBK", "\xe9", "é"},
	}
	for _, tt := range tests {
		c, err := dicom.CharsetOf(strings.Split(tt.terms, `\`)...)
		if err == nil || !strings.Contains(err.Error(), "character set") {
			t.Errorf("%q: error %v", tt.terms, err)
		}
		if got := c.Decode([]byte(tt.bytes), dicom.LO); got != tt.text {
			t.Errorf("%q: got %q, want %q", tt.terms, got, tt.text)
		}
	}
}

func TestCharset_Nil(t *testing.T) {
	var c *dicom.Charset
	if got := c.Decode([]byte("a\xe9"), dicom.PN); got != "a\ufffd" {
		t.Errorf("got %q", got)
	}
	if got, err := c.Encode("abc", dicom.PN); err != nil || string(got) != "abc" {
		t.Errorf("got %q, %v", got, err)
	}
	if _, err := c.Encode("é", dicom.PN); err == nil {
		t.Error("the default repertoire encoded an é")
	}
}

func FuzzCharset(f *testing.F) {
	for _, tt := range charsetExamples {
		f.Add(tt.terms, uint8(0), []byte(tt.bytes))
	}
	for _, tt := range charsetHostile {
		f.Add(tt.terms, uint8(1), []byte(tt.bytes))
	}
	vrs := []dicom.VR{dicom.PN, dicom.LO, dicom.ST, dicom.CS, dicom.UC}
	f.Fuzz(func(t *testing.T, terms string, which uint8, b []byte) {
		vr := vrs[int(which)%len(vrs)]
		c, _ := dicom.CharsetOf(strings.Split(terms, `\`)...)
		text := c.Decode(b, vr)
		if !utf8.ValidString(text) {
			t.Fatalf("Decode(%q) is no UTF-8: %q", b, text)
		}
		if len(text) > 3*len(b) {
			t.Fatalf("%d bytes became %d", len(b), len(text))
		}
		// What encodes must decode to itself.
		if out, err := c.Encode(text, vr); err == nil {
			if back := c.Decode(out, vr); back != text {
				t.Fatalf("%q: Decode(Encode(%q)) = %q by way of %q", terms, text, back, out)
			}
		}
	})
}

func BenchmarkCharset_Decode(b *testing.B) {
	for _, tt := range charsetExamples {
		if tt.name != "default" && tt.name != "ir100" && tt.name != "h31" && tt.name != "j1" {
			continue
		}
		b.Run(tt.name, func(b *testing.B) {
			c, _ := dicom.CharsetOf(strings.Split(tt.terms, `\`)...)
			b.SetBytes(int64(len(tt.bytes)))
			b.ReportAllocs()
			for range b.N {
				c.Decode([]byte(tt.bytes), tt.vr)
			}
		})
	}
}
