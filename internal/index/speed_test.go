package index_test

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/benchtest"
	"github.com/leadglass/leadglass/internal/index"
)

// generated is study n of an archive whose studies spread over ten years.
func generated(n int) index.Add {
	d, uid := &dicom.Dataset{}, fmt.Sprintf("1.2.826.%d", n)
	day := time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, n*7919%3650)
	for tag, v := range map[dicom.Tag]string{
		dict.SOPClassUID: "1.2.840.10008.5.1.4.1.1.2", dict.SOPInstanceUID: uid + ".1.1", dict.StudyInstanceUID: uid, dict.SeriesInstanceUID: uid + ".1",
		dict.StudyDate: day.Format("20060102"), dict.StudyTime: fmt.Sprintf("%02d%02d00", n%24, n%60), dict.AccessionNumber: fmt.Sprintf("ACC%07d", n),
		dict.PatientID: fmt.Sprintf("PAT%06d", n/2), dict.PatientName: fmt.Sprintf("Family%03d^Given%02d", n/2%997, n%89), dict.PatientBirthDate: "19600203",
		dict.PatientSex: "F", dict.StudyDescription: "CT head without contrast", dict.StudyID: fmt.Sprint(n), dict.ReferringPhysicianName: "Referrer^A",
		dict.Modality: []string{"CT", "MR", "US"}[n%3], dict.SeriesNumber: "1", dict.SeriesDescription: "axial", dict.InstanceNumber: "1", dict.BodyPartExamined: "HEAD",
	} {
		d.SetString(tag, v)
	}
	return index.Add{Instance: &index.Instance{Header: d, Ref: leadglass.Ref{Study: dicom.UID(uid), Series: dicom.UID(uid + ".1"), Instance: dicom.UID(uid + ".1.1")},
		Class: "1.2.840.10008.5.1.4.1.1.2", Syntax: "1.2.840.10008.1.2.1", Size: 1000}}
}

// archive has so many studies.
func archive(t testing.TB, studies int) index.Index {
	t.Helper()
	x := open(t, filepath.Join(t.TempDir(), "index.db"))
	t.Cleanup(func() { x.Close() })
	for n := 0; n < studies; {
		var changes []index.Change
		for ; len(changes) < 1000 && n < studies; n++ {
			changes = append(changes, generated(n))
		}
		if err := x.Apply(context.Background(), changes, "p"); err != nil {
			t.Fatal(err)
		}
	}
	return x
}

func asked(level leadglass.Level, pairs ...any) *leadglass.Query {
	q := &leadglass.Query{Level: level, Keys: &dicom.Dataset{}}
	for _, tag := range []dicom.Tag{dict.StudyDate, dict.StudyTime, dict.AccessionNumber, dict.ModalitiesInStudy, dict.ReferringPhysicianName, dict.PatientName,
		dict.PatientID, dict.PatientBirthDate, dict.PatientSex, dict.StudyID, dict.NumberOfStudyRelatedSeries, dict.NumberOfStudyRelatedInstances, dict.StudyDescription} {
		q.Keys.SetString(tag)
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Keys.SetString(dicom.Tag(pairs[i].(int)), pairs[i+1].(string))
	}
	return q
}

type common struct {
	name  string
	q     *leadglass.Query
	least int           // matches
	p99   time.Duration // aim, at 100,000 studies
}

