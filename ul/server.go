package ul

import (
	"context"
	"net"
)

// Server accepts associations.
type Server struct {
	Config Config
	// Negotiate answers a request. It returns the answer, or a *RejectError.
	// Accept makes an answer from a table of supported contexts.
	Negotiate func(ctx context.Context, remote net.Addr, rq *AssociateRQ) (*AssociateAC, error)
	// Handle serves an association and may release or abort it. When it
	// returns the association is aborted if it is still open.
	Handle func(ctx context.Context, a *Assoc)
}

// Serve accepts on ln until Shutdown or Close, then returns net.ErrClosed.
func (s *Server) Serve(ln net.Listener) error { panic("ul: to do") }

// ServeConn serves one connection and returns when it is done.
func (s *Server) ServeConn(ctx context.Context, conn net.Conn) { panic("ul: to do") }

// Shutdown stops accepting, waits for associations until ctx ends, then aborts them.
func (s *Server) Shutdown(ctx context.Context) error { panic("ul: to do") }
