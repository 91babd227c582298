//go:build unix

package dimse_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// tallier counts objects and bytes of several associations.
type tallier struct{ objects, bytes atomic.Int64 }

func (s *tallier) Store(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
	n, err := io.Copy(io.Discard, rq.Data)
	if err != nil {
		return dimse.OutOfResources
	}
	s.objects.Add(1)
	s.bytes.Add(n)
	return dimse.Success
}

// TestServe_ManyIdle: 32 associations store 512 KiB objects while 1,000 (LONG=1:
// 10,000, or what the limit of open files allows) say nothing. Both ends of
// each are in this process, and so in the memory that is measured.
func TestServe_ManyIdle(t *testing.T) {
	const senders, objects, size = 32, 8, 512 << 10
	idle := 1000
	if os.Getenv("LONG") != "" {
		idle = 10_000
	}
	idle = min(idle, descriptors(t)/2-2*senders-100)
	s := &tallier{}
	address := dimsetest.ServeUL(t, &ul.Server{
		Config:    ul.Config{Limits: ul.Limits{Associations: idle + senders, PerPeer: idle + senders}},
		Negotiate: dimse.Negotiate(s, ul.UserInformation{ImplementationClassUID: "2.25.1"}),
		Handle:    dimse.Handle(s, dimse.Limits{}),
	})
	before := inUse()
	all := make([]net.Conn, idle)
	for i := range all {
		all[i] = silent(t, address)
		defer all[i].Close()
	}
	held := inUse() - before
	if each := held / int64(idle); each > 24<<10 {
		t.Errorf("%d idle associations hold %d bytes each", idle, each)
	}
	start := time.Now()
	var wg sync.WaitGroup
	failed := make(chan error, senders)
	for range senders {
		c := dimsetest.Dial(t, address, dimsetest.Request("SENDER", "ARCHIVE", dimsetest.Classes(ctImage)...))
		wg.Go(func() { failed <- send(c, objects, size) })
	}
	wg.Wait()
	took := time.Since(start)
	for range senders {
		if err := <-failed; err != nil {
			t.Error(err)
		}
	}
	if s.objects.Load() != senders*objects || s.bytes.Load() != senders*objects*size {
		t.Errorf("%d objects with %d bytes arrived", s.objects.Load(), s.bytes.Load())
	}
	// A reader and a writer of 64 KiB each and a piece in hand, on both sides.
	if more := inUse() - before - held; more > senders*8*(64<<10) {
		t.Errorf("%d senders hold %d bytes", senders, more)
	}
	t.Logf("%d idle: %d bytes each; %d objects in %v", idle, held/int64(idle), senders*objects, took)
}

func send(c *dimse.Client, objects, size int) error {
	for range objects {
		rsp, err := c.Send(context.Background(), &dimse.StoreRequest{
			SOPClass: ctImage, SOPInstance: "2.25.1", Data: io.LimitReader(zeros{}, int64(size)),
		})
		if err != nil || rsp.Status != dimse.Success {
			return fmt.Errorf("%+v, %w", rsp, err)
		}
	}
	return nil
}

// silent asks for an association by hand and says nothing more.
func silent(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	rq, err := dimsetest.Request("IDLE", "ARCHIVE", dimsetest.Classes(ctImage)...).Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write(rq); err != nil {
		t.Fatal(err)
	}
	_ = conn.SetReadDeadline(time.Now().Add(20 * time.Second))
	var first [1]byte
	if _, err := io.ReadFull(conn, first[:]); err != nil || ul.PDUType(first[0]) != ul.TypeAssociateAC {
		t.Fatalf("answer %d, %v", first[0], err)
	}
	return conn
}

// inUse is what the heap and the stacks hold.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// descriptors is how many files may be open.
func descriptors(t *testing.T) int {
	t.Helper()
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	return int(min(lim.Cur, 1<<20))
}

