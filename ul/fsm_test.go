package ul_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/leadglass/leadglass/ul"
)

// transcription reads testdata/table-9-10.txt: event by event, state by state
// what stands in the cell.
func transcription(t *testing.T) map[ul.Event]map[ul.State]string {
	t.Helper()
	f, err := os.Open("testdata/table-9-10.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	cells := map[ul.Event]map[ul.State]string{}
	var head []string
	for sc := bufio.NewScanner(f); sc.Scan(); {
		fields := strings.Fields(sc.Text())
		switch {
		case len(fields) == 0 || fields[0] == "#":
		case head == nil:
			head = fields
		default:
			var e ul.Event
			if _, err := fmt.Sscanf(fields[0], "Evt%d", &e); err != nil || len(fields) != 14 {
				t.Fatalf("line %q: %v, %d fields", sc.Text(), err, len(fields))
			}
			cells[e] = map[ul.State]string{}
			for i, name := range head {
				var s ul.State
				if _, err := fmt.Sscanf(name, "Sta%d", &s); err != nil {
					t.Fatal(err)
				}
				cells[e][s] = fields[i+1]
			}
		}
	}
	return cells
}

func TestNext_IsTable9_10(t *testing.T) {
	compared := 0
	for e, row := range transcription(t) {
		for s, want := range row {
			compared++
			act, to := ul.Next(s, e)
			got := fmt.Sprintf("%s/%d", act.Name(), to)
			if o := ul.Otherwise(act); o != 0 {
				got += fmt.Sprintf("/%d", o)
			}
			if want == "." {
				want = "AA-8/13" // an empty cell is an abort
			}
			if got != want {
				t.Errorf("%s in %s: %s, want %s", e.Name(), s.Name(), got, want)
			}
		}
	}
	if compared != 13*19 {
		t.Errorf("compared %d cells, want %d", compared, 13*19)
	}
}

func TestNext_OutsideTheTableAborts(t *testing.T) {
	for _, c := range []struct {
		s ul.State
		e ul.Event
	}{{0, ul.Evt1}, {14, ul.Evt1}, {ul.Sta6, 0}, {ul.Sta6, 20}, {255, 255}} {
		if act, to := ul.Next(c.s, c.e); act != ul.AA8 || to != ul.Sta13 {
			t.Errorf("next(%d, %d) = %s, %s", c.s, c.e, act.Name(), to.Name())
		}
	}
}

func TestSentences(t *testing.T) {
	for s := ul.Sta1; s <= ul.Sta13; s++ {
		if s.String() == s.Name() || s.String() == "" {
			t.Errorf("%s has no sentence", s.Name())
		}
	}
	for e := ul.Evt1; e <= ul.Evt19; e++ {
		if e.String() == e.Name() || e.String() == "" {
			t.Errorf("%s has no sentence", e.Name())
		}
	}
	for a := ul.AE1; a <= ul.AA8; a++ {
		if a.String() == a.Name() || a.String() == "" {
			t.Errorf("%s has no sentence", a.Name())
		}
	}
	for got, want := range map[string]string{
		ul.Sta6.String():        "Association established and ready for data transfer",
		ul.Evt10.String():       "P-DATA-TF PDU",
		ul.AR10.Name():          "AR-10",
		ul.State(14).String():   "Sta14",
		ul.Event(20).String():   "Evt20",
		ul.Action(99).String():  "action 99",
		ul.DT2.String():         "Send P-DATA indication primitive",
		ul.Sta13.String()[0:14]: "Awaiting Trans",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestEventOf_EachType(t *testing.T) {
	want := map[ul.PDUType]ul.Event{1: ul.Evt6, 2: ul.Evt3, 3: ul.Evt4, 4: ul.Evt10, 5: ul.Evt12, 6: ul.Evt13, 7: ul.Evt16}
	for i := range 256 {
		p := ul.PDUType(i)
		w, ok := want[p]
		if !ok {
			w = ul.Evt19
		}
		if got := ul.EventOf(p); got != w {
			t.Errorf("type %02X is %s, want %s", i, got.Name(), w.Name())
		}
	}
}
