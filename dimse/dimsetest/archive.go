package dimsetest

import (
	"bytes"
	"context"
	"io"
	"sync"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// Archive is an image archive in memory. It is a Session for any number of
// associations at once and answers C-ECHO, C-STORE, C-FIND, C-GET, C-MOVE and
// storage commitment.
type Archive struct {
	// AETitle is how the archive calls itself when it moves objects.
	AETitle ul.AETitle
	// Destinations are where C-MOVE may send, with their network addresses.
	Destinations map[ul.AETitle]string
	// Committed reports the result where storage was asked to be committed; nil
	// reports it on the association that asked.
	Committed func(ctx context.Context, result *dimse.CommitResult) error

	mu      sync.Mutex // covers what follows
	objects []*Object
	byUID   map[dicom.UID]*Object
}

// Object is an instance that the archive holds.
type Object struct {
	SOPClass, SOPInstance dicom.UID
	TransferSyntax        dicom.UID
	Data                  []byte         // the data set as it came
	Header                *dicom.Dataset // what stands before the pixel data
}

// NewArchive holds the objects of the files.
func NewArchive(files ...*dicom.File) (*Archive, error) {
	a := &Archive{AETitle: "ARCHIVE"}
	for _, f := range files {
		var data bytes.Buffer
		if err := dicom.Encode(&data, f.Dataset, f.TransferSyntax); err != nil {
			return nil, err
		}
		if err := a.add(f.TransferSyntax.UID, data.Bytes()); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// Objects returns what the archive holds, in the order in which it came.
func (a *Archive) Objects() []*Object {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]*Object(nil), a.objects...)
}

// add takes in one object; one of the same UID is replaced.
func (a *Archive) add(syntax dicom.UID, data []byte) error {
	header, err := dicom.DecodeBytes(data, dicom.SyntaxOf(syntax), dicom.Options{StopBefore: dicom.PixelData})
	if err != nil {
		return err
	}
	o := &Object{
		SOPClass:       dicom.UID(header.String(sopClassUID)),
		SOPInstance:    dicom.UID(header.String(sopInstanceUID)),
		TransferSyntax: syntax, Data: data, Header: header,
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byUID == nil {
		a.byUID = map[dicom.UID]*Object{}
	}
	if old := a.byUID[o.SOPInstance]; old != nil {
		*old = *o
		return nil
	}
	a.byUID[o.SOPInstance] = o
	a.objects = append(a.objects, o)
	return nil
}

// Echo says that the archive is there.
func (a *Archive) Echo(context.Context) dimse.Status { return dimse.Success }

// Store keeps an object (PS3.4 annex B).
func (a *Archive) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	data, err := io.ReadAll(rq.Data)
	if err != nil {
		return dimse.OutOfResources
	}
	if a.add(rq.TransferSyntax, data) != nil {
		return dimse.UnableToProcess
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if o := a.byUID[rq.SOPInstance]; o == nil || o.SOPClass != rq.SOPClass {
		return dimse.IdentifierMismatch
	}
	return dimse.Success
}

// Find answers queries of patient and study root (PS3.4 section C.4.1).
func (a *Archive) Find(_ context.Context, q *dimse.Query, match dimse.Matches) (dimse.Status, error) {
	lv := levelOf(q)
	if lv == noLevel {
		return dimse.IdentifierMismatch, nil
	}
	for _, e := range lv.entities(a.matching(q.Identifier)) {
		if err := match.Send(e.answer(q.Identifier, a.AETitle)); err != nil {
			return dimse.Cancel, err
		}
	}
	return dimse.Success, nil
}

// matching returns the objects that fit all the keys.
func (a *Archive) matching(keys *dicom.Dataset) []*Object {
	var list []*Object
	for _, o := range a.Objects() {
		if Match(keys, o.Header) {
			list = append(list, o)
		}
	}
	return list
}

// Get sends the objects over the association that asked (PS3.4 section C.4.3).
func (a *Archive) Get(ctx context.Context, q *dimse.Query, send dimse.SubOperations) (*dimse.Response, error) {
	if levelOf(q) == noLevel {
		return &dimse.Response{Status: dimse.IdentifierMismatch}, nil
	}
	list := a.matching(q.Identifier)
	for i, o := range list {
		if _, err := send.Send(ctx, o.request(), len(list)-i-1); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// request is the C-STORE-RQ of an object.
func (o *Object) request() *dimse.StoreRequest {
	return &dimse.StoreRequest{
		SOPClass: o.SOPClass, SOPInstance: o.SOPInstance, TransferSyntax: o.TransferSyntax,
		Data: bytes.NewReader(o.Data),
	}
}

// Move sends the objects to q.Destination (PS3.4 section C.4.2).
func (a *Archive) Move(ctx context.Context, q *dimse.Query, report func(*dimse.Response) error) (*dimse.Response, error) {
	address, known := a.Destinations[q.Destination]
	if !known {
		return &dimse.Response{Status: dimse.MoveDestinationUnknown, Remaining: -1}, nil
	}
	if levelOf(q) == noLevel {
		return &dimse.Response{Status: dimse.IdentifierMismatch}, nil
	}
	list := a.matching(q.Identifier)
	rsp := &dimse.Response{Remaining: len(list)}
	if len(list) == 0 {
		return rsp, nil
	}
	assoc, err := ul.Dial(ctx, address, Request(a.AETitle, q.Destination, contextsOf(list)...), nil)
	if err != nil {
		rsp.Status, rsp.Failed, rsp.Remaining = dimse.CannotPerform, len(list), 0
		return rsp, nil
	}
	defer assoc.Release(ctx)
	c := dimse.NewClient(assoc, dimse.Limits{})
	for _, o := range list {
		rq := o.request()
		rq.MoveOriginator, rq.MoveOriginatorID = a.AETitle, q.MessageID
		sent, err := c.Send(ctx, rq)
		count(rsp, o, sent, err)
		if err := report(rsp); err != nil {
			return rsp, err
		}
	}
	return rsp, nil
}

// count adds the outcome of the sub-operation of one object to the response.
func count(rsp *dimse.Response, o *Object, sent *dimse.Response, err error) {
	switch {
	case err == nil && sent.Status.Class() == dimse.ClassSuccess:
		rsp.Completed++
	case err == nil && sent.Status.Class() == dimse.ClassWarning:
		rsp.Warning++
	default:
		rsp.Failed++
		rsp.FailedInstances = append(rsp.FailedInstances, o.SOPInstance)
	}
	if rsp.Failed+rsp.Warning > 0 {
		rsp.Status = dimse.SomeFailed
	}
	rsp.Remaining--
}

// contextsOf proposes each class and transfer syntax of the objects once.
func contextsOf(list []*Object) []Context {
	var contexts []Context
	seen := map[Context]bool{}
	for _, o := range list {
		c := Context{o.SOPClass, o.TransferSyntax}
		if !seen[c] {
			seen[c] = true
			contexts = append(contexts, c)
		}
	}
	return contexts
}

// Action takes a request for storage commitment (PS3.4 section J.3.2).
func (a *Archive) Action(_ context.Context, rq *dimse.ActionRequest) *dimse.ActionResponse {
	asked, err := dimse.ParseCommit(rq)
	if err != nil {
		return &dimse.ActionResponse{Status: dimse.InvalidArgument}
	}
	result := a.commit(asked)
	return &dimse.ActionResponse{Then: func(ctx context.Context, c *dimse.Client) error {
		if a.Committed != nil {
			return a.Committed(ctx, result)
		}
		_, err := c.EventReport(ctx, result.Event())
		return err
	}}
}

// commit says which of the objects the archive holds.
func (a *Archive) commit(asked *dimse.CommitRequest) *dimse.CommitResult {
	a.mu.Lock()
	defer a.mu.Unlock()
	result := &dimse.CommitResult{Transaction: asked.Transaction}
	for _, ref := range asked.Objects {
		switch o := a.byUID[ref.SOPInstance]; {
		case o == nil:
			result.Failed = append(result.Failed, dimse.CommitFailure{ObjectRef: ref, Reason: dimse.NoSuchInstance})
		case o.SOPClass != ref.SOPClass:
			result.Failed = append(result.Failed, dimse.CommitFailure{ObjectRef: ref, Reason: dimse.ClassInstanceConflict})
		default:
			result.Committed = append(result.Committed, ref)
		}
	}
	return result
}
