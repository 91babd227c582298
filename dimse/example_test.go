package dimse_test

import (
	"context"
	"fmt"
	"log"
	"net"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/ul"
)

// two is an archive of two studies.
type two struct{}

func (two) Echo(context.Context) dimse.Status { return dimse.Success }

func (two) Find(_ context.Context, _ *dimse.Query, match dimse.Matches) (dimse.Status, error) {
	for _, uid := range []string{"1.2.3", "1.2.4"} {
		d := new(dicom.Dataset)
		d.SetString(0x00080052, "STUDY")
		d.SetString(0x0020000D, uid)
		if err := match.Send(d); err != nil {
			return dimse.UnableToProcess, err
		}
	}
	return dimse.Success, nil
}

// A server answers what its Session can do; a client asks it.
func Example() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	srv := &ul.Server{
		Negotiate: dimse.Negotiate(two{}, ul.UserInformation{ImplementationClassUID: "2.25.1"}),
		Handle:    dimse.Handle(two{}, dimse.Limits{}),
	}
	go srv.Serve(ln)
	defer srv.Close()

	ctx := context.Background()
	a, err := ul.Dial(ctx, ln.Addr().String(), &ul.AssociateRQ{
		Calling: "ME", Called: "TWO",
		Contexts: []ul.PresentationContext{
			{ID: 1, AbstractSyntax: dimse.StudyRootFind, TransferSyntaxes: dimse.MessageSyntaxes()},
		},
		User: ul.UserInformation{ImplementationClassUID: "2.25.1"},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Release(ctx)

	identifier := new(dicom.Dataset)
	identifier.SetString(0x00080052, "STUDY")
	identifier.SetString(0x0020000D) // asks for it
	q := &dimse.Query{Model: dimse.StudyRootFind, Identifier: identifier}
	rsp, err := dimse.NewClient(a, dimse.Limits{}).Find(ctx, q, func(b []byte, ts *dicom.TransferSyntax) error {
		d, err := dicom.DecodeBytes(b, ts, dicom.Options{}) // shares b: to be used here
		if err != nil {
			return err
		}
		fmt.Println(d.String(0x0020000D))
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rsp.Status)
	// Output:
	// 1.2.3
	// 1.2.4
	// 0000 success
}

// ExampleCommand reads a command set.
func ExampleCommand() {
	b := (&dimse.Command{Field: dimse.CEchoRQ, MessageID: 1, AffectedSOPClass: dimse.Verification}).Append(nil)
	var c dimse.Command
	if err := c.Unmarshal(b); err != nil {
		log.Fatal(err)
	}
	fmt.Println(c.Field, c.MessageID, c.AffectedSOPClass, c.HasDataset)
	// Output: C-ECHO-RQ 1 1.2.840.10008.1.1 false
}
