package index_test

import (
	"context"
	"strings"
	"testing"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/internal/index"
)

// limited says whether a query is refused by a limit.
func limited(t *testing.T, lim index.Limits, q *leadglass.Query) bool {
	t.Helper()
	x, err := index.OpenSQLite(context.Background(), index.Memory, index.Options{Limits: lim})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for _, err := range x.Find(context.Background(), q) {
		if err != nil {
			return leadglass.CodeOf(err) == leadglass.Limited
		}
	}
	return false
}

func search(tag dicom.Tag, text string) *leadglass.Query {
	q := &leadglass.Query{Level: leadglass.StudyLevel, Keys: &dicom.Dataset{}}
	q.Keys.SetString(tag, text)
	return q
}

// crosses checks a query at a limit, past it, and without it.
func crosses(t *testing.T, at, past *leadglass.Query, lim, off index.Limits) {
	t.Helper()
	if limited(t, lim, at) {
		t.Error("refused at the limit")
	}
	if !limited(t, lim, past) {
		t.Error("not refused past the limit")
	}
	if limited(t, off, past) {
		t.Error("refused without a limit")
	}
}

func TestLimit_Keys(t *testing.T) {
	at, past := search(dict.StudyID, "1"), search(dict.StudyID, "1")
	past.Keys.SetString(dict.PatientID, "1")
	crosses(t, at, past, index.Limits{Keys: 1}, index.Limits{Keys: -1})
}

func TestLimit_UIDs(t *testing.T) {
	crosses(t, search(dict.StudyInstanceUID, `1\2`), search(dict.StudyInstanceUID, `1\2\3`), index.Limits{UIDs: 2}, index.Limits{UIDs: -1})
}

func TestLimit_Values(t *testing.T) {
	crosses(t, search(dict.StudyID, `1\2`), search(dict.StudyID, `1\2\3`), index.Limits{Values: 2}, index.Limits{Values: -1})
}

func TestLimit_KeyBytes(t *testing.T) {
	crosses(t, search(dict.StudyID, `123`), search(dict.StudyID, `1234`), index.Limits{KeyBytes: 3}, index.Limits{KeyBytes: -1})
}

func TestLimit_Wildcards(t *testing.T) {
	crosses(t, search(dict.StudyID, `a*b?`), search(dict.StudyID, `a*b?c*`), index.Limits{Wildcards: 2}, index.Limits{Wildcards: -1})
}

// kept is what an answer has of a description, after it was kept within limits.
func kept(t *testing.T, lim index.Limits, tag dicom.Tag, text string) string {
	t.Helper()
	x, err := index.OpenSQLite(context.Background(), index.Memory, index.Options{Limits: lim})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	a := generated(1)
	a.Instance.Header.SetString(tag, text)
	if err := x.Apply(context.Background(), []index.Change{a}, "p"); err != nil {
		t.Fatal(err)
	}
	for m, err := range x.Find(context.Background(), search(tag, "")) {
		if err != nil {
			t.Fatal(err)
		}
		return m.Attributes.String(tag)
	}
	return "nothing"
}

func TestLimit_ValueBytes(t *testing.T) {
	lim := index.Limits{ValueBytes: 40}
	if got := kept(t, lim, dict.StudyDescription, strings.Repeat("a", 40)); len(got) != 40 {
		t.Errorf("at the limit %d bytes are kept", len(got))
	}
	if got := kept(t, lim, dict.StudyDescription, strings.Repeat("a", 42)); got != "" {
		t.Errorf("past the limit %d bytes are kept", len(got))
	}
	if got := kept(t, index.Limits{ValueBytes: -1}, dict.StudyDescription, strings.Repeat("a", 30000)); len(got) != 30000 {
		t.Errorf("without a limit %d bytes are kept", len(got))
	}
}

func TestLimit_LevelBytes(t *testing.T) {
	// (0032,4000) and the like are not kept; of a study the description comes after date, time and accession number.
	if got := kept(t, index.Limits{LevelBytes: 200}, dict.StudyDescription, strings.Repeat("a", 100)); len(got) != 100 {
		t.Errorf("within the limit %d bytes are kept", len(got))
	}
	if got := kept(t, index.Limits{LevelBytes: 200}, dict.StudyDescription, strings.Repeat("a", 202)); got != "" {
		t.Errorf("past the limit %d bytes are kept", len(got))
	}
}

func TestLimit_Words(t *testing.T) {
	for words, want := range map[int]int{2: 1, 1: 0} {
		x, err := index.OpenSQLite(context.Background(), index.Memory, index.Options{Limits: index.Limits{Words: words}})
		if err != nil {
			t.Fatal(err)
		}
		defer x.Close()
		a := generated(1)
		a.Instance.Header.SetString(dict.PatientName, "aa bb")
		if err := x.Apply(context.Background(), []index.Change{a}, "p"); err != nil {
			t.Fatal(err)
		}
		q, n := search(dict.PatientName, "bb"), 0
		q.Fuzzy = true
		for _, err := range x.Find(context.Background(), q) {
			if err != nil {
				t.Fatal(err)
			}
			n++
		}
		if n != want {
			t.Errorf("with %d words: found %d times, want %d", words, n, want)
		}
	}
}
