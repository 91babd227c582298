package dimse

import (
	"context"

	"github.com/leadglass/leadglass/ul"
)

// Wire is what the package needs of an association, for scripted peers.
type Wire = wire

// ServeWire is Serve over a scripted peer.
func ServeWire(ctx context.Context, w Wire, rq *ul.AssociateRQ, ac *ul.AssociateAC, s Session, lim Limits) error {
	return serve(ctx, newLink(w, rq, ac, lim), s)
}

// NewClientWire is NewClient over a scripted peer.
func NewClientWire(w Wire, rq *ul.AssociateRQ, ac *ul.AssociateAC, lim Limits) *Client {
	return &Client{l: newLink(w, rq, ac, lim)}
}

// Defaults are the limits in force.
func Defaults() Limits { return Limits{}.withDefaults() }
