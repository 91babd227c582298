package survey

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"time"
)

// sockets knocks without a goroutine, a timer or a net.Conn for each address:
// most addresses of any network are silent or refuse. What answers becomes a
// net.Conn.
type sockets struct {
	run   *run
	ctx   context.Context
	epoll int
	wake  chan struct{} // something is pending
	quit  chan struct{}
	ended chan struct{}

	mu      sync.Mutex // covers the rest
	pending map[int]*attempt
	order   []*attempt    // by their end, since all have the same time; those that are told stay until they are first
	idle    map[int][]int // by family: sockets that were refused
}

// attempt is a connection that is being made.
type attempt struct {
	fd     int
	family int
	to     netip.AddrPort
	at     syscall.Sockaddr
	until  time.Time
	tell   func(net.Conn, error) // nil once it is told
}

const (
	// maxIdle sockets of a family are kept to knock with again: making and closing
	// one costs as much as the knock. A batch on loopback is about as many.
	maxIdle = 64
	// The kernel is asked what came of it every quick while there is news, and
	// every slow while nobody says anything: what comes in between is one batch.
	quick = time.Millisecond
	slow  = 8 * time.Millisecond
	// edge is EPOLLET, which package syscall has as a negative number.
	edge = 1 << 31
)

// newKnocker returns a knocker that ends with ctx, but for close.
func newKnocker(ctx context.Context, r *run) knocker {
	if r.cfg.Dial != nil {
		return dials{r, ctx}
	}
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return dials{r, ctx}
	}
	k := &sockets{
		run: r, ctx: ctx, epoll: epoll, wake: make(chan struct{}, 1), quit: make(chan struct{}), ended: make(chan struct{}),
		pending: map[int]*attempt{}, idle: map[int][]int{},
	}
	go k.reap() // ends when quit is closed
	return k
}

func (k *sockets) close() {
	close(k.quit)
	<-k.ended
	k.spare()
	syscall.Close(k.epoll) // nothing is written to it
}

func (k *sockets) spare() {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, all := range k.idle {
		for _, fd := range all {
			syscall.Close(fd) // nothing was sent
		}
	}
	clear(k.idle)
}

func (k *sockets) start(to netip.AddrPort, tell func(net.Conn, error)) {
	if to.Addr().Zone() != "" {
		dials{k.run, k.ctx}.start(to, tell)
		return
	}
	if err := k.run.spared(k.ctx, func() error { return k.begin(to, tell) }); err != nil {
		tell(nil, err)
	}
}

// begin sends a SYN. Without an error, reap tells what comes of it.
func (k *sockets) begin(to netip.AddrPort, tell func(net.Conn, error)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	a := &attempt{to: to, until: time.Now().Add(k.run.cfg.Limits.Connect), tell: tell}
	if to.Addr().Unmap().Is4() {
		a.family, a.at = syscall.AF_INET, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().Unmap().As4()}
	} else {
		a.family, a.at = syscall.AF_INET6, &syscall.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
	}
	var err error
	if a.fd, err = k.socket(a.family); err != nil {
		return err
	}
	if err := syscall.Connect(a.fd, a.at); !underWay(err) {
		syscall.Close(a.fd) // nothing was sent
		return os.NewSyscallError("connect", err)
	}
	k.pending[a.fd] = a
	k.order = append(k.order, a)
	select {
	case k.wake <- struct{}{}:
	default:
	}
	return nil
}

// underWay says that a connect goes on. One that is made at once counts too:
// its event comes all the same.
func underWay(err error) bool {
	return err == nil || err == syscall.EINPROGRESS || err == syscall.EALREADY || err == syscall.EINTR
}

// socket returns one that epoll watches.
func (k *sockets) socket(family int) (int, error) {
	if all := k.idle[family]; len(all) > 0 {
		k.idle[family] = all[:len(all)-1]
		return all[len(all)-1], nil
	}
	fd, err := syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, syscall.IPPROTO_TCP)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	if err := syscall.EpollCtl(k.epoll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLOUT | edge, Fd: int32(fd)}); err != nil {
		syscall.Close(fd) // nothing was sent
		return 0, os.NewSyscallError("epoll_ctl", err)
	}
	return fd, nil
}

