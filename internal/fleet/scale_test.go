package fleet_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/fleet"
)

// TestFleet_FullSizeIsReadySoonAndSmall: the whole internet of 2019 within 20
// seconds and 500 MiB.
func TestFleet_FullSizeIsReadySoonAndSmall(t *testing.T) {
	if testing.Short() {
		t.Skip("thousands of listeners")
	}
	p := plan(t, fleet.Config{Preset: fleet.Greenbone2019, Seed: 1, Listen: widePrefix(), HighPorts: true})
	begun := time.Now()
	f, err := fleet.Start(context.Background(), p)
	if errors.Is(err, fs.ErrPermission) || err != nil && strings.Contains(err.Error(), "open files") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if d := time.Since(begun); d > 20*time.Second {
		t.Errorf("ready after %s, want 20 s", d)
	}
	if mib := resident(t); mib > 500 {
		t.Errorf("%d MiB resident when idle, want at most 500", mib)
	}
}

// resident is the memory of this process in MiB.
func resident(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip(err)
	}
	for line := range strings.SplitSeq(string(text), "\n") {
		if fields := strings.Fields(line); len(fields) > 1 && fields[0] == "VmRSS:" {
			kib, err := strconv.Atoi(fields[1])
			if err != nil {
				t.Fatal(err)
			}
			return kib / 1024
		}
	}
	t.Skip("the system does not say")
	return 0
}

// BenchmarkFind streams the studies of an archive over loopback, both ends in
// this process.
func BenchmarkFind(b *testing.B) {
	p := plan(b, fleet.Config{Preset: fleet.Small, Studies: 2_000_000, Seed: 1, Listen: widePrefix(), HighPorts: true})
	f, err := fleet.Start(context.Background(), p)
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	largest := p.Truth().Systems[0]
	for _, s := range p.Truth().Systems {
		if s.Class == "accepts-anyone" && s.Studies > largest.Studies && strings.Contains(strings.Join(s.Exposures, " "), "find-study-open") {
			largest = s
		}
	}
	c, _ := associate(b, largest.Address)
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.StudyInstanceUID)
	id.SetString(dict.NumberOfStudyRelatedInstances)
	answers := 0
	for b.Loop() {
		_, err := c.Find(context.Background(), &dimse.Query{Model: dimse.StudyRootFind, Identifier: id}, func([]byte, *dicom.TransferSyntax) error {
			answers++
			return nil
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(answers)/b.Elapsed().Seconds(), "answers/s")
}

// BenchmarkEncode works out and encodes answers without sending them.
func BenchmarkEncode(b *testing.B) {
	a := holdings(7, 1_000_000, 30_000_000, 400_000)
	id := &dicom.Dataset{}
	id.SetString(dict.QueryRetrieveLevel, "STUDY")
	id.SetString(dict.StudyInstanceUID)
	id.SetString(dict.NumberOfStudyRelatedInstances)
	answers := 0
	for b.Loop() {
		n, _, ok := fleet.Find(a, id)
		if !ok {
			b.Fatal("refused")
		}
		answers += n
	}
	b.ReportMetric(float64(answers)/b.Elapsed().Seconds(), "answers/s")
}
