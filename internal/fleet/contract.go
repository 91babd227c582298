package fleet

import (
	"github.com/leadglass/leadglass/internal/fleet/content"
	"github.com/leadglass/leadglass/internal/fleet/plan"
)

// What a program needs to serve a fleet, so that it need not know where it is
// planned.
type (
	Plan   = plan.Plan
	Config = plan.Config
	Preset = plan.Preset
)

// The presets.
const (
	Greenbone2019 = plan.Greenbone2019
	Small         = plan.Small
	Tiny          = plan.Tiny
	Bench         = plan.Bench
)

// NewPlan plans a fleet.
func NewPlan(c Config) (*Plan, error) { return plan.NewPlan(c) }

// Presets lists them all.
func Presets() []Preset { return plan.Presets() }

// Planted returns what a survey must never write.
func Planted() []string { return content.Planted() }
