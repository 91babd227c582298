// Package indextest examines an implementation of index.Index: what it finds, by
// values, in which order, and what becomes of it when objects come, go, and
// contradict each other. Whoever writes one more implementation calls Run.
package indextest

import (
	"testing"

	"github.com/leadglass/leadglass/internal/index"
)

// Run runs the whole suite. open returns an empty index, which the suite closes.
func Run(t *testing.T, open func(t *testing.T) index.Index) {
	for _, c := range []struct {
		name string
		test func(*testing.T, index.Index)
	}{
		{"Empty", empty},
		{"Matching", matching},
		{"Names", namesMatch},
		{"Fuzzy", fuzzy},
		{"Moments", momentsMatch},
		{"Sequences", sequences},
		{"Answers", answers},
		{"Everything", everything},
		{"CharacterSets", characterSets},
		{"Levels", levels},
		{"Order", ordered},
		{"Paging", paging},
		{"Counts", countsKept},
		{"Facts", facts},
		{"Objects", objects},
		{"Studies", studies},
		{"Duplicates", duplicates},
		{"Conflicts", conflicts},
		{"WithoutPatientID", withoutPatientID},
		{"Issuers", issuers},
		{"Remove", remove},
		{"RemoveNothing", removeNothing},
		{"Labels", labels},
		{"Merge", merge},
		{"MergeIntoNobody", mergeIntoNobody},
		{"MergeChain", mergeChain},
		{"Position", position},
		{"Atomic", atomic},
		{"AtTheSameTime", atTheSameTime},
		{"Metacharacters", metacharacters},
		{"Hostile", hostile},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := open(t)
			t.Cleanup(func() {
				if err := x.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			c.test(t, x)
		})
	}
}
