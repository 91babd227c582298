package main_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/leadglass/leadglass/internal/fleet"
	"github.com/leadglass/leadglass/internal/report"
)

// fleetPrefix is apart from that of demos and measurements.
const fleetPrefix = "127.112.0.0/12"

// TestFleet surveys each way for a system to be, by the program itself, and
// holds what it found against the truth, system by system; nothing that the
// archives showed may be in anything that it wrote.
func TestFleet(t *testing.T) {
	for name, c := range map[string]fleet.Config{
		"seed_1": {Preset: fleet.Tiny, Seed: 1, HighPorts: true},
		"seed_2": {Preset: fleet.Tiny, Seed: 2, HighPorts: true},
	} {
		t.Run(name, func(t *testing.T) {
			c.Listen = netip.MustParsePrefix(fleetPrefix)
			plan, err := fleet.NewPlan(c)
			if err != nil {
				t.Fatal(err)
			}
			f, err := fleet.Start(t.Context(), plan)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			dir := t.TempDir()
			said := surveyFleet(t, dir, plan)
			got, err := report.Load(filepath.Join(dir, "survey", report.SurveyFile))
			if err != nil {
				t.Fatal(err)
			}
			compare(t, plan.Truth(), got)
			isOfTheSchema(t, filepath.Join(dir, "survey", report.SurveyFile))
			hasTheKeys(t, filepath.Join(dir, "survey", report.SurveyFile))
			oneLetterAnOwner(t, filepath.Join(dir, "survey", report.LettersDir), got)
			keepsNothing(t, dir, said)
		})
	}
}

// surveyFleet runs survey and letter with all diagnostics on and returns what
// they printed.
func surveyFleet(t *testing.T, dir string, plan *fleet.Plan) []byte {
	t.Helper()
	for name, text := range map[string][]byte{"scope.toml": plan.Scope(), "networks.csv": plan.Networks()} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	for _, args := range [][]string{
		{"survey", "--scope", "scope.toml", "--out", "survey", "--networks", "networks.csv", "--timeout", "3s", "--verbose"},
		{"survey", "letter", "survey"},
	} {
		cmd := exec.Command("leadglass", args...)
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &said, &said
		if err := cmd.Run(); err != nil {
			t.Fatalf("leadglass %s: %v\n%s", strings.Join(args, " "), err, said.String())
		}
	}
	return said.Bytes()
}

// compare compares two surveys of the same fleet. How a count was made and the
// dates of certificates are the survey's own.
func compare(t *testing.T, want, got *report.Survey) {
	t.Helper()
	if got.Totals != want.Totals {
		t.Errorf("totals are\n%+v, want\n%+v", got.Totals, want.Totals)
	}
	if len(got.Countries) != len(want.Countries) {
		t.Errorf("%d countries, want %d", len(got.Countries), len(want.Countries))
	}
	for i := range min(len(got.Countries), len(want.Countries)) {
		// The grade is the report's judgement, not a fact of the fleet.
		if g, w := got.Countries[i], want.Countries[i]; g.Code != w.Code || g.Totals != w.Totals {
			t.Errorf("%s is\n%+v, want %s\n%+v", g.Code, g.Totals, w.Code, w.Totals)
		}
	}
	byAddress := map[string]report.System{}
	for _, s := range got.Systems {
		byAddress[s.Address] = s
	}
	for _, w := range want.Systems {
		g, ok := byAddress[w.Address]
		if !ok {
			t.Errorf("%s was not found", w.Address)
			continue
		}
		delete(byAddress, w.Address)
		w.Count.Method, g.Count.Method = "", ""
		// The report names the groups of identical software; their number is in the totals.
		w.Cluster, g.Cluster, w.TLS, g.TLS = "", "", nil, nil
		differ(t, w, g)
	}
	for address := range byAddress {
		t.Errorf("%s was found and is not there", address)
	}
}

