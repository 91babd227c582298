package report_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/internal/report"
)

func TestDiff_OneSystem(t *testing.T) {
	base := func(change func(*report.System)) report.System {
		y := sys("10.0.0.1:104", "accepts-anyone", "DE", 100, 1000, 50, "any-ae-title", "patient-data-disclosed", "find-study-open")
		change(&y)
		return y
	}
	none := func(*report.System) {}
	estimate := func(sl, sh int64) func(*report.System) {
		return func(y *report.System) {
			y.Count = report.Count{Kind: "estimate", StudiesLow: sl, StudiesHigh: sh, ImagesLow: 1000, ImagesHigh: 1000}
		}
	}
	closed := func(y *report.System) {
		y.Class, y.Exposures, y.Studies, y.Images, y.Count.Kind = "rejects", nil, 0, 0, "none"
	}
	for _, c := range []struct {
		name          string
		before, after func(*report.System)
		worse, better []string
	}{
		{"same", none, none, nil, nil},
		{"closed", none, closed, nil, []string{"no longer discloses patient data", "no longer has any-ae-title", "no longer has find-study-open"}},
		{"opened", closed, none, []string{"discloses patient data", "has any-ae-title", "has find-study-open"}, nil},
		{"retrieval", none, func(y *report.System) { y.Retrievable = true; y.Exposures = append(y.Exposures, "retrieve-open") }, []string{"anyone can take its images"}, nil},
		{"more studies", none, func(y *report.System) { y.Studies, y.Images = 101, 1007 }, []string{"holds 1 more study", "holds 7 more images"}, nil},
		{"fewer studies", none, func(y *report.System) { y.Studies = 40 }, nil, []string{"holds 60 fewer studies"}},
		{"an exposure", none, func(y *report.System) { y.Exposures = append(y.Exposures, "viewer-open") }, []string{"has viewer-open"}, nil},
		{"worse wins over better", none, func(y *report.System) { y.Studies = 40; y.Exposures = append(y.Exposures, "store-open") }, []string{"has store-open"}, nil},
		{"an echo is no harm", none, func(y *report.System) { y.Exposures = append(y.Exposures, "echo-open") }, nil, nil},
		{"within the interval", none, estimate(95, 120), nil, nil},
		{"above the interval", none, estimate(101, 120), []string{"holds 1 more study"}, nil},
		{"not counted this time", none, func(y *report.System) { y.Studies, y.Images, y.Count.Kind = 0, 0, "none" }, nil, nil},
		{"not counted last time", func(y *report.System) { y.Studies, y.Images, y.Count.Kind = 0, 0, "none" }, none, nil, nil},
	} {
		t.Run(strings.ReplaceAll(c.name, " ", "_"), func(t *testing.T) {
			d := report.Diff(finished(base(c.before)), finished(base(c.after)))
			if got := reasons(d.Worse); !reflect.DeepEqual(got, c.worse) {
				t.Errorf("worse: got %q, want %q", got, c.worse)
			}
			if got := reasons(d.Better); !reflect.DeepEqual(got, c.better) {
				t.Errorf("better: got %q, want %q", got, c.better)
			}
			if d.AnyWorse() != (c.worse != nil) || len(d.New)+len(d.Gone) != 0 {
				t.Errorf("AnyWorse %v, %d new, %d gone", d.AnyWorse(), len(d.New), len(d.Gone))
			}
		})
	}
}

func reasons(list []report.Change) []string {
	var all []string
	for _, c := range list {
		all = append(all, c.Reasons...)
	}
	return all
}

func TestDiff_NewAndGone(t *testing.T) {
	stays := sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0)
	harmful := sys("10.0.0.2:104", "accepts-anyone", "DE", 5, 6, 0, "patient-data-disclosed")
	harmless := sys("10.0.0.3:104", "tls-only", "DE", 0, 0, 0)
	pot := sys("10.0.0.4:104", "accepts-anyone", "DE", 5, 6, 0, "patient-data-disclosed")
	pot.Honeypot = []string{"known-honeypot-software"}

	d := report.Diff(finished(stays), finished(stays, harmful, pot))
	if len(d.New) != 1 || d.New[0].Address != harmful.Address || !d.AnyWorse() {
		t.Errorf("new and disclosing: got %+v, worse %v", d.New, d.AnyWorse())
	}
	if want := []string{"discloses patient data", "holds 5 more studies", "holds 6 more images"}; !reflect.DeepEqual(d.New[0].Reasons, want) {
		t.Errorf("got %q, want %q", d.New[0].Reasons, want)
	}
	if d = report.Diff(finished(stays), finished(stays, harmless)); len(d.New) != 1 || d.AnyWorse() {
		t.Errorf("new and harmless: got %+v, worse %v", d.New, d.AnyWorse())
	}
	if d = report.Diff(finished(stays, harmful, pot), finished(stays)); len(d.Gone) != 1 || d.Gone[0].StudiesBefore != 5 || d.AnyWorse() {
		t.Errorf("gone: got %+v, worse %v", d.Gone, d.AnyWorse())
	}
}

func TestDiff_PartialSurveyIsNotGone(t *testing.T) {
	before := finished(sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0), sys("10.0.0.2:104", "rejects", "DE", 0, 0, 0))
	after := finished(sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0))
	after.Partial = true
	d := report.Diff(before, after)
	if len(d.Gone) != 0 || !reflect.DeepEqual(d.NotAsked, []string{"10.0.0.2:104"}) || len(d.Warnings) != 1 || !strings.Contains(d.Warnings[0], "partial") {
		t.Errorf("got gone %v, not asked %v, warnings %q", d.Gone, d.NotAsked, d.Warnings)
	}
}

func TestDiff_Warnings(t *testing.T) {
	before, after := finished(sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0)), finished(sys("10.0.0.1:104", "rejects", "DE", 0, 0, 0))
	before.Partial, before.Hosts, after.Hosts = true, 10, 11
	before.Finished, after.Finished = start.Add(time.Hour), start
	after.Systems[0].Honeypot = []string{"known-honeypot-software"}
	got := strings.Join(report.Diff(before, after).Warnings, "\n")
	for _, want := range []string{"old survey is partial", "10 hosts and 11 hosts", "1 system became or ceased to be a honeypot", "older than the old one"} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestDiff_Renders(t *testing.T) {
	worse := sample(60)
	worse.Finished = worse.Finished.AddDate(0, 0, 7)
	worse.Systems = append(worse.Systems[1:], sys("10.0.0.2:104", "accepts-anyone", "DE", 5, 6, 0, "patient-data-disclosed"))
	worse.Systems[3].Product = "evil\x1b[31m product"
	report.Finish(worse)
	d := report.Diff(sample(60), worse)
	var text, j bytes.Buffer
	if err := d.Text(&text, 80, false); err != nil {
		t.Fatal(err)
	}
	checkColumns(t, text.String(), 80)
	for _, want := range []string{"From 2026-11-23 to 2026-11-30: 0 worse, 1 new, 0 better, 1 gone", "New (1)", "Gone (1)", "before"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %q in\n%s", want, text.String())
		}
	}
	if err := d.JSON(&j); err != nil {
		t.Fatal(err)
	}
	var back report.Changes
	if err := json.Unmarshal(j.Bytes(), &back); err != nil || len(back.New) != 1 || back.Before.SystemsDICOM != d.Before.SystemsDICOM {
		t.Errorf("JSON: got %+v, %v", back.New, err)
	}
}
