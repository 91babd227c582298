package dimse

import "fmt"

// Limits bounds what a peer can make us hold. The zero value is the safe
// default; a negative value switches a limit off.
type Limits struct {
	CommandBytes    int64 // one command set
	IdentifierBytes int64 // one identifier that is held in memory
	Responses       int64 // pending responses to one request
	SubOperations   int64
}

// LimitError says which limit the peer crossed.
type LimitError struct {
	Name  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("dimse: over the limit %s of %d", e.Name, e.Limit)
}
