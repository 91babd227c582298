package scp

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dicom"
	"github.com/leadglass/leadglass/dicom/dict"
	"github.com/leadglass/leadglass/dimse"
	"github.com/leadglass/leadglass/internal/guard"
)

// Find answers C-FIND (PS3.4 section C.4.1), hierarchical or, where it was
// negotiated, relational.
func (ses *session) Find(ctx context.Context, q *dimse.Query, match dimse.Matches) (dimse.Status, error) {
	rq, err := ses.request(ctx, leadglass.Find, leadglass.CFind)
	if err == nil {
		err = ses.find(ctx, rq, q, match)
	}
	if err != nil {
		st, text := ses.failed(ctx, rq, err)
		return st.find, statusError(st.find, text)
	}
	return dimse.Success, nil
}

func (ses *session) find(ctx context.Context, rq *leadglass.Request, q *dimse.Query, match dimse.Matches) error {
	m, o := modelOf(q.Model), ses.options[q.Model]
	level, err := m.levelOf(q.Identifier)
	if err == nil && !o.relational {
		err = m.hierarchical(q.Identifier, level)
	}
	if err != nil {
		return err
	}
	keys := keysOf(q.Identifier)
	rq.Level, rq.Query = level, queryText(level, keys)
	a := newAnswer(q.Identifier, level, ses.s.c.AETitle)
	search := &leadglass.Query{Level: level, Keys: keys, Fuzzy: o.fuzzy, DateTime: o.dateTime}
	for found, err := range ses.s.c.Guard.Find(ctx, rq, search, guard.Page{}) {
		if err != nil {
			return err
		}
		if err := match.Send(a.of(found)); err != nil {
			return err
		}
	}
	return nil
}

// statusError lets the peer see a comment with its status; nil without.
func statusError(st dimse.Status, text string) error {
	if text == "" || st.Class() == dimse.ClassSuccess {
		return nil
	}
	return &dimse.StatusError{Status: st, Comment: text}
}

// keysOf are the matching keys in UTF-8: without what controls the query.
func keysOf(d *dicom.Dataset) *dicom.Dataset {
	keys := recoded(d, utf8Set())
	keys.Elements = slices.DeleteFunc(keys.Elements, func(e dicom.Element) bool {
		return e.Tag == dict.QueryRetrieveLevel || e.Tag == dict.RetrieveAETitle || e.Tag == dict.InstanceAvailability || e.Tag.IsGroupLength()
	})
	return keys
}

// queryText is a search as it is recorded: what restricts it, and how many
// attributes it asks for besides.
func queryText(level leadglass.Level, keys *dicom.Dataset) string {
	var b strings.Builder
	b.WriteString(level.String())
	asked := 0
	for i := range keys.Elements {
		e := &keys.Elements[i]
		switch values := keys.Strings(e.Tag); {
		case e.Tag == dict.SpecificCharacterSet:
		case len(e.Items) > 0:
			fmt.Fprintf(&b, " %08X=(sequence)", uint32(e.Tag))
		case len(values) == 0 || len(values) == 1 && values[0] == "":
			asked++
		default:
			fmt.Fprintf(&b, " %08X=%q", uint32(e.Tag), strings.Join(values, `\`))
		}
	}
	fmt.Fprintf(&b, " +%d", asked)
	return b.String()
}