// differ names the fields in which two systems differ.
func differ(t *testing.T, want, got report.System) {
	t.Helper()
	w, g := reflect.ValueOf(want), reflect.ValueOf(got)
	for i := range w.NumField() {
		a, b := w.Field(i), g.Field(i)
		empty := (a.Kind() == reflect.Slice || a.Kind() == reflect.Map) && a.Len() == 0 && b.Len() == 0
		if !empty && !reflect.DeepEqual(a.Interface(), b.Interface()) {
			t.Errorf("%s: %s is %v, want %v", want.Address, w.Type().Field(i).Name, b, a)
		}
	}
}

// isOfTheSchema holds a survey.json against the schema in the repository.
func isOfTheSchema(t *testing.T, name string) {
	t.Helper()
	parse := func(name string) any {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource("schema.json", parse("../../internal/report/schema.json")); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(parse(name)); err != nil {
		t.Errorf("survey.json is not of its schema: %v", err)
	}
}

// hasTheKeys wants the keys that programs were promised, with these names, in
// total, for each country and for each system.
func hasTheKeys(t *testing.T, name string) {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var got struct {
		Totals    object
		Countries []struct{ Totals object }
		Systems   []object
	}
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	has := func(where string, o object, keys string) {
		for _, key := range strings.Fields(keys) {
			if _, ok := o[key]; !ok {
				t.Errorf("%s lacks %s", where, key)
			}
		}
	}
	const totals = "systems_dicom systems_disclosing countries patients studies images images_accessible web_viewers_open web_viewers_open_http " +
		"systems_vulnerable systems_cvss10 systems_compromise_indicators systems_tls systems_any_ae_title software_clusters honeypot_suspects"
	has("totals", got.Totals, totals)
	for i, c := range got.Countries {
		has(fmt.Sprintf("country %d", i), c.Totals, totals)
	}
	for i, s := range got.Systems {
		has(fmt.Sprintf("system %d", i), s, "address class product version country exposures patients studies images count")
		if count, ok := s["count"].(object); !ok || count["kind"] == nil {
			t.Errorf("system %d does not say how it was counted: %v", i, s["count"])
		}
	}
	if len(got.Countries) < 5 || len(got.Systems) < 40 {
		t.Errorf("%d countries and %d systems", len(got.Countries), len(got.Systems))
	}
}

// oneLetterAnOwner wants a letter, in text and for printing, for each owner of
// a network in which a system discloses, and for no owner two.
func oneLetterAnOwner(t *testing.T, dir string, s *report.Survey) {
	t.Helper()
	f, err := os.Open(filepath.Join(dir, report.LettersIndex))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	text := map[string]string{} // of the letter, by owner
	for _, row := range rows[1:] {
		if _, twice := text[row[0]]; twice {
			t.Errorf("two letters to %q", row[0])
		}
		page, err := os.ReadFile(filepath.Join(dir, row[7]))
		if err != nil || !bytes.HasPrefix(bytes.ToLower(page), []byte("<!doctype html>")) {
			t.Errorf("the letter to %q for printing: %v", row[0], err)
		}
		letter, err := os.ReadFile(filepath.Join(dir, row[6]))
		if err != nil {
			t.Error(err)
		}
		text[row[0]] = string(letter)
	}
	told := 0
	for _, y := range s.Systems {
		if !y.Discloses() || report.Suspect(&y) {
			continue
		}
		told++
		if !strings.Contains(text[y.Network], y.Address) {
			t.Errorf("the letter to %q does not name %s", y.Network, y.Address)
		}
	}
	if told == 0 || len(text) < 3 {
		t.Errorf("%d letters about %d systems", len(text), told)
	}
}

// keepsNothing looks for what the archives showed in all that was written:
// reports, checkpoint, letters, and what was printed.
func keepsNothing(t *testing.T, dir string, said []byte) {
	t.Helper()
	look := func(where string, text []byte) {
		for _, planted := range fleet.Planted() {
			if bytes.Contains(text, []byte(planted)) {
				t.Errorf("%s holds the planted %q", where, planted)
			}
		}
	}
	look("what was printed", said)
	files := 0
	err := filepath.WalkDir(filepath.Join(dir, "survey"), func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(name)
		look(d.Name(), text)
		look("the file name", []byte(d.Name()))
		files++
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if files < 4 {
		t.Errorf("%d files were written, want survey.json, systems.csv, report.html and letters", files)
	}
}
