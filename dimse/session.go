package dimse

import (
	"context"

	"github.com/leadglass/leadglass/dicom"
)

// Session serves one association. What it can do shows in which of the
// interfaces below it satisfies; the rest is refused.
type Session interface{}

// Echoer answers C-ECHO.
type Echoer interface {
	Echo(ctx context.Context) Status
}

// Storer answers C-STORE; it reads rq.Data to the end.
type Storer interface {
	Store(ctx context.Context, rq *StoreRequest) Status
}

// Finder answers C-FIND. It calls match for each answer, which may leave with
// others in one write; match fails when the peer cancelled or is gone.
type Finder interface {
	Find(ctx context.Context, q *Query, match Matches) (Status, error)
}

// Matches sends pending responses.
type Matches interface {
	// Send encodes and sends one identifier.
	Send(identifier *dicom.Dataset) error
	// SendEncoded sends an identifier that is already encoded in Syntax.
	SendEncoded(identifier []byte) error
	// Syntax is the transfer syntax of the presentation context.
	Syntax() *dicom.TransferSyntax
}

// Getter answers C-GET; each object is sent by send.
type Getter interface {
	Get(ctx context.Context, q *Query, send SubOperations) (*Response, error)
}

// Mover answers C-MOVE.
type Mover interface {
	Move(ctx context.Context, q *Query, report func(*Response) error) (*Response, error)
}

// SubOperations sends the objects of a C-GET.
type SubOperations interface {
	Send(ctx context.Context, rq *StoreRequest, remaining int) (Status, error)
}