// reap tells what came of the attempts, batch by batch.
func (k *sockets) reap() {
	defer close(k.ended)
	events := make([]syscall.EpollEvent, 512)
	pause := quick
	for {
		n, _ := syscall.EpollWait(k.epoll, events, 0) // without an event there is the time
		done, left := k.settle(events[:max(0, n)])
		for _, s := range done {
			k.report(s)
		}
		switch {
		case left == 0:
			select {
			case <-k.quit:
				return
			case <-k.wake:
			}
		case n == len(events):
			continue
		case n > 0:
			pause = quick
		default:
			pause = min(2*pause, slow)
		}
		time.Sleep(pause)
	}
}

// settled is an attempt that came to an end.
type settled struct {
	*attempt
	tell func(net.Conn, error)
	err  error
}

// settle takes the attempts out that ended, by an event or by time, and says
// how many are left.
func (k *sockets) settle(events []syscall.EpollEvent) (done []settled, left int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	end := func(a *attempt, err error) {
		delete(k.pending, a.fd)
		done = append(done, settled{a, a.tell, err})
		a.tell = nil
		if err != nil {
			k.putAway(a, err)
		}
	}
	for _, e := range events {
		// Connecting again says what came of the first time, and makes a socket
		// that was refused free for another address (net/ipv4/af_inet.c).
		if a := k.pending[int(e.Fd)]; a != nil {
			if err := syscall.Connect(a.fd, a.at); err == nil || err == syscall.EISCONN {
				end(a, nil)
			} else if !underWay(err) {
				end(a, os.NewSyscallError("connect", err))
			}
		}
	}
	now, over := time.Now(), k.ctx.Err()
	for _, a := range k.order {
		if over != nil && a.tell != nil {
			end(a, over)
		} else if a.tell != nil && now.After(a.until) {
			end(a, os.ErrDeadlineExceeded)
		} else if a.tell != nil {
			break
		}
		k.order = k.order[1:]
	}
	return done, len(k.pending)
}

// putAway keeps the socket of an attempt that failed for another, or closes it.
func (k *sockets) putAway(a *attempt, err error) {
	if idle := k.idle[a.family]; len(idle) < maxIdle && errors.Is(err, syscall.ECONNREFUSED) {
		k.idle[a.family] = append(idle, a.fd)
		return
	}
	syscall.Close(a.fd) // nothing was sent
}

// report tells what came of an attempt.
func (k *sockets) report(s settled) {
	if s.err != nil {
		s.tell(nil, s.err)
		return
	}
	c, err := k.handOver(s.fd)
	switch {
	case err != nil: // short of files
		dials{k.run, k.ctx}.start(s.to, s.tell)
	case c.LocalAddr().String() == c.RemoteAddr().String():
		// Of a port that this machine may choose for itself it can choose the one
		// it knocks at, and talk to itself (package net, selfConnect).
		c.Close() // nothing was sent
		s.tell(nil, os.NewSyscallError("connect", syscall.ECONNREFUSED))
	default:
		s.tell(c, nil)
	}
}

// handOver makes a net.Conn of a connected socket, as a Dialer makes them.
func (k *sockets) handOver(fd int) (net.Conn, error) {
	// The copy of a socket would stay watched.
	err := syscall.EpollCtl(k.epoll, syscall.EPOLL_CTL_DEL, fd, nil)
	f := os.NewFile(uintptr(fd), "knock")
	defer f.Close() // a copy of it is used
	if err != nil {
		return nil, os.NewSyscallError("epoll_ctl", err)
	}
	c, err := net.FileConn(f)
	if err != nil {
		return nil, err
	}
	if err := c.(*net.TCPConn).SetKeepAlive(false); err != nil {
		c.Close() // nothing was sent
		return nil, err
	}
	return c, nil
}
