package probe

import (
	"context"
	"errors"
	"fmt"

	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// anyAETitle asks for a second association, under another pair of titles that
// nobody has. A peer that takes both takes all.
func anyAETitle(ctx context.Context, d *Dialogue) error {
	calling, err := d.asker.Invent.AETitle()
	if err != nil {
		return err
	}
	called, err := d.asker.Invent.AETitle()
	if err != nil {
		return err
	}
	d.Close(ctx) // some serve one association at a time
	conn, err := d.asker.dial(ctx, d.target)
	if err != nil {
		return fmt.Errorf("probe: connecting again: %w", err)
	}
	a, err := d.asker.request(ctx, conn, d, calling, called, propose(dimse.Verification))
	var rejected *ul.RejectError
	if errors.As(err, &rejected) {
		return nil
	}
	if err != nil {
		return err
	}
	d.Facts.AnyAETitle = true
	rctx, cancel := context.WithTimeout(ctx, d.asker.Network.Timeout)
	defer cancel()
	if a.Release(rctx) != nil {
		a.Abort(0)
	}
	return nil
}
