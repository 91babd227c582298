package dimse

import (
	"context"

	"github.com/leadglass/leadglass/ul"
)

// Serve answers DIMSE requests on an accepted association until it ends.
func Serve(ctx context.Context, a *ul.Assoc, s Session, lim Limits) error { panic("dimse: to do") }
