package dimsetest

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// Serve serves a Session to everybody on a free port of 127.0.0.1 until the
// test ends, and returns its address.
func Serve(tb testing.TB, s dimse.Session, lim dimse.Limits) (address string) {
	tb.Helper()
	return ServeUL(tb, &ul.Server{
		Negotiate: dimse.Negotiate(s, ul.UserInformation{ImplementationClassUID: "2.25.1", ImplementationVersionName: "DIMSETEST"}),
		Handle:    dimse.Handle(s, lim),
	})
}

// ServeUL runs a server on a free port of 127.0.0.1 until the test ends.
func ServeUL(tb testing.TB, srv *ul.Server) (address string) {
	tb.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	done := make(chan struct{})
	go func() { // ends by the Shutdown below
		defer close(done)
		_ = srv.Serve(ln)
	}()
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		_ = srv.Shutdown(ctx)
		<-done
	})
	return ln.Addr().String()
}

// Context is a class, and the transfer syntax in which alone it is proposed;
// where that is empty, explicit and implicit little endian are.
type Context struct{ Class, Syntax dicom.UID }

// Classes are contexts in explicit or implicit little endian.
func Classes(classes ...dicom.UID) []Context {
	list := make([]Context, len(classes))
	for i, c := range classes {
		list[i].Class = c
	}
	return list
}

// Request asks for an association with these contexts.
func Request(calling, called ul.AETitle, contexts ...Context) *ul.AssociateRQ {
	rq := &ul.AssociateRQ{
		Calling: calling, Called: called,
		User: ul.UserInformation{ImplementationClassUID: "2.25.1", ImplementationVersionName: "DIMSETEST"},
	}
	for i, c := range contexts {
		syntaxes := []dicom.UID{c.Syntax}
		if c.Syntax == "" {
			syntaxes = []dicom.UID{dicom.ExplicitVRLittleEndian.UID, dicom.ImplicitVRLittleEndian.UID}
		}
		rq.Contexts = append(rq.Contexts, ul.PresentationContext{
			ID: uint8(2*i + 1), AbstractSyntax: c.Class, TransferSyntaxes: syntaxes,
		})
	}
	return rq
}

// Dial requests an association, which is released when the test ends, and
// speaks DIMSE on it.
func Dial(tb testing.TB, address string, rq *ul.AssociateRQ) *dimse.Client {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	a, err := ul.Dial(ctx, address, rq, nil)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_ = a.Release(ctx) // a test may have ended it before
	})
	return dimse.NewClient(a, dimse.Limits{})
}
