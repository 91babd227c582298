package govid_test

import (
	"fmt"
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
		if kind := govid.Kind(id); kind != "" && len(id) < 9 {
			t.Errorf("%d characters are a %s", len(id), kind)
		}
	})
}
