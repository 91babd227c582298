package dimse

import (
	"context"
	"io"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// Client is the SCU's side of an association; one operation at a time.
type Client struct {
	// Store receives the sub-operations of C-GET; nil refuses them.
	Store func(ctx context.Context, rq *StoreRequest) Status
}

// NewClient speaks DIMSE on an association that the caller releases.
func NewClient(a *ul.Assoc, lim Limits) *Client { panic("dimse: to do") }

// Response is the final response to an operation.
type Response struct {
	Status                                Status
	Comment                               string
	Completed, Failed, Warning, Remaining int // sub-operations, -1 where the peer does not say
}

// StoreRequest is a C-STORE-RQ; Data is the data set as it is encoded and is
// read as it arrives or leaves.
type StoreRequest struct {
	SOPClass, SOPInstance dicom.UID
	TransferSyntax        dicom.UID
	Priority              Priority
	MoveOriginator        ul.AETitle
	MoveOriginatorID      uint16
	Data                  io.Reader
}

// Query is a C-FIND, C-GET or C-MOVE request.
type Query struct {
	Model       dicom.UID // SOP class of the information model
	Identifier  *dicom.Dataset
	Priority    Priority
	Destination ul.AETitle // C-MOVE only
}

// Echo asks for verification (PS3.7 section 9.1.5).
func (c *Client) Echo(ctx context.Context) (*Response, error) { panic("dimse: to do") }

// Send stores one object on the peer (PS3.7 section 9.1.1).
func (c *Client) Send(ctx context.Context, rq *StoreRequest) (*Response, error) {
	panic("dimse: to do")
}

// Find asks the query (PS3.7 section 9.1.2) and shows each identifier as it
// came; its bytes live only during the call. When match returns ErrCancel the
// operation is cancelled with C-CANCEL and drained, any other error aborts it.
// An error is of the wire; a refusal is in Response.Status.
func (c *Client) Find(ctx context.Context, q *Query, match func(identifier []byte, ts *dicom.TransferSyntax) error) (*Response, error) {
	panic("dimse: to do")
}

// Get retrieves over this association (PS3.7 section 9.1.3).
func (c *Client) Get(ctx context.Context, q *Query, progress func(*Response)) (*Response, error) {
	panic("dimse: to do")
}

// Move retrieves to q.Destination (PS3.7 section 9.1.4).
func (c *Client) Move(ctx context.Context, q *Query, progress func(*Response)) (*Response, error) {
	panic("dimse: to do")
}
