package dimse_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

type echoOnly struct{}

func (echoOnly) Echo(context.Context) dimse.Status { return dimse.Success }

type getOnly struct{}

func (getOnly) Get(context.Context, *dimse.Query, dimse.SubOperations) (*dimse.Response, error) {
	return nil, nil
}

// chosen offers what it says.
type chosen struct {
	echoOnly
	offers ul.Supported
}

func (c chosen) Offers() ul.Supported { return c.offers }

// TestAccept_Contexts: what is accepted follows from what the Session can do.
func TestAccept_Contexts(t *testing.T) {
	contexts := dimsetest.Classes(dimse.Verification, dimse.StudyRootFind, dimse.StudyRootGet, dimse.StudyRootMove,
		ctImage, dimse.StorageCommitment, dimse.WorklistFind, "1.2.3")
	both := []ul.RoleSelection{{SOPClass: ctImage, SCU: true, SCP: true}}
	scp := []ul.RoleSelection{{SOPClass: ctImage, SCP: true}}
	commit := []ul.RoleSelection{{SOPClass: dimse.StorageCommitment, SCP: true}}
	for _, tc := range []struct {
		name    string
		session dimse.Session
		roles   []ul.RoleSelection
		want    string // one letter a context: y or n
		agreed  []ul.RoleSelection
	}{
		{"nothing", struct{}{}, nil, "nnnnnnnn", nil},
		{"nil", nil, nil, "nnnnnnnn", nil},
		{"echo", echoOnly{}, nil, "ynnnnnnn", nil},
		{"find", finder(nil), nil, "nynnnnnn", nil},
		{"everything", newEverything(), nil, "yyyyyynn", nil},
		{"everything_both_roles", newEverything(), both, "yyyyyynn", both},
		{"get_alone_stores_nothing", getOnly{}, nil, "nnynnnnn", nil},
		{"get_alone_sends", getOnly{}, both, "nnynynnn", scp},
		{"archive", &dimsetest.Archive{}, scp, "yyyyyynn", scp},
		{"reports", reporter{}, commit, "nnnnnynn", commit},
		{"reports_take_no_actions", reporter{}, nil, "nnnnnnnn", nil},
		{"offers", chosen{offers: ul.Supported{"1.2.3": {"1.2.840.10008.1.2"}}}, nil, "nnnnnnny", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rq := dimsetest.Request("A", "B", contexts...)
			rq.User.Roles = tc.roles
			ac, err := dimse.Accept(rq, tc.session, ul.UserInformation{})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, c := range ac.Contexts {
				if c.Result == ul.Acceptance {
					got += "y"
				} else {
					got += "n"
				}
			}
			if got != tc.want || !equal(ac.User.Roles, tc.agreed) {
				t.Errorf("contexts %s and roles %+v, want %s and %+v", got, ac.User.Roles, tc.want, tc.agreed)
			}
		})
	}
}

// TestOffers_MoreThanImplemented is found before any peer is.
func TestOffers_MoreThanImplemented(t *testing.T) {
	if _, err := dimse.Offers(chosen{offers: ul.Supported{dimse.StudyRootFind: {"1.2.840.10008.1.2"}}}); err == nil {
		t.Error("C-FIND is offered by who cannot do it")
	}
	if table, err := dimse.Offers(chosen{offers: ul.Supported{dimse.Verification: {"1.2.840.10008.1.2"}}}); err != nil || len(table) != 1 {
		t.Errorf("%v, %v", table, err)
	}
}

// TestStorageClasses: those of objects, and none of the services that share
// their arc.
func TestStorageClasses(t *testing.T) {
	const arc = "1.2.840.10008.5.1.4.1.1."
	list := dimse.StorageClasses()
	for _, tc := range []struct {
		class               dicom.UID
		storage, registered bool
	}{
		{ctImage, true, true},
		{arc + "481.5", true, true},              // RT Plan
		{arc + "5", true, true},                  // Nuclear Medicine, retired
		{"1.2.840.10008.5.1.4.34.7", true, true}, // RT Beams Delivery Instruction
		{arc + "99999", true, false},             // not yet registered
		{arc + "200.4", false, false},            // Protocol Approval - FIND
		{arc + "200.5", false, false},            // Protocol Approval - MOVE
		{arc + "200.6", false, false},            // Protocol Approval - GET
		{arc + "201.1", true, true},              // Inventory
		{arc + "201.2", false, false},            // Inventory - FIND
		{arc + "201.3", false, false},            // Inventory - MOVE
		{arc + "201.4", false, false},            // Inventory - GET
		{arc + "201.5", false, false},            // Inventory Creation
		{arc + "201.6", false, false},            // Repository Query
		{arc + "66.7", true, true},               // Label Map Segmentation
		{dimse.StudyRootFind, false, false},
		{"1.2.3", false, false},
	} {
		if dimse.IsStorage(tc.class) != tc.storage || slices.Contains(list, tc.class) != tc.registered {
			t.Errorf("%q: storage %v, registered %v", tc.class, dimse.IsStorage(tc.class), slices.Contains(list, tc.class))
		}
	}
	slices.Sort(list)
	if n := len(slices.Compact(list)); n < 200 {
		t.Errorf("%d classes", n)
	}
}

