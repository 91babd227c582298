package probe_test

import (
	"strings"
	"testing"

	"github.com/leadglass/leadglass/internal/probe/probetest"
)

func TestLimit_SampleAnswers(t *testing.T) {
	for _, tt := range []struct {
		name        string
		limit       int
		holds, want int
	}{
		{"default", 0, 21, 20},
		{"below", 5, 5, 5},
		{"crossed_by_one", 5, 6, 5},
		{"off", -1, 300, 300},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := &probetest.Archive{Studies: probetest.Studies(tt.holds)}
			ctx := limited(t)
			asker := probetest.NewAsker(probetest.NewNetwork())
			asker.Limits.SampleAnswers = tt.limit
			d, err := asker.Associate(ctx, target(a.Serve(t)))
			if err != nil {
				t.Fatal(err)
			}
			d.AskAll(ctx, func(q string, err error) { t.Errorf("%s: %v", q, err) })
			d.Close(ctx)
			if got := d.Facts.Study.Sample.Answers; got != tt.want {
				t.Errorf("looked at %d answers, want %d", got, tt.want)
			}
		})
	}
}

func TestLimit_DrainBytes(t *testing.T) {
	a := open()
	a.Endless = true
	ctx := limited(t)
	asker := probetest.NewAsker(probetest.NewNetwork())
	asker.Limits.DrainBytes = 100 << 10
	asker.Network.Timeout *= 10 // so that the number ends it and not the time
	d, err := asker.Associate(ctx, target(a.Serve(t)))
	if err != nil {
		t.Fatal(err)
	}
	var not []string
	d.AskAll(ctx, func(q string, err error) { not = append(not, q+": "+err.Error()) })
	d.Close(ctx)
	if len(not) == 0 || !strings.HasPrefix(not[0], "cfind_study: probe: asking: ") || !strings.HasSuffix(not[0], "over the limit drain_bytes of 102400") {
		t.Errorf("not answered: %q", not)
	}
	if !d.Facts.Study.Open || d.Facts.Study.Sample.Answers != 20 {
		t.Errorf("study: %+v", d.Facts.Study)
	}
}

// TestDrain_LateCancel: a peer that had sent thousands of answers when it read
// the C-CANCEL is asked on over the same association.
func TestDrain_LateCancel(t *testing.T) {
	a := &probetest.Archive{Studies: probetest.Studies(20), Late: 30_000}
	f, not := ask(t, a.Serve(t))
	if len(not) > 0 || !f.Study.Open || !f.Patient.Open {
		t.Errorf("not answered: %q; %+v", not, f)
	}
	if got := a.Connections(); got != 2 { // one for all questions, one for the second pair of titles
		t.Errorf("%d connections, want 2", got)
	}
}

func TestLimit_Associations(t *testing.T) {
	a := open()
	a.Endless = true // each C-FIND costs an association
	ctx := limited(t)
	asker := probetest.NewAsker(probetest.NewNetwork())
	asker.Limits.Associations = 2
	d, err := asker.Associate(ctx, target(a.Serve(t)))
	if err != nil {
		t.Fatal(err)
	}
	not := map[string]string{}
	d.AskAll(ctx, func(q string, err error) { not[q] = err.Error() })
	d.Close(ctx)
	if got, want := not["cfind_worklist"], "probe: over the limit associations of 2"; got != want {
		t.Errorf("cfind_worklist: %q, want %q", got, want)
	}
	// And one for the second pair of titles, which is asked for whatever happened.
	if got := a.Connections(); got != 3 {
		t.Errorf("%d connections, want 3", got)
	}
}