// TestServe_FragmentsOfOneByte: a message in as many pieces as it has bytes
// costs a message.
func TestServe_FragmentsOfOneByte(t *testing.T) {
	s := &tallier{}
	a, err := ul.Dial(within(t), dimsetest.Serve(t, s, dimse.Limits{}), dimsetest.Request("SENDER", "ARCHIVE", dimsetest.Classes(ctImage)...), nil)
	if err != nil {
		t.Fatal(err)
	}
	cmd := dimse.Command{Field: dimse.CStoreRQ, MessageID: 1, AffectedSOPClass: ctImage, AffectedSOPInstance: "2.25.1", HasDataset: true}
	const size = 100_000
	before := inUse()
	for _, part := range []struct {
		command bool
		data    []byte
	}{{true, cmd.Append(nil)}, {false, make([]byte, size)}} {
		for i := range part.data {
			err := a.WritePDV(ul.PDV{ContextID: 1, Command: part.command, Last: i == len(part.data)-1, Data: part.data[i : i+1]})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := a.Flush(); err != nil {
		t.Fatal(err)
	}
	p, err := a.ReadPDV()
	var rsp dimse.Command
	if err == nil {
		err = rsp.Unmarshal(p.Data)
	}
	if err != nil || rsp.Status != dimse.Success || s.bytes.Load() != size {
		t.Errorf("%+v, %d bytes, %v", rsp, s.bytes.Load(), err)
	}
	if more := inUse() - before; more > 1<<20 {
		t.Errorf("%d bytes of memory for an object of %d", more, size)
	}
	if err := a.Release(within(t)); err != nil {
		t.Error(err)
	}
}

// TestServer_NoDelay: an answer does not wait for another.
func TestServer_NoDelay(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	on := make(chan int, 1)
	srv := &ul.Server{Negotiate: dimse.Negotiate(newEverything(), ul.UserInformation{ImplementationClassUID: "2.25.1"}), Handle: dimse.Handle(newEverything(), dimse.Limits{})}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(watched{ln, on}) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	c := dimsetest.Dial(t, ln.Addr().String(), dimsetest.Request("ME", "YOU", all()...))
	if rsp, err := c.Echo(within(t)); err != nil || rsp.Status != dimse.Success {
		t.Fatal(rsp, err)
	}
	if n := <-on; n == 0 {
		t.Error("TCP_NODELAY is off")
	}
}

// watched tells whether the connections that it accepts have TCP_NODELAY.
type watched struct {
	net.Listener
	on chan int
}

func (l watched) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		return nil, err
	}
	return c, raw.Control(func(fd uintptr) {
		n, _ := syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, syscall.TCP_NODELAY)
		l.on <- n
	})
}

// counting counts the writes on a server's connections.
type counting struct {
	net.Listener
	writes *atomic.Int64
}

type countedConn struct {
	net.Conn
	writes *atomic.Int64
}

func (l counting) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return countedConn{c, l.writes}, nil
}

func (c countedConn) Write(p []byte) (int, error) {
	c.writes.Add(1)
	return c.Conn.Write(p)
}

// TestServe_OneWriteAnAnswer: command set and data set of an answer, and all
// answers that are there at once, leave in one write.
func TestServe_OneWriteAnAnswer(t *testing.T) {
	session := newEverything()
	session.finder = func(_ context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		for i := range 3 {
			if err := m.Send(study(i)); err != nil {
				return dimse.UnableToProcess, err
			}
		}
		return dimse.Success, nil
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	writes := new(atomic.Int64)
	srv := &ul.Server{Negotiate: dimse.Negotiate(session, ul.UserInformation{ImplementationClassUID: "2.25.1"}), Handle: dimse.Handle(session, dimse.Limits{})}
	done := make(chan error, 1)
	go func() { done <- srv.Serve(counting{ln, writes}) }()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	c := dimsetest.Dial(t, ln.Addr().String(), dimsetest.Request("ME", "YOU", all()...))
	for name, ask := range map[string]func() (*dimse.Response, error){
		"C-ECHO": func() (*dimse.Response, error) { return c.Echo(within(t)) },
		"C-STORE": func() (*dimse.Response, error) {
			return c.Send(within(t), &dimse.StoreRequest{SOPClass: ctImage, SOPInstance: "2.25.1", Data: bytes.NewReader(make([]byte, 300_000))})
		},
		"C-FIND": func() (*dimse.Response, error) {
			return c.Find(within(t), studies(), func([]byte, *dicom.TransferSyntax) error { return nil })
		},
	} {
		was := writes.Load()
		rsp, err := ask()
		if err != nil || rsp.Status != dimse.Success {
			t.Errorf("%s: %+v, %v", name, rsp, err)
		}
		// A slow machine may need longer than the answers wait for each other.
		if n := writes.Load() - was; n != 1 && (name != "C-FIND" || n > 4) {
			t.Errorf("%s was answered in %d writes", name, n)
		}
	}
}
