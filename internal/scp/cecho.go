package scp

import (
	"context"

	"github.com/leadglass/leadglass"
	"github.com/leadglass/leadglass/dimse"
)

// Echo answers C-ECHO (PS3.4 annex A).
func (ses *session) Echo(ctx context.Context) dimse.Status {
	rq, err := ses.request(ctx, leadglass.Echo, leadglass.CEcho)
	if err == nil {
		err = ses.s.c.Guard.Echo(ctx, rq)
	}
	if err != nil {
		st, _ := ses.failed(ctx, rq, err)
		return st.normalized
	}
	return dimse.Success
}
