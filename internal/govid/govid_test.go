package govid_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/govid"
)

// The numbers are the published examples of their issuers or made for tests;
// none is a person's.
func TestKind(t *testing.T) {
	for id, want := range map[string]string{
		"078-05-1120":        "us-ssn", // Woolworth's wallet, void since 1938
		"666-05-1120":        "",
		"900-12-3456":        "",
		"078051120":          "",
		"DOD:1234567890":     "us-military",
		"EDIPI 1234567890":   "us-military",
		"RA 12 345 678":      "us-military",
		"US20240115":         "", // an ultrasound of that day
		"ER 2024-01-15":      "",
		"ER00001234":         "",
		"240115-0001":        "", // the first of a day
		"241262-0001":        "dk-cpr",
		"1EG4-TE5-MK73":      "us-medicare",
		"RSSMRA85T10A562S":   "it-codice-fiscale",
		"RSSMRA85T10A562T":   "",
		"HEGG560427MVZRRL04": "mx-curp",
		"11010519491231002X": "cn-resident",
		"110105194912310021": "",
		"255081416802538":    "fr-nir",
		"756.9217.0769.85":   "ch-ahv",
		"756.9217.0769.84":   "",
		"8001015009087":      "za-id",
		"131052-308T":        "fi-hetu",
		"12345678Z":          "es-dni",
		"12345678A":          "",
		"A123456780":         "de-kvnr",
		"A123456789":         "tw-id",
		"529.982.247-25":     "br-cpf",
		"111.111.111-11":     "",
		"10000000146":        "tr-tckn",
		"85.07.30-033 28":    "be-nn",
		"44051401359":        "pl-pesel",
		"2341 2341 2346":     "in-aadhaar",
		"811218-9876":        "se-personnummer",
		"19811218-9876":      "se-personnummer",
		"943 476 5919":       "uk-nhs",
		"943 476 5918":       "",
		"111222333":          "nl-bsn",
		" 111222333\x00":     "nl-bsn",
		"010203-4007":        "dk-cpr", // born on 1 February 2003; reads as 3 February 2001
		"010203-4008":        "",
		"ZAC5361":            "nz-nhi",
		"ZAC5362":            "",
		"S1234567D":          "sg-nric",
		"S1234567E":          "",
		"A123456(3)":         "hk-id",
		"A123456(4)":         "",
		"12.345.678-5":       "cl-rut",
		"12345678-5":         "cl-rut",
		"12345678-6":         "",
		"1-2345-45678-78-1":  "th-id",
		"33392005961":        "hr-oib",
		"36805280109":        "ee-isikukood",
		"7523169263":         "bg-egn",
		"710319/2745":        "cz-rc",
		"710319/2746":        "",
		"01013099997":        "gr-amka",
		"6433435F":           "ie-pps",
		"6433435E":           "",
		"X2482300W":          "es-nie",
		"X2482300A":          "",
		"112-233-445 95":     "ru-snils",
		"112-233-445 96":     "",
		"784198512345673":    "ae-eid",
		"0101006500006":      "rs-jmbg",
		"123-456-782":        "ca-sin",
		"123-456-783":        "",
		"2123456701":         "au-medicare",
		"8003601234567894":   "au-ihi",
		"039337423":          "il-id",
		"770305-02-1234":     "my-mykad",
		"20-05536168-2":      "ar-cuil",
		"120174-3399":        "is-kennitala",
		"":                   "",
		"PAT0001":            "",
		"12345":              "",
	} {
		if got := govid.Kind([]byte(id)); got != want {
			t.Errorf("Kind(%q) = %q, want %q", id, got, want)
		}
	}
}

func TestKind_LongText(t *testing.T) {
	if got := govid.Kind(make([]byte, 1<<20)); got != "" {
		t.Errorf("a megabyte is %q", got)
	}
}

// TestConvincing_DropsChance counts what running numbers of each length give:
// none may be convincing, however often one passes.
func TestConvincing_DropsChance(t *testing.T) {
	for length := 5; length <= 13; length++ {
		start := int64(1)
		for range length - 1 {
			start *= 10
		}
		for offset := range int64(50) {
			counts := map[string]int{}
			const sample = 20
			for i := range int64(sample) {
				if k := govid.Kind(decimal(start + offset*7919 + i)); k != "" {
					counts[k]++
				}
			}
			if sure := govid.Convincing(counts, sample); len(sure) > 0 {
				t.Errorf("running numbers of %d digits convince: %v", length, sure)
			}
		}
	}
}

