//go:build !linux

package survey

import "context"

func newKnocker(ctx context.Context, r *run) knocker { return dials{r, ctx} }
