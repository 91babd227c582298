package serve_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/internal/archive"
	"github.com/leadglass/leadglass/internal/index"
)

// The organisations and the department of the catalogue.
const (
	north  = "North Clinic"
	south  = "South Clinic"
	cardio = "CARDIO"
)

// kept is a study of the catalogue, as the test knows it.
type kept struct {
	uid          dicom.UID
	patient      string
	organisation string
	labels       []string
	recent       bool // made today
	objects      []slice
}

// missing is a study that nobody ever stored.
func missing() *kept {
	s := &kept{uid: "1.2.840.99999.1.404", patient: "P404"}
	s.objects = []slice{{study: s.uid, patient: s.patient, n: 1}}
	return s
}

// catalogue is some 30 studies of six patients, mixed in all that rules ask for.
func catalogue() (all []*kept) {
	now := time.Now().UTC()
	for i := range 30 {
		s := &kept{
			uid: dicom.UID(fmt.Sprintf("1.2.840.99999.1.%d", i+1)), patient: fmt.Sprintf("P%d", i%6),
			organisation: []string{north, south, "", north, ""}[i%5],
			labels:       [][]string{nil, {"R"}, {"V"}, {"research"}, {"R", "research"}, {cardio}, {"V", cardio}}[i%7],
			recent:       i%4 == 0,
		}
		date := []string{now.Format("20060102"), "20190304", "", now.AddDate(0, 0, 10).Format("20060102")}[i%4]
		for part := range 1 + i%2 {
			for n := range 1 + i%3 {
				s.objects = append(s.objects, slice{
					name: "PLANTED^" + s.patient, patient: s.patient, study: s.uid, part: part + 1, n: n + 1, date: date,
					institution: s.organisation, accession: fmt.Sprintf("A%d", i), modality: []string{"CT", "MR"}[(part+i/2)%2],
					rows: 8, columns: 8, pixels: 64,
				})
			}
		}
		all = append(all, s)
	}
	return all
}

// of are the objects of a series, 0 for all.
func (s *kept) of(part int) (all []slice) {
	for _, o := range s.objects {
		if part == 0 || o.part == part {
			all = append(all, o)
		}
	}
	return all
}

func (s *kept) parts() int { return s.objects[len(s.objects)-1].part }

func (s *kept) modalities() string {
	var all []string
	for _, o := range s.objects {
		all = append(all, o.modality)
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// fill puts studies into the folder of an archive that is stopped, with the labels
// that no sender can set.
func fill(t testing.TB, data string, studies []*kept) {
	t.Helper()
	ix, err := index.OpenSQLite(t.Context(), filepath.Join(data, "index/index.sqlite"), index.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer ix.Close()
	a, err := archive.Open(t.Context(), archive.Config{Dir: filepath.Join(data, "objects"), Index: ix, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
	}()
	for _, s := range studies {
		for _, o := range s.objects {
			if _, err := a.Store(t.Context(), &leadglass.Incoming{File: true, Data: bytes.NewReader(o.file(t)), Received: time.Now()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.SetLabels(t.Context(), s.uid, s.labels); err != nil {
			t.Fatal(err)
		}
	}
}
