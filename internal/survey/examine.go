// Package survey asks every host of a scope and collects what was found.
package survey

import (
	"context"

	"github.com/leadglass/leadglass/internal/probe"
	"github.com/leadglass/leadglass/internal/report"
	"github.com/leadglass/leadglass/internal/scope"
)

// Found is what one host gave.
type Found struct {
	Systems []report.System       `json:"systems,omitempty"`
	Answers map[probe.Class]int64 `json:"answers"`
}

// Examiner asks one host everything.
type Examiner struct{}

// Examine asks one host. An error means that the host was not finished.
func (e *Examiner) Examine(ctx context.Context, h scope.Host, n *probe.Network) (*Found, error) {
	panic("survey: to do")
}
