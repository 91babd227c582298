package survey

import (
	"context"

	"github.com/leadglass/leadglass/internal/probe"
)

// associate finds out what a port is. A port for DICOM that says nothing is
// asked a second time: an answer can be lost, or late for once. Where it took
// the connection that is while the first asking goes on within TLS, so that who
// never speaks costs one more time for an answer. Where no connection could be
// made the door knows that and sends nothing.
func (e *Examiner) associate(ctx context.Context, asker *probe.Asker, p *asked) (*probe.Dialogue, error) {
	if !p.forDICOM {
		return asker.Associate(ctx, p.target)
	}
	sctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var second chan *probe.Dialogue
	first := *asker
	first.Silent = func() {
		second = make(chan *probe.Dialogue, 1)
		go func() { second <- e.onceMore(sctx, asker, p.target) }() // ends with sctx
	}
	d, err := first.Associate(ctx, p.target)
	silent := err == nil && d.Facts.Class == probe.Timeout
	switch {
	case second == nil && silent:
		return asker.Associate(ctx, p.target)
	case second == nil:
		return d, err
	case err != nil || d.DICOM() || d.Facts.TLS != nil:
		cancel() // it spoke, within TLS
	}
	other := <-second
	// A peer that was late may have taken our TLS for another protocol's bytes.
	if other != nil && err == nil && (silent || other.DICOM() && !d.DICOM()) {
		d, other = other, d
	}
	if other != nil {
		other.Close(ctx)
	}
	return d, err
}

// onceMore is the second asking, nil where the first made an end of it.
func (e *Examiner) onceMore(ctx context.Context, asker *probe.Asker, t probe.Target) (d *probe.Dialogue) {
	defer func() {
		if v := recover(); v != nil {
			notePanic(e.Diagnostics, t.Address(), v)
			d = nil
		}
	}()
	d, err := asker.Associate(ctx, t)
	if err != nil && d != nil {
		d.Close(ctx)
	}
	if err != nil {
		return nil
	}
	return d
}