func commonQueries() []common {
	return []common{
		{"Month", asked(leadglass.StudyLevel, dict.StudyDate, "20200301-20200331"), 10, 10 * time.Millisecond},
		{"MonthOfCT", asked(leadglass.StudyLevel, dict.StudyDate, "20200301-20200331", dict.ModalitiesInStudy, "CT"), 3, 10 * time.Millisecond},
		{"Newest", asked(leadglass.StudyLevel), 100, 10 * time.Millisecond},
		{"PatientID", asked(leadglass.StudyLevel, dict.PatientID, "PAT000500"), 2, time.Millisecond},
		{"Accession", asked(leadglass.StudyLevel, dict.AccessionNumber, "ACC0001234"), 1, time.Millisecond},
		{"StudyUID", asked(leadglass.StudyLevel, dict.StudyInstanceUID, "1.2.826.77"), 1, time.Millisecond},
		{"Name", asked(leadglass.StudyLevel, dict.PatientName, "Family00*"), 10, 20 * time.Millisecond},
		{"NameOfMany", asked(leadglass.StudyLevel, dict.PatientName, "Fam*"), 100, 20 * time.Millisecond},
		{"Series", asked(leadglass.SeriesLevel, dict.StudyInstanceUID, "1.2.826.77"), 1, time.Millisecond},
		{"Instances", asked(leadglass.InstanceLevel, dict.StudyInstanceUID, "1.2.826.77", dict.SeriesInstanceUID, "1.2.826.77.1"), 1, time.Millisecond},
		{"Patients", asked(leadglass.PatientLevel, dict.PatientID, "PAT0005*"), 100, 10 * time.Millisecond},
	}
}

// hundred reads the first 100 matches.
func hundred(t testing.TB, x index.Index, q *leadglass.Query) (n int) {
	for _, err := range x.Find(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if n++; n == 100 {
			break
		}
	}
	return n
}

// TestFind_Speed always runs on 2,000 studies; with BENCH=1 on 100,000, and then
// the aims count.
func TestFind_Speed(t *testing.T) {
	studies, bench := 2000, os.Getenv("BENCH") != ""
	if bench {
		studies = 100_000
	}
	begun := time.Now()
	x := archive(t, studies)
	t.Logf("%d studies added, %v each", studies, time.Since(begun)/time.Duration(studies))
	for _, c := range commonQueries() {
		var took []time.Duration
		for range 100 {
			begun := time.Now()
			if n := hundred(t, x, c.q); n < c.least {
				t.Fatalf("%s: %d matches, want %d", c.name, n, c.least)
			}
			took = append(took, time.Since(begun))
		}
		slices.Sort(took)
		t.Logf("%-10s p50 %v p99 %v", c.name, took[50], took[98])
		if bench && took[98] > c.p99 {
			t.Errorf("%s: p99 %v, over %v", c.name, took[98], c.p99)
		}
	}
}

