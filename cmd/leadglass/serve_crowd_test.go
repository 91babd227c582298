package main_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/dimse/dimsetest"
	"github.com/leadglass/leadglass/ul"
)

// asked is something that a reader asked for, and what came of it.
type asked struct {
	verb     leadglass.Verb
	study    dicom.UID // that was asked for, empty of a search
	id       string    // of the record, where the answer names it
	mark     string    // in the record, where it does not
	first    time.Time // when something came
	objects  int64     // that came whole
	bytes    int64     // that came, parts of objects as well
	finished bool      // the answer was complete
}

// answered says whether anything came.
func (a *asked) answered() bool { return !a.first.IsZero() }

func (a *asked) came(n int) {
	if n > 0 && a.first.IsZero() {
		a.first = time.Now()
	}
	a.bytes += int64(n)
}

const ctImage dicom.UID = "1.2.840.10008.5.1.4.1.1.2"

// marks is the beginning of UIDs that no object has.
const marks = "1.2.840.99999.0."

// ofStudy is how many objects a study has.
const ofStudy = 24

func (p *prey) studyOf(n int) dicom.UID {
	return dicom.UID(fmt.Sprintf("1.2.840.99999.%d.%d", p.folder+1, n/ofStudy))
}

func (p *prey) uidOf(n int) dicom.UID { return dicom.UID(fmt.Sprintf("%s.1.%d", p.studyOf(n), n)) }

// object is the data set of an object with a number: of all sizes.
func (p *prey) object(n int) []byte {
	d := new(dicom.Dataset)
	for tag, v := range map[dicom.Tag]string{
		dict.SOPClassUID: string(ctImage), dict.SOPInstanceUID: string(p.uidOf(n)), dict.Modality: "CT",
		dict.PatientName: "Prey^" + strconv.Itoa(n/ofStudy/3), dict.PatientID: "P" + strconv.Itoa(n/ofStudy/3),
		dict.StudyInstanceUID: string(p.studyOf(n)), dict.SeriesInstanceUID: string(p.studyOf(n)) + ".1", dict.InstanceNumber: strconv.Itoa(n),
	} {
		d.SetString(tag, v)
	}
	var b bytes.Buffer
	_ = dicom.Encode(&b, d, dicom.ExplicitVRLittleEndian) // to memory
	size := []int{0, 100, 5000, 70_000, 160_000}[n%5]
	b.Write([]byte{0xE0, 0x7F, 0x10, 0x00, 'O', 'W', 0, 0, byte(size), byte(size >> 8), byte(size >> 16), 0})
	b.Write(bytes.Repeat([]byte{byte(n), byte(n >> 8), 1, 2}, size/4))
	return b.Bytes()
}

// numberOf is the number that an instance UID ends with.
func numberOf(uid string) int {
	n, err := strconv.Atoi(uid[strings.LastIndexByte(uid, '.')+1:])
	if err != nil {
		return -1
	}
	return n
}

// crowd lets everybody loose until dead is closed.
func (p *prey) crowd(all *sync.WaitGroup, at addresses, dead <-chan struct{}) {
	if p.tls["ct1"] == nil { // nobody is known yet
		p.answer()
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	all.Go(func() { <-dead; cancel() })
	for _, one := range []func(context.Context, addresses) error{
		func(ctx context.Context, at addresses) error { return p.stores(ctx, at, "ct1") },
		func(ctx context.Context, at addresses) error { return p.stores(ctx, at, "ct2") },
		p.stows, p.gets, p.reads,
	} {
		all.Go(func() {
			err := one(ctx, at)
			if wrong, ok := errors.AsType[*wrongError](err); ok {
				p.t.Errorf("life %d: %v", p.lives, wrong)
			}
		})
	}
}

// wrongError is an answer that the archive must not give, dying or not.
type wrongError struct{ what string }

func (e *wrongError) Error() string { return e.what }

func wrong(format string, args ...any) error { return &wrongError{fmt.Sprintf(format, args...)} }

// answer counts an answer, and lets the death begin that waited for it.
func (p *prey) answer() {
	if p.answers.Add(-1) == -1 && p.atLast != nil {
		p.atLast()
	}
}

func (p *prey) number() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.next++
	return p.next - 1
}

func (p *prey) ack(n int) {
	p.answer()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.acked[n] = p.lives
	p.recent = append(p.recent, n)
}

// one returns an object that is acknowledged: one that nobody has read yet where
// there is one.
func (p *prey) one(recent bool) (n int, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if last := len(p.recent) - 1; recent && last >= 0 {
		n, p.recent = p.recent[last], p.recent[:last]
		return n, true
	}
	for n := range p.acked { // any
		return n, true
	}
	return 0, false
}

