package probe

import (
	"context"
	"slices"
)

// store asks nothing more: a storage class that was accepted in the
// negotiation is one that would be taken (PS3.4 section B.2.1). Nothing is sent.
func store(_ context.Context, d *Dialogue) error {
	d.Facts.Store = slices.ContainsFunc(storage(), d.Agreed)
	return nil
}
