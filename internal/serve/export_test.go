package serve

import (
	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/internal/guard"
)

// The keyhole of the tests.

// Guard is that of the faces.
func (s *Server) Guard() *guard.Guard { return s.guard }

// Archive is what it guards.
func (s *Server) Archive() leadglass.Archive { return s.archive }
