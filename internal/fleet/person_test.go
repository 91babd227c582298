package fleet_test

import (
	"bytes"
	"testing"

	"github.com/leadglass/leadglass/internal/fleet"
)

func TestNames_EncodeAndCarryTheMark(t *testing.T) {
	for _, country := range fleet.Tongues() {
		charset, names, err := fleet.Names(country)
		if err != nil {
			t.Errorf("%s: %v", country, err)
			continue
		}
		for _, n := range names {
			if !bytes.Contains(n, []byte("zwyx^")) || len(n) > 3*64+2 {
				t.Errorf("%s: a name in character set %q is %q, without the mark or too long", country, charset, n)
			}
		}
	}
}
