package content_test

import (
	"bytes"
	"testing"

	"github.com/leadglass/leadglass/internal/fleet/content"
)

// archives are what small ones hold, of many shapes, so that all of each can be looked at.
func archives() []*content.Holdings {
	var list []*content.Holdings
	for seed := range uint64(70) {
		studies := 1 + seed*37
		list = append(list, &content.Holdings{
			Seed: seed, Studies: studies, Images: studies*(1+seed%40) + seed, Patients: 1 + studies*3/7,
			FirstDay: content.DayOf(2008, 2, 29), Days: 4206,
		})
	}
	return list
}

func TestHoldings_SumsHoldByConstruction(t *testing.T) {
	for seed, a := range archives() {
		studies := 1 + uint64(seed)*37
		images, patients := studies*(1+uint64(seed)%40)+uint64(seed), 1+studies*3/7
		var sum uint64
		for i := range studies {
			n := a.ImagesOf(i)
			if n == 0 {
				t.Fatalf("seed %d: study %d has no image", seed, i)
			}
			if sum += n; a.ImagesBefore(i+1) != sum {
				t.Fatalf("seed %d: the images before study %d are %d in closed form, %d added up", seed, i+1, a.ImagesBefore(i+1), sum)
			}
			var inSeries uint64
			for s := range a.SeriesOf(i) {
				inSeries += a.ImagesOfSeries(i, s)
			}
			if inSeries != n {
				t.Fatalf("seed %d: study %d has %d images in its series, want %d", seed, i, inSeries, n)
			}
		}
		if sum != images {
			t.Errorf("seed %d: %d images, want %d", seed, sum, images)
		}
		var ofPatients, ownImages uint64
		for p := range patients {
			if a.StudiesOf(p) == 0 {
				t.Fatalf("seed %d: patient %d has no study", seed, p)
			}
			ofPatients += a.StudiesOf(p)
			ownImages += a.ImagesOfPatient(p)
		}
		if ofPatients != studies || ownImages != images {
			t.Errorf("seed %d: patients have %d studies with %d images, want %d with %d", seed, ofPatients, ownImages, studies, images)
		}
	}
}

func TestHoldings_DatesAscendAndBisect(t *testing.T) {
	for seed, a := range archives() {
		studies := 1 + uint64(seed)*37
		perDay, lastDay, lastSecond := uint64(0), int64(0), 0
		for i := range studies {
			day, second := a.When(i)
			if i > 0 && (day < lastDay || day == lastDay && second < lastSecond) {
				t.Fatalf("seed %d: study %d began before the one before it", seed, i)
			}
			if day != lastDay {
				perDay = 0
			}
			if perDay++; perDay > a.Busiest() {
				t.Fatalf("seed %d: day %d holds more than %d studies", seed, day, a.Busiest())
			}
			if first := a.Since(day, second); first > i || first+perDay < i {
				t.Fatalf("seed %d: since the time of study %d: %d", seed, i, first)
			}
			if next := a.Since(day+1, 0); next <= i {
				t.Fatalf("seed %d: the day after study %d begins with %d", seed, i, next)
			}
			lastDay, lastSecond = day, second
		}
		for p := range 1 + studies*3/7 {
			born := a.Born(p)
			if p > 0 && born < a.Born(p-1) {
				t.Fatalf("seed %d: patient %d was born before the one before", seed, p)
			}
			if a.BornSince(born) > p || a.BornSince(born+1) <= p {
				t.Fatalf("seed %d: patient %d is not in the window of their birth date", seed, p)
			}
		}
	}
}

func TestPatientIDs_GoBothWays(t *testing.T) {
	for form, first := range []string{"QZX1000001", "866-40-0001", "DOD1866400001"} {
		if got := patientID(form, 0); got != first {
			t.Errorf("form %d begins with %q, want %q", form, got, first)
		}
		for p := uint64(0); p < 99_000; p += 13 {
			if got, ok := content.Identifiers(form).Number(patientID(form, p)); !ok || got != p {
				t.Fatalf("form %d: %q is patient %d, %v; want %d", form, patientID(form, p), got, ok, p)
			}
		}
		for _, id := range []string{"", "X", first + "0", "000-00-0000", "QZX0000001", "DOD0000000001"} {
			if p, ok := content.Identifiers(form).Number(id); ok && form == 1 {
				t.Errorf("form %d: %q is patient %d, want nobody", form, id, p)
			}
		}
	}
}

func patientID(form int, p uint64) string { return string(content.Identifiers(form).Append(nil, p)) }

func TestNames_EncodeAndCarryTheMark(t *testing.T) {
	for i := range content.Tongues {
		names, err := content.NewLexicon(&content.Tongues[i].Tongue)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, n := range names.Coded {
			if !bytes.Contains(n, []byte("zwyx^")) || len(n) > 3*64+2 {
				t.Errorf("a name in character set %q is %q, without the mark or too long", names.Charset, n)
			}
		}
	}
}
