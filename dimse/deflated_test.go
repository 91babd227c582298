package dimse_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// deflating is a finder that offers the deflated transfer syntax, which a
// Session that does not say what it offers refuses.
type deflating struct{ finder }

func (deflating) Offers() ul.Supported {
	return ul.Supported{dimse.StudyRootFind: {dicom.DeflatedExplicitVRLittleEndian.UID}}
}

// asksDeflated proposes queries in the deflated transfer syntax alone.
func asksDeflated() *ul.AssociateRQ {
	return dimsetest.Request("ME", "YOU", dimsetest.Context{Class: dimse.StudyRootFind, Syntax: dicom.DeflatedExplicitVRLittleEndian.UID})
}

func TestAccept_DeflatedIdentifiers(t *testing.T) {
	for name, tc := range map[string]struct {
		session dimse.Session
		want    ul.ContextResult
	}{
		"by_default": {newEverything(), ul.TransferSyntaxesNotSupported},
		"offered":    {deflating{}, ul.Acceptance},
	} {
		ac, err := dimse.Accept(asksDeflated(), tc.session, ul.UserInformation{})
		if err != nil || ac.Contexts[0].Result != tc.want {
			t.Errorf("%s: %+v, %v; want %v", name, ac, err, tc.want)
		}
	}
}

// TestFind_Deflated asks and answers in deflated data sets; one that inflates
// to more than an identifier may have is refused and the association goes on.
func TestFind_Deflated(t *testing.T) {
	session := deflating{func(_ context.Context, q *dimse.Query, m dimse.Matches) (dimse.Status, error) {
		return dimse.Success, m.Send(q.Identifier)
	}}
	c := dimsetest.Dial(t, dimsetest.Serve(t, session, dimse.Limits{}), asksDeflated())
	bomb := studies()
	bomb.Identifier.Set(dicom.Element{Tag: 0x0040A160, VR: dicom.UT, Value: bytes.Repeat([]byte{' '}, 1<<20)})
	for _, tc := range []struct {
		q    *dimse.Query
		want dimse.Status
		seen int
	}{{studies(), dimse.Success, 1}, {bomb, dimse.UnableToProcess, 0}, {studies(), dimse.Success, 1}} {
		seen := 0
		rsp, err := c.Find(within(t), tc.q, func(b []byte, ts *dicom.TransferSyntax) error {
			seen++
			d, err := dicom.DecodeBytes(bytes.Clone(b), ts, dicom.Options{})
			if err == nil && (!ts.Deflated || d.String(queryLevel) != "STUDY") {
				t.Errorf("the answer in %v is %v", ts.UID, d)
			}
			return err
		})
		if err != nil || rsp.Status != tc.want || seen != tc.seen {
			t.Errorf("%d answers, %+v, %v; want %d and %v", seen, rsp, err, tc.seen, tc.want)
		}
	}
}

func TestServe_DeflatedGarbage(t *testing.T) {
	rq := asksDeflated()
	ac := &ul.AssociateAC{Contexts: []ul.PresentationContextAC{{ID: 1, TransferSyntax: dicom.DeflatedExplicitVRLittleEndian.UID}}}
	for name, b := range map[string][]byte{
		"no_deflate": []byte(strings.Repeat("x", 64)),
		"nothing":    {},
		"zlib":       {0x78, 0x9c, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01},
	} {
		s := newScript(cmd(1, findRQ), data(1, b))
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		err := dimse.ServeWire(ctx, s, rq, ac, deflating{finder(nil)}, dimse.Limits{})
		cancel()
		if got := s.commands(t); err != nil || len(got) != 1 || got[0].Status != dimse.UnableToProcess {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