// TestConvincing_DropsNumbersOfADay: archives make IDs of a date and a number.
func TestConvincing_DropsNumbersOfADay(t *testing.T) {
	for _, form := range []string{
		"%04d%02d%02d-%04d", "%04d%02d%02d%04d", "%04d%02d%02d%03d", "%04d%02d%02d%02d", "%04d%02d%02d%06d",
		"US%04d%02d%02d", "CT%04d%02d%02d%02d", "%04d%02d%02d%[4]05d", "%04d-%02d-%02d",
	} {
		for month := 1; month <= 12; month++ {
			const sample = 20
			long, short := map[string]int{}, map[string]int{}
			for i := range sample {
				id := fmt.Sprintf(form, 2024, month, 1+i, 1+i*i%17)
				id, _, _ = strings.Cut(id, "%!")
				long[govid.Kind([]byte(id))]++
				short[govid.Kind([]byte(id[2:]))]++
			}
			for _, counts := range []map[string]int{long, short} {
				if sure := govid.Convincing(counts, sample); len(sure) > 0 {
					t.Errorf("%s of month %d convinces: %v", form, month, sure)
				}
			}
		}
	}
}

// TestConvincing_DropsRandomNumbers makes 100,000 identifiers as departments and
// archives make them, and looks at them in samples of a score: chance may convince
// of one kind in one sample of all at most.
func TestConvincing_DropsRandomNumbers(t *testing.T) {
	const sample, samples = 20, 5000
	rng := rand.New(rand.NewPCG(3, 4))
	// 9 is a digit, A a letter, D the digits of a day; each archive has one form.
	forms := []string{
		"9999999", "99999999", "999999999", "9999999999", "99999999999", "999999999999", "9999999999999", "999999999999999",
		"MRN9999999", "A9999999", "AA999999", "AAA9999", "A99999999", "A999999999", "9999999A", "99999999A", "A9999999A",
		"99-99-99", "999-99-9999", "9999-9999", "999999-9999", "99.999.999", "99999999-9", "999-999-999", "999999/9999", "9999 9999 9999",
		"D9999", "D-9999", "D999", "D999999", "D.9999", "CTD999", "H-99999", "99999-9999", "999999-99-9999", "999 999 9999", "A999999(9)",
	}
	wrong := map[string]int{}
	for i := range samples {
		form := forms[i%len(forms)]
		if form == "999-99-9999" { // nothing tells it from a social security number
			continue
		}
		counts := map[string]int{}
		for range sample {
			if kind := govid.Kind(made(rng, form)); kind != "" {
				counts[kind]++
			}
		}
		for kind := range govid.Convincing(counts, sample) {
			wrong[kind+" of "+form]++
		}
	}
	if len(wrong) > 1 {
		t.Errorf("random numbers convince: %v", wrong)
	}
}

// made fills a form with digits, letters and a day of the year 2024.
func made(rng *rand.Rand, form string) []byte {
	var b []byte
	for _, c := range []byte(form) {
		switch c {
		case '9':
			b = append(b, byte('0'+rng.IntN(10)))
		case 'A':
			b = append(b, byte('A'+rng.IntN(26)))
		case 'D':
			b = fmt.Appendf(b, "2024%02d%02d", 1+rng.IntN(12), 1+rng.IntN(28))
		default:
			b = append(b, c)
		}
	}
	return b
}

// TestConvincing_FewAnswers: five good numbers of five say enough, three do not.
func TestConvincing_FewAnswers(t *testing.T) {
	if got := govid.Convincing(map[string]int{"uk-nhs": 5}, 5); got["uk-nhs"] != 5 {
		t.Errorf("got %v of five", got)
	}
	if got := govid.Convincing(map[string]int{"uk-nhs": 3}, 3); len(got) > 0 {
		t.Errorf("got %v of three", got)
	}
}

func TestConvincing_KeepsWhatIsMeant(t *testing.T) {
	got := govid.Convincing(map[string]int{"us-ssn": 2, "uk-nhs": 2, "nl-bsn": 19}, 20)
	if len(got) != 2 || got["us-ssn"] != 2 || got["nl-bsn"] != 19 {
		t.Errorf("got %v, want the two SSNs and the 19 BSNs", got)
	}
}

func decimal(n int64) []byte {
	var b []byte
	for ; n > 0; n /= 10 {
		b = append([]byte{byte('0' + n%10)}, b...)
	}
	return b
}

func FuzzKind(f *testing.F) {
	f.Add([]byte("078-05-1120"))
	f.Add([]byte("A123456789"))
	f.Fuzz(func(t *testing.T, id []byte) {
		if kind := govid.Kind(id); kind != "" && len(id) < 7 {
			t.Errorf("%d characters are a %s", len(id), kind)
		}
	})
}