func (p *prey) ask(a *asked) *asked {
	p.mu.Lock()
	defer p.mu.Unlock()
	a.mark = marks + strconv.Itoa(len(p.asked))
	p.asked = append(p.asked, a)
	return a
}

// finish notes that an answer is complete.
func (p *prey) finish(a *asked) {
	a.finished = true
	p.answer()
}

func (p *prey) associate(ctx context.Context, at addresses, name string) (*dimse.Client, *ul.Assoc, error) {
	rq := dimsetest.Request(ul.AETitle(strings.ToUpper(name)), "LEADGLASS", append(
		dimsetest.Classes(dimse.StudyRootFind, dimse.StudyRootGet), dimsetest.Context{Class: ctImage, Syntax: dicom.ExplicitVRLittleEndian.UID})...)
	rq.User.Roles = append(rq.User.Roles, ul.RoleSelection{SOPClass: ctImage, SCU: true, SCP: true})
	a, err := ul.Dial(ctx, at.dimse, rq, &ul.Config{TLS: p.tls[name]})
	if err != nil {
		return nil, nil, err
	}
	return dimse.NewClient(a, dimse.Limits{}), a, nil
}

// stores stores by C-STORE.
func (p *prey) stores(ctx context.Context, at addresses, name string) error {
	c, a, err := p.associate(ctx, at, name)
	if err != nil {
		return err
	}
	defer a.Abort(0)
	for {
		n := p.number()
		rsp, err := c.Send(ctx, &dimse.StoreRequest{
			SOPClass: ctImage, SOPInstance: p.uidOf(n), TransferSyntax: dicom.ExplicitVRLittleEndian.UID, Data: bytes.NewReader(p.object(n)),
		})
		if err != nil {
			return err
		}
		if rsp.Status != dimse.Success {
			return wrong("C-STORE: %v %s", rsp.Status, rsp.Comment)
		}
		p.ack(n)
	}
}

// gets finds and gets by DIMSE, in turn.
func (p *prey) gets(ctx context.Context, at addresses) error {
	c, a, err := p.associate(ctx, at, "get1")
	if err != nil {
		return err
	}
	defer a.Abort(0)
	for ctx.Err() == nil {
		n, ok := p.one(false)
		if !ok {
			time.Sleep(5 * time.Millisecond)
			continue
		}
		if err := p.find(ctx, c, n); err != nil {
			return err
		}
		if err := p.get(ctx, c, n); err != nil {
			return err
		}
	}
	return nil
}

// find asks for two studies by C-FIND: one that there is, and the mark.
func (p *prey) find(ctx context.Context, c *dimse.Client, n int) error {
	a := p.ask(&asked{verb: leadglass.Find})
	id := identifier("STUDY", string(p.studyOf(n))+`\`+a.mark)
	id.SetString(dict.PatientID, "")
	rsp, err := c.Find(ctx, &dimse.Query{Model: dimse.StudyRootFind, Identifier: id}, func(b []byte, _ *dicom.TransferSyntax) error {
		a.came(len(b))
		a.objects++
		return nil
	})
	if err != nil {
		return err
	}
	if rsp.Status != dimse.Success || a.objects != 1 {
		return wrong("C-FIND: %v, %d rows, want 1", rsp.Status, a.objects)
	}
	p.finish(a)
	return nil
}

// get asks for two studies by C-GET: one that there is, and the mark.
func (p *prey) get(ctx context.Context, c *dimse.Client, n int) error {
	a := p.ask(&asked{verb: leadglass.Get, study: p.studyOf(n)})
	var bad error
	c.Store = func(_ context.Context, rq *dimse.StoreRequest) dimse.Status {
		a.came(1) // that there is one
		b, err := io.ReadAll(rq.Data)
		a.came(len(b))
		if err != nil {
			return dimse.ProcessingFailure
		}
		a.objects++
		if n := numberOf(string(rq.SOPInstance)); !bytes.Equal(b, p.object(n)) {
			bad = wrong("C-GET: object %d has other bytes", n)
		}
		return dimse.Success
	}
	rsp, err := c.Get(ctx, &dimse.Query{Model: dimse.StudyRootGet, Identifier: identifier("STUDY", string(p.studyOf(n))+`\`+a.mark)}, nil)
	if err != nil || bad != nil {
		return errors.Join(bad, err)
	}
	if rsp.Status != dimse.Success || a.objects == 0 {
		return wrong("C-GET: %v %s, %d objects", rsp.Status, rsp.Comment, a.objects)
	}
	p.finish(a)
	return nil
}

func identifier(level, studies string) *dicom.Dataset {
	d := new(dicom.Dataset)
	d.SetString(dict.QueryRetrieveLevel, level)
	d.SetString(dict.StudyInstanceUID, studies)
	return d
}
