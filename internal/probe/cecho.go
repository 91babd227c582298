package probe

import (
	"context"

	"github.com/leadglass/leadglass/dimse"
)

// cecho asks for verification (PS3.7 section 9.1.5).
func cecho(ctx context.Context, d *Dialogue) error {
	if !d.Agreed(dimse.Verification) {
		return nil
	}
	return d.ask(ctx, func(ctx context.Context, c *dimse.Client) error {
		rsp, err := c.Echo(ctx)
		if err != nil {
			return err
		}
		d.Facts.Echo = rsp.Status == dimse.Success
		return nil
	})
}