// TestFind_ManyUIDs asks for lists of UIDs: of studies that are spread over the
// archive, and of the instances of one series.
func TestFind_ManyUIDs(t *testing.T) {
	studies, aim := 2000, time.Duration(0)
	if os.Getenv("BENCH") != "" {
		studies, aim = 100_000, time.Second
	}
	x := archive(t, studies)
	series(t, x, studies/10)
	for _, n := range []int{studies / 100, studies / 10} {
		var of, within []string
		for i := range n {
			of, within = append(of, fmt.Sprintf("1.2.826.%d", i*(studies/n))), append(within, fmt.Sprintf("1.9.%d", i))
		}
		for name, q := range map[string]*leadglass.Query{
			"studies":   asked(leadglass.StudyLevel, dict.StudyInstanceUID, strings.Join(of, `\`)),
			"instances": asked(leadglass.InstanceLevel, dict.SOPInstanceUID, strings.Join(within, `\`)),
		} {
			begun, had := benchtest.Processor(t), 0
			for _, err := range x.Find(context.Background(), q) {
				if had++; err != nil {
					t.Fatal(err)
				}
			}
			took := benchtest.Processor(t) - begun
			if t.Logf("%d %s of %d in %v of processor time", had, name, studies, took); had != n || aim > 0 && took > aim {
				t.Errorf("%d of %d %s in %v of processor time", had, n, name, took)
			}
		}
	}
}

// TestFind_LongList: a list that is longer than a page changes which matches there
// are, and neither their order nor what they say.
func TestFind_LongList(t *testing.T) {
	const studies = 700
	x := archive(t, studies)
	for level, tag := range map[leadglass.Level]int{
		leadglass.StudyLevel: dict.StudyInstanceUID, leadglass.SeriesLevel: dict.SeriesInstanceUID, leadglass.InstanceLevel: dict.SOPInstanceUID,
	} {
		all, _ := told(t, x, asked(level), nil)
		var uids []string
		for n := range studies * 2 / 3 {
			uid := fmt.Sprintf("1.2.826.%d", (n*11)%studies)
			uids = append(uids, uid+strings.Repeat(".1", int(level-leadglass.StudyLevel)))
		}
		want, _ := told(t, x, asked(level), uids)
		got, _ := told(t, x, asked(level, tag, strings.Join(append(uids, "1.2.3"), `\`)), nil)
		if len(all) != studies || len(want) != len(uids) || !slices.Equal(got, want) {
			t.Errorf("%v: %d of %d, want %d, in their order: %v", level, len(got), len(all), len(want), slices.Equal(got, want))
		}
		few := asked(level, tag, strings.Join(uids, `\`), dict.ModalitiesInStudy, "MR")
		if got, mr := told(t, x, few, nil); mr != len(got) || mr < len(uids)/4 {
			t.Errorf("%v: %d of %d are MR", level, mr, len(got))
		}
	}
}

// told is the references of the matches, of a list of UIDs where there is one, and
// how many are of MR.
func told(t *testing.T, x index.Index, q *leadglass.Query, of []string) (refs []leadglass.Ref, mr int) {
	t.Helper()
	for m, err := range x.Find(context.Background(), q) {
		if err != nil {
			t.Fatal(err)
		}
		if uid := string(cmp.Or(m.Ref.Instance, m.Ref.Series, m.Ref.Study)); of == nil || slices.Contains(of, uid) {
			refs = append(refs, m.Ref)
		}
		if slices.Contains(m.Studies[0].Modalities, "MR") {
			mr++
		}
	}
	return refs, mr
}

// series adds one series of so many instances.
func series(t testing.TB, x index.Index, instances int) {
	t.Helper()
	var changes []index.Change
	for n := range instances {
		a := generated(1)
		a.Instance.Ref.Instance = dicom.UID(fmt.Sprintf("1.9.%d", n))
		changes = append(changes, a)
	}
	if err := x.Apply(context.Background(), changes, "p"); err != nil {
		t.Fatal(err)
	}
}

// TestFind_NoScan fails when a common query reads a whole table, or sorts where an
// index has the order.
func TestFind_NoScan(t *testing.T) {
	x := archive(t, 2000)
	for _, c := range commonQueries() {
		plan, err := index.Explain(context.Background(), x, c.q)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(plan) {
			scan := strings.HasPrefix(line, "SCAN") && !strings.Contains(line, "USING INDEX study_ord") && !strings.HasPrefix(line, "SCAN w")
			if scan || strings.Contains(line, "TEMP B-TREE") && (strings.HasPrefix(c.name, "Month") || c.name == "Newest") {
				t.Errorf("%s: %s", c.name, plan)
			}
		}
	}
}

// BenchmarkApply adds the slices of one series, 500 in a transaction.
func BenchmarkApply(b *testing.B) {
	x := open(b, filepath.Join(b.TempDir(), "index.db"))
	defer x.Close()
	var changes []index.Change
	for n := range b.N {
		a := generated(1)
		a.Instance.Ref.Instance = dicom.UID(fmt.Sprintf("1.9.%d", n))
		changes = append(changes, a)
	}
	b.ReportAllocs()
	b.ResetTimer()
	for ; len(changes) > 0; changes = changes[min(500, len(changes)):] {
		if err := x.Apply(context.Background(), changes[:min(500, len(changes))], "p"); err != nil {
			b.Fatal(err)
		}
	}
}
