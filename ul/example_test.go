package ul_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/ul"
)

// A requestor and an acceptor: the acceptor takes verification and sends each
// piece back.
func Example() {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	acceptor := &ul.Acceptor{
		Supported: ul.Supported{"1.2.840.10008.1.1": {"1.2.840.10008.1.2"}},
		Called:    []ul.AETitle{"ARCHIVE"},
	}
	server := &ul.Server{
		Negotiate: acceptor.Negotiate,
		Handle: func(ctx context.Context, a *ul.Assoc) {
			for {
				pdv, err := a.ReadPDV()
				if err != nil {
					return // io.EOF after a release
				}
				if a.WritePDV(pdv) != nil || a.Flush() != nil {
					return
				}
			}
		},
	}
	go func() { _ = server.Serve(ln) }()
	defer func() { _ = server.Close() }()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	request := &ul.AssociateRQ{
		Called:  "ARCHIVE",
		Calling: "EXAMPLE",
		Contexts: []ul.PresentationContext{
			{ID: 1, AbstractSyntax: "1.2.840.10008.1.1", TransferSyntaxes: []dicom.UID{"1.2.840.10008.1.2"}},
		},
	}
	a, err := ul.Dial(ctx, ln.Addr().String(), request, nil)
	if err != nil {
		log.Fatal(err)
	}
	id, syntax, _ := a.ContextFor("1.2.840.10008.1.1")
	fmt.Println("context", id, "in", syntax)

	_ = a.WritePDV(ul.PDV{ContextID: id, Command: true, Last: true, Data: []byte("a command set")})
	_ = a.Flush()
	pdv, err := a.ReadPDV()
	fmt.Printf("%q %v\n", pdv.Data, err)
	fmt.Println("release:", a.Release(ctx))

	request.Called = "SOMEONE"
	_, err = ul.Dial(ctx, ln.Addr().String(), request, nil)
	var rejected *ul.RejectError
	if errors.As(err, &rejected) {
		fmt.Println(rejected.Result, rejected.Name())
	}
	// Output:
	// context 1 in 1.2.840.10008.1.2
	// "a command set" <nil>
	// release: <nil>
	// rejected-permanent called-ae-title-not-recognized
}

func ExampleParsePDU() {
	pdu, err := ul.ParsePDU([]byte{0x03, 0, 0, 0, 0, 4, 0, 1, 1, 3})
	fmt.Println(pdu, err)
	_, err = ul.ParsePDU([]byte("SSH-2.0-OpenSSH_9.2"))
	fmt.Println(err)
	// Output:
	// ul: association rejected-permanent by service-user: calling-ae-title-not-recognized <nil>
	// ul: malformed item
}

// TestExampleOfThePackageComment holds the bytes of doc.go.
func TestExampleOfThePackageComment(t *testing.T) {
	rq := echoRQ()
	rq.User = ul.UserInformation{MaxLength: 131072}
	b := encoded(t, rq)
	want := "\x01\x00\x00\x00\x00\x9b\x00\x01\x00\x00ANY-SCP         ECHOSCU         " + string(make([]byte, 32)) +
		"\x10\x00\x00\x151.2.840.10008.3.1.1.1\x20\x00\x00\x2e\x01\x00\x00\x00\x30\x00\x00\x111.2.840.10008.1.1\x40\x00\x00\x111.2.840.10008.1.2" +
		"\x50\x00\x00\x08\x51\x00\x00\x04\x00\x02\x00\x00"
	if string(b) != want {
		t.Errorf("\n got %x\nwant %x", b, want)
	}
}