// TestObjectSyntaxes: all that are registered and not retired, but for those
// that have the pixels elsewhere or in a stream.
func TestObjectSyntaxes(t *testing.T) {
	elsewhere := map[string]bool{
		"1.2.840.10008.1.2.4.94": true, "1.2.840.10008.1.2.4.95": true, "1.2.840.10008.1.2.4.204": true, "1.2.840.10008.1.2.4.205": true, // JPIP
		"1.2.840.10008.1.2.7.1": true, "1.2.840.10008.1.2.7.2": true, "1.2.840.10008.1.2.7.3": true, // SMPTE ST 2110
	}
	list := dimse.ObjectSyntaxes()
	for e := range dict.AllUIDs {
		if e.Type != "Transfer Syntax" || e.Retired && e.UID != dict.ExplicitVRBigEndian {
			continue
		}
		if got := slices.Contains(list, dicom.UID(e.UID)); got == elsewhere[e.UID] {
			t.Errorf("%s, %s: offered %t", e.UID, e.Name, got)
		}
	}
}

// TestStatus_Classes holds PS3.7 annex C.
func TestStatus_Classes(t *testing.T) {
	for s, want := range map[dimse.Status]string{
		0x0000: "success", 0xFF00: "pending", 0xFF01: "pending", 0xFE00: "cancel", 0x0001: "warning", 0x0107: "warning",
		0x0116: "warning", 0xB000: "warning", 0xB007: "warning", 0xBFFF: "warning", 0x0110: "failure", 0x0122: "failure",
		0xA700: "failure", 0xA801: "failure", 0xA900: "failure", 0xC000: "failure", 0xCFFF: "failure", 0x1234: "failure", 0xFF02: "failure",
	} {
		if got := s.Class().String(); got != want {
			t.Errorf("%04X is a %s, want %s", uint16(s), got, want)
		}
		if err := s.Err(); (err != nil) != (want == "failure" || want == "cancel") {
			t.Errorf("%04X: error %v", uint16(s), err)
		}
	}
	for s, want := range map[dimse.Status]string{
		dimse.MoveDestinationUnknown: "A801 refused: move destination unknown", 0xA702: "A702 refused: cannot perform the sub-operations",
		0xC123: "C123 unable to process", 0x0124: "0124 refused: not authorised", 0: "0000 success", 0xA9FF: "A9FF data set does not match the SOP class",
	} {
		if got := s.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestServe_Idle: silence while a request is served is in order, and only then.
func TestServe_Idle(t *testing.T) {
	session := newEverything()
	session.finder = func(ctx context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		select {
		case <-time.After(400 * time.Millisecond):
		case <-ctx.Done():
		}
		return dimse.Success, m.Send(study(1))
	}
	ended := make(chan error, 1)
	address := dimsetest.ServeUL(t, &ul.Server{
		Config:    ul.Config{Limits: ul.Limits{Idle: 100 * time.Millisecond}},
		Negotiate: dimse.Negotiate(session, ul.UserInformation{}),
		Handle: func(ctx context.Context, a *ul.Assoc) {
			ended <- dimse.Serve(ctx, a, session, dimse.Limits{})
		},
	})
	c := dimsetest.Dial(t, address, dimsetest.Request("ME", "YOU", all()...))
	start := time.Now()
	rsp, err := c.Find(within(t), studies(), nil)
	if err != nil || rsp.Status != dimse.Success {
		t.Fatalf("a long search: %+v, %v", rsp, err)
	}
	select {
	case err = <-ended:
	case <-time.After(5 * time.Second):
	}
	if err == nil || time.Since(start) < 500*time.Millisecond {
		t.Errorf("the idle association ended after %v with %v", time.Since(start), err)
	}
}

// TestServe_Shutdown: a running operation is waited for, an idle association is
// released.
func TestServe_Shutdown(t *testing.T) {
	started := make(chan struct{})
	session := newEverything()
	session.finder = func(_ context.Context, _ *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		close(started)
		time.Sleep(200 * time.Millisecond)
		return dimse.Success, m.Send(study(1))
	}
	srv := &ul.Server{Negotiate: dimse.Negotiate(session, ul.UserInformation{}), Handle: dimse.Handle(session, dimse.Limits{})}
	address := dimsetest.ServeUL(t, srv)
	busy := dimsetest.Dial(t, address, dimsetest.Request("ME", "YOU", all()...))
	idle := dimsetest.Dial(t, address, dimsetest.Request("ME", "YOU", all()...))
	if _, err := idle.Echo(within(t)); err != nil {
		t.Fatal(err)
	}
	found := make(chan error, 1)
	go func() {
		rsp, err := busy.Find(context.Background(), studies(), nil)
		if err == nil {
			err = rsp.Status.Err()
		}
		found <- err
	}()
	<-started
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	down := make(chan error, 1)
	go func() { down <- srv.Shutdown(ctx) }()
	if err := <-found; err != nil {
		t.Errorf("the running operation: %v", err)
	}
	// Whoever reads sees the release.
	for name, c := range map[string]*dimse.Client{"idle": idle, "busy": busy} {
		if _, err := c.Echo(within(t)); err == nil {
			t.Errorf("the %s association goes on", name)
		}
	}
	if err := <-down; err != nil {
		t.Errorf("shutting down: %v", err)
	}
}
